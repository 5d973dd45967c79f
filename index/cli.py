"""The commands that look after an index: follow folders, check it, go back in it."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer
from rich.console import Console
from rich.table import Table

from index.errors import BroadsheetError
from index.progress import Meter, visible
from index.types import BuildEvent, BuildReport, Skipped

if TYPE_CHECKING:
    from index.preview import Preview
    from index.settings import Settings
    from index.status import Status
    from index.upkeep import Finding, RolledBack
    from index.watch import Event


_PATIENCE = 5.0  # seconds that a batch may take before its progress is shown


def verify(
    mend: Annotated[
        bool, typer.Option("--repair", help="Make anew what is missing, delete what is left over.")
    ] = False,
) -> None:
    """Check that articles, passages, vectors and words agree. Exit code 0: they do; 1: not."""
    with errors_shown():
        from index.settings import load_settings
        from index.upkeep import Kind
        from index.upkeep import verify as check

        settings = load_settings()
        findings = _repair(settings) if mend else check(settings)
        for finding in findings:
            print(finding_line(finding))
        wrong = sum(finding.kind is not Kind.NOTE for finding in findings)
        print(f"{wrong} problems" if wrong else "the index is sound")
        raise typer.Exit(1 if wrong else 0)


def _repair(settings: Settings) -> Sequence[Finding]:
    """Mend what can be mended and say what was; returns what is left."""
    from index.models.download import ensure_embedder
    from index.models.embedder import MiniLMEmbeddings
    from index.upkeep import Repaired, repair

    with Meter() as meter:
        embeddings = MiniLMEmbeddings(lambda: ensure_embedder(settings, meter.fetched))
        for event in repair(settings, embeddings):
            if not isinstance(event, Repaired):
                meter.reached(event)
    assert isinstance(event, Repaired)  # the last event
    for finding in event.mended:
        print(f"mended {finding.kind.value}: {visible(finding.what)}")
    return event.left


def rollback() -> None:
    """Go back to the articles as they were before the last build or removal.

    A second rollback undoes the first. The next build of a folder brings its articles in line
    again. Exit code 0: done; 2: no earlier generation is kept.
    """
    with errors_shown():
        from index.settings import load_settings
        from index.upkeep import roll_back

        print(rollback_line(roll_back(load_settings())))


def watch(
    folders: Annotated[list[Path], typer.Argument(metavar="FOLDER...", help="Folders to watch.")],
) -> None:
    """Keep the index in line with folders: take in what comes, changes or goes, within seconds.

    Prints a line for each batch that changed something. A file is read once it has rested for two
    seconds; waits while another build runs; a batch that fails is told and tried again. Ctrl-C
    ends it; exit code 0.
    """
    with errors_shown():
        from index.models.download import ensure_embedder
        from index.models.embedder import MiniLMEmbeddings
        from index.settings import load_settings
        from index.watch import watch_folders

        settings = load_settings()
        os.nice(10) if hasattr(os, "nice") else None  # a guest beside the running app
        signal.signal(signal.SIGTERM, _interrupt)
        with Meter() as meter:
            ensure_embedder(settings, meter.fetched)
        embeddings = MiniLMEmbeddings(lambda: ensure_embedder(settings))
        events = watch_folders(folders, settings, embeddings)
        _say(f"watching {', '.join(map(str, folders))}; Ctrl-C ends it")
        try:
            _follow(events)
        except KeyboardInterrupt:
            _say("ended; the index is as the last batch left it")


def _interrupt(*_: object) -> NoReturn:
    raise KeyboardInterrupt


def _follow(events: Iterable[Event]) -> None:
    """Print a line for each batch that changed something, and each skipped file once."""
    told: set[Skipped] = set()
    first = True
    meter: Meter | None = None
    for event in events:
        if isinstance(event, BuildEvent):
            meter = meter or Meter(patience=_PATIENCE).__enter__()
            meter.reached(event)
            continue
        if meter:
            meter.__exit__()
            meter = None
        if not isinstance(event, BuildReport):
            _say(event.text)
            continue
        if first or event.touched:
            _say(batch_line(event))
        show_skipped(tuple(item for item in event.skipped if item not in told))
        told = set(event.skipped)
        first = False


def _say(text: str) -> None:
    print(f"{datetime.now():%H:%M:%S} {visible(text)}", flush=True)


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
