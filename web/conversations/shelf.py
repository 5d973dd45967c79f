"""The list of conversations: Gradio values -> what is listed and opened again."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING, Any

import gradio as gr

from index.errors import BroadsheetError
from web import wording
from web.chat import views
from web.chat.answering import Exchanges, Running, buttons
from web.chat.exchange import check_quotes
from web.conversations.storage import LONGEST_TITLE, read_list, restore
from web.events import clicked, position, session_of
from web.rendering import Macros, message, spoken

if TYPE_CHECKING:
    from rag.pipeline import Pipeline

UNREADABLE = "This conversation cannot be read any more."
conversations = Macros("conversations.html", LONGEST_TITLE=LONGEST_TITLE).conversations


def show_list(kept: str, words: str | None, exchanges: Exchanges) -> str:
    """Return the list of conversations that the browser keeps, the open one marked.

    While a page opens, Gradio gives None for what is empty.
    """
    current = exchanges[0].id if exchanges else ""
    return conversations(read_list(kept or "[]"), current, narrowed=bool((words or "").strip()))


def make_open_conversation(pipeline: Pipeline, running: Running) -> Callable[..., tuple[Any, ...]]:
    """Return what a click on a conversation does; it gets what the browser kept of it.

    Its outputs: exchanges, past, now, evidence, spoken, message, welcome, ask and stop button.
    """

    def open_conversation(conversation: str, request: gr.Request) -> tuple[Any, ...]:
        exchanges = restore(conversation or "")
        if not exchanges:
            return *(gr.skip(),) * 5, message(UNREADABLE), *(gr.skip(),) * 3
        running.discard(session_of(request))
        with suppress(BroadsheetError):  # the index is being made: what has become is not known
            article = cache(pipeline.article)
            exchanges = tuple(check_quotes(one, article) for one in exchanges)
        turn = len(exchanges) - 1
        return (
            exchanges,
            views.conversation(exchanges[:-1]),
            views.reply(exchanges[-1], turn),
            views.evidence(exchanges[-1], turn),
            spoken(f"Conversation of {wording.count(len(exchanges), 'question')}"),
            "",
            gr.update(visible=False),
            *buttons(busy=False),
        )

    return open_conversation


def show_earlier(exchanges: Exchanges, click: gr.EventData) -> Any:
    """Return the past with more of its earlier exchanges. Its output: past."""
    first = position(clicked(click), "earlier", len(exchanges))
    return gr.skip() if first is None else views.conversation(exchanges[:-1], first)
