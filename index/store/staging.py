"""What a build has read (tables `staged`, `staged_files` and `kept`), and what it changes.

A preview stages and decides in the same way, on tables of its own.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from os import stat_result
from pathlib import Path, PurePath

from index.store.database import BELOW, below, dump_details, read_value, row_article
from index.text.days import day_number
from index.types import (
    STDIN,
    Article,
    BuildEvent,
    BuildReport,
    IsUnchanged,
    Item,
    Skipped,
    Stage,
    Unchanged,
    file_of,
    is_file,
)

_BATCH = 500  # articles in one transaction while reading

Content = tuple[str, int | None, str | None, str | None, str]
"""Headline, day, source, url and text: stored once, however many files hold the same."""

OTHER_KINDS = "of other kinds"
"""Files of kinds that are not read, among what came of the files."""


class Staging:
    """What one build has read so far; nothing of it is visible to readers of the index."""

    def __init__(
        self, sql: sqlite3.Connection, recipe: str, add_content: Callable[[str, Content], int]
    ) -> None:
        """Begin with nothing staged.

        `add_content` takes the hash of a content that is not stored yet, and the content; it
        returns its key.
        """
        self._sql = sql
        self._recipe = recipe
        self._add_content = add_content
        self._opened: dict[str, tuple[int, int]] = {}
        self.files: dict[str, int] = {}
        for table in ("staged", "staged_files", "kept"):
            sql.execute(f"DELETE FROM {table}")

    @property
    def recipe_changed(self) -> bool:
        """Whether the live generation was made with another recipe."""
        return read_value(self._sql, "recipe") not in (None, self._recipe)

    def is_unchanged(
        self, path: Path, stat: stat_result, settled: IsUnchanged | None, *, again: bool
    ) -> bool:
        """Whether a file need not be read: it is as it was (unless read `again`), or not `settled`.

        A file that need be read is noted as opened.
        """
        row = self._sql.execute("SELECT modified, size FROM files WHERE path = ?", (str(path),))
        same = row.fetchone() == (stat.st_mtime_ns, stat.st_size)
        if (same and not again and not self.recipe_changed) or (
            settled and not settled(path, stat)
        ):
            return True
        self.open_file(str(path), stat.st_mtime_ns, stat.st_size)
        return False

    def open_file(self, file: str, modified: int = 0, size: int = 0) -> None:
        """Note a file that is read from now on, so that what was skipped of it is forgotten."""
        self._opened[file] = modified, size

    def keep_file(self, file: str) -> None:
        """Keep what a file (or a folder) held: it is unchanged, or cannot be read now."""
        self._sql.execute("INSERT OR IGNORE INTO kept VALUES (?)", (file,))

    def read(
        self, items: Iterable[Item], roots: Sequence[str] | None, skipped: list[Skipped]
    ) -> Iterator[BuildEvent]:
        """Stage all items; those that could not be read are added to `skipped`.

        Of the files and folders `roots`, articles that were not read are removed; None removes
        none. Yields after some hundred articles, and at the end.
        """
        done, unchanged, taken = 0, 0, set()
        for item in items:
            if isinstance(item, Skipped):
                skipped.append(item)
                if not item.kind:
                    self.keep_file(file_of(item.location))
            elif isinstance(item, Unchanged):
                self.keep_file(item.location)
                unchanged += 1
            else:
                taken.add(self._stage(item))
            done += 1
            if done % _BATCH == 0:
                yield BuildEvent(Stage.READING, done, None)
        # Every build reads these again.
        broken = {file_of(item.location) for item in skipped if not item.kind}
        self.files = {
            "taken in": len(taken - {STDIN}),
            "unchanged": unchanged,
            "skipped": len(broken - taken),
            OTHER_KINDS: sum(bool(item.kind) and is_file(item.location) for item in skipped),
        }
        self._sql.executemany(
            "INSERT OR REPLACE INTO staged_files VALUES (?, ?, ?)",
            [(file, *state) for file, state in self._opened.items() if file not in broken],
        )
        self.stage_outdated(roots)
        yield BuildEvent(Stage.READING, done, done)

    def stage_outdated(self, roots: Sequence[str] | None) -> None:
        """Stage, from their stored texts, live articles that were not read but must be embedded.

        These are all articles where the recipe has changed, else those that are marked. What is
        gone from the `roots` is left out.
        """
        rows = self._sql.execute(
            "SELECT a.key, a.id, a.location, c.headline, c.text, c.day, c.source, c.url, "
            f"a.details {_LIVE} AND {'1' if self.recipe_changed else OUTDATED} "
            "AND a.location NOT IN (SELECT location FROM staged)"
        ).fetchall()
        gone = {key for key, _, _ in _missing(self._sql, roots)} if rows else set()
        for key, *columns in rows:
            if key not in gone:
                self._stage(row_article(*columns))

    def _stage(self, article: Article) -> str:
        """Stage an article and return the file that it is of."""
        day = day_number(article.date) if article.date else None
        content = article.headline, day, article.source, article.url, article.text
        digest = content_hash(self._recipe, content)
        row = self._sql.execute(
            "SELECT key FROM contents c WHERE hash = ? AND (collection NOT NULL OR NOT EXISTS "
            "(SELECT 1 FROM articles a WHERE a.content = c.key AND a.removed IS NULL))",
            (digest,),
        ).fetchone()
        key = row[0] if row else self._add_content(digest, content)
        file = file_of(article.location)
        self._sql.execute(
            "INSERT OR REPLACE INTO staged VALUES (?, ?, ?, ?, ?)",
            (article.location, article.id, file, key, dump_details(article.noted)),
        )
        return file


def content_hash(recipe: str, content: Sequence[object]) -> str:
    """Return the hash by which a content is known: headline, day, source, address and text."""
    return hashlib.sha256(json.dumps([recipe, *content]).encode()).hexdigest()


_MARK = "distrusted "
OUTDATED = f"(hash BETWEEN '{_MARK}' AND '{_MARK}~' OR collection IS NULL)"
"""SQL condition: a live content must be embedded again."""
# In this order (CROSS JOIN keeps it) the few contents that are outdated are found by indexes.
_LIVE = "FROM contents c CROSS JOIN articles a ON a.content = c.key WHERE a.removed IS NULL"


def mark_outdated(sql: sqlite3.Connection, contents: Iterable[int] | None = None) -> None:
    """Have contents embedded again by the next build, all of them by default.

    Their hash is overwritten, so that a text that is read is not taken for them.
    """
    query = f"UPDATE contents SET hash = '{_MARK}' || key"
    if contents is None:
        sql.execute(query)
    else:
        sql.executemany(f"{query} WHERE key = ?", [(key,) for key in contents])


def has_outdated(sql: sqlite3.Connection) -> bool:
    """Whether live articles must be embedded again."""
    return sql.execute(f"SELECT 1 {_LIVE} AND {OUTDATED} LIMIT 1").fetchone() is not None


@dataclass(frozen=True, slots=True)
class Incoming:
    """An article that was read and is to be shown; `content` is the key of its content."""

    id: str
    location: str
    file: str
    content: int
    details: str | None


@dataclass(frozen=True, slots=True)
class Changes:
    """The differences between the next generation and the live one.

    Attributes:
        moved: Articles whose content left another location.
        removed: Ids of articles that are gone without having moved.
        leaving: Keys of all rows of `articles` that end, those of changed articles too.
        unchanged: Ids of articles that were read and are as they were.
        kept: How many articles were not read, being unchanged or unreadable now.
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


def plan_changes(sql: sqlite3.Connection, roots: Sequence[str] | None) -> Changes:
    """Compare what is staged with what is live; writes nothing but the ids of staged articles.

    Other articles of `roots`, which are files and folders, are removed.
    """
    gone = _missing(sql, roots)
    rows = sql.execute(  # the sign keeps SQLite from walking all that is live
        "SELECT a.location, a.key, a.content, a.id, a.details FROM articles a "
        "WHERE +a.removed IS NULL AND a.location IN (SELECT location FROM staged)"
    )
    live = {location: columns for location, *columns in rows}
    _assign_ids(sql, {key for key, _, _ in gone}, {at: columns[2] for at, columns in live.items()})
    vacated = Counter(content for _, content, _ in gone)
    added: list[Incoming] = []
    changed: list[Incoming] = []
    moved: list[Incoming] = []
    unchanged: list[str] = []
    rows = sql.execute("SELECT id, location, file, content, details FROM staged ORDER BY location")
    for article in (Incoming(*row) for row in rows):
        known = live.get(article.location)
        if known is None:
            vacated[article.content] -= 1
            (moved if vacated[article.content] >= 0 else added).append(article)
        elif known[1:] == [article.content, article.id, article.details]:
            unchanged.append(article.id)
        else:
            changed.append(article)
    arrived = Counter(article.content for article in moved)
    removed = []
    for _, content, name in gone:
        arrived[content] -= 1
        if arrived[content] < 0:
            removed.append(name)
    replaced = [live[article.location][0] for article in changed]
    (kept,) = sql.execute(
        "SELECT count(*) FROM articles a WHERE a.removed IS NULL "
        "AND a.location NOT IN (SELECT location FROM staged) "
        "AND a.file IN (SELECT file FROM kept)"
    ).fetchone()
    return Changes(
        tuple(added),
        tuple(changed),
        tuple(moved),
        tuple(removed),
        (*(key for key, _, _ in gone), *replaced),
        tuple(unchanged),
        kept,
    )


def _missing(sql: sqlite3.Connection, roots: Sequence[str] | None) -> list[tuple[int, int, str]]:
    """Live articles of the roots that were not read and are not kept: key, content, id."""
    kept = {file for (file,) in sql.execute("SELECT file FROM kept")}
    gone: dict[int, tuple[int, str]] = {}
    for root in roots or ():
        rows = sql.execute(
            f"SELECT key, content, id, file FROM articles WHERE removed IS NULL AND {BELOW} "
            "AND location NOT IN (SELECT location FROM staged)",
            below(root),
        )
        for key, content, name, file in rows:
            if file not in kept and not any(str(p) in kept for p in PurePath(file).parents):
                gone[key] = content, name
    return [(key, *gone[key]) for key in sorted(gone)]


def _assign_ids(sql: sqlite3.Connection, gone: set[int], had: Mapping[str, str]) -> None:
    """Make the ids of staged articles unique among what will be live.

    An article keeps the id it has. One whose id another location has already (two folders may
    both hold `001.txt`) gets the names of its parent folders in front until it is unique.
    """
    staged = sql.execute("SELECT location, id FROM staged ORDER BY location").fetchall()
    for location, wanted in staged:
        chosen = next(
            name
            for name in _possible_ids(had.get(location), location, wanted)
            if not _is_taken(sql, name, location, gone)
        )
        if chosen != wanted:
            sql.execute("UPDATE staged SET id = ? WHERE location = ?", (chosen, location))


def _possible_ids(had: str | None, location: str, wanted: str) -> Iterator[str]:
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


def _is_taken(sql: sqlite3.Connection, name: str, location: str, gone: set[int]) -> bool:
    staged = sql.execute(
        "SELECT 1 FROM staged WHERE id = ? AND location < ?", (name, location)
    ).fetchone()
    live = sql.execute(
        "SELECT key FROM articles WHERE id = ? AND removed IS NULL AND location != ? "
        "AND location NOT IN (SELECT location FROM staged)",
        (name, location),
    )
    return staged is not None or any(key not in gone for (key,) in live)
