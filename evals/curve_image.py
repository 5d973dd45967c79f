"""Draws the risk–coverage curve as SVG, without a library. Pure functions."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape

from evals.curve import Point

_WIDTH, _HEIGHT = 680, 440
_LEFT, _RIGHT, _TOP, _BOTTOM = 70, 650, 100, 380
_INK, _PALE, _OURS, _STOCK = "#1f2328", "#d8dee4", "#0b5cad", "#b3470b"


class _Plane:
    """Where a coverage and a risk lie in the picture; the highest risk is a whole tenth."""

    def __init__(self, risks: Sequence[float]) -> None:
        self.tenths = max(1, min(10, math.ceil(10 * max(risks) - 1e-9)))

    def x(self, coverage: float) -> float:
        return _LEFT + (_RIGHT - _LEFT) * coverage

    def y(self, risk: float) -> float:
        return _BOTTOM - (_BOTTOM - _TOP) * 10 * risk / self.tenths


def draw(title: str, points: Sequence[Point], run: Point, stock: Point | None = None) -> str:
    """Return the picture.

    Args:
        title: What was asked.
        points: The curve.
        run: What the run really answered, marked on it.
        stock: The stock chain's point.
    """
    marked = [(run, "as run", _OURS)] + ([(stock, "stock chain", _STOCK)] if stock else [])
    risks = [point.risk for point in points] + [one.interval[1] for one, _, _ in marked]
    plane = _Plane(risks)
    line = " ".join(f"{plane.x(p.coverage):.1f},{plane.y(p.risk):.1f}" for p in points)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img"'
        f' width="{_WIDTH}" height="{_HEIGHT}" font-family="sans-serif" font-size="13">',
        f"<title>Risk against coverage: {escape(title)}</title>",
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#ffffff"/>',
        _text(_LEFT, 26, title, size=15),
        *_axes(plane, run.asked),
        f'<polyline points="{line}" fill="none" stroke="{_OURS}" stroke-width="2"/>',
    ]
    for at, (point, name, colour) in enumerate(marked):
        parts += _marked(plane, point, name, colour, 50 + 20 * at)
    return "\n".join([*parts, "</svg>", ""])


def _axes(plane: _Plane, asked: int) -> list[str]:
    parts: list[str] = []
    for tenth in range(plane.tenths + 1):
        y = plane.y(tenth / 10)
        parts.append(_line(_LEFT, y, _RIGHT, y, _PALE))
        parts.append(_text(_LEFT - 8, y + 4, f"{tenth / 10:.1f}", anchor="end"))
    for tenth in range(0, 11, 2):
        x = plane.x(tenth / 10)
        parts.append(_line(x, _BOTTOM, x, _BOTTOM + 5, _INK))
        parts.append(_text(x, _BOTTOM + 20, f"{tenth / 10:.1f}", anchor="middle"))
    middle = (_LEFT + _RIGHT) / 2
    across = f"coverage: share of the {asked} questions that is answered"
    parts.append(_line(_LEFT, _BOTTOM, _RIGHT, _BOTTOM, _INK))
    parts.append(_text(middle, _BOTTOM + 44, across, anchor="middle"))
    upwards = _text(0, 0, "risk: wrong of what is answered", anchor="middle")
    height = (_TOP + _BOTTOM) / 2
    return [*parts, f'<g transform="translate(24 {height}) rotate(-90)">{upwards}</g>']


def _marked(plane: _Plane, point: Point, name: str, colour: str, height: float) -> list[str]:
    """A dot with the interval of its risk, and its line in the legend."""
    x, y = plane.x(point.coverage), plane.y(point.risk)
    low, high = (plane.y(risk) for risk in point.interval)
    said = f"{name}: {point.answered} of {point.asked} answered, {point.wrong} of these wrong"
    return [
        _line(x, low, x, high, colour),
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="5" fill="{colour}"/>',
        f'<circle cx="{_LEFT + 6}" cy="{height - 4}" r="5" fill="{colour}"/>',
        _text(_LEFT + 20, height, f"{said} ({point.coverage:.2f}, {point.risk:.2f})"),
    ]


def _line(x: float, y: float, to_x: float, to_y: float, colour: str) -> str:
    ends = f'x1="{x:.1f}" y1="{y:.1f}" x2="{to_x:.1f}" y2="{to_y:.1f}"'
    return f'<line {ends} stroke="{colour}"/>'


def _text(x: float, y: float, words: str, *, anchor: str = "start", size: int = 13) -> str:
    place = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}"'
    return f'<text {place} fill="{_INK}">{escape(words)}</text>'
