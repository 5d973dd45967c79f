"""Scores sentences beside their question with a small cross-encoder.

Slower for a sentence than comparing embeddings, so only the best few are scored. Knows nothing of
passages or of other scores.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from index.embedder import MiniLMEmbeddings, in_batches
from index.quiet import quiet_openvino

if TYPE_CHECKING:
    from openvino import CompiledModel
    from tokenizers import Tokenizer

_LONGEST = 80  # word pieces of question and sentence together, as in training
_loading = threading.Lock()


class Reranker:
    """The embedder's network, trained on to tell which sentence answers a question."""

    def __init__(self, embeddings: MiniLMEmbeddings) -> None:
        """Remember the embedder, whose files and threads are used."""
        self._embeddings = embeddings

    def load(self) -> None:
        """Load the network now, so that the first question need not wait for it."""
        self.scores("ready", ["ready"])

    def scores(self, question: str, sentences: Sequence[str]) -> NDArray[np.float32]:
        """Return a number for each sentence, higher where it likelier answers.

        Only differences within one question carry meaning.

        Args:
            question: The self-contained question.
            sentences: Without headline or neighbours.
        """
        with _loading:
            tokenizer, compiled = _loaded(self._embeddings.files, self._embeddings.threads)
        request = compiled.create_infer_request()  # one a call: they are not shared by threads
        encoded = tokenizer.encode_batch([(question, sentence) for sentence in sentences])
        made = np.empty(len(encoded), dtype=np.float32)
        for places, pieces, mask in in_batches([one.ids for one in encoded]):
            sides = np.zeros_like(pieces)
            for row, at in enumerate(places):
                sides[row, : len(encoded[at].ids)] = encoded[at].type_ids
            made[places] = request.infer([pieces, sides, mask])[0]
        return made


@functools.lru_cache(maxsize=1)
def _loaded(folder: Path, threads: int) -> tuple[Tokenizer, CompiledModel]:
    """The tokenizer and the network, once for a process."""
    quiet_openvino()
    import openvino
    from tokenizers import Tokenizer

    from rag.reranker_network import network

    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(_LONGEST)
    options = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_NUM_THREADS": threads}
    return tokenizer, openvino.Core().compile_model(network(folder), "CPU", options)
