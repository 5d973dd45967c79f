"""Text to vectors with all-MiniLM-L6-v2 (sentence-transformers).

Knows nothing of articles or stores. The model is loaded when it is first needed.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from langchain_core.embeddings import Embeddings

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from tokenizers import Tokenizer

    from index.encoder import Encoder

DIMENSIONS = 384
# The weights' SHA-256 names the model in the recipe: other weights make another index.
EMBEDDER_DIGEST = "53aa51172d142c89"
_LONGEST = 256  # word pieces; the model's own limit
_BATCH = 8  # more only adds padding on a CPU
_STEP = 8  # lengths are rounded up to this, so that few shapes are compiled


class MiniLMEmbeddings(Embeddings):
    """all-MiniLM-L6-v2 (Reimers and Gurevych 2019; Wang et al. 2020), 384 numbers, length 1."""

    def __init__(self, folder: Callable[[], Path], threads: int = 0) -> None:
        """Remember where the model will be.

        Args:
            folder: Called when the model is first needed.
            threads: Threads that embed; 0 means one for each core of the machine.
        """
        self._folder = folder
        self.threads = threads
        self._lock = threading.RLock()

    @cached_property
    def files(self) -> Path:
        """The model's folder, complete and verified."""
        return self._folder()

    @cached_property
    def _counter(self) -> Tokenizer:
        return _tokenizer(self.files, truncated=False)

    @cached_property
    def _tokenizer(self) -> Tokenizer:
        return _tokenizer(self.files, truncated=True)

    @cached_property
    def _encoder(self) -> Encoder:
        from index.encoder import Encoder

        return Encoder(self.files, self.threads)

    def load(self) -> None:
        """Load the model now, so that the first question need not wait for it."""
        self.embed(["ready"])

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Return the number of word pieces of each text, without the two special ones."""
        with self._lock:
            counter = self._counter
        encoded = counter.encode_batch(list(texts), add_special_tokens=False)
        return [len(encoding.ids) for encoding in encoded]

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return an array (texts, 384) of unit vectors; batches are sorted by length."""
        import numpy as np

        with self._lock:
            encoder, tokenizer = self._encoder, self._tokenizer
        rows = [encoding.ids for encoding in tokenizer.encode_batch(list(texts))]
        order = sorted(range(len(rows)), key=lambda at: len(rows[at]))
        vectors = np.empty((len(rows), DIMENSIONS), dtype=np.float32)
        for first in range(0, len(order), _BATCH):
            batch = order[first : first + _BATCH]
            longest = -(-len(rows[batch[-1]]) // _STEP) * _STEP
            pieces = np.zeros((len(batch), longest), dtype=np.int64)
            mask = np.zeros_like(pieces)
            for at, row in enumerate(batch):
                pieces[at, : len(rows[row])] = rows[row]
                mask[at, : len(rows[row])] = 1
            vectors[batch] = encoder(pieces, mask)
        return vectors

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """Return one unit vector for each text."""
        return [] if not texts else self.embed(texts).tolist()

    def embed_query(self, text: str) -> list[float]:
        """Return the unit vector of a question; the model wants no prefix."""
        vector: list[float] = self.embed([text])[0].tolist()
        return vector


def _tokenizer(folder: Path, *, truncated: bool) -> Tokenizer:
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    if truncated:
        tokenizer.enable_truncation(_LONGEST)
    else:
        tokenizer.no_truncation()
    return tokenizer
