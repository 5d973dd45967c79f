"""Heads fitted on made states: what can be learned is, and what is not there is not found."""

from __future__ import annotations

import numpy as np
import pytest

from training.fit import PLACES, Rows, area, calibrated, fit_head, out_of_fold, write_judge
from training.states import LAYERS

WIDTH = 24


def made(count: int, *, signal: float, seed: int = 0) -> Rows:
    """Rows whose states tell right from wrong along one direction of layer 17, as far as said."""
    chance = np.random.default_rng(seed)
    right = chance.random(count) < 0.5
    states = {
        place: chance.normal(size=(count, len(LAYERS), WIDTH)).astype(np.float16)
        for place in PLACES
    }
    for place in PLACES:
        states[place][:, LAYERS.index(17), 3] += (signal * np.where(right, 1, -1)).astype(
            np.float16
        )
    info = [
        {"right": bool(r), "group": f"article {at // 3}", "set": "s", "variant": "plain"}
        for at, r in enumerate(right)
    ]
    return Rows(info, states)


def test_a_direction_in_the_states_is_found_on_articles_held_out() -> None:
    rows = made(600, signal=1.0)
    assert area(rows.right, out_of_fold(rows, "mean", [17, 18])) > 0.85
    assert area(rows.right, out_of_fold(rows, "mean", [16])) < 0.6


def test_nothing_is_found_where_nothing_is() -> None:
    rows = made(600, signal=0.0)
    assert 0.4 < area(rows.right, out_of_fold(rows, "before", [17, 18])) < 0.6


def test_a_head_reads_raw_states_with_unit_spread() -> None:
    rows = made(400, signal=1.0)
    head = fit_head(rows, "before", [17, 18])
    assert np.std(head.read(rows)) == pytest.approx(1.0, abs=1e-6)
    assert abs(head.weights).argmax() == 3


def test_calibration_gives_probabilities_that_hold() -> None:
    chance = np.random.default_rng(1)
    reading = chance.normal(size=4000)
    right = chance.random(4000) < 1 / (1 + np.exp(-(0.5 + 2 * reading)))
    asked = [{"right": bool(one), "variant": "plain"} for one in right]
    changed = [{"right": False, "variant": "removed"}] * 500
    rows = Rows([*asked, *changed], {})
    intercept, weight = calibrated(rows, np.append(reading, np.full(500, 3.0)))
    assert (intercept, weight) == (pytest.approx(0.5, abs=0.15), pytest.approx(2, abs=0.2))


def test_what_is_written_is_what_the_product_reads(tmp_path) -> None:
    from rag.llm import judge

    rows = made(200, signal=1.0)
    sha256 = write_judge(rows, [17, 18], 0.5, tmp_path / "judge.safetensors")
    made_judge = judge.read_judge(tmp_path / "judge.safetensors")
    assert made_judge.sha256 == sha256
    assert made_judge.heads.shape == (2 * WIDTH + 1, 3)
    assert (made_judge.layers, made_judge.threshold) == ((17, 18), 0.5)
    good, bad = judge.Readings(1.5, (0.6, 0.8)), judge.Readings(-1.5, (-0.6, -0.8))
    assert made_judge.confidence(good) > 0.8 > 0.2 > made_judge.confidence(bad)
    assert made_judge.confidence(judge.Readings()) is None
    assert made_judge.confidence(judge.Readings(1.5, end=1.5)) > 0.8
