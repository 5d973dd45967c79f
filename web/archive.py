"""The Archive tab: every article in a list that sorts, narrows and pages, each one click away."""

from __future__ import annotations

import re
import time
from calendar import monthrange
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any

import gradio as gr

from index.errors import BroadsheetError
from index.store.catalogue import CataloguePage, Order, Wanted
from index.text.words import content_stems, stems
from rag.question.understand import make_question
from rag.types import RetrievedPassage
from web import wording
from web.chat.exchange import Place
from web.events import named_by, position
from web.rendering import day_or_undated, message, safe
from web.wording import MONTHS

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
    return listing, chart(listing), table(listing)


PAGE = 25  # articles of the list shown at once
_MONTHS_SHOWN = 60  # an archive of more months is charted by years


@dataclass(frozen=True, slots=True)
class Period:
    """A month or a year, its name, and how many articles are of it."""

    name: str
    first: date
    last: date
    articles: int

    def chosen(self, wanted: Wanted) -> bool:
        """Whether the list is narrowed to it."""
        return (wanted.first, wanted.last) == (self.first, self.last)


@dataclass(frozen=True, slots=True)
class Listing:
    """What the tab shows."""

    wanted: Wanted = Wanted()  # noqa: RUF009 - frozen
    offset: int = 0
    page: CataloguePage = CataloguePage((), 0)  # noqa: RUF009 - frozen
    periods: tuple[Period, ...] = ()


def filtered(listing: Listing, words: str) -> Listing:
    """The list narrowed to words of headline or source, from its beginning."""
    return replace(listing, wanted=replace(listing.wanted, words=words), offset=0)


def clicked(listing: Listing, kind: object, number: object) -> Listing | None:
    """Return the list after a click on a head, a bar or a page; None if it was none of these.

    What the browser says is checked: its numbers must be those of what is shown.
    """
    if type(number) is not int:
        return None
    wanted = listing.wanted
    if kind == "page" and 0 <= number * PAGE < max(1, listing.page.total):
        return replace(listing, offset=number * PAGE)
    if kind == "sort" and 0 <= number < len(Order):
        order = list(Order)[number]
        downwards = not wanted.descending if order is wanted.order else order is not Order.HEADLINE
        return replace(listing, wanted=replace(wanted, order=order, descending=downwards), offset=0)
    if kind == "period" and 0 <= number < len(listing.periods):
        period = listing.periods[number]
        bounds = (None, None) if period.chosen(wanted) else (period.first, period.last)
        wanted = replace(wanted, first=bounds[0], last=bounds[1])
        return replace(listing, wanted=wanted, offset=0)
    return None


def periods(months: Mapping[date, int]) -> tuple[Period, ...]:
    """Return all months from the first to the last, or all years if those are too many.

    Args:
        months: Articles by month, each named by its first day.
    """
    if not months:
        return ()
    first, last = min(months), max(months)
    count = 12 * (last.year - first.year) + last.month - first.month + 1
    if count > _MONTHS_SHOWN:
        return tuple(_year(year, months) for year in range(first.year, last.year + 1))
    begun = 12 * first.year + first.month - 1
    return tuple(_month(begun + step, months) for step in range(count))


def _year(year: int, months: Mapping[date, int]) -> Period:
    articles = sum(count for month, count in months.items() if month.year == year)
    return Period(str(year), date(year, 1, 1), date(year, 12, 31), articles)


def _month(number: int, months: Mapping[date, int]) -> Period:
    first = date(number // 12, number % 12 + 1, 1)
    last = first.replace(day=monthrange(first.year, first.month)[1])
    return Period(f"{MONTHS[first.month - 1]} {first.year}", first, last, months.get(first, 0))


FOUND = 20


def make_find(pipeline: Pipeline, *, max_question: int) -> Callable[..., tuple[Any, ...]]:
    """Return what a search does. Its outputs: passages found, results."""

    def find(text: str, date_from: str, date_to: str) -> tuple[Any, ...]:
        begun = time.perf_counter()
        try:
            question = make_question(
                text, max_question=max_question, date_from=date_from, date_to=date_to
            )
            found = tuple(pipeline.search(question, FOUND))
        except BroadsheetError as error:
            return (), message(str(error))
        return found, passages(found, question.text, time.perf_counter() - begun)

    return find


def found_at(found: Sequence[RetrievedPassage], named: Mapping[str, object]) -> Place | None:
    """Return the passage that the browser names, or None: its word is not trusted."""
    number = position(named, "found", len(found))
    if number is None:
        return None
    passage = found[number].passage
    return Place(
        passage.article_id, found[number].headline, passage.text, passage.start, passage.end
    )


_WORD = re.compile(r"\w+")
_HEADS = {
    Order.DATE: "Date",
    Order.HEADLINE: "Headline",
    Order.SOURCE: "Source",
    Order.PASSAGES: "Passages",
}


def passages(found: Sequence[RetrievedPassage], question: str, seconds: float) -> str:
    """Passages that a search found, best first, the words of the question marked in them."""
    words = frozenset(content_stems(question))
    items = "".join(_passage(one, number, words) for number, one in enumerate(found))
    head = f'<p class="found" role="status">{safe(wording.found(found, seconds))}</p>'
    return f'{head}<ol class="hits">{items}</ol>'


def _passage(found: RetrievedPassage, number: int, words: frozenset[str]) -> str:
    source = f' · <span dir="auto">{safe(found.source)}</span>' if found.source else ""
    return (
        f'<li><button type="button" class="open" data-kind="found" data-number="{number}">'
        f'<b dir="auto">{safe(found.headline)}</b>'
        f'<span class="from">{day_or_undated(found.date)}{source}</span>'
        f'<span class="passage" dir="auto">{_marked(found.passage.text, words)}</span>'
        f'<span class="from">{safe(wording.ranks(found))}</span></button></li>'
    )


def _marked(text: str, words: frozenset[str]) -> str:
    """Escape a text and mark those of its words that the question asks for, in any form."""
    pieces: list[str] = []
    at = 0
    for match in _WORD.finditer(text):
        if words.intersection(stems(match[0])):
            pieces += [safe(text[at : match.start()]), f"<mark>{safe(match[0])}</mark>"]
            at = match.end()
    return "".join(pieces) + safe(text[at:])


def table(listing: Listing) -> str:
    """The page of the archive's list that is shown, with its heads and the way to other pages."""
    heads = "".join(_head(order, listing) for order in Order)
    rows = "".join(_row(number, listing) for number in range(len(listing.page.articles)))
    return (
        f'<p class="found" role="status">{safe(wording.listed(listing.page.total))}</p>'
        f'<table class="archive"><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>'
        + _turning(listing)
    )


def _head(order: Order, listing: Listing) -> str:
    sorted_by = listing.wanted.order is order
    way = "descending" if listing.wanted.descending else "ascending"
    arrow = ("↓" if listing.wanted.descending else "↑") if sorted_by else ""
    state = f' aria-sort="{way}"' if sorted_by else ""
    return (
        f'<th scope="col" class="{order.value}"{state}><button type="button" data-kind="sort"'
        f' data-number="{list(Order).index(order)}">{_HEADS[order]}'
        f'<span aria-hidden="true"> {arrow}</span></button></th>'
    )


def _row(number: int, listing: Listing) -> str:
    one = listing.page.articles[number]
    return (
        f'<tr><td class="date">{day_or_undated(one.date)}</td>'
        f'<td class="headline"><button type="button" data-kind="row" data-number="{number}"'
        f' dir="auto">{safe(one.headline)}</button></td>'
        f'<td class="source" dir="auto">{safe(one.source or "")}</td>'
        f'<td class="passages">{one.passages:,}</td></tr>'
    )


def _turning(listing: Listing) -> str:
    pages = -(-listing.page.total // PAGE)
    if pages < 2:
        return ""
    now = listing.offset // PAGE
    steps = ((now - 1, "Previous"), (now + 1, "Next"))
    buttons = "".join(
        f'<button type="button" data-kind="page" data-number="{to}"'
        f"{'' if 0 <= to < pages else ' disabled'}>{name}</button>"
        for to, name in steps
    )
    return f'<p class="turning">{buttons}<span>Page {now + 1:,} of {pages:,}</span></p>'


def chart(listing: Listing) -> str:
    """Articles over time, a bar for each month, or year in a long archive; a click narrows."""
    most = max((period.articles for period in listing.periods), default=0)
    if not most:
        return ""
    bars = "".join(
        _bar(number, period, most, chosen=period.chosen(listing.wanted))
        for number, period in enumerate(listing.periods)
    )
    first, last = listing.periods[0], listing.periods[-1]
    ends = f"<span>{safe(first.name)}</span><span>{safe(last.name)}</span>"
    return (
        f'<div class="chart" role="group" aria-label="Articles over time">{bars}</div>'
        f'<p class="axis" aria-hidden="true">{ends}</p>'
    )


def _bar(number: int, period: Period, most: int, *, chosen: bool) -> str:
    name = safe(f"{period.name}: {wording.count(period.articles, 'article')}")
    height = max(2, round(100 * period.articles / most)) if period.articles else 0
    return (
        f'<button type="button" data-kind="period" data-number="{number}" title="{name}"'
        f' aria-label="{name}" aria-pressed="{str(chosen).lower()}">'
        f'<span style="height:{height}%"></span></button>'
    )
