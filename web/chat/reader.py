"""The article beside the chat: a click on a mark -> the article with the sentence highlighted."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import gradio as gr

from index.errors import BroadsheetError
from index.types import Article
from web.chat.exchange import Place
from web.events import clicked
from web.rendering import Macros, message, web_address

if TYPE_CHECKING:
    from rag.pipeline import Pipeline

_SPAN = re.compile(r"(\d{1,9})-(\d{1,9})")
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
            found = pipeline.article(place.article_id)
            if found and not place.quote:
                place = replace(place, quote=found.text[place.start : place.end])
            markup = article(found, place)
        except BroadsheetError as error:
            markup = message(str(error))
        return gr.update(visible=True), markup, place.article_id

    return open_article


def close_article(stays: str | None = "") -> tuple[Any, ...]:
    """Do what the Close button does, unless the article `stays`. The outputs: panel, article."""
    return (gr.skip(),) * 2 if stays else (gr.update(visible=False), "")


def locate_article(_: Any, named: Mapping[str, object]) -> Place | None:
    """Return the article that an address names, and the span of its text that is quoted."""
    article_id, at = named.get("article"), _SPAN.fullmatch(str(named.get("at")))
    start, end = map(int, at.groups()) if at else (0, 0)
    return Place(article_id, "", "", start, end) if isinstance(article_id, str) else None


def article(found: Article | None, place: Place) -> str:
    """Return an article as escaped HTML, or a note that it is gone or has changed."""
    if found is None:
        return _macros.article(None, place, (), False, 0, 0, "", (0, 0))
    shown = place.span_in(found.text)
    changed = bool(place.quote) and shown == (0, 0)
    spans = _apart([shown, *(one.span_in(found.text) for one in place.others)])
    now = spans.index(shown) + 1 if shown in spans else 0
    paragraphs = _paragraphs(found, spans)
    address = web_address(found.url)
    return _macros.article(found, place, paragraphs, changed, now, len(spans), address, shown)


def _apart(spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return those spans that hold text and no part of an earlier one, as they stand in it."""
    kept: list[tuple[int, int]] = []
    for start, end in spans:
        if start < end and all(end <= first or last <= start for first, last in kept):
            kept.append((start, end))
    return sorted(kept)


def _paragraphs(
    found: Article, spans: Sequence[tuple[int, int]]
) -> Iterator[list[tuple[str, int]]]:
    """Yield each line of the text in pieces, and of each the number of its quote, or 0."""
    at, first_line = 0, True
    for line in found.text.split("\n"):
        pieces, done = [], 0
        for number, (start, end) in enumerate(spans, 1):
            first, last = max(start - at, 0), min(end - at, len(line))
            if first < last:
                pieces += [(line[done:first], 0), (line[first:last], number)]
                done = last
        repeats_headline = first_line and line.strip() == found.headline.strip()
        if pieces or (line.strip() and not repeats_headline):
            yield [*pieces, (line[done:], 0)]
            first_line = False
        at += len(line) + 1
