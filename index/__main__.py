"""`python -m index …`: build the index, change it, tell what it holds, check it.

The one place of this package that prints. Progress goes to stderr, results to stdout; where
these are no terminals, plain lines. Heavy imports wait until a command needs them.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer
from rich.console import Console
from rich.table import Table

from index.errors import BroadsheetError, IndexMissing
from index.progress import Meter, visible
from index.types import BuildReport, Skipped

if TYPE_CHECKING:
    from index.settings import Settings
    from index.status import Status

cli = typer.Typer(
    help="Articles to index: build it, change it, tell what it holds, check it.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

_INTERRUPTED = 130
_Paths = list[Path]
_Wait = Annotated[
    float, typer.Option(help="Seconds to wait for another build to end.", min=0, metavar="SECONDS")
]


@cli.command()
def build(
    paths: Annotated[
        _Paths | None,
        typer.Argument(
            metavar="[PATH]...",
            help="Files and folders. None makes an index of an older version anew.",
        ),
    ] = None,
    again: Annotated[
        bool, typer.Option("--again", help="Embed everything anew, for a damaged index.")
    ] = False,
    wait: _Wait = 0.0,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only tell what the build would do.")
    ] = False,
) -> None:
    """Bring the index in line with these files and folders: add, change, remove.

    Articles of other folders stay as they are. Unchanged files are not read again. Exit code 0:
    all well; 1: some files were skipped; 2: nothing was done.
    """
    with _errors_shown():
        if dry_run:
            _preview(paths or [])
        _build(paths or [], prune=True, again=again, wait=wait)


@cli.command()
def add(
    paths: Annotated[_Paths, typer.Argument(metavar="PATH...", help="Files and folders.")],
    wait: _Wait = 0.0,
) -> None:
    """Add or update the articles of these files and folders without removing any.

    Exit code 0: all well; 1: some files were skipped; 2: nothing was done.
    """
    with _errors_shown():
        _build(paths, prune=False, again=False, wait=wait)


@cli.command()
def remove(
    ids: Annotated[list[str], typer.Argument(metavar="ID...", help="Ids of articles.")],
) -> None:
    """Take articles out of the index; a later build of their folder brings them back.

    Exit code 0: all removed; 1: some ids are unknown; 2: none is known.
    """
    with _errors_shown():
        from index.build import remove_articles
        from index.settings import load_settings
        from index.status import live_ids

        settings = load_settings()
        known = live_ids(settings, ids)
        unknown = [name for name in dict.fromkeys(ids) if name not in known]
        for name in unknown:
            _warn(f"there is no article {name!r}")
        report = remove_articles(sorted(known), settings) if known else None
        if report:
            print(f"{report.removed:,} articles removed, {report.articles:,} left")
        raise typer.Exit(2 if not known else 1 if unknown else 0)


@cli.command()
def status(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Tell what is indexed, what was skipped and why, and whether a build is due."""
    with _errors_shown():
        from index.settings import load_settings
        from index.status import index_status

        found = index_status(load_settings())
        if as_json:
            print(json.dumps(asdict(found), default=str, ensure_ascii=False, indent=2))
            return
        _show_table(_status_rows(found))
        _show_skipped(found.skipped)
        if found.remedy:
            _warn(f"the index was made by another version; run `{found.remedy}`")


@cli.command()
def verify() -> None:
    """Check that articles, passages, vectors and words agree. Exit code 0: they do; 1: not."""
    with _errors_shown():
        from index.settings import load_settings
        from index.verify import Kind
        from index.verify import verify as check

        findings = check(load_settings())
        for finding in findings:
            remedy = f"; run `{finding.remedy}`" if finding.remedy else ""
            print(f"{finding.kind.value}: {finding.what}{remedy}")
        wrong = sum(finding.kind is not Kind.NOTE for finding in findings)
        print(f"{wrong} problems" if wrong else "the index is sound")
        raise typer.Exit(1 if wrong else 0)


@contextmanager
def _errors_shown() -> Iterator[None]:
    """Show what a person is meant to read; everything else is a bug and keeps its traceback."""
    try:
        yield
    except BroadsheetError as error:
        _warn(str(error))
        raise typer.Exit(2) from None
    except KeyboardInterrupt:
        _warn("interrupted; the index is as it was, and the same command goes on from here")
        sys.stdout.flush()
        raise typer.Exit(_INTERRUPTED) from None


def _build(paths: _Paths, *, prune: bool, again: bool, wait: float) -> None:
    from index.settings import load_settings

    settings = load_settings()
    if not paths and not again:
        _refuse_if_current(settings)
    os.nice(10) if hasattr(os, "nice") else None  # a guest beside the running app
    from index.build import build_index
    from index.embedder import MiniLMEmbeddings
    from index.model_files import ensure_embedder

    with Meter() as meter:
        embeddings = MiniLMEmbeddings(lambda: ensure_embedder(settings, meter.fetched))
        report = None
        for event in build_index(paths, settings, embeddings, prune=prune, again=again, wait=wait):
            if isinstance(event, BuildReport):
                report = event
            else:
                meter.reached(event)
    assert report is not None  # the last event
    _show_table(_report_rows(report))
    _show_skipped(report.skipped)
    if report.exit_code == 2:
        _warn("nothing was indexed: no article was found there")
    raise typer.Exit(report.exit_code)


def _preview(paths: _Paths) -> NoReturn:
    from index.preview import preview_build
    from index.settings import load_settings

    settings = load_settings()
    if not paths:
        _refuse_if_current(settings)
    found = preview_build(paths, settings)
    for kind in ("added", "changed", "moved", "removed"):
        for name in getattr(found, kind):
            print(f"{kind} {visible(name)}")
    for name, other in found.identical:
        print(f"identical {visible(name)}: says what {visible(other)} says")
    _show_skipped(found.skipped)
    report = found.report
    counts = ("added", "changed", "moved", "removed", "unchanged")
    rows = [(name, f"{getattr(report, name):,}") for name in counts]
    _show_table([*rows, ("skipped", f"{len(found.skipped):,}")])
    raise typer.Exit(report.exit_code)


def _refuse_if_current(settings: Settings) -> None:
    """Raise unless a build without paths has something to do."""
    from index.status import recipe_is_current

    try:
        current = recipe_is_current(settings)
    except IndexMissing:
        current = True
    if current:
        raise BroadsheetError("say what to index: `python -m index build FOLDER`")


def _report_rows(report: BuildReport) -> list[tuple[str, str]]:
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


def _status_rows(found: Status) -> list[tuple[str, str]]:
    span = f"{found.first} to {found.last}" if found.first else "no dates"
    named = f" ({', '.join(found.undated_names)}…)" if found.undated else ""
    return [
        ("folder", found.folder),
        (
            "generation",
            f"{found.generation}, made {found.made:%Y-%m-%d %H:%M}" if found.made else "0",
        ),
        ("articles", f"{found.articles:,}, {span}"),
        ("passages", f"{found.passages:,}"),
        ("undated", f"{found.undated:,}{named}"),
        ("identical to another", f"{found.identical:,}"),
        ("sources", ", ".join(f"{n} ({count:,})" for n, count in found.sources) or "none stated"),
        ("skipped", f"{len(found.skipped):,}"),
        ("collections", f"{found.collections}"),
        ("size on disk", f"{found.bytes / 1e6:,.1f} MB"),
        ("recipe", "current" if found.recipe_current else "of another version"),
        *(("last build", visible(str(one))) for one in found.builds[:1]),
    ]


def _show_table(rows: list[tuple[str, str]]) -> None:
    console = Console()
    if not console.is_terminal:
        for name, value in rows:
            print(f"{name}: {value}")
        return
    table = Table(show_header=False, box=None)
    for name, value in rows:
        table.add_row(name, value.replace("[", "\\["))
    console.print(table)


def _show_skipped(skipped: tuple[Skipped, ...]) -> None:
    for item in skipped:
        print(f"skipped {visible(str(item))}")


def _warn(message: str) -> None:
    print(visible(message), file=sys.stderr)


if __name__ == "__main__":
    cli()
