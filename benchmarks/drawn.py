"""A large archive made of a real one: its articles, then varied copies, with vectors at hand.

Embedding a million passages takes hours and is measured elsewhere (`benchmarks.index_speed`).
Here the real passages keep their real vectors; a copy has the real article's paragraphs in another
order, other numbers and another day, and its passages' vectors are drawn around real ones.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import timedelta

import numpy as np
from numpy.typing import NDArray

from index.models.embedder import DIMENSIONS, MiniLMEmbeddings
from index.settings import Settings
from index.store.database import content_article, open_reader
from index.store.vectors import VectorStore
from index.text.passages import embedded_text
from index.types import STDIN, Article, Passage

_NEAR = 0.35  # length of what is added to a unit vector: cosine .94 to the real one
_NUMBER = re.compile(r"\d+")


class DrawnEmbeddings(MiniLMEmbeddings):
    """The real tokenizer; real vectors of known texts, others drawn around a real one."""

    def __init__(self, real: MiniLMEmbeddings, source: Settings) -> None:
        """Read the vectors of the index of `source`, whose passages are taken."""
        super().__init__(lambda: real.files)
        store = VectorStore(source)
        pages = [page for name in sorted(store.names()) for page in store.pages(name)]
        self._real: NDArray[np.float32] = np.concatenate([vectors for _, vectors, _ in pages])
        rows = {key: row for row, key in enumerate(key for keys, _, _ in pages for key in keys)}
        self._rows = {
            _digest(embedded_text(article, Passage("", start, end, article.text[start:end]))): row
            for article, passages in _articles(source)
            for key, start, end in passages
            if (row := rows.get(key)) is not None
        }

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return an array (texts, 384) of unit vectors, the same for the same text."""
        return np.stack([self._vector(_digest(text)) for text in texts])

    def _vector(self, digest: bytes) -> NDArray[np.float32]:
        if (row := self._rows.get(digest)) is not None:
            return np.asarray(self._real[row])
        rng = np.random.default_rng(int.from_bytes(digest, "big"))
        near = rng.standard_normal(DIMENSIONS) * (_NEAR / DIMENSIONS**0.5)
        vector = self._real[rng.integers(len(self._real))] + near
        return np.asarray(vector / np.linalg.norm(vector), dtype=np.float32)


def articles(source: Settings, passages: int) -> Iterator[Article]:
    """Yield real articles, then varied copies, until they make about this many passages."""
    made, copy = 0, 0
    days = [article.date for article, _ in _articles(source) if article.date]
    while made < passages:
        for number, (article, spans) in enumerate(_articles(source)):
            if made >= passages:
                return
            made += len(spans)
            name = f"{STDIN}#{copy}-{number}"
            other = days[(number * 7919 + copy * 104_729) % len(days)] + timedelta(days=copy)
            text, day = (
                (_varied(article.text, copy), other) if copy else (article.text, article.date)
            )
            yield replace(article, id=name, location=name, text=text, date=day)
        copy += 1


def _varied(text: str, copy: int) -> str:
    paragraphs = text.split("\n\n")
    turned = copy % len(paragraphs)
    other = "\n\n".join(paragraphs[turned:] + paragraphs[:turned])
    return _NUMBER.sub(lambda found: str(int(found[0]) + copy), other)


def _articles(source: Settings) -> Iterator[tuple[Article, list[tuple[int, int, int]]]]:
    """Every content of an index with the keys and spans of its passages."""
    with closing(open_reader(source.index_dir)) as sql:
        keys = sql.execute("SELECT key FROM contents WHERE collection IS NOT NULL ORDER BY key")
        for (content,) in keys:
            spans = "SELECT key, start, end FROM passages WHERE content = ? ORDER BY key"
            yield content_article(sql, content), sql.execute(spans, (content,)).fetchall()


def _digest(text: str) -> bytes:
    return hashlib.blake2b(text.encode(), digest_size=8).digest()
