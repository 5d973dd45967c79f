"""The writer's side of the index: contents, passages, collections, the one switch, the clean-up."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from index.store.database import BELOW, below, content_article, live_notes, open_writer, read_value
from index.store.history import Origin, record_build
from index.store.lexical import LexicalRow, LexicalStore
from index.store.staging import Changes, Content, Staging, has_outdated, mark_outdated, plan_changes
from index.store.vectors import VectorStore
from index.types import Article, BuildReport, Skipped, Span, count_kinds, file_of

GRACE_SECONDS = 900.0
"""How long what was removed is kept: far longer than a question holds its snapshot."""
UNFINISHED_SECONDS = 86_400.0
"""How long what a killed build embedded waits for the next one."""


class Store:
    """The SQLite file, opened by the one process that holds the writer's lock."""

    def __init__(self, index_dir: Path, recipe: str) -> None:
        """Open it and forget what a killed build had staged; its embeddings stay."""
        self.index_dir = index_dir
        self.recipe = recipe
        self.connection = self._sql = open_writer(index_dir)
        self.staging = Staging(self._sql, recipe, self._add_content)
        bare = self._sql.execute(  # no build of today leaves live contents without vectors
            "SELECT key FROM contents WHERE collection IS NULL "
            "AND key IN (SELECT content FROM articles WHERE removed IS NULL)"
        )
        mark_outdated(self._sql, [key for (key,) in bare.fetchall()])

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_: object) -> None:
        self._sql.close()

    @property
    def generation(self) -> int:
        """The live generation; 0 before the first build."""
        return int(read_value(self._sql, "generation") or 0)

    @property
    def earlier(self) -> int:
        """The generation that a rollback goes back to; 0 where none is kept."""
        return int(read_value(self._sql, "earlier") or 0)

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
        """Start a transaction, which `commit` ends."""
        self._sql.execute("BEGIN IMMEDIATE")

    def commit(self) -> None:
        """End the transaction."""
        self._sql.execute("COMMIT")

    # 1. contents and their passages

    def _add_content(self, digest: str, content: Content) -> int:
        (key,) = self._sql.execute(
            "INSERT INTO contents (hash, headline, day, source, url, text, made) "
            "VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING key",
            (digest, *content, time.time()),
        ).fetchone()
        return int(key)

    def pending(self) -> list[int]:
        """Keys of the staged contents without vectors, by day, undated ones first."""
        rows = self._sql.execute(
            "SELECT key FROM contents WHERE collection IS NULL "
            "AND key IN (SELECT content FROM staged) ORDER BY day, key"
        )
        return [key for (key,) in rows]

    def content(self, key: int) -> Article:
        """Return a content as an article without id and location."""
        return content_article(self._sql, key)

    def add_passages(self, content: int, spans: Sequence[Span]) -> list[int]:
        """Store the passages of a content and return their keys, before any vector has them."""
        self._sql.execute("DELETE FROM passages WHERE content = ?", (content,))
        insert = "INSERT INTO passages (content, start, end) VALUES (?, ?, ?) RETURNING key"
        rows = (self._sql.execute(insert, (content, *span)).fetchone() for span in spans)
        return [int(row[0]) for row in rows]

    def mark_embedded(self, contents: Sequence[int], collection: str) -> None:
        """Note that the vectors of these contents are in a collection."""
        self._sql.executemany(
            "UPDATE contents SET collection = ? WHERE key = ?",
            [(collection, content) for content in contents],
        )

    # 2. collections of vectors, rows of the lexical index

    def add_collection(self, name: str) -> None:
        """Note a new collection."""
        self._sql.execute("INSERT INTO collections VALUES (?, ?, NULL)", (name, time.time()))

    def collections(self) -> dict[str, int]:
        """The collections in use, each with its number of passages."""
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

    def lexical_rows(self) -> Iterator[LexicalRow]:
        """Yield the passages that the lexical index does not hold yet."""
        rows = self._sql.execute(
            "SELECT p.key, c.key, c.headline, substr(c.text, p.start + 1, p.end - p.start), c.day "
            "FROM contents c JOIN passages p ON p.content = c.key "
            "WHERE c.worded = 0 AND c.collection IS NOT NULL ORDER BY c.key, p.key"
        )
        return (LexicalRow(*row) for row in rows)

    def mark_lexical(self) -> None:
        """Note that the lexical index holds all that has vectors."""
        self._sql.execute(
            "UPDATE contents SET worded = 1 WHERE worded = 0 AND collection IS NOT NULL"
        )

    # 3. the switch to another generation

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
        """Make what is staged visible, in one transaction; other articles of `roots` are removed.

        `merged` are collections whose vectors were copied into another, and that other. What was
        skipped is kept for `status`; passages embedded and seconds are for the report.
        """
        before = self.generation
        with self.transaction():
            rebuilt = self.staging.recipe_changed or has_outdated(self._sql)
            changes = plan_changes(self._sql, roots)
            self._apply(changes, before + 1)
            if merged:
                self._retire(*merged)
            self._note_files(roots, skipped)
            report = changes.report(before)
            if report.touched or merged or rebuilt or before == 0:
                report = replace(report, generation=before + 1)
                self._set_meta(generation=before + 1, recipe=self.recipe)
            if report.touched or rebuilt:
                self._set_meta(earlier=0 if rebuilt else before)
            report = replace(
                report,
                skipped=tuple(item for item in skipped if not item.kind),
                kinds=count_kinds(skipped),
                files=self.staging.files,
                embedded=embedded,
                seconds=dict(seconds or {}),
            )
            return self._finish(report, origin)

    def remove(self, ids: Sequence[str]) -> BuildReport:
        """Remove live articles by id, in one transaction; their files will be read again."""
        before, origin, removed = self.generation, Origin("remove"), 0
        live = "id = ? AND removed IS NULL"
        with self.transaction():
            for name in ids:
                self._sql.execute(
                    f"DELETE FROM files WHERE path IN (SELECT file FROM articles WHERE {live})",
                    (name,),
                )
                removed += self._sql.execute(
                    f"UPDATE articles SET removed = ? WHERE {live}", (before + 1, name)
                ).rowcount
            if removed:
                self._set_meta(generation=before + 1, earlier=before)
            return self._finish(BuildReport(self.generation, removed=removed), origin)

    def roll_back(self) -> BuildReport:
        """Show the articles of the earlier generation again, in one transaction.

        They become a generation of their own, and the one before it becomes the earlier one, so
        that a second call undoes the first. Files of what differs will be read again.
        """
        before, origin = self.generation, Origin("rollback")
        values = {"generation": before + 1, "earlier": self.earlier}
        going = "removed IS NULL AND added > :earlier"
        coming = "added <= :earlier AND removed > :earlier AND removed < :generation"
        with self.transaction():
            self._sql.execute(
                f"DELETE FROM files WHERE path IN (SELECT file FROM articles WHERE ({going}) "
                f"OR ({coming}))",
                values,
            )
            (changed,) = self._sql.execute(
                f"SELECT count(*) FROM articles WHERE {going} AND location IN "
                f"(SELECT location FROM articles WHERE {coming})",
                values,
            ).fetchone()
            added = self._sql.execute(
                "INSERT INTO articles (id, location, file, content, details, added) "
                "SELECT id, location, file, content, details, :generation FROM articles "
                f"WHERE {coming}",
                values,
            ).rowcount
            removed = self._sql.execute(
                f"UPDATE articles SET removed = :generation WHERE {going} AND added < :generation",
                values,
            ).rowcount
            self._set_meta(generation=before + 1, earlier=before)
            report = BuildReport(
                before + 1, added=added - changed, changed=changed, removed=removed - changed
            )
            return self._finish(report, origin)

    def _apply(self, changes: Changes, generation: int) -> None:
        """End the articles that leave with the live generation, and add the others to the next."""
        self._sql.executemany(
            "UPDATE articles SET removed = ? WHERE key = ?",
            [(generation, key) for key in changes.leaving],
        )
        self._sql.executemany(
            "INSERT INTO articles (id, location, file, content, details, added) "
            "VALUES (?, ?, ?, ?, ?, ?)",
            [
                (new.id, new.location, new.file, new.content, new.details, generation)
                for new in (*changes.added, *changes.changed, *changes.moved)
            ],
        )

    def _retire(self, collections: Sequence[str], target: str) -> None:
        """Note that the vectors of some collections were copied into another."""
        for name in collections:
            self._sql.execute(
                "UPDATE contents SET collection = ? WHERE collection = ?", (target, name)
            )
            self._sql.execute(
                "UPDATE collections SET retired = ? WHERE name = ?", (time.time(), name)
            )

    def _note_files(self, roots: Sequence[str] | None, skipped: Sequence[Skipped]) -> None:
        """Note what was read to its end and what was skipped, for the next build and `status`."""
        for root in roots or ():
            self._sql.execute(f"DELETE FROM skipped WHERE {BELOW}", below(root))
            self._sql.execute(f"DELETE FROM other_kinds WHERE {BELOW}", below(root))
        self._sql.executemany(
            "INSERT OR REPLACE INTO other_kinds VALUES (?, ?)",
            [(item.location, item.kind) for item in skipped if item.kind],
        )
        rows = [
            (file_of(item.location), item.location, item.line, item.reason)
            for item in skipped
            if not item.kind
        ]
        self._sql.executemany("DELETE FROM skipped WHERE file = ?", [row[:1] for row in rows])
        self._sql.execute("DELETE FROM skipped WHERE file IN (SELECT path FROM staged_files)")
        self._sql.executemany("INSERT INTO skipped VALUES (?, ?, ?, ?)", rows)
        self._sql.execute("INSERT OR REPLACE INTO files SELECT * FROM staged_files")
        # A file that comes back unchanged after its articles were removed must be read again.
        self._sql.execute(
            "DELETE FROM files WHERE path NOT IN (SELECT file FROM articles WHERE removed IS NULL)"
        )

    def _finish(self, report: BuildReport, origin: Origin) -> BuildReport:
        """Complete the report of a generation with what is live now, and record the build."""
        articles, undated = self._sql.execute(
            "SELECT count(*), coalesce(sum(c.day IS NULL), 0) FROM articles a "
            "JOIN contents c ON c.key = a.content WHERE a.removed IS NULL"
        ).fetchone()
        notes = live_notes(self._sql)
        report = replace(report, articles=articles, undated=undated, notes=notes)
        self._sql.execute(
            "INSERT OR IGNORE INTO generations VALUES (?, ?)", (report.generation, time.time())
        )
        record_build(self._sql, origin, report)
        return report

    def _set_meta(self, **values: str | int) -> None:
        for name, value in values.items():
            self._sql.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, str(value)))


def clean_up(store: Store, vectors: VectorStore, lexical: LexicalStore) -> None:
    """Delete for good what no snapshot can show any more; what a rollback would show is kept."""
    sql, now = store.connection, time.time()
    # A removed article is kept while a question may hold a snapshot that shows it, and while the
    # generation that `rollback` goes back to (`earlier`; 0 is none) shows it.
    sql.execute(
        "DELETE FROM articles WHERE removed IS NOT NULL AND removed <= "
        "(SELECT coalesce(max(number), 0) FROM generations WHERE made < ?) "
        "AND removed <= coalesce((SELECT nullif(CAST(value AS INTEGER), 0) FROM meta "
        "WHERE name = 'earlier'), removed)",
        (now - GRACE_SECONDS,),
    )
    contents = sql.execute(
        "SELECT key FROM contents WHERE made < ? "
        "AND key NOT IN (SELECT content FROM articles) "
        "AND key NOT IN (SELECT content FROM staged)",
        (now - UNFINISHED_SECONDS,),
    ).fetchall()
    if contents:
        with store.transaction():  # after a kill, a text that comes back is indexed again
            sql.executemany("UPDATE contents SET worded = 0 WHERE key = ?", contents)
        lexical.delete(key for (key,) in contents)
        with store.transaction():
            sql.executemany("DELETE FROM passages WHERE content = ?", contents)
            sql.executemany("DELETE FROM contents WHERE key = ?", contents)
    sql.execute(
        "UPDATE collections SET retired = ? WHERE retired IS NULL AND name NOT IN "
        "(SELECT collection FROM contents WHERE collection NOT NULL)",
        (now,),
    )
    retired = "SELECT name FROM collections WHERE retired < ?"
    for (name,) in sql.execute(retired, (now - GRACE_SECONDS,)).fetchall():
        vectors.drop(name)
        sql.execute("DELETE FROM collections WHERE name = ?", (name,))
