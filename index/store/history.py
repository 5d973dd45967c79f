"""The record of the last builds: what each did, from where, how long it took, or why it failed."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from index.errors import describe
from index.store.database import has_table, read_value
from index.types import BuildReport, listed

KEPT = 50
"""How many builds are remembered."""

Command = Literal["build", "add", "remove", "watch", "rollback", "repair"]
"""What changes an index; `repair` is `verify --repair`, `watch` one batch of a watched folder."""

STOPPED = "stopped"
"""The error of a build that a person ended."""

_COUNTS = ("added", "changed", "moved", "removed", "unchanged", "skipped")


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a change of the index comes from.

    Attributes:
        command: What was run.
        paths: The files and folders that were named, and `stdin`; none where articles are
            removed by id, and where the whole index is rolled back or repaired.
        began: When it began, in seconds since 1970.
    """

    command: Command
    paths: tuple[str, ...] = ()
    began: float = field(default_factory=time.time)


@dataclass(frozen=True, slots=True)
class BuildRecord:
    """A build that is over.

    Attributes:
        began: When it began, in local time.
        seconds: How long it took.
        command: What was run, a `Command`.
        paths: The files and folders that were named, and `stdin`.
        generation: The generation that was live after it.
        error: Why it failed; empty where it did not. Its counts are then 0.
    """

    began: datetime
    seconds: float
    command: str
    paths: tuple[str, ...]
    generation: int
    added: int
    changed: int
    moved: int
    removed: int
    unchanged: int
    skipped: int
    error: str

    def __str__(self) -> str:
        """`2023-06-18 09:30, build /news: 3 added, 4 unchanged, 2.1 s`."""
        what = " ".join([self.command, *self.paths])
        done = listed({name: getattr(self, name) for name in _COUNTS})
        result = f"failed: {self.error}" if self.error else done or "no article changed"
        return f"{self.began:%Y-%m-%d %H:%M}, {what}: {result}, {self.seconds:,.1f} s"


def record_build(
    sql: sqlite3.Connection, origin: Origin, report: BuildReport, error: str = ""
) -> None:
    """Record a build that ends now, in the transaction that its caller holds.

    Batches of a watched folder that change nothing, or fail with the same error, are recorded once
    in a row, so that they crowd out no other.
    """
    paths = json.dumps(origin.paths)
    if origin.command == "watch" and not report.touched:
        query = "SELECT command, paths, error FROM builds ORDER BY number DESC LIMIT 1"
        if sql.execute(query).fetchone() == (origin.command, paths, error):
            return
    seconds = max(0.0, time.time() - origin.began)  # a clock may be set back
    counts = [getattr(report, name) for name in _COUNTS[:-1]]
    row = (origin.began, seconds, origin.command, paths, report.generation, *counts)
    sql.execute(
        "INSERT INTO builds (began, seconds, command, paths, generation, "
        f"{', '.join(_COUNTS)}, error) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (*row, len(report.skipped), error),
    )
    sql.execute("DELETE FROM builds WHERE number <= (SELECT max(number) FROM builds) - ?", (KEPT,))


@contextmanager
def recording_failure(sql: sqlite3.Connection, origin: Origin) -> Iterator[None]:
    """Record a build that fails within, or is stopped."""
    try:
        yield
    except BaseException as error:
        with suppress(sqlite3.Error):  # the failure itself is what must be shown
            if sql.in_transaction:
                sql.execute("ROLLBACK")
            stopped = isinstance(error, KeyboardInterrupt | GeneratorExit)
            reason = STOPPED if stopped else describe(error)
            generation = int(read_value(sql, "generation") or 0)
            record_build(sql, origin, BuildReport(generation), reason)
        raise


def last_builds(sql: sqlite3.Connection) -> tuple[BuildRecord, ...]:
    """Return the builds that are remembered, the newest first."""
    if not has_table(sql, "builds"):
        return ()
    rows = sql.execute(
        f"SELECT began, seconds, command, paths, generation, {', '.join(_COUNTS)}, error "
        "FROM builds ORDER BY number DESC"
    )
    return tuple(
        BuildRecord(
            datetime.fromtimestamp(began).astimezone(),
            seconds,
            command,
            tuple(json.loads(paths)),
            *rest,
        )
        for began, seconds, command, paths, *rest in rows
    )
