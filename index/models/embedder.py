"""Text to vectors with all-MiniLM-L6-v2 (sentence-transformers), loaded when it is needed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from langchain_core.embeddings import Embeddings

from index.text.passages import MAX_TOKENS, OVERLAP_SENTENCES, TEMPLATE_VERSION

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from tokenizers import Tokenizer

    from index.models.encoder import Encoder

    Pieces = NDArray[np.int64]


DIMENSIONS = 384
# The weights' SHA-256 names the model in the recipe: other weights make another index. How they
# are computed does not (fp32, bf16, 8 bits): vectors of one text stay within a cosine of .995.
EMBEDDER_DIGEST = "53aa51172d142c89"
_LONGEST = 256  # word pieces; the model's own limit
_BATCH = 8  # more only adds padding on a CPU
_MANY = 128  # texts, more than any question embeds; from here on the faster network is chosen
_TRIED = 4  # texts on which the two networks are compared
_STEP = 8  # lengths are rounded up to this, so that few shapes are compiled


class MiniLMEmbeddings(Embeddings):
    """all-MiniLM-L6-v2 (Reimers and Gurevych 2019; Wang et al. 2020), 384 numbers, length 1."""

    def __init__(self, folder: Callable[[], Path], threads: int = 0) -> None:
        """Take what returns the model's folder, called when it is first needed.

        `threads` of 0 means one for each core of the machine.
        """
        self._folder = folder
        self.threads = threads
        self._lock = threading.RLock()
        self._choosing = threading.Lock()
        self._for_many: Encoder | None = None

    @cached_property
    def files(self) -> Path:
        """The model's folder, complete and verified."""
        return self._folder()

    @cached_property
    def _counter(self) -> Tokenizer:
        from tokenizers import Tokenizer

        tokenizer = Tokenizer.from_file(str(self.files / "tokenizer.json"))
        tokenizer.no_padding()
        tokenizer.no_truncation()
        return tokenizer

    @cached_property
    def _tokenizer(self) -> Tokenizer:
        tokenizer = type(self._counter).from_str(self._counter.to_str())
        tokenizer.enable_truncation(_LONGEST)
        return tokenizer

    @cached_property
    def _encoder(self) -> Encoder:
        from index.models.encoder import Encoder

        return Encoder(self.files, self.threads)

    def load(self) -> None:
        """Load the model now, so that the first question need not wait for it."""
        self.embed(["ready"])

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Return the number of word pieces of each text, without the two special ones."""
        with self._lock:
            counter = self._counter
        encoded = counter.encode_batch_fast(list(texts), add_special_tokens=False)
        return [len(encoding.ids) for encoding in encoded]

    def pieces(self, texts: Sequence[str]) -> list[list[int]]:
        """Return the word pieces of each text that the model reads, special ones included."""
        with self._lock:
            tokenizer = self._tokenizer
        return [encoding.ids for encoding in tokenizer.encode_batch_fast(list(texts))]

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return an array (texts, 384) of unit vectors; batches are sorted by length.

        Many texts go through the network in 8 bits where that is faster; their vectors then have a
        cosine of about .998 to the exact ones.
        """
        import numpy as np

        rows = self.pieces(texts)
        with self._lock:
            encoder = self._encoder
        if len(rows) >= _MANY:
            with self._choosing:  # a question that is asked meanwhile does not wait for it
                encoder = self._chosen(rows)
        vectors = np.empty((len(rows), DIMENSIONS), dtype=np.float32)
        for places, pieces, mask in in_batches(rows):
            vectors[places] = encoder(pieces, mask)
        return vectors

    def _chosen(self, rows: Sequence[Sequence[int]]) -> Encoder:
        """Return the network for many texts; which one is decided once, by some of these."""
        from index.models.encoder import Encoder, is_better

        if self._for_many is None:
            tried = sorted(rows[:: len(rows) // _TRIED], key=len)
            int8 = Encoder(self.files, self.threads, int8=True)
            better = is_better(int8, self._encoder, *_pad(tried))
            self._for_many = int8 if better else self._encoder
        return self._for_many

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """Return one unit vector for each text."""
        return [] if not texts else self.embed(texts).tolist()

    def embed_query(self, text: str) -> list[float]:
        """Return the unit vector of a question; the model wants no prefix."""
        vector: list[float] = self.embed([text])[0].tolist()
        return vector


def in_batches(rows: Sequence[Sequence[int]]) -> Iterator[tuple[list[int], Pieces, Pieces]]:
    """Yield texts of like length together: their places, their word pieces and their mask."""
    order = sorted(range(len(rows)), key=lambda at: len(rows[at]))
    for first in range(0, len(order), _BATCH):
        places = order[first : first + _BATCH]
        yield places, *_pad([rows[at] for at in places])


def _pad(rows: Sequence[Sequence[int]]) -> tuple[Pieces, Pieces]:
    """Return rows, the longest last, as one array filled up with 0, and where they are."""
    import numpy as np

    longest = -(-len(rows[-1]) // _STEP) * _STEP
    pieces = np.zeros((len(rows), longest), dtype=np.int64)
    mask = np.zeros_like(pieces)
    for at, row in enumerate(rows):
        pieces[at, : len(row)] = row
        mask[at, : len(row)] = 1
    return pieces, mask


_SCHEMA_VERSION = "1"


def current_recipe() -> str:
    """Return the recipe of this version; every generation is of one recipe."""
    parts = (_SCHEMA_VERSION, EMBEDDER_DIGEST, MAX_TOKENS, OVERLAP_SENTENCES, TEMPLATE_VERSION)
    return "-".join(str(part) for part in parts)
