"""The commands that look after an index: follow folders, check it, go back in it."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from index.cli_show import batch_line, errors_shown, finding_line, rollback_line, show_skipped
from index.progress import Meter, visible
from index.types import BuildEvent, BuildReport, Skipped

if TYPE_CHECKING:
    from index.settings import Settings
    from index.verify import Finding
    from index.watching import Event

_PATIENCE = 5.0  # seconds that a batch may take before its progress is shown


def verify(
    mend: Annotated[
        bool, typer.Option("--repair", help="Make anew what is missing, delete what is left over.")
    ] = False,
) -> None:
    """Check that articles, passages, vectors and words agree. Exit code 0: they do; 1: not."""
    with errors_shown():
        from index.settings import load_settings
        from index.verify import Kind
        from index.verify import verify as check

        settings = load_settings()
        findings = _repair(settings) if mend else check(settings)
        for finding in findings:
            print(finding_line(finding))
        wrong = sum(finding.kind is not Kind.NOTE for finding in findings)
        print(f"{wrong} problems" if wrong else "the index is sound")
        raise typer.Exit(1 if wrong else 0)


def _repair(settings: Settings) -> Sequence[Finding]:
    """Mend what can be mended and say what was; returns what is left."""
    from index.embedder import MiniLMEmbeddings
    from index.model_files import ensure_embedder
    from index.repair import Repaired, repair

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
        from index.rollback import roll_back
        from index.settings import load_settings

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
        from index.embedder import MiniLMEmbeddings
        from index.model_files import ensure_embedder
        from index.settings import load_settings
        from index.watching import watch_folders

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
