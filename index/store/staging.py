"""What a build has read becomes what the next generation shows; runs inside one transaction.

`decide` says what changes and writes only what is staged; a build shows it, a preview tells it.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath

from index.text.days import number_day
from index.types import Article, BuildReport, Skipped, file_of


@dataclass(frozen=True, slots=True)
class Incoming:
    """An article that was read and is to be shown; `content` is the key of what it says."""

    id: str
    location: str
    file: str
    content: int


@dataclass(frozen=True, slots=True)
class Changes:
    """What the next generation shows otherwise than the live one.

    Attributes:
        moved: Those whose content left another place.
        removed: Ids of those that are gone without having moved.
        leaving: Keys of all articles that are shown no more, also the changed ones'.
        unchanged: Ids of those that were read and are as they were.
        kept: How many were not read, being unchanged or unreadable now.
    """

    added: tuple[Incoming, ...]
    changed: tuple[Incoming, ...]
    moved: tuple[Incoming, ...]
    removed: tuple[str, ...]
    leaving: tuple[int, ...]
    unchanged: tuple[str, ...]
    kept: int

    def report(self, generation: int) -> BuildReport:
        """Count them, as of a build that makes this generation."""
        return BuildReport(
            generation,
            added=len(self.added),
            changed=len(self.changed),
            moved=len(self.moved),
            removed=len(self.removed),
            unchanged=len(self.unchanged) + self.kept,
        )


def decide(sql: sqlite3.Connection, roots: Sequence[str] | None) -> Changes:
    """Say what becomes of what is staged.

    Args:
        sql: Where the tables of `index.reading.Staging` are.
        roots: Files and folders whose other articles are removed; None removes none.
    """
    gone = leaving(sql, roots)
    live = _live_staged(sql)
    _assign_ids(sql, {key for key, _, _ in gone}, {at: name for at, (_, _, name) in live.items()})
    vacated = Counter(content for _, content, _ in gone)
    added: list[Incoming] = []
    changed: list[Incoming] = []
    moved: list[Incoming] = []
    unchanged: list[str] = []
    rows = sql.execute("SELECT id, location, file, content FROM staged ORDER BY location")
    for one in (Incoming(*row) for row in rows):
        known = live.get(one.location)
        if known is None:
            vacated[one.content] -= 1
            (moved if vacated[one.content] >= 0 else added).append(one)
        elif known[1:] == (one.content, one.id):
            unchanged.append(one.id)
        else:
            changed.append(one)
    arrived = Counter(one.content for one in moved)
    removed = []
    for _, content, name in gone:
        arrived[content] -= 1
        if arrived[content] < 0:
            removed.append(name)
    replaced = [live[one.location][0] for one in changed]
    kept = _count(
        sql,
        "SELECT count(*) FROM articles a WHERE a.removed IS NULL "
        "AND a.location NOT IN (SELECT location FROM staged) "
        "AND a.file IN (SELECT file FROM kept)",
    )
    return Changes(
        tuple(added),
        tuple(changed),
        tuple(moved),
        tuple(removed),
        (*(key for key, _, _ in gone), *replaced),
        tuple(unchanged),
        kept,
    )


def show_staged(sql: sqlite3.Connection, changes: Changes, generation: int) -> None:
    """Give staged articles the generation that adds them, and those that leave their last."""
    sql.executemany(
        "UPDATE articles SET removed = ? WHERE key = ?",
        [(generation, key) for key in changes.leaving],
    )
    sql.executemany(
        "INSERT INTO articles (id, location, file, content, added) VALUES (?, ?, ?, ?, ?)",
        [
            (one.id, one.location, one.file, one.content, generation)
            for one in (*changes.added, *changes.changed, *changes.moved)
        ],
    )


def take_out(sql: sqlite3.Connection, ids: Sequence[str], generation: int) -> int:
    """Remove live articles by id; their files will be read anew. Returns how many there were."""
    removed = 0
    for name in ids:
        live = "id = ? AND removed IS NULL"
        sql.execute(
            f"DELETE FROM files WHERE path IN (SELECT file FROM articles WHERE {live})", (name,)
        )
        removed += sql.execute(
            f"UPDATE articles SET removed = ? WHERE {live}", (generation, name)
        ).rowcount
    return removed


def show_earlier(sql: sqlite3.Connection, earlier: int, generation: int) -> BuildReport:
    """Show in a new generation what an earlier one showed; files of what differs are read anew."""
    values = {"generation": generation, "earlier": earlier}
    going = "removed IS NULL AND added > :earlier"
    coming = "added <= :earlier AND removed > :earlier AND removed < :generation"
    sql.execute(
        f"DELETE FROM files WHERE path IN (SELECT file FROM articles WHERE ({going}) "
        f"OR ({coming}))",
        values,
    )
    changed = _count(
        sql,
        f"SELECT count(*) FROM articles WHERE {going} AND location IN "
        f"(SELECT location FROM articles WHERE {coming})",
        values,
    )
    added = sql.execute(
        "INSERT INTO articles (id, location, file, content, added) "
        f"SELECT id, location, file, content, :generation FROM articles WHERE {coming}",
        values,
    ).rowcount
    removed = sql.execute(
        f"UPDATE articles SET removed = :generation WHERE {going} AND added < :generation", values
    ).rowcount
    return BuildReport(
        generation, added=added - changed, changed=changed, removed=removed - changed
    )


def move_collections(sql: sqlite3.Connection, old: Sequence[str], new: str) -> None:
    """Note that the vectors of some collections were copied into another."""
    for name in old:
        sql.execute("UPDATE contents SET collection = ? WHERE collection = ?", (new, name))
        sql.execute("UPDATE collections SET retired = ? WHERE name = ?", (time.time(), name))


def _live_staged(sql: sqlite3.Connection) -> dict[str, tuple[int, int, str]]:
    """The live articles at places that are staged: key, content and id by location."""
    rows = sql.execute(  # the sign keeps SQLite from walking all that is live
        "SELECT a.location, a.key, a.content, a.id FROM articles a "
        "WHERE +a.removed IS NULL AND a.location IN (SELECT location FROM staged)"
    )
    return {location: (key, content, name) for location, key, content, name in rows}


def _assign_ids(sql: sqlite3.Connection, gone: set[int], had: Mapping[str, str]) -> None:
    """Make the ids of staged articles unique among what will be live.

    An article keeps the id it has. One whose id another place has already (two folders may both
    hold `001.txt`) gets the names of its parent folders in front until it is unique.
    """
    staged = sql.execute("SELECT location, id FROM staged ORDER BY location").fetchall()
    for location, wanted in staged:
        chosen = next(
            name
            for name in _names(had.get(location), location, wanted)
            if not _taken(sql, name, location, gone)
        )
        if chosen != wanted:
            sql.execute("UPDATE staged SET id = ? WHERE location = ?", (chosen, location))


def _names(had: str | None, location: str, wanted: str) -> Iterator[str]:
    if had and (had == wanted or had.endswith(f"/{wanted}")):
        yield had
    yield wanted
    file = file_of(location)
    parents = list(PurePath(file).parts[1:] if file != location else PurePath(file).parts[1:-1])
    while wanted.startswith("/".join(parents[-1:]) + "/") and parents:
        parents.pop()
    name = wanted
    for parent in reversed(parents):
        name = f"{parent}/{name}"
        yield name
    yield location
    yield f"{location}#{wanted}"


def _taken(sql: sqlite3.Connection, name: str, location: str, gone: set[int]) -> bool:
    staged = sql.execute(
        "SELECT 1 FROM staged WHERE id = ? AND location < ?", (name, location)
    ).fetchone()
    live = sql.execute(
        "SELECT key FROM articles WHERE id = ? AND removed IS NULL AND location != ? "
        "AND location NOT IN (SELECT location FROM staged)",
        (name, location),
    )
    return staged is not None or any(key not in gone for (key,) in live)


def note_files(
    sql: sqlite3.Connection, roots: Sequence[str] | None, skipped: Sequence[Skipped]
) -> None:
    """Note what was read to its end and what was skipped, for the next build and for `status`."""
    for root in roots or ():
        prefix = root.rstrip(os.sep) + os.sep
        sql.execute(
            "DELETE FROM skipped WHERE file = ? OR substr(file, 1, ?) = ?",
            (root, len(prefix), prefix),
        )
    sql.executemany(
        "DELETE FROM skipped WHERE file = ?", [(file_of(item.location),) for item in skipped]
    )
    sql.execute("DELETE FROM skipped WHERE file IN (SELECT path FROM staged_files)")
    sql.executemany(
        "INSERT INTO skipped VALUES (?, ?, ?, ?)",
        [(file_of(item.location), item.location, item.line, item.reason) for item in skipped],
    )
    sql.execute("INSERT OR REPLACE INTO files SELECT * FROM staged_files")
    # A file that comes back unchanged after its articles were removed must be read again.
    sql.execute(
        "DELETE FROM files WHERE path NOT IN (SELECT file FROM articles WHERE removed IS NULL)"
    )


def leaving(sql: sqlite3.Connection, roots: Sequence[str] | None) -> list[tuple[int, int, str]]:
    """Live articles of the roots that were not read and are not kept: key, content, id."""
    kept = {file for (file,) in sql.execute("SELECT file FROM kept")}
    gone: dict[int, tuple[int, str]] = {}
    for root in roots or ():
        prefix = root.rstrip(os.sep) + os.sep
        rows = sql.execute(
            "SELECT key, content, id, file FROM articles WHERE removed IS NULL "
            "AND (file = ? OR substr(file, 1, ?) = ?) "
            "AND location NOT IN (SELECT location FROM staged)",
            (root, len(prefix), prefix),
        )
        for key, content, name, file in rows:
            if file not in kept and not any(str(p) in kept for p in PurePath(file).parents):
                gone[key] = content, name
    return [(key, *gone[key]) for key in sorted(gone)]


def _count(
    sql: sqlite3.Connection, query: str, values: Mapping[str, int] | Sequence[int] = ()
) -> int:
    return int(sql.execute(query, values).fetchone()[0])


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
