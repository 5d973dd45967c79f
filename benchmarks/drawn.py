"""A large archive made of a real one: its articles, then varied copies, with vectors at hand.

Embedding a million passages takes hours and is measured elsewhere (`benchmarks.index_speed`).
Here the real passages keep their real vectors; a copy has the real article's paragraphs in another
order, other numbers and another day, and its passages' vectors are drawn around real ones.
"""

from __future__ import annotations

import hashlib
import re
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from index.database import database_path
from index.days import number_day
from index.embedder import DIMENSIONS, MiniLMEmbeddings
from index.passages import embedded_text
from index.settings import Settings
from index.types import STDIN, Article, Passage
from index.vectors import VectorStore

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
        super().__init__(lambda: real._files)
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
        for number, (article, count) in enumerate(_articles(source)):
            if made >= passages:
                return
            made += count
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


def _articles(source: Settings) -> Iterator[tuple[Article, int]]:
    """Every content of an index with its number of passages."""
    with closing(sqlite3.connect(database_path(source.index_dir))) as sql:
        rows = sql.execute(
            "SELECT c.headline, c.day, c.source, c.url, c.text, count(p.key) FROM contents c "
            "JOIN passages p ON p.content = c.key WHERE c.collection IS NOT NULL "
            "GROUP BY c.key ORDER BY c.key"
        )
        for headline, day, publisher, url, text, count in rows:
            when = number_day(day) if day else None
            yield Article("", "", headline, text, when, publisher, url), int(count)


def _texts(source: Settings) -> Iterator[tuple[int, str]]:
    """Every passage as it was embedded, by its key."""
    with closing(sqlite3.connect(database_path(source.index_dir))) as sql:
        rows = sql.execute(
            "SELECT p.key, c.headline, c.day, "
            "substr(c.text, p.start + 1, p.end - p.start) "
            "FROM passages p JOIN contents c ON c.key = p.content"
        )
        for key, headline, day, text in rows:
            when: date | None = number_day(day) if day else None
            article = Article("", "", headline, "", when, None, None)
            yield int(key), embedded_text(article, Passage("", 0, len(text), text))


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
