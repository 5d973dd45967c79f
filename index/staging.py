"""What a build has read becomes what the next generation shows; runs inside one transaction."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePath

from index.types import BuildReport, Skipped, file_of


def assign_ids(sql: sqlite3.Connection, roots: Sequence[str] | None) -> None:
    """Make the ids of staged articles unique among what will be live.

    An article keeps the id it has. One whose id another place has already (two folders may both
    hold `001.txt`) gets the names of its parent folders in front until it is unique.
    """
    gone = {key for key, _ in leaving(sql, roots)}
    staged = sql.execute("SELECT location, id FROM staged ORDER BY location").fetchall()
    for location, wanted in staged:
        chosen = next(
            name for name in _names(sql, location, wanted) if not _taken(sql, name, location, gone)
        )
        if chosen != wanted:
            sql.execute("UPDATE staged SET id = ? WHERE location = ?", (chosen, location))


def _names(sql: sqlite3.Connection, location: str, wanted: str) -> Iterator[str]:
    row = sql.execute(
        "SELECT id FROM articles WHERE location = ? AND removed IS NULL", (location,)
    ).fetchone()
    if row and (row[0] == wanted or row[0].endswith(f"/{wanted}")):
        yield str(row[0])
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


def show_staged(
    sql: sqlite3.Connection, roots: Sequence[str] | None, generation: int
) -> BuildReport:
    """Give staged articles the generation that adds them, and count what that changes."""
    gone = leaving(sql, roots)
    unchanged = _count(
        sql,
        "SELECT count(*) FROM staged s JOIN articles a ON a.location = s.location "
        "WHERE a.removed IS NULL AND a.content = s.content AND a.id = s.id",
    )
    changed = sql.execute(
        "UPDATE articles SET removed = ? WHERE removed IS NULL AND EXISTS (SELECT 1 FROM staged s "
        "WHERE s.location = articles.location "
        "AND (s.content != articles.content OR s.id != articles.id))",
        (generation,),
    ).rowcount
    sql.executemany(
        "UPDATE articles SET removed = ? WHERE key = ?", [(generation, key) for key, _ in gone]
    )
    new = sql.execute(
        "INSERT INTO articles (id, location, file, content, added) "
        "SELECT id, location, file, content, ? FROM staged s WHERE NOT EXISTS (SELECT 1 "
        "FROM articles a WHERE a.location = s.location AND a.removed IS NULL)",
        (generation,),
    ).rowcount
    moved = _moved(sql, {content for _, content in gone}, generation)
    kept = _count(
        sql,
        "SELECT count(*) FROM articles a WHERE a.removed IS NULL AND a.added < ? "
        "AND a.location NOT IN (SELECT location FROM staged) "
        "AND a.file IN (SELECT file FROM kept)",
        (generation,),
    )
    return BuildReport(
        generation,
        added=new - changed - moved,
        changed=changed,
        moved=moved,
        removed=len(gone) - moved,
        unchanged=unchanged + kept,
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


def _moved(sql: sqlite3.Connection, contents: set[int], generation: int) -> int:
    """Count the contents that left one place and came in at another."""
    if not contents:
        return 0
    added = sql.execute("SELECT content FROM articles WHERE added = ?", (generation,))
    return len(contents & {content for (content,) in added})


def leaving(sql: sqlite3.Connection, roots: Sequence[str] | None) -> list[tuple[int, int]]:
    """Live articles of the roots that were not read and are not kept: (key, content)."""
    kept = {file for (file,) in sql.execute("SELECT file FROM kept")}
    gone: dict[int, int] = {}
    for root in roots or ():
        prefix = root.rstrip(os.sep) + os.sep
        rows = sql.execute(
            "SELECT key, content, file FROM articles WHERE removed IS NULL "
            "AND (file = ? OR substr(file, 1, ?) = ?) "
            "AND location NOT IN (SELECT location FROM staged)",
            (root, len(prefix), prefix),
        )
        for key, content, file in rows:
            if file not in kept and not any(str(p) in kept for p in PurePath(file).parents):
                gone[key] = content
    return sorted(gone.items())


def _count(
    sql: sqlite3.Connection, query: str, values: Mapping[str, int] | Sequence[int] = ()
) -> int:
    return int(sql.execute(query, values).fetchone()[0])
