"""`python -m index …`: build the index, change it, tell what it holds, check it.

Progress goes to stderr, results to stdout. Heavy imports wait until a command needs them.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryFile
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, BinaryIO, NoReturn, cast

import typer

from index.cli import (
    errors_shown,
    preview_lines,
    preview_rows,
    report_rows,
    rollback,
    show_skipped,
    show_table,
    status_rows,
    verify,
    warn,
    watch,
)
from index.errors import BroadsheetError, IndexMissing
from index.progress import Meter
from index.types import BuildReport

if TYPE_CHECKING:
    from index.settings import Settings

cli = typer.Typer(
    help="Articles to index: build it, change it, tell what it holds, check it.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

_Paths = list[Path]
_STDIN = Path("-")
_Wait = Annotated[
    float, typer.Option(help="Seconds to wait for another build to end.", min=0, metavar="SECONDS")
]


class _Engine(StrEnum):
    LOCAL = "local"
    RAY = "ray"


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
    engine: Annotated[
        _Engine, typer.Option(help="What reads and embeds: this process, or a Ray cluster.")
    ] = _Engine.LOCAL,
    ray_address: Annotated[
        str | None,
        typer.Option(
            metavar="HOST:PORT",
            help="The Ray cluster; by default BROADSHEET_RAY_ADDRESS, else one on this machine.",
        ),
    ] = None,
) -> None:
    """Bring the index in line with these files and folders: add, change, remove.

    Articles of other folders stay as they are. Unchanged files are not read again. Exit code 0:
    all well; 1: some files were skipped; 2: nothing was done.
    """
    with errors_shown():
        if dry_run:
            _preview(paths or [], again=again)
        if ray_address is not None and engine is not _Engine.RAY:
            raise BroadsheetError("--ray-address is for --engine ray")
        given = {} if ray_address is None else {"ray_address": ray_address}
        _build(paths or [], prune=True, again=again, wait=wait, engine=engine, given=given)


@cli.command()
def add(
    paths: Annotated[
        _Paths,
        typer.Argument(
            metavar="PATH...", help="Files and folders; - reads JSON Lines from standard input."
        ),
    ],
    wait: _Wait = 0.0,
) -> None:
    """Add or update the articles of these files and folders without removing any.

    Exit code 0: all well; 1: some files were skipped; 2: nothing was done.
    """
    with errors_shown():
        named = [path for path in paths if path != _STDIN]
        with _standard_input() if _STDIN in paths else nullcontext() as stream:
            _build(named, prune=False, again=False, wait=wait, stream=stream)


@cli.command()
def remove(
    ids: Annotated[list[str], typer.Argument(metavar="ID...", help="Ids of articles.")],
) -> None:
    """Take articles out of the index; a later build of their folder brings them back.

    Exit code 0: all removed; 1: some ids are unknown; 2: none is known.
    """
    with errors_shown():
        from index.build import remove_articles
        from index.settings import load_settings
        from index.status import live_ids

        settings = load_settings()
        known = live_ids(settings, ids)
        unknown = [name for name in dict.fromkeys(ids) if name not in known]
        for name in unknown:
            warn(f"there is no article {name!r}")
        report = remove_articles(sorted(known), settings) if known else None
        if report:
            print(f"{report.removed:,} articles removed, {report.articles:,} left")
        raise typer.Exit(2 if not known else 1 if unknown else 0)


@cli.command()
def status(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Tell what is indexed, what was skipped and why, and whether a build is due."""
    with errors_shown():
        from index.settings import load_settings
        from index.status import index_status

        found = index_status(load_settings())
        if as_json:
            print(json.dumps(asdict(found), default=str, ensure_ascii=False, indent=2))
            return
        show_table(status_rows(found))
        show_skipped(found.skipped)
        if found.remedy:
            warn(f"the index was made by another version; run `{found.remedy}`")


cli.command()(verify)
cli.command()(rollback)
cli.command()(watch)


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
    paths: _Paths,
    *,
    prune: bool,
    again: bool,
    wait: float,
    stream: BinaryIO | None = None,
    engine: _Engine = _Engine.LOCAL,
    given: Mapping[str, str] = MappingProxyType({}),
) -> None:
    from index.settings import load_settings

    settings = load_settings(**given)
    if not paths and not again and stream is None:
        _refuse_if_current(settings)
    os.nice(10) if hasattr(os, "nice") else None  # a guest beside the running app
    from index.build import build_index
    from index.models.download import ensure_embedder
    from index.models.embedder import MiniLMEmbeddings
    from index.readers import read_stream

    articles = read_stream(stream) if stream else None
    with Meter() as meter, ExitStack() as stack:
        embeddings = MiniLMEmbeddings(lambda: ensure_embedder(settings, meter.fetched))
        cluster = None
        if engine is _Engine.RAY:
            from index.ray_engine import ray_engine

            cluster = stack.enter_context(ray_engine(settings))
            ensure_embedder(settings, meter.fetched)  # once, and shown, before workers want it
        report = None
        for event in build_index(
            paths,
            settings,
            embeddings,
            prune=prune,
            again=again,
            wait=wait,
            stream=articles,
            engine=cluster,
        ):
            if isinstance(event, BuildReport):
                report = event
            else:
                meter.reached(event)
    assert report is not None  # the last event
    show_table(report_rows(report))
    show_skipped(report.skipped)
    if report.exit_code == 2:
        warn("nothing was indexed: no article was found there")
    raise typer.Exit(report.exit_code)


def _preview(paths: _Paths, *, again: bool) -> NoReturn:
    from index.preview import preview_build
    from index.settings import load_settings

    settings = load_settings()
    if not paths and not again:
        _refuse_if_current(settings)
    found = preview_build(paths, settings, again=again)
    for line in preview_lines(found):
        print(line)
    show_skipped(found.skipped)
    show_table(preview_rows(found))
    raise typer.Exit(found.report.exit_code)


def _refuse_if_current(settings: Settings) -> None:
    """Raise unless a build without paths has something to do."""
    from index.status import recipe_is_current

    try:
        current = recipe_is_current(settings)
    except IndexMissing:
        current = True
    if current:
        raise BroadsheetError("say what to index: `python -m index build FOLDER`")


if __name__ == "__main__":
    cli()
