"""`broadsheet index …`: build the index, change it, show what it holds, check it.

Progress goes to stderr, results to stdout. Heavy imports wait until a command needs them.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO, Literal, NoReturn, cast

import typer
from typer.core import TyperGroup

from index.errors import BroadsheetError, IndexMissing, one_line_errors, visible
from index.models.download import ensure_embedder
from index.progress import (
    CHANGES,
    Meter,
    kinds,
    report_rows,
    show_skipped,
    show_table,
    status_rows,
    warn,
)
from index.settings import Settings, load_settings, redacted
from index.types import BuildEvent, BuildReport, Skipped, listed

if TYPE_CHECKING:
    from index.models.embedder import MiniLMEmbeddings
    from index.upkeep import Finding
    from index.watch import Event

_GOES_ON = "the index is as it was, and the same command goes on from here"


class _Commands(TyperGroup):
    """Shows what a person is meant to read; everything else is a bug and keeps its traceback."""

    def invoke(self, ctx: Any) -> Any:
        with one_line_errors(goes_on=_GOES_ON):
            return super().invoke(ctx)


cli = typer.Typer(
    cls=_Commands,
    help="Articles to index: build it, change it, show what it holds, check it.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

_STDIN = Path("-")
_PATIENCE = 5.0  # seconds that a batch of a watched folder may take before its progress is shown
_Wait = Annotated[
    float, typer.Option(help="Seconds to wait for another build to end.", min=0, metavar="SECONDS")
]


_Engine = Literal["local", "ray"]
_Map = Annotated[
    list[str] | None,
    typer.Option(
        "--map",
        metavar="FIELD=COLUMN",
        help="Which column or field of tables and JSON holds the date, title, text …; repeatable. "
        "Kept with PATH for later builds and `watch`; `--map none` forgets it.",
    ),
]


@cli.command()
def build(
    paths: Annotated[
        list[Path] | None,
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
        bool, typer.Option("--dry-run", help="Only show what the build would do.")
    ] = False,
    engine: Annotated[
        _Engine, typer.Option(help="What reads and embeds: this process, or a Ray cluster.")
    ] = "local",
    ray_address: Annotated[
        str | None,
        typer.Option(
            metavar="HOST:PORT",
            help="The Ray cluster; by default BROADSHEET_RAY_ADDRESS, else one on this machine.",
        ),
    ] = None,
    columns: _Map = None,
) -> None:
    """Bring the index in line with these files and folders: add, change, remove.

    Articles of other folders stay as they are. Unchanged files are not read again. Exit code 0:
    all well; 1: some files were skipped; 2: nothing was done.
    """
    if ray_address is not None and engine != "ray":
        raise BroadsheetError("--ray-address is for --engine ray")
    settings = load_settings(**({"ray_address": ray_address} if ray_address else {}))
    if not paths and not again:
        _refuse_if_current(settings)
    if dry_run:
        _preview(paths or [], settings, again=again, columns=columns)
    _build(paths or [], settings, columns, prune=True, again=again, wait=wait, engine=engine)


@cli.command()
def add(
    paths: Annotated[
        list[Path],
        typer.Argument(
            metavar="PATH...", help="Files and folders; - reads JSON Lines from standard input."
        ),
    ],
    wait: _Wait = 0.0,
    columns: _Map = None,
) -> None:
    """Add or update the articles of these files and folders without removing any.

    Exit code 0: all well; 1: some files were skipped; 2: nothing was done.
    """
    named = [path for path in paths if path != _STDIN]
    with _standard_input() if _STDIN in paths else nullcontext() as stream:
        _build(named, load_settings(), columns, prune=False, wait=wait, stream=stream)


@cli.command()
def remove(
    ids: Annotated[list[str], typer.Argument(metavar="ID...", help="Ids of articles.")],
) -> None:
    """Take articles out of the index; a later build of their folder brings them back.

    Exit code 0: all removed; 1: some ids are unknown; 2: none is known.
    """
    from index.build import remove_articles
    from index.status import live_ids

    settings = load_settings()
    known = live_ids(settings, ids)
    unknown = [name for name in dict.fromkeys(ids) if name not in known]
    for name in unknown:
        warn(f"there is no article {name!r}")
    if known:
        report = remove_articles(sorted(known), settings)
        print(f"{report.removed:,} articles removed, {report.articles:,} left")
    raise typer.Exit(2 if not known else 1 if unknown else 0)


@cli.command()
def status(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Show what is indexed, what was skipped and why, and whether a build is due."""
    from index.status import index_status

    found = index_status(load_settings())
    if as_json:
        print(json.dumps(asdict(found), default=str, ensure_ascii=False, indent=2))
        return
    show_table(status_rows(found))
    show_skipped(found.skipped)
    if found.remedy:
        warn(f"the index was made by another version; run `{found.remedy}`")


@cli.command()
def verify(
    mend: Annotated[
        bool, typer.Option("--repair", help="Make anew what is missing, delete what is left over.")
    ] = False,
) -> None:
    """Check that articles, passages, vectors and words agree. Exit code 0: they do; 1: not."""
    from index import upkeep
    from index.models.checksum import damaged_folders, unseal
    from index.store.database import REPAIR

    settings = load_settings()
    findings = _repair(settings) if mend else upkeep.verify(settings)
    for finding in findings:
        remedy = f"; run `{finding.remedy}`" if finding.remedy else ""
        print(f"{finding.kind.value}: {visible(finding.what)}{remedy}")
    damaged = damaged_folders(settings.models)
    for folder in damaged:
        if mend:
            unseal(folder)
        remedy = "deleted, to be made anew" if mend else f"run `{REPAIR}`"
        print(f"models: the files in {folder} are not as they were made; {remedy}")
    wrong = sum(finding.kind is not upkeep.Kind.NOTE for finding in findings)
    wrong += 0 if mend else len(damaged)
    print(f"{wrong} problems" if wrong else "the index is sound")
    raise typer.Exit(1 if wrong else 0)


@cli.command()
def rollback() -> None:
    """Go back to the articles as they were before the last build or removal.

    A second rollback undoes the first. The next build of a folder brings its articles in line
    again. Exit code 0: done; 2: no earlier generation is kept.
    """
    from index.upkeep import roll_back

    back = roll_back(load_settings())
    report = back.report
    print(
        f"back to generation {back.generation} of {back.made:%Y-%m-%d %H:%M}: "
        f"{report.added:,} articles brought back, {report.removed:,} taken out, "
        f"{report.changed:,} as they were before; {report.articles:,} articles, shown as "
        f"generation {report.generation}"
    )


@cli.command()
def watch(
    folders: Annotated[
        list[Path] | None, typer.Argument(metavar="[FOLDER]...", help="Folders to watch.")
    ] = None,
    feed: Annotated[
        list[str] | None,
        typer.Option(metavar="URL", help="A feed (RSS, Atom, JSON Feed) to follow; repeatable."),
    ] = None,
    full_text: Annotated[
        bool, typer.Option("--full-text", help="Fetch the page behind each item of a feed.")
    ] = False,
    page_host: Annotated[
        list[str] | None,
        typer.Option(metavar="HOST", help="Another host whose pages may be fetched; repeatable."),
    ] = None,
) -> None:
    """Keep the index in line with folders and feeds: take in what comes, changes or goes.

    Prints a line for each batch that changed something. A file is read once it has rested for two
    seconds, a feed at most every 15 minutes; waits while another build runs; a batch that fails is
    shown and tried again. Ctrl-C ends it; exit code 0.
    """
    from index.feeds import Feed, FeedOptions
    from index.watch import watch_folders

    settings = load_settings()
    options = FeedOptions(
        full_text, tuple(host.lower() for host in page_host or ()), 60.0 * settings.feed_minutes
    )
    urls = dict.fromkeys([*(feed or ()), *settings.feeds.replace(",", " ").split()])
    feeds = [Feed(url, settings.feeds_dir, options) for url in urls]
    if not folders and not feeds:
        raise BroadsheetError("say what to watch: a folder, or a feed with --feed URL")
    _lower_priority()
    signal.signal(signal.SIGTERM, _interrupt)
    with Meter() as meter:
        ensure_embedder(settings, meter.fetched)
        embeddings = _embedder(settings, meter)
    events = watch_folders(folders or (), settings, embeddings, feeds)
    watched = redacted(", ".join(map(str, (*(folders or ()), *urls))), ())
    _print_timed(f"watching {watched}; Ctrl-C ends it")
    try:
        _follow(events)
    except KeyboardInterrupt:
        _print_timed("ended; the index is as the last batch left it")


def _interrupt(*_: object) -> NoReturn:
    raise KeyboardInterrupt


def _lower_priority() -> None:
    if hasattr(os, "nice"):
        os.nice(10)  # a guest beside the running app


def _embedder(settings: Settings, meter: Meter) -> MiniLMEmbeddings:
    from index.models import embedder

    return embedder.MiniLMEmbeddings(lambda: ensure_embedder(settings, meter.fetched))


@contextmanager
def _standard_input() -> Iterator[BinaryIO]:
    """Keep what is piped in until it has ended, so that no slow pipe holds the writer's lock."""
    if sys.stdin.isatty():
        warn("reading JSON Lines from the terminal; Ctrl-D ends them")
    with TemporaryFile() as file:
        shutil.copyfileobj(sys.stdin.buffer, file)
        file.seek(0)
        yield cast(BinaryIO, file)


def _build(
    paths: Sequence[Path],
    settings: Settings,
    written: Sequence[str] | None,
    *,
    prune: bool,
    wait: float,
    again: bool = False,
    stream: BinaryIO | None = None,
    engine: _Engine = "local",
) -> NoReturn:
    _lower_priority()
    from index.build import build_index
    from index.maps import parse_columns
    from index.readers import read_stream

    columns = parse_columns(written or ())
    with Meter() as meter, ExitStack() as stack:
        embeddings, cluster = _embedder(settings, meter), None
        if engine == "ray":
            from index.ray_engine import ray_engine

            cluster = stack.enter_context(ray_engine(settings))
            ensure_embedder(settings, meter.fetched)  # once, and shown, before workers want it
        events = build_index(
            paths,
            settings,
            embeddings,
            prune=prune,
            again=again,
            wait=wait,
            columns=columns,
            stream=read_stream(stream, settings.date_order, columns or ()) if stream else None,
            engine=cluster,
        )
        report = meter.follow(events)
    show_table(report_rows(report))
    show_skipped(report.skipped)
    if report.exit_code == 2:
        warn("nothing was indexed: no article was found there")
    raise typer.Exit(report.exit_code)


def _preview(
    paths: Sequence[Path], settings: Settings, *, again: bool, columns: Sequence[str] | None
) -> NoReturn:
    """Show by name, and in counts, what a build would do."""
    from index.maps import parse_columns
    from index.preview import preview_build

    found = preview_build(paths, settings, again=again, columns=parse_columns(columns or ()))
    for kind in CHANGES:
        for name in getattr(found, kind):
            print(f"{kind} {visible(name)}")
    for name, other in found.identical:
        print(f"identical {visible(name)}: the same text as {visible(other)}")
    show_skipped(found.skipped)
    rows = [(name, f"{getattr(found.report, name):,}") for name in (*CHANGES, "unchanged")]
    rows.append(("skipped", f"{len(found.skipped):,}"))
    show_table([*rows, ("not read, by kind", kinds(found.kinds))])
    raise typer.Exit(found.report.exit_code)


def _refuse_if_current(settings: Settings) -> None:
    """Raise unless a build without paths has something to do."""
    from index.status import recipe_is_current

    try:
        current = recipe_is_current(settings)
    except IndexMissing:
        current = True
    if current:
        raise BroadsheetError("say what to index: `broadsheet index build FOLDER`")


def _repair(settings: Settings) -> Sequence[Finding]:
    """Repair what can be repaired and print what was; return what is left."""
    from index.upkeep import repair

    with Meter() as meter:
        done = meter.follow(repair(settings, _embedder(settings, meter)))
    for finding in done.mended:
        print(f"mended {finding.kind.value}: {visible(finding.what)}")
    return done.left


def _follow(events: Iterable[Event]) -> None:
    """Print a line for each batch that changed something, and each skipped file once."""
    shown: set[Skipped] = set()
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
            _print_timed(event.text)
            continue
        if first or event.touched:
            counts = {name: getattr(event, name) for name in CHANGES}
            counts["skipped"] = len(event.skipped)
            _print_timed(
                f"{listed(counts) or 'in line'}; {event.articles:,} articles, generation "
                f"{event.generation}, {sum(event.seconds.values()):.1f} s"
            )
        show_skipped([item for item in event.skipped if item not in shown])
        shown = set(event.skipped)
        first = False


def _print_timed(text: str) -> None:
    print(f"{datetime.now():%H:%M:%S} {visible(text)}", flush=True)


if __name__ == "__main__":
    cli()
