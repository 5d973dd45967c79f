"""Progress on stderr: a bar for each stage on a terminal, else a line now and then.

Draws what its caller hands it; nothing in this package draws by itself.
"""

from __future__ import annotations

import time

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
)

from index.models.download import Fetch
from index.types import BuildEvent, Stage

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
        self._said = 0.0

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
        elif now - self._said >= PLAIN_SECONDS or done == total:
            self._said = now
            left = f"{(total - done) / rate:,.0f} s left" if total and rate else ""
            count = f"{done:,}" + (f" of {total:,}" if total is not None else "") + f" {unit}"
            parts = [f"{stage}: {count}".rstrip(), pace, left]
            self._console.print(", ".join(part for part in parts if part), soft_wrap=True,
                                markup=False, highlight=False)  # fmt: skip


def visible(text: str) -> str:
    """Show control characters as what they are: file names may hold anything."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
