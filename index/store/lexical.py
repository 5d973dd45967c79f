"""Lexical search: BM25 over passages in tantivy.

It may hold more than a generation shows; the snapshot leaves out what is not live.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import tantivy

from index.store.database import unwritable
from index.text.words import analyzer, content_stems
from index.types import Bounds, Hit

_ANALYZER = "news"
_WRITER_BYTES = 64_000_000
_HEADLINE_BOOST = 1.5
_MUST, _SHOULD = tantivy.Occur.Must, tantivy.Occur.Should


@dataclass(frozen=True, slots=True)
class LexicalRow:
    """What the lexical index holds of one passage; `day` is 20230618, None if undated."""

    key: int
    content: int
    headline: str
    text: str
    day: int | None

    def document(self) -> tantivy.Document:
        """Return it as tantivy stores it."""
        document = tantivy.Document()
        document.add_unsigned("key", self.key)
        document.add_unsigned("content", self.content)
        if self.day is not None:
            document.add_unsigned("day", self.day)
        document.add_text("headline", self.headline)
        document.add_text("body", self.text)
        return document


def _schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    builder.add_unsigned_field("key", stored=True, indexed=True, fast=True)
    builder.add_unsigned_field("content", indexed=True, fast=True)
    builder.add_unsigned_field("day", indexed=True, fast=True)
    builder.add_text_field("headline", tokenizer_name=_ANALYZER)
    builder.add_text_field("body", tokenizer_name=_ANALYZER)
    return builder.build()


class LexicalStore:
    """The tantivy index in one folder; commits are atomic, searchers see one point in time."""

    def __init__(self, folder: Path) -> None:
        """Open the index, making an empty one where there is none.

        Raises:
            IndexUnwritable: the folder is read-only; tantivy locks what it reads.
            ValueError: what lies there is damaged.
        """
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._index = tantivy.Index(_schema(), path=str(folder))
        except (OSError, ValueError) as error:
            if refused := unwritable(error, folder.parent):
                raise refused from error
            raise
        self._index.register_tokenizer(_ANALYZER, analyzer())

    def replace(
        self, rows: Iterable[LexicalRow], drop: Iterable[int] = (), drop_keys: Iterable[int] = ()
    ) -> Iterator[int]:
        """Add passages, and delete contents and single passages, in one commit.

        Contents in `rows` that are there already are replaced, so that a build which was killed
        before it could note its commit may simply come again.

        Yields:
            The number of rows added so far, now and then; the commit follows the last.
        """
        writer = self._index.writer(heap_size=_WRITER_BYTES, num_threads=1)
        for content in drop:
            writer.delete_documents_by_query(self._term_query("content", content))
        for key in drop_keys:
            writer.delete_documents_by_query(self._term_query("key", key))
        previous = None
        for count, row in enumerate(rows, 1):
            if row.content != previous:
                writer.delete_documents_by_query(self._term_query("content", row.content))
                previous = row.content
            writer.add_document(row.document())
            if count % 1000 == 0:
                yield count
        writer.commit()
        writer.wait_merging_threads()

    def delete(self, contents: Iterable[int] = (), keys: Iterable[int] = ()) -> None:
        """Delete all passages of some contents, and single passages, in one commit."""
        for _ in self.replace((), contents, keys):
            pass

    def _term_query(self, field: str, number: int) -> tantivy.Query:
        # Deleting by term does nothing here: tantivy-py 0.27 makes a signed term of the number.
        return tantivy.Query.term_query(self._index.schema, field, number)

    def searcher(self) -> LexicalSearcher:
        """Return a view of the last commit, which later commits do not change."""
        self._index.reload()
        return LexicalSearcher(self._index, self._index.searcher())


class LexicalSearcher:
    """Searches one commit of the lexical index."""

    def __init__(self, index: tantivy.Index, searcher: tantivy.Searcher) -> None:
        """Pair the index, which parses queries, with the searcher of one commit."""
        self._index = index
        self._searcher = searcher

    @property
    def passages(self) -> int:
        """Passages in this commit, live or not."""
        return int(self._searcher.num_docs)

    def search(self, text: str, limit: int, bounds: Bounds) -> list[Hit]:
        """Return the best `limit` passages by BM25 (Robertson and Zaragoza 2009), best first.

        Args:
            text: Any words; nothing in them is an operator.
            limit: Most hits returned.
            bounds: Only its dates are applied here; sources are the snapshot's to check.
        """
        words = dict.fromkeys(content_stems(text))
        if not words or limit < 1:
            return []
        # Not `parse_query`, which stems a second time: "committee", "committe", "committ".
        schema, queries = self._index.schema, tantivy.Query
        parts: list[tuple[tantivy.Occur, tantivy.Query]] = []
        for word in words:
            in_headline = queries.term_query(schema, "headline", word)
            parts.append((_SHOULD, queries.boost_query(in_headline, _HEADLINE_BOOST)))
            parts.append((_SHOULD, queries.term_query(schema, "body", word)))
        return self._run_query(parts, limit, bounds)

    def mentioning(self, text: str, bounds: Bounds) -> list[int]:
        """Return the keys of all passages that hold every word of `text`, in no order."""
        words = dict.fromkeys(content_stems(text))
        if not words or not self.passages:
            return []
        schema = self._index.schema
        every = [(_MUST, tantivy.Query.term_query(schema, "body", word)) for word in words]
        return [hit.key for hit in self._run_query(every, self.passages, bounds)]

    def keys(self) -> Counter[int]:
        """Return the keys of all passages in this commit, each with how often it is there."""
        every = [(_MUST, tantivy.Query.all_query())]
        return Counter(hit.key for hit in self._run_query(every, max(self.passages, 1), Bounds()))

    def frequency(self, stem: str) -> int:
        """Return how many passages hold the stemmed word."""
        return int(self._searcher.doc_freq("body", stem))

    def _run_query(
        self, parts: list[tuple[tantivy.Occur, tantivy.Query]], limit: int, bounds: Bounds
    ) -> list[Hit]:
        query = tantivy.Query.boolean_query(parts)
        if bounds.dated:
            query = tantivy.Query.boolean_query([(_MUST, query), (_MUST, self._within(bounds))])
        found = self._searcher.search(query, limit, count=False).hits
        keys = self._searcher.fast_field_values("key", [address for _, address in found])
        return [
            Hit(int(key), float(score))
            for key, (score, _) in zip(keys, found, strict=True)
            if key is not None
        ]

    def _within(self, bounds: Bounds) -> tantivy.Query:
        """Return the query for the dates of the bounds, which adds nothing to a score."""
        queries = tantivy.Query
        window = queries.range_query(
            self._index.schema, "day", tantivy.FieldType.Unsigned, *bounds.numbers
        )
        if bounds.undated:
            undated = queries.boolean_query(
                [(_MUST, queries.all_query()), (tantivy.Occur.MustNot, queries.exists_query("day"))]
            )
            window = queries.boolean_query([(_SHOULD, window), (_SHOULD, undated)])
        return queries.const_score_query(window, 0.0)
