"""The article beside the chat: a click on a mark -> the article with the sentence highlighted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import gradio as gr

from index.errors import BroadsheetError
from web.chat.exchange import Place
from web.chat.render_article import article
from web.events import named_by
from web.rendering import message

if TYPE_CHECKING:
    from rag.pipeline import Pipeline

Find = Callable[[Any, Mapping[str, object]], Place | None]


def make_open(pipeline: Pipeline, find: Find) -> Callable[..., tuple[Any, ...]]:
    """Return what a click on something that stands in an article does.

    `find` returns the place that the browser names in what is shown, or None where it names
    something else. The outputs: panel, article, the article's id.
    """

    def open_article(shown: Any, click: gr.EventData) -> tuple[Any, ...]:
        named = named_by(click)
        found = find(shown, named)
        if found is None:
            return (gr.skip(),) * 3
        try:
            markup = article(pipeline.article(found.article_id), found)
        except BroadsheetError as error:
            markup = message(str(error))
        return gr.update(visible=True), markup, found.article_id

    return open_article


def close_article() -> tuple[Any, ...]:
    """Return what the Close button does. Its outputs: panel, article."""
    return gr.update(visible=False), ""
