"""Figures of answers measured on both sides: times, ratios, and what came out of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from benchmarks.figures import ratios, spread
from benchmarks.machine import show
from benchmarks.sides import Row
from evals.metrics import wilson_interval

SIDES = ("ours", "stock")
TIMES = {
    "retrieval": "passages found",
    "evidence": "evidence ready",
    "first_token": "first token",
    "total": "whole answer",
}
_KEYS = ("p50", "p95", "min", "max")


def numbers_of(rows: Sequence[Row]) -> dict[str, Any]:
    """Return the spreads, the ratios ours to stock, and the outcomes of this sample."""
    by_side = {side: [row for row in rows if row.side == side] for side in SIDES}
    return {
        "seconds": {
            side: {name: spread(_values(of_side, name)) for name in TIMES}
            for side, of_side in by_side.items()
        },
        "tokens": {
            side: {
                name: spread([getattr(row, name) for row in of_side])
                for name in ("prompt_tokens", "written_tokens", "calls")
            }
            for side, of_side in by_side.items()
        },
        "ratios": {name: _paired(by_side, name) for name in ("first_token", "total")},
        "outcomes_of_this_sample": {side: _outcomes(of_side) for side, of_side in by_side.items()},
    }


def show_numbers(numbers: dict[str, Any], *, busy: bool) -> None:
    """Print three tables: times, tokens, outcomes."""
    where = "an index build beside it" if busy else "nothing else started beside it"
    seconds, tokens = numbers["seconds"], numbers["tokens"]
    rows = [
        [f"{words}, {side}", *(f"{1000 * seconds[side][name][key]:,.0f}" for key in _KEYS)]
        for name, words in TIMES.items()
        for side in SIDES
        if seconds[side][name]["n"]
    ]
    show(f"Milliseconds since the question, {where}", ["", *_KEYS], rows)
    rows = [
        [f"{name.replace('_', ' ')}, {side}", *(f"{tokens[side][name][k]:,.0f}" for k in _KEYS)]
        for name in tokens["ours"]
        for side in SIDES
    ]
    show("What the model read and wrote", ["", *_KEYS], rows)
    outcomes = numbers["outcomes_of_this_sample"]
    rows = [
        [name.replace("_", " "), *(outcomes[side][name]["words"] for side in SIDES)]
        for name in outcomes["ours"]
    ]
    show("This sample only: by strings, with 95 % intervals", ["", *SIDES], rows)


def headline_of(numbers: dict[str, Any]) -> str:
    """Return the line that says the ratios."""
    first, whole = numbers["ratios"]["first_token"], numbers["ratios"]["total"]
    ours = numbers["seconds"]["ours"]["total"]["p50"]
    return (
        f"whole answer, ours / stock: {whole['of_medians']:.2f} of medians, {whole['p50']:.2f} "
        f"median of questions; first token {first['of_medians']:.2f}, {first['p50']:.2f}; "
        f"ours p50 {ours:.1f} s"
    )


def _values(rows: Sequence[Row], name: str) -> list[float]:
    return [value for row in rows if (value := getattr(row, name)) is not None]


def _paired(by_side: dict[str, list[Row]], name: str) -> dict[str, float]:
    """Return the ratios over the questions for which both sides have the value."""
    stock = {row.id: getattr(row, name) for row in by_side["stock"]}
    pairs = [(mine, stock[row.id]) for row in by_side["ours"]
             if (mine := getattr(row, name)) is not None and stock[row.id] is not None]  # fmt: skip
    return ratios([mine for mine, _ in pairs], [theirs for _, theirs in pairs])


def _outcomes(rows: Sequence[Row]) -> dict[str, dict[str, Any]]:
    answerable = [row for row in rows if row.correct is not None]
    unanswerable = [row for row in rows if row.correct is None]
    return {
        "correct_of_answerable": _share(sum(bool(row.correct) for row in answerable), answerable),
        "refused_of_answerable": _share(sum(row.abstained for row in answerable), answerable),
        "refused_of_unanswerable": _share(sum(row.abstained for row in unanswerable), unanswerable),
    }


def _share(count: int, rows: Sequence[Row]) -> dict[str, Any]:
    low, high = wilson_interval(count, len(rows))
    words = f"{count} of {len(rows)} ({low:.0%} to {high:.0%})"
    return {"count": count, "n": len(rows), "low": low, "high": high, "words": words}
