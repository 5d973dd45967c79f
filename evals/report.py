"""Prints results and comparisons. Knows nothing of how they were made."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.table import Table

from evals.compare import Change, mcnemar
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


def _value(figure: Figure) -> str:
    if figure.unit == "s":
        return f"{figure.value:.2f} s"
    return f"{figure.value:,.0f}" if figure.unit == "n" else f"{figure.value:.3f}"
