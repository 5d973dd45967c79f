"""What every benchmark shares: the machine described, tables printed, results written.

Results hold numbers, settings and ids; never a text of an article or a question.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table

from evals.machine import ROOT, commit

RESULTS = ROOT / "benchmarks" / "results"
BENCH = ROOT / ".data" / "bench"
"""What benchmarks write lies here, apart from the index of the person who runs them."""

console = Console()
progress_console = Console(stderr=True)


def write_result(
    name: str,
    machine: Mapping[str, object],
    settings: Mapping[str, object],
    numbers: Mapping[str, object],
    *,
    trial: bool = False,
) -> Path:
    """Write `benchmarks/results/<name>-<commit>.json` and say so; returns its path.

    Args:
        name: The benchmark's.
        machine: `describe()`, taken before the run.
        settings: What the run was asked to do.
        numbers: What it measured; seconds and bytes unless a name says otherwise.
        trial: Whether too little was measured to be kept; then it goes below `.data/bench`.
    """
    at = commit()
    folder = BENCH / "trials" if trial else RESULTS
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}-{at}.json"
    result = {
        "benchmark": name,
        "commit": at,
        "when": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine,
        "settings": settings,
        "numbers": numbers,
    }
    path.write_text(json.dumps(result, indent=1, default=str) + "\n", encoding="utf-8")
    console.print(f"written: {path.relative_to(ROOT)}", markup=False)
    return path


def show(title: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table; the first column is text, the others are figures."""
    table = Table(title=title, title_justify="left")
    for at, column in enumerate(columns):
        table.add_column(column, justify="right" if at else "left")
    for row in rows:
        table.add_row(*row)
    console.print(table)


def headline(text: str) -> None:
    """Print the one figure of a benchmark."""
    console.print(text, style="bold", markup=False, highlight=False)


def say(text: str) -> None:
    """Tell what is being done, on the terminal's error stream."""
    progress_console.print(text, markup=False, highlight=False)
