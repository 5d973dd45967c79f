"""Live articles whose vectors or words are not trusted: they are made anew from the kept text.

A text that is made anew becomes another content, as with a new recipe, so that readers see the
old one until the switch. A killed build finds what is due again.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence

from index.days import number_day
from index.staging import leaving
from index.types import Article

_MARK = "distrusted "
DUE = f"(hash BETWEEN '{_MARK}' AND '{_MARK}~' OR collection IS NULL)"
"""The condition of SQL that a live content waits to be made anew."""

# In this order (CROSS JOIN keeps it) the few contents that are due are found by their indexes.
_LIVE = "FROM contents c CROSS JOIN articles a ON a.content = c.key WHERE a.removed IS NULL"


def distrust(sql: sqlite3.Connection, contents: Iterable[int] | None = None) -> None:
    """Forget that texts are known by their hash; None means all of them."""
    query = f"UPDATE contents SET hash = '{_MARK}' || key"
    if contents is None:
        sql.execute(query)
    else:
        sql.executemany(f"{query} WHERE key = ?", [(key,) for key in contents])


def distrust_bare(sql: sqlite3.Connection) -> None:
    """Forget the hashes of live texts without vectors, which no build of today leaves."""
    sql.execute(
        f"UPDATE contents SET hash = '{_MARK}' || key WHERE collection IS NULL "
        "AND key IN (SELECT content FROM articles WHERE removed IS NULL)"
    )


def known_content(sql: sqlite3.Connection, digest: str) -> int | None:
    """Return the key of a text by its hash; None where it is to be made, or made anew."""
    row = sql.execute(
        "SELECT key FROM contents c WHERE hash = ? AND (collection NOT NULL OR NOT EXISTS "
        "(SELECT 1 FROM articles a WHERE a.content = c.key AND a.removed IS NULL))",
        (digest,),
    ).fetchone()
    return int(row[0]) if row else None


def due(sql: sqlite3.Connection) -> bool:
    """Whether live articles wait to be made anew."""
    return sql.execute(f"SELECT 1 {_LIVE} AND {DUE} LIMIT 1").fetchone() is not None


def to_remake(
    sql: sqlite3.Connection, roots: Sequence[str] | None, *, everything: bool
) -> Iterator[Article]:
    """Yield the live articles that were not read and must be made anew, from their kept texts.

    Args:
        sql: Where the tables of `index.reading.Staging` are.
        roots: Files and folders of the build; what is gone from them is left out.
        everything: Whether all are made anew, by another recipe, or only those that are due.
    """
    rows = sql.execute(
        f"SELECT a.key, a.location, a.id, c.headline, c.day, c.source, c.url, c.text {_LIVE} "
        f"AND {'1' if everything else DUE} AND a.location NOT IN (SELECT location FROM staged)"
    ).fetchall()
    gone = {key for key, _, _ in leaving(sql, roots)} if rows else set()
    for key, location, name, headline, day, source, url, text in rows:
        if key not in gone:
            when = number_day(day) if day else None
            yield Article(name, location, headline, text, when, source, url)
