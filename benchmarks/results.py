"""What every benchmark shares: work timed in turn, figures, tables, and results as files.

Results hold numbers, settings and ids; never a text of an article or a question.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from statistics import median, quantiles

from rich.console import Console
from rich.table import Table

from evals.results import ROOT, commit

RESULTS = ROOT / "benchmarks" / "results"
BENCH = ROOT / ".data" / "bench"
"""What benchmarks write lies here, apart from the index of the person who runs them."""

console = Console()
progress_console = Console(stderr=True)


@dataclass(frozen=True, slots=True)
class Timed:
    """One piece of work: how much was done, and its seconds by the clock and of the processor."""

    amount: float
    seconds: float
    processor: float


def timed(work: Callable[[], float]) -> Timed:
    """Time work that returns how much it did."""
    begun, processor = time.perf_counter(), time.process_time()
    amount = work()
    return Timed(amount, time.perf_counter() - begun, time.process_time() - processor)


def in_turn(
    sides: Mapping[str, Callable[[int], float]], rounds: int, unit: str
) -> dict[str, list[Timed]]:
    """Time what several sides do with each round's number, another side first in each round."""
    times: dict[str, list[Timed]] = {name: [] for name in sides}
    for number in range(rounds):
        for name in list(sides) if number % 2 == 0 else list(sides)[::-1]:
            one = timed(partial(sides[name], number))
            times[name].append(one)
            say(f"round {number + 1}/{rounds}: {name} {one.amount / one.seconds:.1f} {unit}/s")
    return times


def spread(values: Sequence[float]) -> dict[str, float]:
    """Return n, min, p50, p95 and max; only n where nothing was measured."""
    if not values:
        return {"n": 0}
    p95 = quantiles(values, n=20, method="inclusive")[-1] if len(values) > 1 else values[0]
    middle = {"p50": median(values), "p95": p95}
    return {"n": len(values), "min": min(values), **middle, "max": max(values)}


def ratios(ours: Sequence[float], stock: Sequence[float]) -> dict[str, float]:
    """Return ours over stock of values measured in pairs.

    `of_medians` compares the two medians; `p50`, `min` and `max` are of the pairs' own ratios.

    Raises:
        ValueError: there are no pairs, or one value has no partner.
    """
    pairs = [mine / theirs for mine, theirs in zip(ours, stock, strict=True)]
    if not pairs:
        raise ValueError("no pairs were measured")
    of_medians = median(ours) / median(stock)
    return {"of_medians": of_medians, "p50": median(pairs), "min": min(pairs), "max": max(pairs)}


def write_result(
    name: str,
    machine: Mapping[str, object],
    settings: Mapping[str, object],
    numbers: Mapping[str, object],
    *,
    trial: bool = False,
) -> None:
    """Write `benchmarks/results/<name>-<commit>.json` and print its path.

    Numbers are seconds and bytes unless a name says otherwise. A trial measured too little to be
    kept: it goes below `.data/bench`.
    """
    at = commit()
    path = (BENCH / "trials" if trial else RESULTS) / f"{name}-{at}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    when = datetime.now(UTC).isoformat(timespec="seconds")
    result = {"benchmark": name, "commit": at, "when": when, "machine": machine}
    result |= {"settings": settings, "numbers": numbers}
    path.write_text(json.dumps(result, indent=1, default=str) + "\n", encoding="utf-8")
    console.print(f"written: {path.relative_to(ROOT)}", markup=False)


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
    """Print what is being done, on the terminal's error stream."""
    progress_console.print(text, markup=False, highlight=False)
