"""What is indexed, by the database alone: no model, vectors or words are opened."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

from index.build import remove_articles
from index.errors import IndexMissing
from index.maps import describe_maps, kept_maps
from index.models.embedder import current_recipe
from index.readers import absolute_path
from index.settings import Settings
from index.store.database import BELOW, below, has_table, live_notes, open_reader, read_meta
from index.store.history import BuildRecord, last_builds
from index.text.days import number_day
from index.types import Skipped

_NAMES = 5


@dataclass(frozen=True, slots=True)
class FeedState:
    """A feed that was followed: when it was last asked, and what went wrong then."""

    url: str
    read: datetime
    failed: str


_LIVE_ROWS = "FROM articles a JOIN contents c ON c.key = a.content WHERE a.removed IS NULL"


@dataclass(frozen=True, slots=True)
class Status:
    """The live generation of an index.

    Attributes:
        made: When the generation was switched to, in local time.
        earlier: The generation that a rollback goes back to; 0 where none is kept.
        first: Day of the oldest article; None where none has a date.
        last: Day of the newest article.
        identical: Articles with the very text of another one.
        alike: Dated articles with the headline and day of another, but another text: likely
            reprints.
        alike_groups: How many groups these make.
        undated_names: Ids of a few of the articles without a date.
        sources: Publishers with their number of articles, largest first.
        bytes: Size of the whole index on disk.
        recipe_current: Whether this version of the program can read the index.
        remedy: The command that mends what is wrong; empty where nothing is.
        builds: The last builds, the newest first.
        kinds: How many files of each kind were found that are not read.
        notes: How many articles have each note of their readers, such as where a day comes from.
        columns: What was said of columns with `--map`, by folder.
        feeds: The feeds that are followed, as they were at their last reading.
    """

    folder: str
    generation: int
    made: datetime | None
    earlier: int
    first: date | None
    last: date | None
    articles: int
    passages: int
    undated: int
    identical: int
    alike: int
    alike_groups: int
    undated_names: tuple[str, ...]
    sources: tuple[tuple[str, int], ...]
    skipped: tuple[Skipped, ...]
    collections: int
    bytes: int
    recipe_current: bool
    remedy: str
    builds: tuple[BuildRecord, ...]
    kinds: Mapping[str, int] = field(default_factory=dict)
    notes: Mapping[str, int] = field(default_factory=dict)
    columns: str = ""
    feeds: tuple[FeedState, ...] = ()


def index_status(settings: Settings) -> Status:
    """Return what is indexed.

    Raises:
        IndexMissing: nothing has been indexed.
    """
    with closing(open_reader(settings.index_dir)) as sql:
        found = _status(sql, settings.index_dir)
    return replace(found, feeds=tuple(_feeds(settings.feeds_dir)))


def recipe_is_current(settings: Settings) -> bool:
    """Whether the live generation is of this version's recipe; raises `IndexMissing`."""
    with closing(open_reader(settings.index_dir)) as sql:
        return read_meta(sql)["recipe"] == current_recipe()


def live_ids(settings: Settings, ids: Sequence[str]) -> set[str]:
    """Return which of these ids are live articles; raises `IndexMissing`."""
    with closing(open_reader(settings.index_dir)) as sql:
        query = "SELECT 1 FROM articles WHERE id = ? AND removed IS NULL"
        return {name for name in ids if sql.execute(query, (name,)).fetchone()}


def live_below(settings: Settings, folder: Path) -> list[str]:
    """Return the ids of the live articles whose files lie in `folder`; raises `IndexMissing`."""
    with closing(open_reader(settings.index_dir)) as sql:
        read_meta(sql)
        query = f"SELECT id FROM articles WHERE removed IS NULL AND {BELOW}"
        return [name for (name,) in sql.execute(query, below(absolute_path(folder)))]


def _status(sql: sqlite3.Connection, folder: Path) -> Status:
    def row(query: str, *values: object) -> tuple[Any, ...]:
        found: tuple[Any, ...] = sql.execute(query, values).fetchone()
        return found

    meta = read_meta(sql)
    made = row("SELECT max(made) FROM generations WHERE number = ?", meta["generation"])[0]
    articles, contents, undated, first, last = row(
        "SELECT count(*), count(DISTINCT a.content), coalesce(sum(c.day IS NULL), 0), "
        f"min(c.day), max(c.day) {_LIVE_ROWS}"
    )
    alike, alike_groups = row(
        "SELECT coalesce(sum(articles), 0), count(*) FROM (SELECT count(*) AS articles "
        "FROM contents c CROSS JOIN articles a ON a.content = c.key "
        "WHERE a.removed IS NULL AND c.day IS NOT NULL "
        "GROUP BY c.day, c.headline HAVING count(DISTINCT c.key) > 1)"
    )
    passages = row(
        "SELECT count(*) FROM passages WHERE content IN "
        "(SELECT content FROM articles WHERE removed IS NULL)"
    )[0]
    undated_names = sql.execute(
        f"SELECT a.id {_LIVE_ROWS} AND c.day IS NULL ORDER BY a.key LIMIT ?", (_NAMES,)
    )
    sources = sql.execute(
        f"SELECT c.source, count(*) {_LIVE_ROWS} AND c.source IS NOT NULL "
        "GROUP BY c.source ORDER BY count(*) DESC, c.source"
    )
    skipped = sql.execute("SELECT location, reason, line FROM skipped ORDER BY location, line")
    current = meta["recipe"] == current_recipe()
    return Status(
        folder=str(folder.resolve()),
        generation=int(meta["generation"]),
        made=datetime.fromtimestamp(made).astimezone() if made else None,
        earlier=int(meta.get("earlier", 0)),
        first=number_day(first) if first else None,
        last=number_day(last) if last else None,
        articles=articles,
        passages=passages,
        undated=undated,
        identical=articles - contents,
        alike=alike,
        alike_groups=alike_groups,
        undated_names=tuple(name for (name,) in undated_names),
        sources=tuple(sources.fetchall()),
        skipped=tuple(Skipped(*columns) for columns in skipped),
        kinds=_other_kinds(sql),
        notes=live_notes(sql),
        columns=describe_maps(kept_maps(sql)),
        collections=row("SELECT count(*) FROM collections WHERE retired IS NULL")[0],
        bytes=_size(folder),
        recipe_current=current,
        remedy="" if current else "broadsheet index build",
        builds=last_builds(sql),
    )


def _feeds(folder: Path) -> Iterator[FeedState]:
    for path in sorted(folder.glob("*.state")):
        with suppress(OSError, ValueError, KeyError):  # it was never read
            state = json.loads(path.read_bytes())
            read = datetime.fromtimestamp(state["read"]).astimezone()
            yield FeedState(state["url"], read, state["failed"])


def _other_kinds(sql: sqlite3.Connection) -> dict[str, int]:
    if not has_table(sql, "other_kinds"):
        return {}
    query = "SELECT kind, count(*) FROM other_kinds GROUP BY kind ORDER BY count(*) DESC, kind"
    return dict(sql.execute(query).fetchall())


def _size(folder: Path) -> int:
    total = 0
    for path in folder.rglob("*"):
        with suppress(FileNotFoundError):  # a build may delete it meanwhile
            total += path.stat().st_size if path.is_file() else 0
    return total


def paths_due(settings: Settings, articles: Sequence[Path], sample: Path) -> list[Path] | None:
    """Return what a program that starts must index; None where the index stays as it is.

    If the person named `articles`, nothing else is indexed, else the `sample` where it is all that
    is there. An empty list rebuilds an index of another recipe.
    """
    if articles:
        return list(articles)
    try:
        holds_sample = bool(live_below(settings, sample))
        if sample.is_dir() and (holds_sample or index_status(settings).articles == 0):
            return [sample]
        return None if recipe_is_current(settings) else []
    except IndexMissing:
        return [sample]


def give_way(settings: Settings, articles: Sequence[Path], sample: Path) -> bool:
    """Take the sample out of the index unless `articles` name it; whether there was any.

    Raises:
        IndexLocked: a build is running.
    """
    named = (path.expanduser().resolve() for path in articles)
    if not articles or any(path.is_relative_to(sample) or path in sample.parents for path in named):
        return False
    ids = live_below(settings, sample)
    if ids:
        remove_articles(ids, settings)
    return bool(ids)
