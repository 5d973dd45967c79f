"""Fits the decision to answer on results, by cross-validation, and draws what it costs.

Needs results of `python -m evals run --json`: each row carries the signals from which the
decision was made, and whether what was drafted was right.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from evals.rows import Row

_FOLDS = 5
_SEEDS = range(5)
_C = 0.3  # strength of regularisation, inverse: few rows, several signals
Vector = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Fit:
    """A fitted decision with its out-of-fold probabilities.

    Attributes:
        rows: What was fitted on: questions whose draft reached the decision.
        right: Whether each draft was right.
        held_out: Probability of each by models that did not see it, mean of several splits.
        auc: Area under the curve of `held_out`.
        alone: The same of each signal by itself.
    """

    rows: tuple[Row, ...]
    right: Vector
    held_out: Vector
    auc: float
    alone: dict[str, float]
    intercept: float
    weights: dict[str, float]


def fit(results: Sequence[Sequence[Row]], without: Sequence[str] = ()) -> Fit:
    """Fit the decision on the rows of these results.

    Args:
        results: Rows, by result.
        without: Signals that are left out.

    Raises:
        ValueError: too few drafts reached the decision, or all are right, or none; or the
            results are of versions with other signals.
    """
    rows = [row for result in results for row in result if row.signals]
    names = [name for name in (rows[0].signals if rows else {}) if name not in without]
    if any(row.signals.keys() != rows[0].signals.keys() for row in rows):
        raise ValueError("the results carry different signals; run the older ones again")
    right = np.array([bool(row.answerable and row.drafted) for row in rows], dtype=float)
    if len(rows) < 10 * _FOLDS or min(right.sum(), (1 - right).sum()) < _FOLDS:
        raise ValueError(f"{len(rows)} drafts with signals are too few to fit; run more questions")
    values = np.array([[row.signals[name] for name in names] for row in rows])
    held_out = np.mean([_out_of_fold(values, right, seed) for seed in _SEEDS], axis=0)
    model = make_pipeline(StandardScaler(), LogisticRegression(C=_C)).fit(values, right)
    scaler, logistic = model[0], model[1]
    weights = logistic.coef_[0] / scaler.scale_
    return Fit(
        rows=tuple(rows),
        right=right,
        held_out=held_out,
        auc=float(roc_auc_score(right, held_out)),
        alone={n: float(roc_auc_score(right, values[:, at])) for at, n in enumerate(names)},
        intercept=float(logistic.intercept_[0] - weights @ scaler.mean_),
        weights={name: float(weight) for name, weight in zip(names, weights, strict=True)},
    )


def _out_of_fold(values: Vector, right: Vector, seed: int) -> Vector:
    made = np.zeros(len(right))
    for train, test in StratifiedKFold(_FOLDS, shuffle=True, random_state=seed).split(
        values, right
    ):
        model = make_pipeline(StandardScaler(), LogisticRegression(C=_C))
        model.fit(values[train], right[train])
        made[test] = model.predict_proba(values[test])[:, 1]
    return made


@dataclass(frozen=True, slots=True)
class Point:
    """What a threshold gives, out of fold, over all questions asked.

    Attributes:
        answered: Share of all questions that are answered (coverage).
        wrong: Share of wrong answers among those (risk).
        refused: Share of questions without an answer that are refused.
        falsely: Share of questions with an answer that are refused.
        correct: Share of questions with an answer that are answered right.
    """

    threshold: float
    answered: float
    wrong: float
    refused: float
    falsely: float
    correct: float


def curve(made: Fit, asked: Sequence[Row], thresholds: Sequence[float]) -> list[Point]:
    """Return the risk–coverage curve; what was settled without this decision stays as it was.

    That is what was refused before it, and what was answered in parts or by the index.
    """
    able = sum(row.answerable for row in asked)
    silent = len(asked) - able
    settled = [row for row in asked if not row.signals and not row.abstained]
    settled_able = sum(row.answerable for row in settled)
    settled_good = sum(bool(row.correct) for row in settled)
    answerable = np.array([row.answerable for row in made.rows])
    points: list[Point] = []
    for threshold in thresholds:
        told = made.held_out >= threshold
        good = float((told & (made.right > 0)).sum()) + settled_good
        answered = int(told.sum()) + len(settled)
        answered_able = int((told & answerable).sum()) + settled_able
        points.append(
            Point(
                threshold=threshold,
                answered=answered / len(asked),
                wrong=1 - good / answered if answered else 0.0,
                refused=1 - (answered - answered_able) / silent if silent else 1.0,
                falsely=1 - answered_able / able if able else 0.0,
                correct=good / able if able else 0.0,
            )
        )
    return points


def write(made: Fit, threshold: float, path: Path) -> None:
    """Write the coefficients as `rag.abstention` reads them."""
    record = {
        "intercept": round(made.intercept, 4),
        "weights": {name: round(weight, 4) for name, weight in made.weights.items()},
        "threshold": threshold,
    }
    path.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
