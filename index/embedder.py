"""Text to vectors with all-MiniLM-L6-v2 through sentence-transformers.

Knows nothing of articles or stores. The model is loaded when it is first needed: its imports
take seconds.
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
    from sentence_transformers import SentenceTransformer
    from tokenizers import Tokenizer

DIMENSIONS = 384
# The weights' SHA-256 names the model in the recipe: other weights make another index.
EMBEDDER_DIGEST = "53aa51172d142c89"
_BATCH = 16


class MiniLMEmbeddings(Embeddings):
    """all-MiniLM-L6-v2 (Reimers and Gurevych 2019; Wang et al. 2020), 384 numbers, length 1."""

    def __init__(self, folder: Callable[[], Path]) -> None:
        """Remember where the model will be: `folder` is called when it is first needed."""
        self._folder = folder
        self._lock = threading.Lock()

    @cached_property
    def _tokenizer(self) -> Tokenizer:
        from tokenizers import Tokenizer

        tokenizer = Tokenizer.from_file(str(self._folder() / "tokenizer.json"))
        tokenizer.no_truncation()
        tokenizer.no_padding()
        return tokenizer

    @cached_property
    def _model(self) -> SentenceTransformer:
        from index.quiet import quiet_transformers

        quiet_transformers()
        from sentence_transformers import SentenceTransformer

        return SentenceTransformer(str(self._folder()), device="cpu", local_files_only=True)

    def load(self) -> None:
        """Load the model now, so that the first question need not wait for it."""
        with self._lock:
            self._model.encode(["ready"])

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Return the number of word pieces of each text, without the two special ones."""
        encoded = self._tokenizer.encode_batch(list(texts), add_special_tokens=False)
        return [len(encoding.ids) for encoding in encoded]

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return an array (texts, 384) of unit vectors; batches are sorted by length."""
        with self._lock:
            model = self._model
        return model.encode(
            list(texts), batch_size=_BATCH, normalize_embeddings=True, show_progress_bar=False
        )

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """Return one unit vector for each text."""
        return [] if not texts else self.embed(texts).tolist()

    def embed_query(self, text: str) -> list[float]:
        """Return the unit vector of a question; the model wants no prefix."""
        vector: list[float] = self.embed([text])[0].tolist()
        return vector
