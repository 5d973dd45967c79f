"""Linear heads inside the language model's graph, read through its log-probabilities.

The residual stream of the middle layers shows whether what was read supports what is written
(docs/judge.md). GenAI gives no states out, only the token chosen and its log-probability; so the
graph chooses the likeliest token itself and gives it the logit `CENTRE + reading`, one other token
the logit 0 and all others none: the log-probability tells the reading. The token written is the
same as before; sampling and true log-probabilities are not to be had.

Three heads take turns by the token that is read: the last of the prompt (`BEFORE`), the end of an
answer (`END`), any other (`DRAFT`). Knows nothing of what the readings mean.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

BEFORE, DRAFT, END = range(3)
OPEN, CLOSE = 198, 151645
"""The default's marks, of Qwen's vocabulary: the line end after `assistant`, and `<|im_end|>`."""
CENTRE, WIDEST = 6.0, 5.0
_NEVER = -100.0  # logit of what is not chosen
_OTHER = 0  # the token that the chosen one is measured against


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
    return -math.log(math.expm1(-logprob)) - CENTRE
