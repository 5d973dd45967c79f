"""Our embedder with a stop-watch, and a folder made anew."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from index.models.embedder import MiniLMEmbeddings

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class TimedEmbeddings(MiniLMEmbeddings):
    """Adds up the seconds spent in the model (`embedding`) and in counting (`counting`)."""

    def __init__(self, folder: Callable[[], Path]) -> None:
        """Begin at nought; takes what `MiniLMEmbeddings` takes."""
        super().__init__(folder)
        self.embedding = 0.0
        self.counting = 0.0

    def load(self) -> None:
        """Load the network and the counter, untimed."""
        super().load()
        self.count_tokens(["ready"])
        self.embedding = self.counting = 0.0

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Embed, timed."""
        begun = time.perf_counter()
        vectors = super().embed(texts)
        self.embedding += time.perf_counter() - begun
        return vectors

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Count, timed."""
        begun = time.perf_counter()
        counts = super().count_tokens(texts)
        self.counting += time.perf_counter() - begun
        return counts


def fresh_folder(folder: Path) -> Path:
    """Return the folder, emptied; for before anything in it is opened."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder
