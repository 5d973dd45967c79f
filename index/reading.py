"""What is read becomes what is staged: in a build, and in a preview of one.

Knows nothing of where articles come from, and of what becomes of those that are staged.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from os import stat_result
from pathlib import Path

from index.readers import Known
from index.store.staging import known_content, to_remake
from index.text.days import day_number
from index.types import Article, BuildEvent, Skipped, Stage, Unchanged, file_of

_STAGE_BATCH = 500  # articles in one transaction while reading

Said = tuple[str, int | None, str | None, str | None, str]
"""What a content is: headline, day, source, url, text."""


class Staging:
    """The tables `staged`, `staged_files` and `kept`: what one build has read."""

    def __init__(
        self, sql: sqlite3.Connection, recipe: str, new_content: Callable[[str, Said], int]
    ) -> None:
        """Begin with nothing staged.

        Args:
            sql: A connection by which these tables may be written.
            recipe: Today's.
            new_content: Gives a content that the index does not hold its key, by its hash.
        """
        self._sql = sql
        self._recipe = recipe
        self._new_content = new_content
        self._opened: dict[str, tuple[int, int]] = {}
        for table in ("staged", "staged_files", "kept"):
            sql.execute(f"DELETE FROM {table}")

    @property
    def old_recipe(self) -> bool:
        """Whether the live generation was made with another recipe."""
        row = self._sql.execute("SELECT value FROM meta WHERE name = 'recipe'").fetchone()
        return row is not None and row[0] != self._recipe

    def unchanged(self, path: Path, stat: stat_result, whole: Known | None = None) -> bool:
        """Whether a file is as it was when it was last read; one that is not will be read now.

        Where `whole` says False of a file, which is still being written, it is taken to be as it
        was.
        """
        row = self._sql.execute("SELECT modified, size FROM files WHERE path = ?", (str(path),))
        if not self.old_recipe and row.fetchone() == (stat.st_mtime_ns, stat.st_size):
            return True
        if whole is not None and not whole(path, stat):
            return True
        self.opened(str(path), stat.st_mtime_ns, stat.st_size)
        return False

    def opened(self, file: str, modified: int = 0, size: int = 0) -> None:
        """Note a file that is read from now on; what was skipped of it before is told no longer."""
        self._opened[file] = modified, size

    def stage(self, article: Article) -> None:
        """Note an article that was read; it is not visible yet."""
        self._sql.execute(
            "INSERT OR REPLACE INTO staged VALUES (?, ?, ?, ?)",
            (article.location, article.id, file_of(article.location), self._content(article)),
        )

    def keep(self, file: str) -> None:
        """Keep what a file (or a folder) held: it is unchanged, or cannot be read now."""
        self._sql.execute("INSERT OR IGNORE INTO kept VALUES (?)", (file,))

    def end(self, skipped: Sequence[Skipped], roots: Sequence[str] | None) -> None:
        """Note the files that were read to their end, and stage what must be made anew.

        Args:
            skipped: What could not be read.
            roots: Files and folders whose other articles are removed; None removes none.
        """
        broken = {file_of(item.location) for item in skipped}
        for file, (modified, size) in self._opened.items():
            if file not in broken:  # a broken file is read again by every build
                self._sql.execute(
                    "INSERT OR REPLACE INTO staged_files VALUES (?, ?, ?)", (file, modified, size)
                )
        for article in to_remake(self._sql, roots, everything=self.old_recipe):
            self.stage(article)

    def _content(self, article: Article) -> int:
        day = day_number(article.date) if article.date else None
        said = (article.headline, day, article.source, article.url, article.text)
        digest = hashlib.sha256(json.dumps([self._recipe, *said]).encode()).hexdigest()
        key = known_content(self._sql, digest)
        return self._new_content(digest, said) if key is None else key


def read_into(
    staging: Staging,
    items: Iterable[Article | Skipped | Unchanged],
    roots: Sequence[str] | None,
    skipped: list[Skipped],
) -> Iterator[BuildEvent]:
    """Stage what is read, and name in `skipped` what cannot be; yield now and then.

    Of the `roots`, what was not read is removed; it is not made anew either.
    """
    done = 0
    for item in items:
        if isinstance(item, Skipped):
            skipped.append(item)
            staging.keep(file_of(item.location))
        elif isinstance(item, Unchanged):
            staging.keep(item.location)
        else:
            staging.stage(item)
        done += 1
        if done % _STAGE_BATCH == 0:
            yield BuildEvent(Stage.READING, done, None)
    staging.end(skipped, roots)
    yield BuildEvent(Stage.READING, done, done)
