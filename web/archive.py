"""The Archive tab: every article in a list that sorts, narrows and pages, each one click away."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import gradio as gr

from index.errors import BroadsheetError
from web import render_lists
from web.events import named_by, position
from web.exchange import Place
from web.listing import PAGE, Listing, clicked, filtered, periods
from web.markup import message

if TYPE_CHECKING:
    from rag.pipeline import Pipeline

Shown = tuple[Any, ...]


def make_list(pipeline: Pipeline) -> Callable[[Listing, str], Shown]:
    """Return what opening the tab and typing a filter do. Their outputs: listing, chart, table."""

    def show(listing: Listing, words: str) -> Shown:
        return _shown(pipeline, filtered(listing, words))

    return show


def make_turn(pipeline: Pipeline) -> Callable[[Listing, gr.EventData], Shown]:
    """Return what a click on a head, a bar or a page does. Its outputs: listing, chart, table."""

    def turn(listing: Listing, click: gr.EventData) -> Shown:
        named = named_by(click)
        turned = clicked(listing, named.get("kind"), named.get("number"))
        return (gr.skip(),) * 3 if turned is None else _shown(pipeline, turned)

    return turn


def row_of(listing: Listing, named: Mapping[str, object]) -> Place | None:
    """Return the article of a row that the browser names, or None: its word is not trusted."""
    number = position(named, "row", len(listing.page.articles))
    if number is None:
        return None
    one = listing.page.articles[number]
    return Place(one.article_id, one.headline, "", 0, 0)


def _shown(pipeline: Pipeline, listing: Listing) -> Shown:
    try:
        page, months = pipeline.catalogue(listing.wanted, PAGE, listing.offset)
    except BroadsheetError as error:
        return listing, "", message(str(error))
    listing = replace(listing, page=page, periods=periods(months))
    return listing, render_lists.chart(listing), render_lists.table(listing)
