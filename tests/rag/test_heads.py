"""Heads in a graph: what is chosen stays the same, and its log-probability tells the reading."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from rag.llm.conversion import import_genai
from rag.llm.judge import BEFORE, CLOSE, DRAFT, END, OPEN, add_heads, reading_of, state_name

VOCABULARY, WIDTH = CLOSE + 5, 8
CHANCE = np.random.default_rng(7)


@pytest.fixture(scope="module")
def ov() -> Any:
    import_genai()  # in silence
    import openvino

    return openvino


def tiny_model(ov: Any) -> Any:
    """Two layers that add to the tokens' vectors, under the names of the real model's nodes."""
    import openvino.opset13 as ops

    tokens = ops.parameter([-1, -1], np.int64, name="input_ids")
    tokens.output(0).get_tensor().set_names({"input_ids"})
    vectors = CHANCE.normal(size=(VOCABULARY, WIDTH)).astype(np.float32)
    state = ops.gather(ops.constant(vectors), tokens, ops.constant(np.int64(0)))
    for layer in (0, 1):
        change = CHANCE.normal(size=(1, 1, WIDTH)).astype(np.float32)
        state = ops.add(state, ops.constant(change))
        state.set_friendly_name(state_name(layer))
    words = ops.constant(CHANCE.normal(size=(VOCABULARY, WIDTH)).astype(np.float32))
    result = ops.result(ops.matmul(state, words, False, True))
    return ov.Model([result], [tokens])


def run(ov: Any, model: Any, tokens: list[int], **more: Any) -> list[np.ndarray]:
    options = {"INFERENCE_PRECISION_HINT": "f32"}
    compiled = ov.Core().compile_model(model, "CPU", options)
    return list(compiled({"input_ids": np.array([tokens]).T, **more}).values())


def logprob_of_chosen(logits: np.ndarray) -> tuple[int, float]:
    chosen = int(logits.argmax())
    return chosen, -math.log(np.exp(logits.astype(np.float64) - logits[chosen]).sum())


@pytest.mark.parametrize(("token", "head"), [(OPEN, BEFORE), (1234, DRAFT), (CLOSE, END)])
def test_the_token_read_says_which_head_speaks(ov: Any, token: int, head: int) -> None:
    plain = tiny_model(ov)
    named = {node.get_friendly_name(): node for node in plain.get_ordered_ops()}
    weights = CHANCE.normal(size=(2 * WIDTH + 1, 3)).astype(np.float32) * 0.3
    headed = plain.clone()
    add_heads(headed, (0, 1), weights)
    plain.add_outputs([named[state_name(layer)].output(0) for layer in (0, 1)])
    plain.validate_nodes_and_infer_types()
    logits, *states = run(ov, plain, [token])
    wanted = np.zeros(1, dtype=np.int64)
    (given,) = run(ov, headed, [token], sampled_tokens_indices=wanted)
    expected = (
        np.concatenate([one[0, 0] for one in states]) @ weights[:-1, head] + weights[-1, head]
    )
    chosen, logprob = logprob_of_chosen(given[0, 0])
    assert chosen == int(logits[0, 0].argmax())
    assert reading_of(logprob) == pytest.approx(np.clip(expected, -5, 5), abs=0.01)


def test_only_the_places_asked_for_are_computed(ov: Any) -> None:
    model = tiny_model(ov)
    add_heads(model, (0, 1), np.zeros((2 * WIDTH + 1, 3), dtype=np.float32))
    (given,) = run(ov, model, [11, 12, 13], sampled_tokens_indices=np.array([2]))
    assert given.shape == (1, 1, VOCABULARY)
    assert reading_of(logprob_of_chosen(given[0, 0])[1]) == pytest.approx(0, abs=0.01)


@pytest.mark.parametrize("reading", [-5.0, -1.5, 0.0, 2.25, 5.0])
def test_a_reading_comes_back_from_its_log_probability(reading: float) -> None:
    assert reading_of(-math.log1p(math.exp(-6.0 - reading))) == pytest.approx(reading, abs=1e-6)


def test_certainty_tells_nothing() -> None:
    assert reading_of(0.0) is None
