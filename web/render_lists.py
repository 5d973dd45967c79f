"""Passages found and the archive's list -> escaped HTML, with positions for what can be clicked."""

from __future__ import annotations

import re
from collections.abc import Sequence

from index.store.catalogue import Order
from index.text.words import content_stems, stems
from rag.types import RetrievedPassage
from web import wording
from web.listing import PAGE, Listing, Period
from web.markup import day_or_undated, safe

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


def suggested(questions: Sequence[str]) -> str:
    """Questions to go on with; the script asks the one that is clicked."""
    items = "".join(
        f'<li><button type="button" class="tool" data-ask="{safe(question)}">'
        f'<span dir="auto">{safe(question)}</span></button></li>'
        for question in questions
    )
    return f'<ul class="next" aria-label="Questions to go on with">{items}</ul>' if items else ""
