"""The article beside the chat: a click on a mark -> the article with the sentence highlighted."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import gradio as gr

from index.errors import BroadsheetError
from web.exchange import Exchange, place
from web.markup import message
from web.render_article import article

if TYPE_CHECKING:
    from rag.pipeline import Pipeline


def make_open(pipeline: Pipeline) -> Callable[..., tuple[Any, ...]]:
    """Return what a click on a mark does. Its outputs: panel, article."""

    def open_article(exchanges: tuple[Exchange, ...], click: gr.EventData) -> tuple[Any, ...]:
        named = click._data if isinstance(click._data, dict) else {}
        found = place(exchanges, named.get("turn"), named.get("kind"), named.get("number"))
        if found is None:
            return gr.skip(), gr.skip()
        try:
            markup = article(pipeline.article(found.article_id), found)
        except BroadsheetError as error:
            markup = message(str(error))
        return gr.update(visible=True), markup

    return open_article


def close_article() -> tuple[Any, ...]:
    """Return what the Close button does. Its outputs: panel, article."""
    return gr.update(visible=False), ""
