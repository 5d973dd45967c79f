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
from datetime import timedelta
from pathlib import Path

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


class Drawn(MiniLMEmbeddings):
    """The real tokenizer; real vectors of known texts, others drawn around a real one."""

    def __init__(self, real: MiniLMEmbeddings, source: Settings) -> None:
        """Read the vectors of an index.

        Args:
            real: The embedder, for its tokenizer.
            source: Settings of an index whose passages are taken.
        """
        super().__init__(lambda: real.files)
        rows, vectors = _vectors(source)
        self._real: NDArray[np.float32] = vectors
        self._rows = {_digest(text): rows[key] for key, text in _texts(source) if key in rows}

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return an array (texts, 384) of unit vectors, the same for the same text."""
        made = np.empty((len(texts), DIMENSIONS), dtype=np.float32)
        for at, text in enumerate(texts):
            digest = _digest(text)
            row = self._rows.get(digest)
            if row is None:
                rng = np.random.default_rng(int.from_bytes(digest, "big"))
                near = rng.standard_normal(DIMENSIONS) * (_NEAR / DIMENSIONS**0.5)
                vector = self._real[rng.integers(len(self._real))] + near
                made[at] = vector / np.linalg.norm(vector)
            else:
                made[at] = self._real[row]
        return made


def articles(source: Settings, passages: int) -> Iterator[Article]:
    """Yield real articles, then varied copies, until they make about this many passages."""
    made, copy = 0, 0
    days = [article.date for article, _ in _articles(source) if article.date]
    while made < passages:
        for number, (article, cut) in enumerate(_articles(source)):
            if made >= passages:
                return
            made += len(cut)
            name = f"{STDIN}#{copy}-{number}"
            day = article.date
            if copy:
                day = days[(number * 7919 + copy * 104_729) % len(days)] + timedelta(days=copy)
            yield Article(
                name, name, article.headline, _varied(article.text, copy), day,
                article.source, article.url,
            )  # fmt: skip
        copy += 1


def _varied(text: str, copy: int) -> str:
    if not copy:
        return text
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
            passages = sql.execute(spans, (content,)).fetchall()
            yield content_article(sql, content), passages


def _texts(source: Settings) -> Iterator[tuple[int, str]]:
    """Every passage as it was embedded, by its key."""
    for article, passages in _articles(source):
        for key, start, end in passages:
            yield key, embedded_text(article, Passage("", start, end, article.text[start:end]))


def _vectors(source: Settings) -> tuple[dict[int, int], NDArray[np.float32]]:
    """Every vector of an index, and its row by its key."""
    store = VectorStore(source)
    pages = [page for name in sorted(store.names()) for page in store.pages(name)]
    keys = [key for part, _, _ in pages for key in part]
    vectors = np.concatenate([part for _, part, _ in pages])
    return {key: row for row, key in enumerate(keys)}, vectors


def _digest(text: str) -> bytes:
    return hashlib.blake2b(text.encode(), digest_size=8).digest()


def folder_bytes(folder: Path) -> int:
    """Return what a folder takes on disk."""
    return sum(512 * path.stat().st_blocks for path in folder.rglob("*") if path.is_file())
