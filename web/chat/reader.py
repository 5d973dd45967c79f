"""The article beside the chat: a click on a mark -> the article with the sentence highlighted."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import gradio as gr

from index.errors import BroadsheetError
from index.types import Article
from web.chat.exchange import Place
from web.events import clicked
from web.rendering import Macros, message, web_address

if TYPE_CHECKING:
    from rag.pipeline import Pipeline

_macros = Macros("article.html")


def make_open(
    pipeline: Pipeline, find: Callable[[Any, Mapping[str, object]], Place | None]
) -> Callable[..., tuple[Any, ...]]:
    """Return what a click on something that stands in an article does.

    `find` returns the place that the browser names in what is shown, or None where it names
    something else. The outputs: panel, article, the article's id.
    """

    def open_article(shown: Any, click: gr.EventData) -> tuple[Any, ...]:
        place = find(shown, clicked(click))
        if place is None:
            return (gr.skip(),) * 3
        try:
            markup = article(pipeline.article(place.article_id), place)
        except BroadsheetError as error:
            markup = message(str(error))
        return gr.update(visible=True), markup, place.article_id

    return open_article


def close_article() -> tuple[Any, ...]:
    """Do what the Close button does. The outputs: panel, article."""
    return gr.update(visible=False), ""


def article(found: Article | None, place: Place) -> str:
    """Return an article as escaped HTML, or a note that it is gone or has changed."""
    if found is None:
        return _macros.article(None, place, (), False, "")
    start, end = place.span_in(found.text)
    changed = bool(place.quote) and start == end
    return _macros.article(
        found, place, _paragraphs(found, start, end), changed, web_address(found.url)
    )


def _paragraphs(found: Article, start: int, end: int) -> list[tuple[str, str, str]]:
    """Each line of the text: what stands before the cited sentence, of it, and after it."""
    rows: list[tuple[str, str, str]] = []
    at = 0
    for line in found.text.split("\n"):
        first, last = max(start - at, 0), min(end - at, len(line))
        repeats_headline = not rows and line.strip() == found.headline.strip()
        if first < last:
            rows.append((line[:first], line[first:last], line[last:]))
        elif line.strip() and not repeats_headline:
            rows.append((line, "", ""))
        at += len(line) + 1
    return rows
