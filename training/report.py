"""What the rows say of the judge, printed: areas, archives held out, learning curve, policy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from training.fit import (
    Floats,
    Rows,
    archives_held_out,
    area,
    calibrated,
    fit_head,
    out_of_fold,
)
from training.states import LAYERS

_CONSOLE = Console(width=110)


@dataclass(frozen=True, slots=True)
class Scored:
    """Rows with a probability of each, made without its article."""

    rows: Rows
    probability: Floats
    before: Floats


def probability(weights: Sequence[float], *readings: Floats) -> Floats:
    """Return the logistic regression's probability of each row."""
    total = weights[0] + sum(w * r for w, r in zip(weights[1:], readings, strict=True))
    return np.asarray(1.0 / (1.0 + np.exp(-total)))


def print_rows(rows: Rows) -> None:
    """Print how many rows there are, and how many right, by set and variant."""
    table = Table("set", "variant", "rows", "right", "shown")
    kinds = sorted({(one["set"], one["variant"]) for one in rows.info})
    for name, variant in kinds:
        own = [o for o in rows.info if (o["set"], o["variant"]) == (name, variant)]
        right, shown = (sum(bool(o[key]) for o in own) for key in ("right", "shown"))
        table.add_row(name, variant, str(len(own)), str(right), str(shown))
    _CONSOLE.print(table)


def print_layers(rows: Rows) -> None:
    """Print the area of each place and layer, out of fold by article."""
    table = Table("place", *(f"layer {layer}" for layer in LAYERS), "17 and 18")
    for place in ("before", "mean", "end"):
        areas = [area(rows.right, out_of_fold(rows, place, [layer])) for layer in LAYERS]
        areas.append(area(rows.right, out_of_fold(rows, place, [17, 18])))
        table.add_row(place, *(f"{one:.3f}" for one in areas))
    _CONSOLE.print(table)


def print_held_out(rows: Rows, archive: dict[str, str], layers: Sequence[int]) -> None:
    """Print the area over each archive by heads that saw nothing of it."""
    table = Table("archive held out", "rows", "right", "before", "mean", "both", "plain only")
    for name, others, own in archives_held_out(rows, archive):
        if len(set(others.right)) < 2 or len(set(own.right)) < 2:
            continue
        before, mean = (fit_head(others, place, layers) for place in ("before", "mean"))
        both = before.read(own) + 2.0 * mean.read(own)
        plain = np.array([one["variant"] == "plain" for one in own.info])
        scores = [area(own.right, score) for score in (before.read(own), mean.read(own), both)]
        scores.append(area(own.right[plain], both[plain]))
        counts = (str(len(own.info)), str(int(own.right.sum())))
        table.add_row(name, *counts, *(f"{score:.3f}" for score in scores))
    _CONSOLE.print(table)


def print_curve(rows: Rows, layers: Sequence[int], seed: int = 0) -> None:
    """Print how the area grows with the rows; tested on a fixed fifth of the articles."""
    chance = np.random.default_rng(seed)
    groups = chance.permutation(np.unique(rows.groups))
    tested = np.isin(rows.groups, groups[: len(groups) // 5])
    inside, outside = rows.where(~tested), rows.where(tested)
    order = chance.permutation(len(inside.info))
    table = Table("rows", "before", "mean")
    for size in [n for n in (60, 120, 250, 500, 1000, 2000, 4000) if n < len(order)] + [len(order)]:
        part = inside.where(np.isin(np.arange(len(order)), order[:size]))
        heads = [fit_head(part, place, layers) for place in ("before", "mean")]
        table.add_row(str(size), *(f"{area(outside.right, h.read(outside)):.3f}" for h in heads))
    _CONSOLE.print(table)


def scored(rows: Rows, layers: Sequence[int]) -> Scored:
    """Return every row with its probability out of fold."""
    before, mean = (out_of_fold(rows, place, layers) for place in ("before", "mean"))
    weights = calibrated(rows, before, mean)
    return Scored(rows, probability(weights, before, mean), before)


def print_policy(made: Scored, sets: Sequence[str]) -> None:
    """Print what thresholds give, over questions asked plainly and, where refused, again."""
    table = Table("threshold", "correct", "refused falsely", "absent refused", "wrong of answered",
                  "looked again")  # fmt: skip
    for threshold in np.arange(0.2, 0.85, 0.05):
        outcomes = [_outcome(asked, made, threshold) for asked in _questions(made, sets)]
        answerable = [o for o in outcomes if o.answerable]
        absent = [o for o in outcomes if not o.answerable]
        answered = [o for o in outcomes if o.answered]
        table.add_row(
            f"{threshold:.2f}",
            _share([o.right for o in answerable]),
            _share([not o.answered for o in answerable]),
            _share([not o.answered for o in absent]),
            _share([not o.right for o in answered]),
            _share([o.again for o in outcomes]),
        )
    _CONSOLE.print(table)


@dataclass(frozen=True, slots=True)
class _Outcome:
    answerable: bool
    answered: bool
    right: bool
    again: bool


def _questions(made: Scored, sets: Sequence[str]) -> list[dict[str, int]]:
    """The rows of each question of these sets, plain and again."""
    found: dict[str, dict[str, int]] = {}
    for at, one in enumerate(made.rows.info):
        if one["set"] in sets and one["variant"] in ("plain", "again"):
            found.setdefault(one["question"], {})[one["variant"]] = at
    return [asked for asked in found.values() if "plain" in asked]


def _outcome(asked: dict[str, int], made: Scored, threshold: float) -> _Outcome:
    info = made.rows.info

    def passes(at: int) -> bool:
        return bool(made.probability[at] >= threshold and not info[at]["problem"])

    first = asked["plain"]
    again = not passes(first) and "again" in asked
    at = asked["again"] if again else first
    right = bool(info[at]["right"]) and passes(at)
    return _Outcome(info[first]["answerable"], passes(at), right, again)


def print_precision(rows: Rows, others: Rows, layers: Sequence[int], precision: str) -> None:
    """Print the areas over the same cases in two precisions, by heads that saw none of them.

    Args:
        rows: As this processor computes by itself; heads are fitted on those of other articles.
        others: Rows of some of the same cases, computed in another precision.
        layers: Whose states are read.
        precision: Its name.
    """
    wanted = {one["id"] for one in others.info}
    same = rows.where([one["id"] in wanted for one in rows.info])
    known = {one["id"] for one in same.info}
    others = others.where([one["id"] in known for one in others.info])
    fitted = rows.where(~np.isin(rows.groups, same.groups))
    table = Table("place", f"rows of {len(same.info)}", "here", precision)
    for place in ("before", "mean", "end"):
        head = fit_head(fitted, place, layers)
        here, there = (area(one.right, head.read(one)) for one in (same, others))
        table.add_row(place, str(int(same.right.sum())), f"{here:.3f}", f"{there:.3f}")
    _CONSOLE.print(table)


def _share(values: Sequence[bool]) -> str:
    return f"{np.mean(values):.2f} of {len(values)}" if values else "–"


def print_code_check(made: Scored) -> None:
    """Print how many right and wrong drafts the check in code refuses that the judge lets stand."""
    table = Table("judge at least", "right refused by code", "wrong refused by code", "wrong left")
    problem: NDArray[np.bool_] = np.array([bool(one["problem"]) for one in made.rows.info])
    right = made.rows.right
    for threshold in (0.0, 0.5, 0.6, 0.7):
        stands = made.probability >= threshold
        table.add_row(
            f"{threshold:.1f}",
            f"{(stands & right & problem).sum()} of {(stands & right).sum()}",
            f"{(stands & ~right & problem).sum()} of {(stands & ~right).sum()}",
            str((stands & ~right & ~problem).sum()),
        )
    _CONSOLE.print(table)
