"""Scores sentences beside their question with a small cross-encoder.

Slower for a sentence than comparing embeddings, so only the best few are scored. Knows nothing of
passages or of other scores.
"""

from __future__ import annotations

import functools
import math
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from index.models.checksum import intact
from index.models.embedder import MiniLMEmbeddings, in_batches
from index.quiet import quiet_openvino

if TYPE_CHECKING:
    from openvino import CompiledModel, Model
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

    from rag.retrieval.reranker import network

    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(_LONGEST)
    options = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_NUM_THREADS": threads}
    return tokenizer, openvino.Core().compile_model(network(folder), "CPU", options)


CHANGES = Path(__file__).with_name("reranker.safetensors")
CHANGES_SHA256 = "71e291f613dcb4511686c4496a4c47860e2550d6077ecde0278380230951c20d"
_LAYERS, _HEADS, _WIDTH = 6, 12, 384
_EPSILON = 1e-12
Weights = Mapping[str, NDArray[np.float32]]


def changed_weights(embedder: Weights, changes: Weights) -> dict[str, NDArray[np.float32]]:
    """Return the embedder's weights with the changes added, and the head's.

    Args:
        embedder: Its weights under their own names.
        changes: For a matrix `NAME.down` (rank, in) and `NAME.up` (out, rank), whose product is
            added; for a vector `NAME`, which is added; `head.weight` and `head.bias`, as they are.
    """
    made = {name: weight.astype(np.float32) for name, weight in embedder.items()}
    for name, change in changes.items():
        if name.endswith(".up"):
            base = name.removesuffix(".up")
            made[base] += change.astype(np.float32) @ changes[f"{base}.down"].astype(np.float32)
        elif not name.endswith(".down"):
            made[name] = change.astype(np.float32) + made.get(name, np.float32(0.0))
    return made


def network(folder: Path) -> Model:
    """Return the network for the embedder that lies in a folder.

    Raises:
        ModelFileError: the file of changes is not the one that was trained.
    """
    import openvino
    from openvino import opset13 as ops
    from safetensors.numpy import load_file

    changes = load_file(intact(CHANGES, CHANGES_SHA256))
    weights = changed_weights(load_file(folder / "model.safetensors"), changes)
    inputs = [
        ops.parameter([-1, -1], np.int64, name=name)
        for name in ("input_ids", "token_type_ids", "attention_mask")
    ]
    graph = _Graph(weights)
    mask = ops.convert(inputs[2], "f32")
    states = graph.embedded(inputs[0], inputs[1])
    hidden = ops.multiply(ops.subtract(mask, _number(1.0)), _number(1e4))
    unseen = ops.unsqueeze(hidden, _whole(1, 2))
    for at in range(_LAYERS):
        states = graph.layer(f"encoder.layer.{at}", states, unseen)
    score = graph.linear("head", graph.pooled(states, mask))
    return openvino.Model([ops.squeeze(score, _whole(1))], inputs, "reranker")


def _whole(*values: int) -> NDArray[np.int64]:
    return np.array(values, dtype=np.int64)


def _number(value: float) -> Any:
    from openvino import opset13 as ops

    return ops.constant(np.float32(value))


class _Graph:
    """Makes parts of the network from named weights."""

    def __init__(self, weights: Weights) -> None:
        from openvino import opset13

        self._ops: Any = opset13
        self._weights = weights

    def _constant(self, name: str) -> Any:
        return self._ops.constant(self._weights[name])

    def linear(self, name: str, states: Any) -> Any:
        turned = self._ops.matmul(states, self._constant(f"{name}.weight"), False, True)
        return self._ops.add(turned, self._constant(f"{name}.bias"))

    def normalized(self, name: str, states: Any) -> Any:
        even = self._ops.mvn(states, _whole(-1), True, _EPSILON, "inside_sqrt")
        scaled = self._ops.multiply(even, self._constant(f"{name}.weight"))
        return self._ops.add(scaled, self._constant(f"{name}.bias"))

    def embedded(self, pieces: Any, kinds: Any) -> Any:
        ops, zero = self._ops, np.int64(0)
        length = ops.gather(ops.shape_of(pieces), np.int64(1), zero)
        places = ops.range(zero, length, np.int64(1), "i64")
        words = ops.gather(self._constant("embeddings.word_embeddings.weight"), pieces, zero)
        sides = ops.gather(self._constant("embeddings.token_type_embeddings.weight"), kinds, zero)
        where = ops.gather(self._constant("embeddings.position_embeddings.weight"), places, zero)
        return self.normalized("embeddings.LayerNorm", ops.add(ops.add(words, sides), where))

    def layer(self, name: str, states: Any, unseen: Any) -> Any:
        ops = self._ops
        query, key, value = (
            self._split(self.linear(f"{name}.attention.self.{one}", states))
            for one in ("query", "key", "value")
        )
        likeness = ops.multiply(
            ops.matmul(query, key, False, True), _number(1 / math.sqrt(_WIDTH // _HEADS))
        )
        shares = ops.softmax(ops.add(likeness, unseen), -1)
        mixed = ops.transpose(ops.matmul(shares, value, False, False), _whole(0, 2, 1, 3))
        joined = ops.reshape(mixed, _whole(0, 0, _WIDTH), True)
        attended = self.linear(f"{name}.attention.output.dense", joined)
        states = self.normalized(f"{name}.attention.output.LayerNorm", ops.add(states, attended))
        wide = ops.gelu(self.linear(f"{name}.intermediate.dense", states), "erf")
        narrow = self.linear(f"{name}.output.dense", wide)
        return self.normalized(f"{name}.output.LayerNorm", ops.add(states, narrow))

    def _split(self, states: Any) -> Any:
        ops = self._ops
        apart = ops.reshape(states, _whole(0, 0, _HEADS, _WIDTH // _HEADS), True)
        return ops.transpose(apart, _whole(0, 2, 1, 3))

    def pooled(self, states: Any, mask: Any) -> Any:
        """The first state and the mean of all, added."""
        ops = self._ops
        kept = ops.unsqueeze(mask, _whole(2))
        total = ops.reduce_sum(ops.multiply(states, kept), _whole(1), False)
        mean = ops.divide(total, ops.reduce_sum(kept, _whole(1), False))
        return ops.add(ops.gather(states, np.int64(0), np.int64(1)), mean)
