"""How the commands speak: tables, skipped files, warnings, and errors as one line.

Results go to stdout and warnings to stderr; where these are no terminals, plain lines.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer
from rich.console import Console
from rich.table import Table

from index.errors import BroadsheetError
from index.progress import visible
from index.types import BuildReport, Skipped

if TYPE_CHECKING:
    from index.preview import Preview
    from index.rollback import RolledBack
    from index.status import Status
    from index.verify import Finding

INTERRUPTED = 130
"""Exit code of a command that was ended by Ctrl-C."""


@contextmanager
def errors_shown() -> Iterator[None]:
    """Show what a person is meant to read; everything else is a bug and keeps its traceback."""
    try:
        yield
    except BroadsheetError as error:
        warn(str(error))
        raise typer.Exit(2) from None
    except KeyboardInterrupt:
        warn("interrupted; the index is as it was, and the same command goes on from here")
        sys.stdout.flush()
        raise typer.Exit(INTERRUPTED) from None


def report_rows(report: BuildReport) -> list[tuple[str, str]]:
    """What a build did, as names and values."""
    counts = {
        "added": report.added,
        "changed": report.changed,
        "moved": report.moved,
        "removed": report.removed,
        "unchanged": report.unchanged,
        "skipped": len(report.skipped),
        "passages embedded": report.embedded,
        "articles in the index": report.articles,
        "of them undated": report.undated,
        "generation": report.generation,
    }
    seconds = sum(report.seconds.values())
    stages = ", ".join(f"{stage} {spent:.1f}" for stage, spent in report.seconds.items())
    rows = [(name, f"{count:,}") for name, count in counts.items()]
    return [*rows, ("seconds", f"{seconds:.1f} ({stages})")]


def preview_lines(found: Preview) -> Iterator[str]:
    """Say by name what a build would do."""
    for kind in ("added", "changed", "moved", "removed"):
        for name in getattr(found, kind):
            yield f"{kind} {visible(name)}"
    for name, other in found.identical:
        yield f"identical {visible(name)}: says what {visible(other)} says"


def preview_rows(found: Preview) -> list[tuple[str, str]]:
    """What a build would do, as names and values."""
    counts = ("added", "changed", "moved", "removed", "unchanged")
    rows = [(name, f"{getattr(found.report, name):,}") for name in counts]
    return [*rows, ("skipped", f"{len(found.skipped):,}")]


def status_rows(found: Status) -> list[tuple[str, str]]:
    """What is indexed, as names and values."""
    span = f"{found.first} to {found.last}" if found.first else "no dates"
    named = f" ({', '.join(found.undated_names)}…)" if found.undated else ""
    groups = f" in {found.alike_groups:,} groups" if found.alike else ""
    earlier = f"generation {found.earlier}" if found.earlier else "nothing earlier is kept"
    return [
        ("folder", found.folder),
        (
            "generation",
            f"{found.generation}, made {found.made:%Y-%m-%d %H:%M}" if found.made else "0",
        ),
        ("rollback goes to", earlier),
        ("articles", f"{found.articles:,}, {span}"),
        ("passages", f"{found.passages:,}"),
        ("undated", f"{found.undated:,}{named}"),
        ("identical to another", f"{found.identical:,}"),
        ("same headline and day, other text", f"{found.alike:,}{groups}"),
        ("sources", ", ".join(f"{n} ({count:,})" for n, count in found.sources) or "none stated"),
        ("skipped", f"{len(found.skipped):,}"),
        ("collections", f"{found.collections}"),
        ("size on disk", f"{found.bytes / 1e6:,.1f} MB"),
        ("recipe", "current" if found.recipe_current else "of another version"),
        *(("last build", visible(str(one))) for one in found.builds[:1]),
    ]


def batch_line(report: BuildReport) -> str:
    """Say in one line what a batch of a watched folder did."""
    counts = {
        "added": report.added,
        "changed": report.changed,
        "moved": report.moved,
        "removed": report.removed,
        "skipped": len(report.skipped),
    }
    told = ", ".join(f"{count:,} {name}" for name, count in counts.items() if count) or "in line"
    seconds = sum(report.seconds.values())
    return f"{told}; {report.articles:,} articles, generation {report.generation}, {seconds:.1f} s"


def finding_line(finding: Finding) -> str:
    """Say what a check found, and the command that mends it."""
    remedy = f"; run `{finding.remedy}`" if finding.remedy else ""
    return f"{finding.kind.value}: {visible(finding.what)}{remedy}"


def rollback_line(back: RolledBack) -> str:
    """Say what a rollback changed."""
    report = back.report
    return (
        f"back to generation {back.generation} of {back.made:%Y-%m-%d %H:%M}: {report.added:,} "
        f"articles brought back, {report.removed:,} taken out, {report.changed:,} as they were "
        f"before; {report.articles:,} articles, shown as generation {report.generation}"
    )


def show_table(rows: list[tuple[str, str]]) -> None:
    """Print names and values, as a table on a terminal."""
    console = Console()
    if not console.is_terminal:
        for name, value in rows:
            print(f"{name}: {value}")
        return
    table = Table(show_header=False, box=None)
    for name, value in rows:
        table.add_row(name, value.replace("[", "\\["))
    console.print(table)


def show_skipped(skipped: tuple[Skipped, ...]) -> None:
    """Print what was skipped and why, one a line."""
    for item in skipped:
        print(f"skipped {visible(str(item))}")


def warn(message: str) -> None:
    """Print a line to stderr."""
    print(visible(message), file=sys.stderr)
