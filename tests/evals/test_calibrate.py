"""What a threshold would give, over questions whose decision is known."""

from __future__ import annotations

import numpy as np
import pytest

from evals.calibrate import Fit, curve, fit
from evals.rows import Row

SIGNALS = {"stated": 1.0}


def row(name: str, outcome: str, *, able: bool = True, signals: bool = True) -> Row:
    return Row(
        id=name,
        type="single" if able else "absent",
        answerable=able,
        outcome=outcome,
        correct=outcome != "abstained" if able else None,
        signals=SIGNALS if signals else {},
    )


def test_what_was_settled_before_the_decision_stays_as_it_was() -> None:
    decided = [row("right", "answered"), row("invented", "answered", able=False)]
    settled = [
        row("in-parts", "answered", signals=False),
        row("refused", "abstained", signals=False),
        row("absent", "abstained", able=False, signals=False),
    ]
    made = Fit(tuple(decided), np.array([1.0, 0.0]), np.array([0.9, 0.4]), 1.0, {}, 0.0, {})
    low, high, highest = curve(made, [*decided, *settled], [0.3, 0.5, 0.95])
    assert (low.answered, low.refused, low.falsely) == (3 / 5, 1 / 2, pytest.approx(1 / 3))
    assert low.wrong == pytest.approx(1 / 3)
    assert (high.answered, high.refused, high.wrong) == (2 / 5, 1.0, 0.0)
    assert high.correct == pytest.approx(2 / 3)
    assert highest.answered == 1 / 5 and highest.correct == pytest.approx(1 / 3)


def test_too_few_drafts_are_not_fitted() -> None:
    with pytest.raises(ValueError, match="too few"):
        fit([[row("right", "answered")]])
