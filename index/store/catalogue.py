"""The archive as a list: pages of articles, sorted and filtered, and how many there are a month.

Reads one generation of the index; knows nothing of passages' texts, vectors or words.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from index.store.database import LIVE
from index.text.days import day_number, number_day
from index.types import Generation


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
            the first 50 count.
        first: First day, inclusive; None for no limit. Undated articles drop out with a limit.
        last: Last day, inclusive.
        order: What they are sorted by; the newest first among equals.
        descending: Whether the greatest comes first.
    """

    words: str = ""
    first: date | None = None
    last: date | None = None
    order: Order = Order.DATE
    descending: bool = True


@dataclass(frozen=True, slots=True)
class Listed:
    """An article in a list; `passages` is how many it was cut into."""

    article_id: str
    headline: str
    date: date | None
    source: str | None
    passages: int


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
_CHOSEN = f"{LIVE} AND (:first IS NULL OR c.day >= :first) AND (:last IS NULL OR c.day <= :last)"
# LIKE folds only ASCII; the function, which is slower, serves words that hold other letters.
_HOLDS = " AND (c.headline LIKE :{0} ESCAPE '\\' OR c.source LIKE :{0} ESCAPE '\\')"
_HOLDS_FOLDED = " AND (instr(casefold(c.headline), :{0}) OR instr(casefold(c.source), :{0}))"
_MOST_WORDS = 50  # SQLite refuses a condition of more than a thousand parts


class Catalogue:
    """The articles of one generation."""

    def __init__(
        self, sql: sqlite3.Connection, generation: int, months: dict[int, Mapping[date, int]]
    ) -> None:
        """Read over a connection whose transaction its owner holds.

        `months` remembers the months of a generation, for this list and others.
        """
        self._sql = sql
        self._generation = generation
        self._months = months

    def page(self, wanted: Wanted, limit: int, offset: int = 0) -> CataloguePage:
        """Return at most `limit` articles of the list, after the first `offset`."""
        holding, words = _holding(wanted.words)
        chosen, values = _CHOSEN + holding, {**self._values(wanted), **words}
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
        name, headline, day, source, passages = self._sql.execute(
            "SELECT a.id, c.headline, c.day, c.source, "
            "(SELECT count(*) FROM passages p WHERE p.content = c.key) "
            "FROM articles a JOIN contents c ON c.key = a.content WHERE a.key = ?",
            (key,),
        ).fetchone()
        return Listed(name, headline, number_day(day) if day else None, source, passages)

    def months(self) -> Mapping[date, int]:
        """Return how many dated articles there are by month, each named by its first day."""
        known = self._months.get(self._generation)
        if known is None:
            known = self._count_months()
            self._months.clear()  # of older generations little more is asked
            self._months[self._generation] = known
        return known

    def _count_months(self) -> Mapping[date, int]:
        rows = self._sql.execute(
            f"SELECT c.day, count(*) {_FROM} WHERE {LIVE} AND c.day IS NOT NULL "
            "GROUP BY c.day ORDER BY c.day",
            {"generation": self._generation},
        )
        counts: dict[date, int] = {}
        for day, articles in rows:
            month = number_day(day).replace(day=1)
            counts[month] = counts.get(month, 0) + int(articles)
        return counts

    def counted(self) -> Generation:
        """Return what this generation is."""
        made, articles, passages = self._sql.execute(
            "SELECT (SELECT made FROM generations WHERE number = :generation), "
            f"(SELECT count(*) FROM articles a WHERE {LIVE}), "
            "(SELECT count(*) FROM passages WHERE content IN "
            f"(SELECT a.content FROM articles a WHERE {LIVE}))",
            {"generation": self._generation},
        ).fetchone()
        when = datetime.fromtimestamp(made).astimezone()
        return Generation(self._generation, when, int(articles), int(passages))

    def _values(self, wanted: Wanted) -> Mapping[str, object]:
        return {
            "generation": self._generation,
            "first": day_number(wanted.first) if wanted.first else None,
            "last": day_number(wanted.last) if wanted.last else None,
        }


def _holding(text: str) -> tuple[str, dict[str, str]]:
    """Return the condition that an article holds each word of a text, and its values."""
    condition, values = "", {}
    for number, word in enumerate(list(dict.fromkeys(text.split()))[:_MOST_WORDS]):
        name = f"word{number}"
        condition += (_HOLDS if word.isascii() else _HOLDS_FOLDED).format(name)
        values[name] = _pattern(word) if word.isascii() else word.casefold()
    return condition, values


def _pattern(word: str) -> str:
    for sign in ("\\", "%", "_"):
        word = word.replace(sign, "\\" + sign)
    return f"%{word}%"
