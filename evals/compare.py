"""What changed between two results on the same questions, with McNemar's test."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from evals.rows import Row


@dataclass(frozen=True, slots=True)
class Change:
    """A question whose outcome is right in one result only."""

    id: str
    type: str
    before: str
    after: str
    better: bool


def is_right(row: Row) -> bool:
    """Whether a question ended as it should: correct, or abstained where there is no answer."""
    return row.abstained if row.correct is None else row.correct


def changes(before: Sequence[Row], after: Sequence[Row]) -> tuple[list[Change], int]:
    """Return what changed, and how many questions both results hold."""
    earlier: Mapping[str, Row] = {row.id: row for row in before if row.asked}
    pairs = [(earlier[row.id], row) for row in after if row.asked and row.id in earlier]
    changed = [
        Change(new.id, new.type, _outcome(old), _outcome(new), is_right(new))
        for old, new in pairs
        if is_right(old) != is_right(new)
    ]
    return changed, len(pairs)


def mcnemar(better: int, worse: int) -> float:
    """Return the exact two-sided p of McNemar's test (1947): a sign test of what changed."""
    changed = better + worse
    if not changed:
        return 1.0
    tail = sum(math.comb(changed, k) for k in range(min(better, worse) + 1)) * 0.5**changed
    return min(1.0, 2.0 * tail)


def _outcome(row: Row) -> str:
    if row.abstained:
        return "abstained"
    return "correct" if row.correct else "wrong"
