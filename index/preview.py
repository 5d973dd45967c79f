"""What a build would do: it reads and decides as a build does, but embeds and writes nothing.

Works on tables of its own in memory over the live generation, so that it waits for no build.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

from index.errors import IndexMissing
from index.maps import Maps
from index.models.embedder import current_recipe
from index.readers import absolute_path, read_articles
from index.readers.text import Columns
from index.settings import Settings
from index.store.database import BELOW, below, open_empty, open_reader
from index.store.staging import Changes, Content, Staging, plan_changes
from index.text.days import number_day
from index.types import BuildReport, Item, Skipped, count_kinds

Head = tuple[str, date | None]


@dataclass(frozen=True, slots=True)
class Preview:
    """What a build would do; articles are named by their ids.

    Attributes:
        unchanged: Articles that were read and are as they were.
        kept: How many were not read, being unchanged or unreadable now.
        identical: Added articles with the very text of another, and the id of that one.
        skipped: What cannot be read, each with its reason.
        kinds: How many files of each kind that is not read.
        heads: Headline and day of the articles that are added, changed or moved, by id.
    """

    added: tuple[str, ...]
    changed: tuple[str, ...]
    moved: tuple[str, ...]
    removed: tuple[str, ...]
    unchanged: tuple[str, ...]
    kept: int
    identical: tuple[tuple[str, str], ...]
    skipped: tuple[Skipped, ...]
    kinds: Mapping[str, int] = field(default_factory=dict)
    heads: Mapping[str, Head] = field(default_factory=dict)

    @property
    def report(self) -> BuildReport:
        """The counts, as a build's report has them; what a build alone knows is 0."""
        return BuildReport(
            0,
            added=len(self.added),
            changed=len(self.changed),
            moved=len(self.moved),
            removed=len(self.removed),
            unchanged=len(self.unchanged) + self.kept,
            skipped=self.skipped,
        )


def preview_build(
    paths: Sequence[Path],
    settings: Settings,
    *,
    again: bool = False,
    columns: Columns | None = None,
) -> Preview:
    """Return what `build_index` would do with the same arguments.

    There need not be an index yet.

    Raises:
        ArticleError: one of the paths does not exist.
    """
    named = [str(absolute_path(path.expanduser())) for path in paths]
    recipe = f"{current_recipe()} again" if again else current_recipe()
    with _dry_run(settings, recipe) as (sql, staging, heads):
        maps = Maps(sql, named, columns)
        items = read_articles(
            paths,
            unchanged=partial(maps.is_unchanged, staging),
            date_order=settings.date_order,
            columns_of=maps.columns_of,
        )
        return _preview(sql, staging, heads, items, named)


def preview_files(folder: Path, target: Path, settings: Settings) -> Preview:
    """Return what a build of `target` would do if it held the files of `folder` too.

    Args:
        folder: Files that are to be moved to `target`, below which they have the same names.
        target: A folder of articles; its other files are not looked at, and would stay.
        settings: Where the index lies; there need not be one yet.
    """
    here, there = str(absolute_path(folder)), str(target.resolve())
    replaced = {there + str(path).removeprefix(here) for path in Path(here).rglob("*")}
    with _dry_run(settings, current_recipe()) as (sql, staging, heads):
        query = f"SELECT DISTINCT file FROM articles WHERE removed IS NULL AND {BELOW}"
        for (file,) in sql.execute(query, below(there)).fetchall():
            if file not in replaced:
                staging.keep_file(file)
        maps = Maps(sql, [], None)
        found = read_articles(
            [folder],
            date_order=settings.date_order,
            columns_of=lambda path: maps.columns_of(Path(there + str(path).removeprefix(here))),
        )
        items = (replace(one, location=there + one.location.removeprefix(here)) for one in found)
        return replace(_preview(sql, staging, heads, items, [there]), kept=0)


@contextmanager
def _dry_run(
    settings: Settings, recipe: str
) -> Iterator[tuple[sqlite3.Connection, Staging, dict[int, Head]]]:
    """Yield the live generation, over which tables in memory take what is staged.

    Last come the heads of contents that it does not hold, by their keys.
    """
    try:
        sql = open_reader(settings.index_dir)
    except IndexMissing:
        sql = open_empty()
    with closing(sql):
        query = (
            "SELECT sql FROM sqlite_master WHERE tbl_name IN ('staged', 'staged_files', 'kept') "
            "AND sql NOT NULL ORDER BY type DESC"
        )
        with closing(open_empty()) as empty:  # an older version's tables lack columns
            tables = empty.execute(query).fetchall()
        for (made,) in tables:
            kind = "CREATE TABLE " if made.startswith("CREATE TABLE ") else "CREATE INDEX "
            sql.execute(made.replace(kind, f"{kind}temp.", 1))
        unseen: dict[str, int] = {}
        heads: dict[int, Head] = {}

        def add_content(digest: str, content: Content) -> int:
            key = -1 - unseen.setdefault(digest, len(unseen))
            heads[key] = _head(content)
            return key

        yield sql, Staging(sql, recipe, add_content), heads


def _head(content: Sequence[Any]) -> Head:
    headline, day, *_ = content
    return headline, number_day(day) if day else None


def _preview(
    sql: sqlite3.Connection,
    staging: Staging,
    unseen: Mapping[int, Head],
    items: Iterable[Item],
    roots: Sequence[str],
) -> Preview:
    skipped: list[Skipped] = []
    for _ in staging.read(items, roots, skipped):
        pass
    changes = plan_changes(sql, roots)
    held = "SELECT headline, day FROM contents WHERE key = ?"
    return Preview(
        added=tuple(one.id for one in changes.added),
        changed=tuple(one.id for one in changes.changed),
        moved=tuple(one.id for one in changes.moved),
        removed=changes.removed,
        unchanged=changes.unchanged,
        kept=changes.kept,
        identical=tuple(_identical(sql, changes)),
        skipped=tuple(one for one in skipped if not one.kind),
        kinds=count_kinds(skipped),
        heads={
            one.id: unseen.get(one.content) or _head(sql.execute(held, (one.content,)).fetchone())
            for one in (*changes.added, *changes.changed, *changes.moved)
        },
    )


def _identical(sql: sqlite3.Connection, changes: Changes) -> Iterator[tuple[str, str]]:
    """Yield the added articles whose content a live one, or one before them, has too."""
    leaving = set(changes.leaving)
    first = {one.content: one.id for one in (*changes.moved, *changes.changed)}
    for one in changes.added:
        rows = sql.execute(  # the sign keeps SQLite from walking all that is live
            "SELECT key, id FROM articles WHERE content = ? AND +removed IS NULL ORDER BY key",
            (one.content,),
        )
        same = next((name for key, name in rows if key not in leaving), first.get(one.content))
        if same is not None:
            yield one.id, same
        first.setdefault(one.content, one.id)
