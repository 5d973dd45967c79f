"""Lexical search: BM25 over passages in tantivy.

May hold more than a generation shows: the snapshot keeps what is live. Knows nothing of vectors.
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


@dataclass(frozen=True, slots=True)
class Words:
    """What the lexical index holds of one passage; `day` is 20230618, None if undated."""

    key: int
    content: int
    headline: str
    text: str
    day: int | None


def _schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    builder.add_unsigned_field("key", stored=True, indexed=True, fast=True)
    builder.add_unsigned_field("content", indexed=True, fast=True)
    builder.add_unsigned_field("day", indexed=True, fast=True)
    builder.add_text_field("headline", tokenizer_name=_ANALYZER)
    builder.add_text_field("body", tokenizer_name=_ANALYZER)
    return builder.build()


def _document(row: Words) -> tantivy.Document:
    document = tantivy.Document()
    document.add_unsigned("key", row.key)
    document.add_unsigned("content", row.content)
    if row.day is not None:
        document.add_unsigned("day", row.day)
    document.add_text("headline", row.headline)
    document.add_text("body", row.text)
    return document


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
            if told := unwritable(error, folder.parent):
                raise told from error
            raise
        self._index.register_tokenizer(_ANALYZER, analyzer())

    def replace(
        self, rows: Iterable[Words], drop: Iterable[int], drop_keys: Iterable[int] = ()
    ) -> Iterator[int]:
        """Index `rows` and forget contents and single passages, in one commit; yields rows done.

        Contents in `rows` that are there already are replaced, so that a build which was killed
        before it could note its commit may simply come again.
        """
        writer = self._index.writer(heap_size=_WRITER_BYTES, num_threads=1)
        for content in drop:
            writer.delete_documents_by_query(self._of("content", content))
        for key in drop_keys:
            writer.delete_documents_by_query(self._of("key", key))
        previous = None
        for count, row in enumerate(rows, 1):
            if row.content != previous:
                writer.delete_documents_by_query(self._of("content", row.content))
                previous = row.content
            writer.add_document(_document(row))
            if count % 1000 == 0:
                yield count
        writer.commit()
        writer.wait_merging_threads()

    def _of(self, field: str, number: int) -> tantivy.Query:
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
        schema, should, of = self._index.schema, tantivy.Occur.Should, tantivy.Query
        parts: list[tuple[tantivy.Occur, tantivy.Query]] = []
        for word in words:
            in_headline = of.term_query(schema, "headline", word)
            parts.append((should, of.boost_query(in_headline, _HEADLINE_BOOST)))
            parts.append((should, of.term_query(schema, "body", word)))
        query = of.boolean_query(parts)
        if bounds.dated:
            query = self._within(query, bounds)
        return self._found(query, limit)

    def mentioning(self, text: str, bounds: Bounds) -> list[int]:
        """Return the keys of all passages that hold every word of `text`, in no order."""
        schema, must = self._index.schema, tantivy.Occur.Must
        words = dict.fromkeys(content_stems(text))
        if not words or not self.passages:
            return []
        every = [(must, tantivy.Query.term_query(schema, "body", word)) for word in words]
        query = tantivy.Query.boolean_query(every)
        if bounds.dated:
            query = self._within(query, bounds)
        return [hit.key for hit in self._found(query, self.passages)]

    def keys(self) -> Counter[int]:
        """Return the keys of all passages in this commit, each with how often it is there."""
        every = self._found(tantivy.Query.all_query(), max(self.passages, 1))
        return Counter(hit.key for hit in every)

    def _found(self, query: tantivy.Query, limit: int) -> list[Hit]:
        found = self._searcher.search(query, limit, count=False).hits
        keys = self._searcher.fast_field_values("key", [address for _, address in found])
        return [
            Hit(int(key), float(score))
            for key, (score, _) in zip(keys, found, strict=True)
            if key is not None
        ]

    def frequency(self, stem: str) -> int:
        """Return how many passages hold the stemmed word."""
        return int(self._searcher.doc_freq("body", stem))

    def _within(self, query: tantivy.Query, bounds: Bounds) -> tantivy.Query:
        days = tantivy.Query.range_query(
            self._index.schema, "day", tantivy.FieldType.Unsigned, *bounds.numbers
        )
        window = tantivy.Query.const_score_query(days, 0.0)
        if bounds.undated:
            dated = tantivy.Query.exists_query("day")
            none = tantivy.Query.boolean_query(
                [
                    (tantivy.Occur.Must, tantivy.Query.all_query()),
                    (tantivy.Occur.MustNot, dated),
                ]
            )
            either = tantivy.Query.boolean_query(
                [(tantivy.Occur.Should, window), (tantivy.Occur.Should, none)]
            )
            window = tantivy.Query.const_score_query(either, 0.0)
        return tantivy.Query.boolean_query(
            [(tantivy.Occur.Must, query), (tantivy.Occur.Must, window)]
        )
