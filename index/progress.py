"""What the terminal shows of a build: progress on stderr, the report and the status on stdout.

On a terminal it draws bars and tables, else plain lines.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, TypeVar

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Table

from index.errors import visible
from index.models.download import Fetch
from index.types import BuildEvent, BuildReport, Skipped, Stage, listed

if TYPE_CHECKING:
    from index.status import FeedState, Status

CHANGES = ("added", "changed", "moved", "removed")
"""The counts of a report that say what a build changed."""

Rows = list[tuple[str, str]]
"""Names and values of a table."""

T = TypeVar("T")

PLAIN_SECONDS = 10.0
"""Seconds between two plain lines."""

_UNITS = {Stage.EMBEDDING: "articles", Stage.READING: "articles", Stage.WORDS: "passages"}


class Meter:
    """Shows stages, each with its count, rate and time left; a context manager."""

    def __init__(self, console: Console | None = None, patience: float = 0.0) -> None:
        """Draw on `console`, by default one on stderr, and nothing for the first seconds."""
        self._console = console or Console(stderr=True)
        self._from = time.monotonic() + patience
        self._bars: Progress | None = None
        self._tasks: dict[str, TaskID] = {}
        self._began: dict[str, tuple[float, int]] = {}
        self._shown = 0.0

    def __enter__(self) -> Meter:
        if self._console.is_terminal:
            columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn()
            rate = TextColumn("{task.fields[rate]}")
            self._bars = Progress(*columns, rate, TimeRemainingColumn(), console=self._console)
        return self

    def __exit__(self, *_: object) -> None:
        if self._bars:
            self._bars.stop()

    def reached(self, event: BuildEvent) -> None:
        """Show an event of a build."""
        self.show(event.stage.value, event.done, event.total, _UNITS.get(event.stage, ""))

    def follow(self, events: Iterable[BuildEvent | T]) -> T:
        """Show the events of a build to its end, and return the last, which is what it did."""
        for event in events:
            if isinstance(event, BuildEvent):
                self.reached(event)
        assert not isinstance(event, BuildEvent)
        return event

    def fetched(self, fetch: Fetch) -> None:
        """Show the progress of a download, in megabytes."""
        self.show(f"fetching {fetch.what}", fetch.done // 10**6, fetch.total // 10**6, "MB")

    def show(self, stage: str, done: int, total: int | None, unit: str) -> None:
        """Show that `done` of `total` units of a stage are done; None while unknown."""
        now = time.monotonic()
        if now < self._from:
            return
        first = stage not in self._began
        since, before = self._began.setdefault(stage, (now, done))
        rate = (done - before) / (now - since) if now > since else 0.0
        pace = f"{rate:,.0f} {unit}/s" if unit and rate else ""
        if self._bars:
            self._bars.start()
            if first:
                self._tasks[stage] = self._bars.add_task(stage.capitalize(), total=total, rate="")
            self._bars.update(self._tasks[stage], completed=done, total=total, rate=pace)
        elif now - self._shown >= PLAIN_SECONDS or done == total:
            self._shown = now
            left = f"{(total - done) / rate:,.0f} s left" if total and rate else ""
            count = f"{done:,}" + (f" of {total:,}" if total is not None else "") + f" {unit}"
            parts = [f"{stage}: {count}".rstrip(), pace, left]
            self._console.print(", ".join(part for part in parts if part), soft_wrap=True,
                                markup=False, highlight=False)  # fmt: skip


def report_rows(report: BuildReport) -> Rows:
    """Return what a build did, as names and values."""
    counts = {name: getattr(report, name) for name in (*CHANGES, "unchanged")} | {
        "skipped": len(report.skipped),
        "passages embedded": report.embedded,
        "articles in the index": report.articles,
        "of them undated": report.undated,
        "generation": report.generation,
    }
    stages = ", ".join(f"{stage} {spent:.1f}" for stage, spent in report.seconds.items())
    return [
        ("files", listed(report.files)),
        *((name, f"{count:,}") for name, count in counts.items()),
        ("not read, by kind", kinds(report.kinds)),
        ("noted", listed(report.notes)),
        ("seconds", f"{sum(report.seconds.values()):.1f} ({stages})"),
    ]


def kinds(counts: Mapping[str, int]) -> str:
    """Return how many files of which kinds are not read, and what to do about it."""
    return f"{listed(counts)}; docs/articles.md lists what is read" if counts else ""


def status_rows(found: Status) -> Rows:
    """Return what is indexed, as names and values."""
    span = f"{found.first} to {found.last}" if found.first else "no dates"
    named = f" ({', '.join(found.undated_names)}…)" if found.undated else ""
    groups = f" in {found.alike_groups:,} groups" if found.alike else ""
    earlier = f"generation {found.earlier}" if found.earlier else "nothing earlier is kept"
    made = f"{found.generation}, made {found.made:%Y-%m-%d %H:%M}" if found.made else "0"
    return [
        ("folder", found.folder),
        ("generation", made),
        ("rollback goes to", earlier),
        ("articles", f"{found.articles:,}, {span}"),
        ("passages", f"{found.passages:,}"),
        ("undated", f"{found.undated:,}{named}"),
        ("identical to another", f"{found.identical:,}"),
        ("same headline and day, other text", f"{found.alike:,}{groups}"),
        ("sources", ", ".join(f"{n} ({count:,})" for n, count in found.sources) or "none stated"),
        ("skipped", f"{len(found.skipped):,}"),
        ("not read, by kind", kinds(found.kinds)),
        ("noted", listed(found.notes)),
        ("columns", visible(found.columns)),
        *(("feed", visible(_feed(feed))) for feed in found.feeds),
        ("collections", f"{found.collections}"),
        ("size on disk", f"{found.bytes / 1e6:,.1f} MB"),
        ("recipe", "current" if found.recipe_current else "of another version"),
        *(("last build", visible(str(build))) for build in found.builds[:1]),
    ]


def _feed(feed: FeedState) -> str:
    failed = feed.failed.removeprefix(f"{feed.url}: ")
    return f"{feed.url}, read {feed.read:%Y-%m-%d %H:%M}{': ' if failed else ''}{failed}"


def show_table(rows: Rows) -> None:
    """Print names and values, as a table on a terminal; those without a value are left out."""
    console, rows = Console(), [row for row in rows if row[1]]
    if not console.is_terminal:
        for name, value in rows:
            print(f"{name}: {value}")
        return
    table = Table(show_header=False, box=None)
    for name, value in rows:
        table.add_row(name, value.replace("[", "\\["))
    console.print(table)


def show_skipped(skipped: Sequence[Skipped]) -> None:
    """Print what was skipped and why, one a line."""
    for item in skipped:
        print(f"skipped {visible(str(item))}")


def warn(message: str) -> None:
    """Print a line to stderr."""
    print(visible(message), file=sys.stderr)
