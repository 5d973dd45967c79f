"""The risk–coverage curve, and its picture: what each threshold of the confidence would give.

Coverage is the share of all questions that are answered; risk is the share of wrong answers
among these, where an answer to a question that the archive does not answer is wrong. Pure
functions; the picture is drawn without a library.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from html import escape

from evals.metrics import wilson_interval
from evals.rows import Row

_WIDTH, _HEIGHT = 680, 440
_LEFT, _RIGHT, _TOP, _BOTTOM = 70, 650, 100, 380
_INK, _PALE, _OURS, _STOCK = "#1f2328", "#d8dee4", "#0b5cad", "#b3470b"


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
    answered = [row for row in rows if not row.abstained]
    return Point(len(rows), len(answered), sum(not row.correct for row in answered))


def as_if(rows: Sequence[Row], threshold: float) -> list[Row]:
    """Return the rows as they would have ended with this threshold.

    What ended without a confidence stays as it was: refused before anything was written, or
    answered by the index alone.
    """
    return [
        row if row.confidence is None else _decided(row, answered=row.confidence >= threshold)
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


def _decided(row: Row, *, answered: bool) -> Row:
    """A judged row, answered or refused; an answer that was refused is right as its draft was."""
    if answered != row.abstained:
        return row
    if answered:
        return replace(row, outcome="answered", correct=row.drafted)
    return replace(row, outcome="abstained", correct=False if row.answerable else None)


def draw(title: str, points: Sequence[Point], run: Point, stock: Point | None = None) -> str:
    """Return the curve as SVG.

    Args:
        title: What was asked.
        points: The curve.
        run: What the run really answered, marked on it.
        stock: The stock chain's point.
    """
    marked = [(run, "as run", _OURS)] + ([(stock, "stock chain", _STOCK)] if stock else [])
    risks = [point.risk for point in points] + [one.interval[1] for one, _, _ in marked]
    tenths = max(1, min(10, math.ceil(10 * max(risks) - 1e-9)))  # the highest risk that is drawn
    line = " ".join(f"{_x(p.coverage):.1f},{_y(p.risk, tenths):.1f}" for p in points)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img"'
        f' width="{_WIDTH}" height="{_HEIGHT}" font-family="sans-serif" font-size="13">',
        f"<title>Risk against coverage: {escape(title)}</title>",
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#ffffff"/>',
        _text(_LEFT, 26, title, size=15),
        *_axes(tenths, run.asked),
        f'<polyline points="{line}" fill="none" stroke="{_OURS}" stroke-width="2"/>',
    ]
    for at, (point, name, colour) in enumerate(marked):  # a dot, its interval, and the legend
        x, y, height = _x(point.coverage), _y(point.risk, tenths), 50 + 20 * at
        low, high = (_y(risk, tenths) for risk in point.interval)
        words = f"{name}: {point.answered} of {point.asked} answered, {point.wrong} of these wrong"
        parts += [
            _line(x, low, x, high, colour),
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="5" fill="{colour}"/>',
            f'<circle cx="{_LEFT + 6}" cy="{height - 4}" r="5" fill="{colour}"/>',
            _text(_LEFT + 20, height, f"{words} ({point.coverage:.2f}, {point.risk:.2f})"),
        ]
    return "\n".join([*parts, "</svg>", ""])


def _x(coverage: float) -> float:
    return _LEFT + (_RIGHT - _LEFT) * coverage


def _y(risk: float, tenths: int) -> float:
    return _BOTTOM - (_BOTTOM - _TOP) * 10 * risk / tenths


def _axes(tenths: int, asked: int) -> list[str]:
    parts: list[str] = []
    for tenth in range(tenths + 1):
        y = _y(tenth / 10, tenths)
        parts.append(_line(_LEFT, y, _RIGHT, y, _PALE))
        parts.append(_text(_LEFT - 8, y + 4, f"{tenth / 10:.1f}", anchor="end"))
    for tenth in range(0, 11, 2):
        x = _x(tenth / 10)
        parts.append(_line(x, _BOTTOM, x, _BOTTOM + 5, _INK))
        parts.append(_text(x, _BOTTOM + 20, f"{tenth / 10:.1f}", anchor="middle"))
    middle = (_LEFT + _RIGHT) / 2
    across = f"coverage: share of the {asked} questions that is answered"
    parts.append(_line(_LEFT, _BOTTOM, _RIGHT, _BOTTOM, _INK))
    parts.append(_text(middle, _BOTTOM + 44, across, anchor="middle"))
    upwards = _text(0, 0, "risk: wrong of what is answered", anchor="middle")
    height = (_TOP + _BOTTOM) / 2
    return [*parts, f'<g transform="translate(24 {height}) rotate(-90)">{upwards}</g>']


def _line(x: float, y: float, to_x: float, to_y: float, colour: str) -> str:
    ends = f'x1="{x:.1f}" y1="{y:.1f}" x2="{to_x:.1f}" y2="{to_y:.1f}"'
    return f'<line {ends} stroke="{colour}"/>'


def _text(x: float, y: float, words: str, *, anchor: str = "start", size: int = 13) -> str:
    place = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}"'
    return f'<text {place} fill="{_INK}">{escape(words)}</text>'
