"""Prints results and comparisons. Knows nothing of how they were made."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.table import Table

from evals.compare import Change, mcnemar
from evals.curve import as_if, point_of
from evals.rows import Row
from evals.summary import Figure, figures

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


def print_changes(
    names: tuple[str, str], changed: Sequence[Change], asked: int, *, closed: bool = False
) -> None:
    """Print what changed, and how likely chance alone is; of a closed set by type only."""
    title = f"{names[0]} -> {names[1]}"
    _console.print(_by_type(title, changed) if closed else _one_by_one(title, changed))
    counts: Mapping[bool, int] = Counter(one.better for one in changed)
    better, worse = counts.get(True, 0), counts.get(False, 0)
    p = mcnemar(better, worse)
    _console.print(
        f"{asked} questions in both; better {better}, worse {worse}; McNemar p = {p:.3f}",
        style="bold",
        highlight=False,
    )


def print_thresholds(rows: Sequence[Row]) -> None:
    """Print what each threshold of the confidence would give, and what the run gave."""
    names = ("threshold", "answered", "of all", "wrong", "95 %", "correct", "refused")
    title = "Thresholds (wrong: of the answers; refused: of those not answerable)"
    table = Table(*names, title=title, title_justify="left")
    for tenth in range(1, 10):
        table.add_row(f"{tenth / 10:.1f}", *_ended(as_if(rows, tenth / 10)))
    table.add_row("as run", *_ended(rows))
    _console.print(table)


def _ended(rows: Sequence[Row]) -> list[str]:
    point = point_of(rows)
    low, high = point.interval
    able = [bool(row.correct) for row in rows if row.answerable]
    silent = [row.abstained for row in rows if not row.answerable]
    counts = [f"{sum(hits)}/{len(hits)}" for hits in (able, silent)]
    shares = [f"{point.coverage:.3f}", f"{point.risk:.3f}", f"{low:.2f} to {high:.2f}"]
    return [str(point.answered), *shares, *counts]


def _one_by_one(title: str, changed: Sequence[Change]) -> Table:
    table = Table("question", "type", "before", "after", "", title=title, title_justify="left")
    for one in sorted(changed, key=lambda change: (change.better, change.id)):
        table.add_row(one.id, one.type, one.before, one.after, "better" if one.better else "worse")
    return table


def _by_type(title: str, changed: Sequence[Change]) -> Table:
    table = Table("type", "better", "worse", title=title, title_justify="left")
    counts = Counter((one.type, one.better) for one in changed)
    for kind in sorted({one.type for one in changed}):
        table.add_row(kind, str(counts[kind, True]), str(counts[kind, False]))
    return table


def _value(figure: Figure) -> str:
    if figure.unit == "s":
        return f"{figure.value:.2f} s"
    return f"{figure.value:,.0f}" if figure.unit == "n" else f"{figure.value:.3f}"
