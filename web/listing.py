"""The Archive tab's state: which articles are listed, which page, and the periods of its chart.

Knows nothing of Gradio or markup.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

from index.store.catalogue import CataloguePage, Order, Wanted
from web.wording import MONTHS

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
