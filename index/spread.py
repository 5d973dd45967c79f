"""How the live articles of one generation lie over days and collections, counted once.

A question's dates then cost no query: archives have many articles and few days. Knows nothing of
vectors.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from dataclasses import dataclass
from functools import lru_cache

from index.database import LIVE
from index.days import number_day
from index.types import Bounds, Coverage


@dataclass(frozen=True, slots=True)
class Part:
    """A collection that holds something within the bounds.

    Attributes:
        share: Share of its live articles that the bounds' dates admit, above 0, at most 1.
    """

    collection: str
    share: float


class Spread:
    """Counts of articles by collection and day."""

    def __init__(self, sql: sqlite3.Connection, generation: int) -> None:
        """Count what is live in a generation: one pass over its articles."""
        rows = sql.execute(
            "SELECT c.collection, c.day, count(*) FROM articles a JOIN contents c "
            f"ON c.key = a.content WHERE {LIVE} GROUP BY c.collection, c.day",
            {"generation": generation},
        )
        self._counts: dict[str, dict[int | None, int]] = defaultdict(dict)
        for collection, day, count in rows:
            self._counts[str(collection)][None if day is None else int(day)] = int(count)
        self._coverage = lru_cache(maxsize=256)(self._covered)
        self._parts = lru_cache(maxsize=256)(self._within)

    def coverage(self, bounds: Bounds) -> Coverage:
        """Return what the articles within the bounds' dates span; publishers do not count."""
        return self._coverage(*_limits(bounds))

    def parts(self, bounds: Bounds) -> tuple[Part, ...]:
        """Return the collections that hold articles within the bounds' dates."""
        return self._parts(*_limits(bounds))

    def _covered(self, first: int, last: int, undated: bool) -> Coverage:
        dated: dict[int, int] = defaultdict(int)
        without = 0
        for days in self._counts.values():
            without += days.get(None, 0) if undated else 0
            for day, count in days.items():
                if day is not None and first <= day <= last:
                    dated[day] += count
        first_day = number_day(min(dated)) if dated else None
        last_day = number_day(max(dated)) if dated else None
        return Coverage(first_day, last_day, sum(dated.values()) + without, without)

    def _within(self, first: int, last: int, undated: bool) -> tuple[Part, ...]:
        parts: list[Part] = []
        for name, days in self._counts.items():
            admitted = sum(
                count
                for day, count in days.items()
                if (undated if day is None else first <= day <= last)
            )
            if admitted:
                parts.append(Part(name, admitted / sum(days.values())))
        return tuple(parts)


def _limits(bounds: Bounds) -> tuple[int, int, bool]:
    """The first and the last day admitted, and whether undated articles are."""
    return *bounds.numbers, bounds.undated or not bounds.dated
