"""Judges a draft by what the embedded model's own states tell of it: see docs/judge.md.

Linear heads on the residual stream of two middle layers take turns by the token that is read: at
the last of the prompt (`BEFORE`) one tells whether the evidence answers the question; at others
(`DRAFT`), and at the end of an answer (`END`), whether the evidence supports what is written.

GenAI gives no states out, only the token chosen and its log-probability. So the graph chooses the
likeliest token itself and gives it the logit `CENTRE + reading`, one other token the logit 0 and
all others none: the log-probability tells the reading. The token written is the same as before;
sampling and true log-probabilities are not to be had. The heads belong to one model file.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import safe_open

from index.models.checksum import intact, matches_hash

BEFORE, DRAFT, END = range(3)
OPEN, CLOSE = 198, 151645
"""The default's marks, of Qwen's vocabulary: the line end after `assistant`, and `<|im_end|>`."""
CENTRE, WIDEST = 6.0, 5.0
_NEVER = -100.0  # logit of what is not chosen
_OTHER = 0  # the token that the chosen one is measured against
WEIGHTS = Path(__file__).with_name("judge.safetensors")
OWN = "judge.safetensors"
"""Beside a model file: the heads that were fitted for it on this machine."""
SHA256 = "6023757b08dc6c38dc51697395a751823650d0a1c12d052421baebdaf15d3d2d"


@dataclass(frozen=True, slots=True)
class Readings:
    """What the heads read of one draft; each about -5 to 5, higher speaks for it.

    Attributes:
        before: At the last token of the prompt; None where nothing was read.
        draft: At each token of the draft, in order.
        end: At the end token after a draft that was given and not written; else None.
    """

    before: float | None = None
    draft: tuple[float, ...] = ()
    end: float | None = None


@dataclass(frozen=True, slots=True)
class Judge:
    """Heads with the calibration of their readings.

    Attributes:
        model: SHA-256 of the model file (GGUF) whose states they read; `size` is its bytes.
        layers: Whose states they read.
        heads: (len(layers) * width + 1, 3); see `add_heads`.
        written: Intercept and weights of `before` and the mean of `draft`, for log-odds.
        given: The same of `before` and `end`, for a draft that another model wrote.
        threshold: Least probability at which a draft is shown as the answer.
        hopeless: Reading before the draft below which nothing need be written.
        marks: The tokens at which the first head and the last one speak.
        file: Where it was read from; `sha256` is of this file.
    """

    model: str
    size: int
    layers: tuple[int, ...]
    heads: NDArray[np.float32]
    written: tuple[float, float, float]
    given: tuple[float, float, float]
    threshold: float
    hopeless: float
    marks: tuple[int, int] = (OPEN, CLOSE)
    file: Path = WEIGHTS
    sha256: str = SHA256

    def confidence(self, readings: Readings) -> float | None:
        """Return the probability, 0 to 1, that a draft is right; None without readings.

        Calibrated by logistic regression (Platt 1999) on drafts that the heads were not fitted on.
        """
        if readings.before is None:
            return None
        if readings.end is not None:
            return _probability(self.given, readings.before, readings.end)
        mean = sum(readings.draft) / len(readings.draft) if readings.draft else readings.before
        return _probability(self.written, readings.before, mean)


@cache
def load_judge() -> Judge:
    """Return the judge that comes with the program.

    Raises:
        ModelFileError: its file is missing or not the one that it should be.
    """
    return read_judge(intact(WEIGHTS, SHA256))


def read_judge(path: Path) -> Judge:
    """Return the judge of a file."""
    with safe_open(path, framework="numpy") as file:
        card = json.loads(file.metadata()["card"])
        heads: NDArray[np.float32] = file.get_tensor("heads")
    return Judge(
        model=card["model"],
        size=card["size"],
        layers=tuple(card["layers"]),
        heads=heads,
        written=tuple(card["written"]),
        given=tuple(card["given"]),
        threshold=card["threshold"],
        hopeless=card["hopeless"],
        marks=tuple(card.get("marks", (OPEN, CLOSE))),
        file=path,
        sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
    )


def judge_of(gguf: Path) -> Judge | None:
    """Return the judge of a model file; None for a model that has no heads of its own."""
    own = gguf.with_name(OWN)
    judge = read_judge(own) if own.is_file() else load_judge()
    return judge if matches_hash(gguf, judge.model, judge.size) else None


def _probability(weights: Sequence[float], *readings: float) -> float:
    intercept, *rest = weights
    total = intercept + sum(w * reading for w, reading in zip(rest, readings, strict=True))
    return 1.0 / (1.0 + math.exp(-max(-50.0, min(50.0, total))))


def state_name(layer: int) -> str:
    """Name of the node that is the residual stream after a layer, counted from 0."""
    return f"model.layers.self_attn.add1.layer{layer}"


def vocabulary_product(model: Any) -> Any:
    """Return the node that multiplies the last states with the vocabulary's matrix."""
    node = model.get_results()[0].input_value(0).get_node()
    while node.get_type_name() != "MatMul":
        node = node.input_value(0).get_node()
    return node


def add_heads(
    model: Any,
    layers: Sequence[int],
    weights: NDArray[np.float32],
    marks: tuple[int, int] = (OPEN, CLOSE),
) -> None:
    """Put heads into an OpenVINO model; what it writes stays the same.

    Args:
        model: As `openvino.Core().read_model` gives it, without heads.
        layers: Whose states are read, side by side.
        weights: (len(layers) * width + 1, 3): a column for each head, the last row its constant.
        marks: The tokens at which `BEFORE` and `END` speak.
    """
    import openvino.opset13 as ops

    named = {node.get_friendly_name(): node for node in model.get_ordered_ops()}
    product, result = vocabulary_product(model), model.get_results()[0]
    # GenAI fills this input by its name with the places whose logits it wants.
    wanted = ops.parameter([-1], np.int64, name="sampled_tokens_indices")
    wanted.output(0).get_tensor().set_names({"sampled_tokens_indices"})
    first = ops.constant(np.int64(0))

    def at_wanted(output: Any) -> Any:
        return ops.gather(output, wanted, first)

    tokens = next(one for one in model.inputs if "input_ids" in one.get_names())
    token = ops.unsqueeze(at_wanted(tokens), ops.constant(np.int64(-1)))
    states = ops.concat([named[state_name(layer)].output(0) for layer in layers], -1)
    read = ops.matmul(at_wanted(states), ops.constant(weights[:-1]), False, False)
    read = ops.add(read, ops.constant(weights[-1]))
    before, draft, end = (ops.slice(read, [k], [k + 1], [1], [2]) for k in (BEFORE, DRAFT, END))
    reading = ops.select(ops.equal(token, ops.constant(np.int64(marks[1]))), end, draft)
    reading = ops.select(ops.equal(token, ops.constant(np.int64(marks[0]))), before, reading)
    logit = ops.add(ops.clamp(reading, -WIDEST, WIDEST), ops.constant(np.float32(CENTRE)))

    product.input(0).replace_source_output(at_wanted(product.input_value(0)).output(0))
    logits = product.output(0)
    size = logits.get_partial_shape()[-1].get_length()
    chosen = ops.topk(logits, np.int64(1), -1, "max", "none", index_element_type="i64").output(1)
    others = np.full((1, 1, size), _NEVER, dtype=np.float32)
    others[0, 0, _OTHER] = 0.0
    every = ops.constant(np.arange(size, dtype=np.int64)[None, None])
    replaced = ops.select(ops.equal(every, chosen), logit, ops.constant(others))
    result.input(0).replace_source_output(replaced.output(0))
    replaced.output(0).get_tensor().set_names({"logits"})
    model.add_parameters([wanted])
    model.validate_nodes_and_infer_types()


def reading_of(logprob: float) -> float | None:
    """Return what a head read, -5 to 5, from the log-probability of the token chosen.

    None where it tells nothing: the token chosen is the one that the others are measured against.
    """
    if logprob >= 0.0:
        return None
    reading = -math.log(math.expm1(-logprob)) - CENTRE
    return reading if math.isfinite(reading) else None
