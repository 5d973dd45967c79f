"""Conversations stay in the browser: Gradio values -> what is kept, listed and opened again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING, Any

import gradio as gr

from index.errors import BroadsheetError
from web import wording
from web.chat import views as render
from web.chat.answering import Exchanges, Running, buttons
from web.chat.exchange import since
from web.chat.reader import close_article
from web.conversations import views as render_conversations
from web.conversations.storage import change, listed, restored
from web.events import AT_ONCE, UNLISTED, named_by, position, session_of
from web.rendering import message

if TYPE_CHECKING:
    from gradio.events import Dependency

    from rag.pipeline import Pipeline

UNREADABLE = "This conversation cannot be read any more."
_SHELF = "window.broadsheet.shelf"


def wire_keeping(
    page: gr.Blocks,
    parts: dict[str, Any],
    pipeline: Pipeline,
    running: Running,
    answered: Sequence[Dependency],
    renewed: Dependency,
) -> None:
    """Wire the list: what is answered goes into it, and what is opened comes back from it.

    Args:
        page: The page.
        parts: The parts of the page.
        pipeline: What knows the articles as they are now.
        running: The answers being written.
        answered: The events that answer a question.
        renewed: The event that begins a new conversation.
    """
    kept, shelf, words = parts["kept"], parts["shelf"], parts["shelf_words"]
    for one in answered:
        told = one.then(change, parts["exchanges"], parts["change"], **AT_ONCE)
        keep = f"(made) => {_SHELF}.keep(made)"
        told.then(None, parts["change"], kept, js=keep, **UNLISTED)
    taken = f"() => {_SHELF}.taken()"
    shelf.input(None, None, kept, js=taken, trigger_mode="multiple", **UNLISTED)
    shown = [parts[name] for name in ("exchanges", "past", "now", "evidence", "spoken")]
    shown += [parts[name] for name in ("message", "welcome", "ask", "stop")]
    open_one = make_open_conversation(pipeline, running)
    opened = shelf.click(open_one, kept, shown, js=f"() => {_SHELF}.opened()", **AT_ONCE)
    shelf.click(close_article, None, [parts["panel"], parts["article"]], **AT_ONCE)
    form = [kept, words, parts["exchanges"]]
    rows = f"(kept, words) => [{_SHELF}.listed(kept, words), words, null]"
    changed = [kept.change, words.change]
    gr.on(changed, show_list, form, shelf, js=rows, trigger_mode="always_last", **AT_ONCE)
    for one in (opened, renewed):
        one.then(show_list, form, shelf, js=rows, **AT_ONCE)
    page.load(None, kept, None, js=f"(kept) => {_SHELF}.begin(kept)", **UNLISTED)
    parts["past"].click(show_earlier, parts["exchanges"], parts["past"], **AT_ONCE)


def show_list(conversations: str, words: str | None, exchanges: Exchanges) -> str:
    """Return the list of what the browser says it keeps; which of it is open is marked.

    While a page opens, Gradio gives None for what is empty.
    """
    current = exchanges[0].id if exchanges else ""
    return render_conversations.conversations(
        listed(conversations or "[]"), current, narrowed=bool((words or "").strip())
    )


def make_open_conversation(pipeline: Pipeline, running: Running) -> Callable[..., tuple[Any, ...]]:
    """Return what a click on a conversation does; it gets what the browser kept of it.

    Its outputs: exchanges, past, now, evidence, spoken, message, welcome, ask and stop button.
    """

    def open_conversation(conversation: str, request: gr.Request) -> tuple[Any, ...]:
        exchanges = restored(conversation or "")
        if not exchanges:
            return *(gr.skip(),) * 5, message(UNREADABLE), *(gr.skip(),) * 3
        running.discard(session_of(request))
        with suppress(BroadsheetError):  # the index is being made: what has become is not known
            article = cache(pipeline.article)
            exchanges = tuple(since(one, article) for one in exchanges)
        turn = len(exchanges) - 1
        return (
            exchanges,
            render.conversation(exchanges[:-1]),
            render.reply(exchanges[-1], turn),
            render.evidence(exchanges[-1], turn),
            render.spoken(f"Conversation of {wording.count(len(exchanges), 'question')}"),
            "",
            gr.update(visible=False),
            *buttons(busy=False),
        )

    return open_conversation


def show_earlier(exchanges: Exchanges, click: gr.EventData) -> Any:
    """Return the past with more of its earlier exchanges. Its output: past."""
    first = position(named_by(click), "earlier", len(exchanges))
    return gr.skip() if first is None else render.conversation(exchanges[:-1], first)
