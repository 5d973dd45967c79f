"""The Search and Archive tabs: passages without the model, and every article in a list."""

from __future__ import annotations

import re
from calendar import monthrange
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any

import gradio as gr

from index.errors import BroadsheetError
from index.store.catalogue import CataloguePage, Order, Wanted
from index.text.sentences import sentence_spans
from index.text.words import content_stems, stems
from index.types import ArticleRef
from rag.english.facts import facts
from rag.question.understand import make_question
from rag.types import RetrievedPassage
from web.chat.exchange import Place
from web.chat.limits import with_year
from web.events import clicked, position
from web.rendering import Macros, message

if TYPE_CHECKING:
    from rag.pipeline import Pipeline

FOUND = 20  # passages that a search finds
PAGE = 25  # articles of the list shown at once
HEADS = {Order.DATE: "Date", Order.HEADLINE: "Headline", Order.SOURCE: "Publisher"}
_MONTHS_SHOWN = 60  # an archive of more months is charted by years
_NAMED_AXIS = 13  # of more bars only the first and the last are named
_HEADLINES = 500  # whose names are counted, the newest
_NAMES = 12  # of those that headlines name most
_SHORT = 3  # letters: "US" would be found within other words
_WORD = re.compile(r"\w+")
_PHRASE = re.compile(r"[\"“]([^\"“”]+)[\"”]")


class SearchTab:
    """Finds passages as answers are made from them."""

    def __init__(self, pipeline: Pipeline, *, max_question: int) -> None:
        self._pipeline, self._max_question = pipeline, max_question

    def find(self, text: str, date_from: str, date_to: str) -> tuple[Any, ...]:
        """Search. The outputs: hits, results."""
        try:
            first = with_year(self._pipeline, date_from)
            last = with_year(self._pipeline, date_to, last=True)
            question = make_question(
                text, max_question=self._max_question, date_from=first, date_to=last
            )
            found = self._pipeline.search(question, FOUND)
        except BroadsheetError as error:
            return (), message(str(error))
        words = frozenset(content_stems(question.text))
        best: dict[str, RetrievedPassage] = {}
        for one in found:
            best.setdefault(one.passage.article_id, one)
        phrases = _PHRASE.findall(question.text)
        every = (find_hit(one, words, phrases) for one in best.values())
        shown = tuple(sorted(every, key=lambda hit: not hit.worded))
        return shown, hits(shown, words)


@dataclass(frozen=True, slots=True)
class Hit:
    """Where an article says what was searched for: a sentence, and that with its neighbour.

    `worded` is whether its passage and headline have all words and phrases that were searched for.
    """

    article: ArticleRef
    place: Place
    text: str
    worded: bool


def find_hit(found: RetrievedPassage, words: frozenset[str], phrases: Sequence[str] = ()) -> Hit:
    """Return the sentence of a passage that has most of the words, with the next or the last."""
    passage = found.passage
    every = sentence_spans(passage.text) or [(0, len(passage.text))]
    headline = found.headline.strip()  # which stands above what is shown
    spans = [one for one in every if passage.text[slice(*one)].strip() != headline] or every
    counts = [len(words.intersection(stems(passage.text[start:end]))) for start, end in spans]
    at = counts.index(max(counts))
    start, end = spans[at]
    around = spans[at : at + 2] if at + 1 < len(spans) else spans[max(at - 1, 0) :]
    quote = passage.text[start:end]
    place = Place(
        passage.article_id, found.headline, quote, passage.start + start, passage.start + end
    )
    text = passage.text[around[0][0] : around[-1][1]]
    whole = f"{found.headline} {passage.text}"
    has_phrases = all(phrase.lower() in " ".join(whole.lower().split()) for phrase in phrases)
    return Hit(found.article, place, text, words <= set(stems(whole)) and has_phrases)


def locate_hit(found: Sequence[Hit], named: Mapping[str, object]) -> Place | None:
    """Return the sentence that the browser names, or None where it names none."""
    number = position(named, "found", len(found))
    return None if number is None else found[number].place


@dataclass(frozen=True, slots=True)
class Period:
    """A month or a year, its name, and how many articles are of it."""

    name: str
    first: date
    last: date
    articles: int

    @property
    def short(self) -> str:
        """`Feb`, or the year: of a January, and of what is a year."""
        return str(self.first.year) if self.first.month == 1 else self.name[:3]

    def chosen(self, wanted: Wanted) -> bool:
        """Whether the list is narrowed to it."""
        return (wanted.first, wanted.last) == (self.first, self.last)


@dataclass(frozen=True, slots=True)
class Listing:
    """What the Archive tab shows: its articles, which page of them, the periods of its chart.

    `names` are those that most headlines of these days have; `sourced` is whether any article
    of the archive has a publisher.
    """

    wanted: Wanted = Wanted(once=True)  # noqa: RUF009 - frozen
    offset: int = 0
    page: CataloguePage = CataloguePage((), 0)  # noqa: RUF009 - frozen
    periods: tuple[Period, ...] = ()
    names: tuple[str, ...] = ()
    sourced: bool = True


class ArchiveTab:
    """Lists the articles. The outputs of its events: listing, chart, table."""

    def __init__(self, pipeline: Pipeline) -> None:
        self._pipeline = pipeline
        self._named: tuple[object, tuple[str, ...]] = (None, ())  # for a generation and days

    def filter(self, listing: Listing, words: str) -> tuple[Any, ...]:
        """Show the articles with these words in headline or source, from the first page."""
        wanted = replace(listing.wanted, words=words)
        return self.show(replace(listing, wanted=wanted, offset=0))

    def typed(self, listing: Listing, words: str) -> tuple[Any, ...]:
        """Filter on input; ignore changes made by a click, which are shown already."""
        same = words == listing.wanted.words
        return (gr.skip(),) * 3 if same else self.filter(listing, words)

    def click(self, listing: Listing, click: gr.EventData) -> tuple[Any, ...]:
        """Follow a click on a head, a bar, a page or a name; the fourth output: the filter."""
        named = clicked(click)
        turned = apply_click(listing, named.get("kind"), named.get("number"))
        if turned is None:
            return (gr.skip(),) * 4
        return *self.show(turned), turned.wanted.words

    def show(self, listing: Listing) -> tuple[Any, ...]:
        """Show a list's page as the archive is now."""
        try:
            page, months = self._pipeline.catalogue(listing.wanted, PAGE, listing.offset)
            names = self._names(listing.wanted)
            sourced = bool(self._pipeline.sources())
        except BroadsheetError as error:
            return listing, "", message(str(error))
        shown = periods(months)
        listing = replace(listing, page=page, periods=shown, names=names, sourced=sourced)
        return listing, chart(listing), table(listing)

    def _names(self, wanted: Wanted) -> tuple[str, ...]:
        days = Wanted(first=wanted.first, last=wanted.last, once=True)
        known = (self._pipeline.generation().number, days)
        if known != self._named[0]:
            page, _ = self._pipeline.catalogue(days, _HEADLINES)
            self._named = known, most_named(one.headline for one in page.articles)
        return self._named[1]


def most_named(headlines: Iterable[str]) -> tuple[str, ...]:
    """Return the names that most headlines have, of those that two or more have."""
    counts = Counter(name for one in headlines for name in set(facts(one).names))
    found = [name for name, count in counts.most_common() if count > 1 and len(name) > _SHORT]
    parts = {part for name in found for part in name.split() if part != name}
    return tuple(name for name in found if name not in parts)[:_NAMES]


def locate_row(listing: Listing, named: Mapping[str, object]) -> Place | None:
    """Return the article of a row that the browser names, or None where it names none."""
    number = position(named, "row", len(listing.page.articles))
    if number is None:
        return None
    one = listing.page.articles[number]
    return Place(one.article_id, one.headline, "", 0, 0)


def apply_click(listing: Listing, kind: object, number: object) -> Listing | None:
    """Return the list after a click on what narrows, sorts or turns it; None if it was none of it.

    What the browser sends is checked: its numbers must be those of what is shown.
    """
    if type(number) is not int or number < 0:
        return None
    wanted = listing.wanted
    if kind == "page" and number * PAGE < max(1, listing.page.total):
        return replace(listing, offset=number * PAGE)
    if kind == "sort" and number < len(HEADS):
        order = list(HEADS)[number]
        down = not wanted.descending if order is wanted.order else order is not Order.HEADLINE
        return replace(listing, wanted=replace(wanted, order=order, descending=down), offset=0)
    if kind == "name" and number < len(listing.names):
        name = listing.names[number]
        words = "" if wanted.words == name else name
        return replace(listing, wanted=replace(wanted, words=words), offset=0)
    if kind == "period" and number < len(listing.periods):
        period = listing.periods[number]
        first, last = (None, None) if period.chosen(wanted) else (period.first, period.last)
        return replace(listing, wanted=replace(wanted, first=first, last=last), offset=0)
    return None


def periods(months: Mapping[date, int]) -> tuple[Period, ...]:
    """Return all months from the first to the last, or all years if those are too many."""
    if not months:
        return ()
    first, last = min(months), max(months)
    count = 12 * (last.year - first.year) + last.month - first.month + 1
    if count > _MONTHS_SHOWN:
        years = range(first.year, last.year + 1)
        return tuple(_period(str(one), date(one, 1, 1), 12, months) for one in years)
    begun = 12 * first.year + first.month - 1
    each = (date(one // 12, one % 12 + 1, 1) for one in range(begun, begun + count))
    return tuple(_period(f"{one:%B %Y}", one, one.month, months) for one in each)


def _period(name: str, first: date, month: int, months: Mapping[date, int]) -> Period:
    """The period from a first day to the end of a month of its year."""
    last = date(first.year, month, monthrange(first.year, month)[1])
    return Period(name, first, last, sum(n for day, n in months.items() if first <= day <= last))


def _split_words(text: str, words: frozenset[str]) -> Iterator[tuple[str, bool]]:
    """Yield a text in pieces, and of each whether the question asks for it, in any form."""
    at = 0
    for match in _WORD.finditer(text):
        if words.intersection(stems(match[0])):
            yield from ((text[at : match.start()], False), (match[0], True))
            at = match.end()
    yield text[at:], False


_macros = Macros("archive.html", AXIS=_NAMED_AXIS, HEADS=HEADS, PAGE=PAGE, split_words=_split_words)
hits, table, chart = _macros.hits, _macros.table, _macros.chart
