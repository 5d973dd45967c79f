"""The risk–coverage curve: what each threshold of the confidence would give. Pure functions.

Coverage is the share of all questions that are answered; risk is the share of wrong answers
among these, where an answer to a question that the archive does not answer is wrong.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from evals.metrics import wilson_interval
from evals.rows import Row


@dataclass(frozen=True, slots=True)
class Point:
    """How many questions were asked, how many of them answered, and how many of these wrong."""

    asked: int
    answered: int
    wrong: int

    @property
    def coverage(self) -> float:
        """Share of the questions that are answered."""
        return self.answered / self.asked

    @property
    def risk(self) -> float:
        """Share of the answers that are wrong; 0 without answers."""
        return self.wrong / self.answered if self.answered else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval of the risk."""
        return wilson_interval(self.wrong, self.answered)


def point_of(rows: Sequence[Row]) -> Point:
    """Return the point of questions as they ended."""
    told = [row for row in rows if not row.abstained]
    return Point(len(rows), len(told), sum(not row.correct for row in told))


def as_if(rows: Sequence[Row], threshold: float) -> list[Row]:
    """Return the rows as they would have ended with this threshold.

    What ended without a confidence stays as it was: refused before anything was written, or
    answered by the index alone.
    """
    return [
        row if row.confidence is None else _decided(row, told=row.confidence >= threshold)
        for row in rows
    ]


def curve(rows: Sequence[Row]) -> list[Point]:
    """Return a point for each confidence that occurs, from the highest.

    Points at which nothing is answered are left out.

    Raises:
        ValueError: nothing was judged.
    """
    thresholds = sorted({row.confidence for row in rows if row.confidence is not None})
    if not thresholds:
        raise ValueError("no row has a confidence; run whole answers with this version")
    points = [point_of(as_if(rows, threshold)) for threshold in reversed(thresholds)]
    return [point for point in points if point.answered]


def _decided(row: Row, *, told: bool) -> Row:
    """A judged row, answered or refused; an answer that was refused is right as its draft was."""
    if told != row.abstained:
        return row
    if told:
        return replace(row, outcome="answered", correct=row.drafted)
    return replace(row, outcome="abstained", correct=False if row.answerable else None)
