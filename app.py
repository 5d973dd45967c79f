"""Serve the chat page: `python app.py [--articles PATH]`.

The page is up as soon as the embedder is there and the articles are indexed; the language model
is fetched and loaded behind it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from index.errors import BroadsheetError, IndexMissing, SettingsError
from index.settings import Settings, load_settings

console = Console(stderr=True)
SAMPLE = Path(__file__).parent / "articles"


def main(
    host: Annotated[str, typer.Option(help="Address to serve on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to serve on.")] = 7860,
    articles: Annotated[
        list[Path] | None, typer.Option(help="Files and folders to index first; repeatable.")
    ] = None,
    auth: Annotated[
        Path | None, typer.Option(help="A file of `name:password` lines; only they are let in.")
    ] = None,
) -> None:
    """Ask a dated news archive in the browser; every statement cites its sentence."""
    try:
        serve(load_settings(), host, port, articles or [], read_auth(auth))
    except BroadsheetError as error:
        console.print(str(error), style="red", markup=False)
        sys.exit(2)


def serve(
    settings: Settings, host: str, port: int, articles: list[Path], auth: list[tuple[str, str]]
) -> None:
    """Bring the index up to date, start the model behind, and serve until interrupted."""
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    from index.embedder import MiniLMEmbeddings
    from index.model_files import ensure_embedder
    from rag.chat_model import ModelLoader
    from rag.pipeline import Pipeline

    embeddings = MiniLMEmbeddings(ensure_embedder(settings))
    reader = open_index(settings, embeddings, articles)
    loader = ModelLoader(settings)
    loader.start()
    pipeline = Pipeline(reader, embeddings, loader, settings)

    from web.page import build_page, launch_options

    page = build_page(pipeline, max_question=settings.max_question)
    console.print(f"Broadsheet: http://{'127.0.0.1' if host == '0.0.0.0' else host}:{port}")
    options = launch_options() | {"auth": auth or None}
    page.launch(server_name=host, server_port=port, quiet=True, **options)


def open_index(settings: Settings, embeddings: object, articles: list[Path]) -> object:
    """Index `articles`, or the sample where nothing is indexed yet; return the reader."""
    from index.build import build_index
    from index.snapshot import IndexReader

    if not articles:
        try:
            return IndexReader(settings)
        except IndexMissing:
            articles = [SAMPLE]
    show_progress(build_index(articles, settings, embeddings))
    return IndexReader(settings)


def show_progress(events: Iterable[object]) -> None:
    """Draw the events of a build as one bar for each stage; the last event is its report."""
    columns = TextColumn("{task.description}"), BarColumn(), TaskProgressColumn()
    tasks = {}
    with Progress(*columns, TimeRemainingColumn(), console=console) as bars:
        for event in events:
            if not hasattr(event, "stage"):
                for skipped in event.skipped:
                    console.print(f"skipped {skipped}", markup=False)
                continue
            if event.stage not in tasks:
                tasks[event.stage] = bars.add_task(event.stage.value.capitalize())
            bars.update(tasks[event.stage], completed=event.done, total=event.total)


def read_auth(path: Path | None) -> list[tuple[str, str]]:
    """Return the name and password pairs of a file, one `name:password` a line.

    Raises:
        SettingsError: the file cannot be read, is empty, or has a line of another form.
    """
    if path is None:
        return []
    try:
        lines = [line.strip() for line in path.read_text(encoding="utf-8").splitlines()]
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"--auth {path}: {error}") from error
    pairs = [line.partition(":") for line in lines if line and not line.startswith("#")]
    if not pairs or not all(name and password for name, _, password in pairs):
        raise SettingsError(f"--auth {path}: every line must be name:password.")
    return [(name, password) for name, _, password in pairs]


if __name__ == "__main__":
    typer.run(main)
