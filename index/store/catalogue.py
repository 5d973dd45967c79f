"""What one generation of the index holds: pages of its articles, and counts by day."""

from __future__ import annotations

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from functools import cached_property, lru_cache

from index.store.database import ADMITTED, LIVE, admit_by
from index.text.days import day_number, number_day
from index.types import Bounds, Coverage, Generation, split_limits


class Order(StrEnum):
    """What a list may be sorted by."""

    DATE = "date"
    HEADLINE = "headline"
    SOURCE = "source"
    PASSAGES = "passages"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which articles are listed, and in what order.

    Attributes:
        words: Only articles whose headline or publisher holds each of these words, without case;
            the first 50 count; and limits such as `author:"Jane Doe"`.
        first: First day, inclusive; None for no limit. Undated articles drop out with a limit.
        last: Last day, inclusive.
        order: What they are sorted by; the newest first among equals.
        descending: Whether the greatest comes first.
        sources: Publishers, and limits such as `author:Jane Doe`; empty for all.
        once: Whether of articles with the very same content only one is listed.
    """

    words: str = ""
    first: date | None = None
    last: date | None = None
    order: Order = Order.DATE
    descending: bool = True
    sources: tuple[str, ...] = ()
    once: bool = False


@dataclass(frozen=True, slots=True)
class Listed:
    """An article in a list; `copies` are the others with the very same content."""

    article_id: str
    headline: str
    date: date | None
    source: str | None
    copies: int = 0


@dataclass(frozen=True, slots=True)
class CataloguePage:
    """A page of the list, and how many articles the whole list has."""

    articles: tuple[Listed, ...]
    total: int


_COLUMNS = {
    Order.DATE: "c.day",
    Order.HEADLINE: "c.headline COLLATE NOCASE",
    Order.SOURCE: "c.source COLLATE NOCASE",
    Order.PASSAGES: "n.passages",
}
# In this order (CROSS JOIN keeps it) indexes alone are read, and no text.
_FROM = "FROM contents c CROSS JOIN articles a ON a.content = c.key"
_COUNTED = (
    "LEFT JOIN (SELECT content, count(*) AS passages FROM passages GROUP BY content) n "
    "ON n.content = c.key"
)
_IN_BOUNDS = f"{LIVE} AND (:first IS NULL OR c.day >= :first) AND (:last IS NULL OR c.day <= :last)"
_ONCE = (
    " AND NOT EXISTS (SELECT 1 FROM articles b WHERE b.content = a.content AND b.key < a.key "
    f"AND {LIVE.replace('a.', 'b.')})"
)
# LIKE folds only ASCII; the function, which is slower, serves words that hold other letters.
_HOLDS = " AND (c.headline LIKE :{0} ESCAPE '\\' OR c.source LIKE :{0} ESCAPE '\\')"
_HOLDS_FOLDED = " AND (instr(casefold(c.headline), :{0}) OR instr(casefold(c.source), :{0}))"
_MOST_WORDS = 50  # SQLite refuses a condition of more than a thousand parts


class Catalogue:
    """The articles of one generation."""

    def __init__(
        self, sql: sqlite3.Connection, generation: int, days: Callable[[], DayCounts]
    ) -> None:
        """Read over a connection whose transaction its owner holds."""
        self._sql = sql
        self._generation = generation
        self._days = days

    def page(self, wanted: Wanted, limit: int, offset: int = 0) -> CataloguePage:
        """Return at most `limit` articles of the list, after the first `offset`."""
        sought, limits = split_limits(wanted.words.encode("utf-8", "replace").decode())
        holding, words = _words_condition(sought)
        chosen = _IN_BOUNDS + holding + (_ONCE if wanted.once else "")
        if limits := (*limits, *wanted.sources):
            admit_by(self._sql, limits)
            chosen += ADMITTED
        values = {
            "generation": self._generation,
            "first": day_number(wanted.first) if wanted.first else None,
            "last": day_number(wanted.last) if wanted.last else None,
            **words,
        }
        total = self._sql.execute(f"SELECT count(*) {_FROM} WHERE {chosen}", values).fetchone()[0]
        order = f"{_COLUMNS[wanted.order]} {'DESC' if wanted.descending else 'ASC'} NULLS LAST"
        counted = _COUNTED if wanted.order is Order.PASSAGES else ""
        keys = self._sql.execute(
            f"SELECT a.key {_FROM} {counted} WHERE {chosen} ORDER BY {order}, c.day DESC, a.key "
            "LIMIT :limit OFFSET :offset",
            {**values, "limit": limit, "offset": offset},
        ).fetchall()
        return CataloguePage(tuple(self._listed(key) for (key,) in keys), int(total))

    def _listed(self, key: int) -> Listed:
        name, headline, day, source, alike = self._sql.execute(
            "SELECT own.id, c.headline, c.day, c.source, "
            f"(SELECT count(*) FROM articles a WHERE a.content = own.content AND {LIVE}) "
            "FROM articles own JOIN contents c ON c.key = own.content WHERE own.key = :key",
            {"key": key, "generation": self._generation},
        ).fetchone()
        return Listed(name, headline, number_day(day) if day else None, source, alike - 1)

    def months(self) -> Mapping[date, int]:
        """Return how many dated articles there are by month, each named by its first day."""
        return self._days().months

    def counted(self) -> Generation:
        """Return this generation, its articles and passages counted."""
        made, articles, passages = self._sql.execute(
            "SELECT (SELECT made FROM generations WHERE number = :generation), "
            f"(SELECT count(*) FROM articles a WHERE {LIVE}), "
            "(SELECT count(*) FROM passages WHERE content IN "
            f"(SELECT a.content FROM articles a WHERE {LIVE}))",
            {"generation": self._generation},
        ).fetchone()
        when = datetime.fromtimestamp(made).astimezone()
        return Generation(self._generation, when, int(articles), int(passages))


def _words_condition(text: str) -> tuple[str, dict[str, str]]:
    """Return the condition that an article holds each word of a text, and its values."""
    condition, values = "", {}
    for number, word in enumerate(list(dict.fromkeys(text.split()))[:_MOST_WORDS]):
        name = f"word{number}"
        condition += (_HOLDS if word.isascii() else _HOLDS_FOLDED).format(name)
        escaped = word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        values[name] = f"%{escaped}%" if word.isascii() else word.casefold()
    return condition, values


class DayCounts:
    """Counts of the live articles of a generation by collection and day."""

    def __init__(
        self, sql: sqlite3.Connection, generation: int, sources: Sequence[str] = ()
    ) -> None:
        """Count them, in one pass over the articles; with `sources` those that they admit."""
        admit_by(sql, sources)
        rows = sql.execute(
            "SELECT c.collection, c.day, count(*) FROM articles a JOIN contents c "
            f"ON c.key = a.content WHERE {LIVE}{ADMITTED if sources else ''} "
            "GROUP BY c.collection, c.day",
            {"generation": generation},
        )
        self._counts: dict[str, Counter[int | None]] = defaultdict(Counter)
        for collection, day, count in rows:
            self._counts[str(collection)][day] = int(count)
        self._coverage = lru_cache(maxsize=256)(self._count_within)
        self._shares = lru_cache(maxsize=256)(self._shares_within)

    @cached_property
    def months(self) -> Mapping[date, int]:
        """Dated articles by month, each named by its first day, in order."""
        counts: Counter[date] = Counter()
        for days in self._counts.values():
            for day, count in days.items():
                if day is not None:
                    counts[number_day(day).replace(day=1)] += count
        return dict(sorted(counts.items()))

    def coverage(self, bounds: Bounds) -> Coverage:
        """Return what the articles within the bounds' dates span; publishers do not count."""
        return self._coverage(*_limits(bounds))

    def shares(self, bounds: Bounds) -> Mapping[str, float]:
        """Return the collections that hold articles within the bounds' dates.

        Each has the share of its articles that these dates admit, above 0 and at most 1.
        """
        return self._shares(*_limits(bounds))

    def _count_within(self, first: int, last: int, undated: bool) -> Coverage:
        every: Counter[int | None] = Counter()
        for days in self._counts.values():
            every.update(days)
        without = every.pop(None, 0) if undated else 0
        dated = {day: n for day, n in every.items() if day is not None and first <= day <= last}
        first_day = number_day(min(dated)) if dated else None
        last_day = number_day(max(dated)) if dated else None
        return Coverage(first_day, last_day, sum(dated.values()) + without, without)

    def _shares_within(self, first: int, last: int, undated: bool) -> Mapping[str, float]:
        shares = {}
        for name, days in self._counts.items():
            admitted = sum(
                count
                for day, count in days.items()
                if (undated if day is None else first <= day <= last)
            )
            if admitted:
                shares[name] = admitted / days.total()
        return shares


def _limits(bounds: Bounds) -> tuple[int, int, bool]:
    """The first and the last day admitted, and whether undated articles are."""
    return *bounds.numbers, bounds.undated or not bounds.dated
