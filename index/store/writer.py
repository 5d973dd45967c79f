"""The writer's side of the index's truth: what is staged, embedded, worded, and the one switch.

Knows nothing of files, tokenizers or how vectors and words are stored.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path

from index.reading import Said, Staging
from index.store.database import content_article, open_writer
from index.store.history import Origin, note_build
from index.store.lexical import Words
from index.store.staging import (
    decide,
    distrust_bare,
    due,
    move_collections,
    note_files,
    show_earlier,
    show_staged,
    take_out,
)
from index.types import Article, BuildReport, Skipped, Span


class Store:
    """The SQLite file, opened by the one process that holds the writer's lock."""

    def __init__(self, index_dir: Path, recipe: str) -> None:
        """Open it and forget what a killed build had staged; its embeddings stay."""
        self.index_dir = index_dir
        self._sql = open_writer(index_dir)
        self.recipe = recipe
        self.staging = Staging(self._sql, recipe, self._keep_content)
        distrust_bare(self._sql)

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self._sql.close()

    @property
    def generation(self) -> int:
        """The live generation; 0 before the first build."""
        return int(self._meta("generation") or 0)

    # 1. staging

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Hold a transaction that is undone as a whole by an error."""
        self.begin()
        try:
            yield
            self.commit()
        except BaseException:
            if self._sql.in_transaction:  # SQLite itself undoes one that a full disk ends
                self._sql.execute("ROLLBACK")
            raise

    def begin(self) -> None:
        """Start a transaction of staging; `commit` ends it."""
        self._sql.execute("BEGIN IMMEDIATE")

    def commit(self) -> None:
        """End the transaction."""
        self._sql.execute("COMMIT")

    def _keep_content(self, digest: str, said: Said) -> int:
        row = self._sql.execute(
            "INSERT INTO contents (hash, headline, day, source, url, text, made) "
            "VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING key",
            (digest, *said, time.time()),
        )
        return int(row.fetchone()[0])

    # 2. embedding

    def pending(self) -> list[int]:
        """Keys of the contents that are staged and have no vectors, by day, undated ones first."""
        rows = self._sql.execute(
            "SELECT key FROM contents WHERE collection IS NULL "
            "AND key IN (SELECT content FROM staged) ORDER BY day, key"
        )
        return [key for (key,) in rows]

    def content(self, key: int) -> Article:
        """Return a content as an article without a place."""
        return content_article(self._sql, key)

    def allot(self, content: int, spans: Sequence[Span]) -> list[int]:
        """Give the passages of a content their keys, before any vector bears them."""
        self._sql.execute("DELETE FROM passages WHERE content = ?", (content,))
        insert = "INSERT INTO passages (content, start, end) VALUES (?, ?, ?) RETURNING key"
        rows = (self._sql.execute(insert, (content, *span)).fetchone() for span in spans)
        return [int(row[0]) for row in rows]

    def embedded(self, contents: Sequence[int], collection: str) -> None:
        """Note that the vectors of these contents are in a collection."""
        self._sql.executemany(
            "UPDATE contents SET collection = ? WHERE key = ?",
            [(collection, content) for content in contents],
        )

    def add_collection(self, name: str) -> None:
        """Note a new collection."""
        self._sql.execute("INSERT INTO collections VALUES (?, ?, NULL)", (name, time.time()))

    def collections(self) -> dict[str, int]:
        """The collections in use, with how many passages of each are referred to."""
        rows = self._sql.execute(
            "SELECT l.name, count(p.key) FROM collections l "
            "LEFT JOIN contents c ON c.collection = l.name "
            "LEFT JOIN passages p ON p.content = c.key "
            "WHERE l.retired IS NULL GROUP BY l.name"
        )
        return {str(name): int(count) for name, count in rows}

    def used_keys(self, collection: str) -> set[int]:
        """Keys of the passages whose vectors a collection must hold."""
        rows = self._sql.execute(
            "SELECT p.key FROM passages p JOIN contents c ON c.key = p.content "
            "WHERE c.collection = ?",
            (collection,),
        )
        return {key for (key,) in rows}

    # 3. words

    def unworded(self) -> Iterator[Words]:
        """Yield what the lexical index does not hold yet."""
        rows = self._sql.execute(
            "SELECT p.key, c.key, c.headline, substr(c.text, p.start + 1, p.end - p.start), c.day "
            "FROM contents c JOIN passages p ON p.content = c.key "
            "WHERE c.worded = 0 AND c.collection IS NOT NULL ORDER BY c.key, p.key"
        )
        return (Words(*row) for row in rows)

    def worded(self) -> None:
        """Note that the lexical index holds all that has vectors."""
        self._sql.execute(
            "UPDATE contents SET worded = 1 WHERE worded = 0 AND collection IS NOT NULL"
        )

    # 4. the switch

    def switch(
        self,
        roots: Sequence[str] | None,
        skipped: Sequence[Skipped],
        merged: tuple[Sequence[str], str] | None = None,
        *,
        origin: Origin,
        embedded: int = 0,
        seconds: Mapping[str, float] | None = None,
    ) -> BuildReport:
        """Make what is staged visible, in one transaction.

        Args:
            roots: Files and folders whose other articles are removed; None removes none.
            skipped: What could not be read, kept for `status`.
            merged: Collections whose vectors were copied into another, and that other.
            origin: Where the build comes from, for the record of builds.
            embedded: Passages embedded by this build, for the report.
            seconds: Time by stage, for the report.
        """
        before = self.generation
        generation = before + 1
        with self.transaction():
            remade = self.staging.old_recipe or due(self._sql)
            changes = decide(self._sql, roots)
            show_staged(self._sql, changes, generation)
            report = changes.report(generation)
            if merged:
                move_collections(self._sql, *merged)
            note_files(self._sql, roots, skipped)
            if report.touched or merged or remade or generation == 1:
                self._set_meta("generation", str(generation))
                self._set_meta("recipe", self.recipe)
            else:
                generation = before
            if report.touched or remade:
                self._set_meta("earlier", str(0 if remade else before))
            articles, undated = self._totals()
            report = replace(
                report,
                generation=generation,
                skipped=tuple(skipped),
                articles=articles,
                undated=undated,
                embedded=embedded,
                seconds=dict(seconds or {}),
            )
            self._note_generation(report, origin)
        return report

    def remove(self, ids: Sequence[str]) -> BuildReport:
        """Take articles out by id, in one transaction; their files will be read anew."""
        before, origin = self.generation, Origin("remove")
        with self.transaction():
            removed = take_out(self._sql, ids, before + 1)
            if removed:
                self._set_meta("generation", str(before + 1))
                self._set_meta("earlier", str(before))
            articles, undated = self._totals()
            report = BuildReport(
                self.generation, removed=removed, articles=articles, undated=undated
            )
            self._note_generation(report, origin)
        return report

    def roll_back(self) -> BuildReport:
        """Show the articles of the earlier generation again, in one transaction.

        They become a generation of their own, and the one before it becomes the earlier one, so
        that a second call undoes the first.
        """
        before, earlier, origin = self.generation, self.earlier, Origin("rollback")
        with self.transaction():
            report = show_earlier(self._sql, earlier, before + 1)
            self._set_meta("generation", str(before + 1))
            self._set_meta("earlier", str(before))
            articles, undated = self._totals()
            report = replace(report, articles=articles, undated=undated)
            self._note_generation(report, origin)
        return report

    @property
    def earlier(self) -> int:
        """The generation that a rollback goes back to; 0 where none is kept."""
        return int(self._meta("earlier") or 0)

    def _note_generation(self, report: BuildReport, origin: Origin) -> None:
        self._sql.execute(
            "INSERT OR IGNORE INTO generations VALUES (?, ?)", (report.generation, time.time())
        )
        self._set_meta("report", json.dumps(asdict(report)))
        self._set_meta("built", str(time.time()))
        note_build(self._sql, origin, report)

    def _totals(self) -> tuple[int, int]:
        articles, undated = self._sql.execute(
            "SELECT count(*), coalesce(sum(c.day IS NULL), 0) FROM articles a "
            "JOIN contents c ON c.key = a.content WHERE a.removed IS NULL"
        ).fetchone()
        return int(articles), int(undated)

    def _meta(self, name: str) -> str | None:
        row = self._sql.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
        return None if row is None else str(row[0])

    def _set_meta(self, name: str, value: str) -> None:
        self._sql.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, value))

    @property
    def connection(self) -> sqlite3.Connection:
        """The connection, for cleaning up."""
        return self._sql
