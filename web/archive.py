"""The Search and Archive tabs: passages without the model, and every article in a list."""

from __future__ import annotations

import re
import time
from calendar import monthrange
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any

import gradio as gr

from index.errors import BroadsheetError
from index.store.catalogue import CataloguePage, Order, Wanted
from index.text.words import content_stems, stems
from rag.question.understand import make_question
from rag.types import RetrievedPassage
from web.chat.exchange import Place
from web.events import clicked, position
from web.rendering import Macros, message
from web.wording import MONTHS

if TYPE_CHECKING:
    from rag.pipeline import Pipeline

FOUND = 20  # passages that a search shows
PAGE = 25  # articles of the list shown at once
HEADS = {
    Order.DATE: "Date",
    Order.HEADLINE: "Headline",
    Order.SOURCE: "Source",
    Order.PASSAGES: "Passages",
}
_MONTHS_SHOWN = 60  # an archive of more months is charted by years
_WORD = re.compile(r"\w+")


class SearchTab:
    """Finds passages as answers are made from them."""

    def __init__(self, pipeline: Pipeline, *, max_question: int) -> None:
        self._pipeline, self._max_question = pipeline, max_question

    def find(self, text: str, date_from: str, date_to: str) -> tuple[Any, ...]:
        """Search. The outputs: passages found, results."""
        begun = time.perf_counter()
        try:
            question = make_question(
                text, max_question=self._max_question, date_from=date_from, date_to=date_to
            )
            found = tuple(self._pipeline.search(question, FOUND))
        except BroadsheetError as error:
            return (), message(str(error))
        words = frozenset(content_stems(question.text))
        return found, passages(found, words, time.perf_counter() - begun)


def locate_passage(found: Sequence[RetrievedPassage], named: Mapping[str, object]) -> Place | None:
    """Return the passage that the browser names, or None where it names none."""
    number = position(named, "found", len(found))
    if number is None:
        return None
    passage = found[number].passage
    return Place(
        passage.article_id, found[number].headline, passage.text, passage.start, passage.end
    )


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
    """What the Archive tab shows: its articles, which page of them, the periods of its chart."""

    wanted: Wanted = Wanted()  # noqa: RUF009 - frozen
    offset: int = 0
    page: CataloguePage = CataloguePage((), 0)  # noqa: RUF009 - frozen
    periods: tuple[Period, ...] = ()


class ArchiveTab:
    """Lists the articles. The outputs of its events: listing, chart, table."""

    def __init__(self, pipeline: Pipeline) -> None:
        self._pipeline = pipeline

    def filter(self, listing: Listing, words: str) -> tuple[Any, ...]:
        """Show the articles with these words in headline or source, from the first page."""
        wanted = replace(listing.wanted, words=words)
        return self._show(replace(listing, wanted=wanted, offset=0))

    def click(self, listing: Listing, click: gr.EventData) -> tuple[Any, ...]:
        """Follow a click on a head, a bar or a page."""
        named = clicked(click)
        turned = apply_click(listing, named.get("kind"), named.get("number"))
        return (gr.skip(),) * 3 if turned is None else self._show(turned)

    def _show(self, listing: Listing) -> tuple[Any, ...]:
        try:
            page, months = self._pipeline.catalogue(listing.wanted, PAGE, listing.offset)
        except BroadsheetError as error:
            return listing, "", message(str(error))
        listing = replace(listing, page=page, periods=periods(months))
        return listing, chart(listing), table(listing)


def locate_row(listing: Listing, named: Mapping[str, object]) -> Place | None:
    """Return the article of a row that the browser names, or None where it names none."""
    number = position(named, "row", len(listing.page.articles))
    if number is None:
        return None
    one = listing.page.articles[number]
    return Place(one.article_id, one.headline, "", 0, 0)


def apply_click(listing: Listing, kind: object, number: object) -> Listing | None:
    """Return the list after a click on a head, a bar or a page; None if it was none of these.

    What the browser sends is checked: its numbers must be those of what is shown.
    """
    if type(number) is not int or number < 0:
        return None
    wanted = listing.wanted
    if kind == "page" and number * PAGE < max(1, listing.page.total):
        return replace(listing, offset=number * PAGE)
    if kind == "sort" and number < len(Order):
        order = list(Order)[number]
        down = not wanted.descending if order is wanted.order else order is not Order.HEADLINE
        return replace(listing, wanted=replace(wanted, order=order, descending=down), offset=0)
    if kind == "period" and number < len(listing.periods):
        period = listing.periods[number]
        first, last = (None, None) if period.chosen(wanted) else (period.first, period.last)
        return replace(listing, wanted=replace(wanted, first=first, last=last), offset=0)
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


def _split_words(text: str, words: frozenset[str]) -> Iterator[tuple[str, bool]]:
    """Yield a text in pieces, and of each whether the question asks for it, in any form."""
    at = 0
    for match in _WORD.finditer(text):
        if words.intersection(stems(match[0])):
            yield from ((text[at : match.start()], False), (match[0], True))
            at = match.end()
    yield text[at:], False


def _ranks(found: RetrievedPassage) -> str:
    """`By words 3rd, by meaning 1st; score 0.027`: how a search found a passage."""
    names = {"lexical": "words", "dense": "meaning"}
    places = [
        f"by {name} {_ordinal(found.ranks[key])}"
        for key, name in names.items()
        if key in found.ranks
    ]
    text = ", ".join(places)
    return f"{text[:1].upper()}{text[1:]}; score {found.score:.3f}" if text else ""


def _ordinal(number: int) -> str:
    ending = {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{'th' if number % 100 in (11, 12, 13) else ending}"


_macros = Macros("archive.html", HEADS=HEADS, PAGE=PAGE, ranks=_ranks, split_words=_split_words)
passages, table, chart = _macros.passages, _macros.table, _macros.chart
