"""What reads files and embeds texts for a build: this process, unless another engine is named."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from index.models.embedder import MiniLMEmbeddings
from index.readers import Found, read_files
from index.text.days import day_number
from index.text.passages import embedded_text, split
from index.types import Article, Item, Skipped, Span, Unchanged

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from index.store.writer import Store

_EMBED_PASSAGES = 512  # passages embedded at once: sorted by length, so little is padding


@dataclass(frozen=True, slots=True)
class Cut:
    """A content by its key, its day (None where undated) and its passages."""

    content: int
    day: int | None
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Embedded:
    """Contents that were cut, and the vectors (passages, 384) of all their passages in order."""

    cuts: tuple[Cut, ...]
    vectors: NDArray[np.float32]


class BuildEngine(Protocol):
    """Does the heavy work of a build, which itself stores the results."""

    def read(self, files: Iterable[Found | Skipped | Unchanged]) -> Iterator[Item]:
        """Yield the articles of the files in their order; all else is passed on."""
        ...

    def embed(self, pending: Sequence[int], store: Store) -> Iterator[Embedded]:
        """Yield each of the pending contents of the store once, cut and embedded, in any order."""
        ...


class LocalEngine:
    """Reads and embeds in this process."""

    def __init__(self, embeddings: MiniLMEmbeddings) -> None:
        """Keep the embedder, which is loaded when it is first needed."""
        self._embeddings = embeddings

    def read(self, files: Iterable[Found | Skipped | Unchanged]) -> Iterator[Item]:
        """Yield the articles of the files in their order."""
        return read_files(files)

    def embed(self, pending: Sequence[int], store: Store) -> Iterator[Embedded]:
        """Yield the pending contents in their order, some hundred passages at once."""
        articles = ((key, store.content(key)) for key in pending)
        return cut_and_embed(articles, self._embeddings)


def cut_and_embed(
    contents: Iterable[tuple[int, Article]], embeddings: MiniLMEmbeddings
) -> Iterator[Embedded]:
    """Cut articles, each with the key of its content, and embed some hundred passages at once."""
    cuts: list[Cut] = []
    texts: list[str] = []
    for content, article in contents:
        passages = list(split(article, embeddings.count_tokens))
        day = day_number(article.date) if article.date else None
        cuts.append(Cut(content, day, tuple((one.start, one.end) for one in passages)))
        texts += [embedded_text(article, one) for one in passages]
        if len(texts) >= _EMBED_PASSAGES:
            yield Embedded(tuple(cuts), embeddings.embed(texts))
            cuts, texts = [], []
    if cuts:
        yield Embedded(tuple(cuts), embeddings.embed(texts))
