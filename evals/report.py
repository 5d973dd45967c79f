"""Prints results and comparisons. Knows nothing of how they were made."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

from evals.compare import Change, mcnemar
from evals.rows import Row
from evals.summary import Figure, figures

if TYPE_CHECKING:  # scikit-learn takes seconds to import
    from evals.calibrate import Fit, Point

_console = Console()


def print_result(title: str, rows: Sequence[Row]) -> None:
    """Print the figures of a result, each with its count and interval."""
    table = Table(title=title, title_justify="left")
    for name, side in (("figure", "left"), ("value", "right"), ("n", "right"), ("95 %", "right")):
        table.add_column(name, justify="right" if side == "right" else "left")
    for figure in figures(rows):
        interval = "" if figure.low is None else f"{figure.low:.2f} to {figure.high:.2f}"
        table.add_row(figure.name, _value(figure), str(figure.count), interval)
    _console.print(table)


def print_changes(names: tuple[str, str], changed: Sequence[Change], asked: int) -> None:
    """Print what changed, question by question, and how likely chance alone is."""
    table = Table(title=f"{names[0]} -> {names[1]}", title_justify="left")
    for column in ("question", "type", "before", "after", ""):
        table.add_column(column)
    for one in sorted(changed, key=lambda change: (change.better, change.id)):
        table.add_row(one.id, one.type, one.before, one.after, "better" if one.better else "worse")
    _console.print(table)
    counts: Mapping[bool, int] = Counter(one.better for one in changed)
    better, worse = counts.get(True, 0), counts.get(False, 0)
    p = mcnemar(better, worse)
    _console.print(
        f"{asked} questions in both; better {better}, worse {worse}; McNemar p = {p:.3f}",
        style="bold",
        highlight=False,
    )


def print_fit(made: Fit, points: Sequence[Point]) -> None:
    """Print how well the signals tell right drafts from wrong ones, and what thresholds give."""
    _console.print(
        f"{len(made.rows)} drafts, {int(made.right.sum())} right; out-of-fold area under the "
        f"curve {made.auc:.3f}",
        style="bold",
        highlight=False,
    )
    table = Table("signal", "alone", "weight", title="Signals", title_justify="left")
    for name, weight in made.weights.items():
        table.add_row(name, f"{made.alone[name]:.3f}", f"{weight:+.3f}")
    _console.print(table)
    names = ("threshold", "answered", "wrong of these", "absent refused", "refused falsely")
    table = Table(*names, "correct", title="Out of fold, over all questions", title_justify="left")
    for point in points:
        table.add_row(
            f"{point.threshold:.2f}",
            *(f"{value:.3f}" for value in (point.answered, point.wrong, point.refused)),
            *(f"{value:.3f}" for value in (point.falsely, point.correct)),
        )
    _console.print(table)


def _value(figure: Figure) -> str:
    if figure.unit == "s":
        return f"{figure.value:.2f} s"
    return f"{figure.value:,.0f}" if figure.unit == "n" else f"{figure.value:.3f}"
