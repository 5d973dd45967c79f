"""Serve the chat page: `python app.py [--articles PATH]`.

The page is up as soon as the embedder is there and the articles are indexed; the language model
is fetched and loaded behind it.
"""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from index.errors import BroadsheetError, IndexLocked
from index.models.embedder import MiniLMEmbeddings
from index.progress import Meter
from index.quiet import quiet_gradio
from index.settings import Settings, load_settings
from index.status import give_way, index_status, paths_due, recipe_is_current
from web import terminal
from web.auth import People, read_auth
from web.telemetry import set_up_logging
from web.terminal import say, show_build

SAMPLE = Path(__file__).parent.resolve() / "articles"
console = Console(stderr=True)


def main(
    host: Annotated[str, typer.Option(help="Address to serve on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to serve on.", min=1, max=65535)] = 7860,
    articles: Annotated[
        list[Path] | None,
        typer.Option(help="Files and folders to index first, in place of the sample; repeatable."),
    ] = None,
    auth: Annotated[
        Path | None, typer.Option(help="A file of name:password lines; only they are let in.")
    ] = None,
    mcp: Annotated[bool, typer.Option("--mcp", help="Serve the tools of MCP at /mcp too.")] = False,
) -> None:
    """Ask a dated news archive in the browser; every statement cites its sentence."""
    try:
        settings = load_settings()
        set_up_logging(settings)
        people = read_auth(auth) if auth else None
        serve(settings, host, port, articles or [], people, mcp=mcp)
    except BroadsheetError as error:
        say(console, str(error), style="red")
        sys.exit(2)
    except KeyboardInterrupt:
        say(console, "Interrupted; the same command goes on from here.")
        sys.exit(130)


def serve(
    settings: Settings,
    host: str,
    port: int,
    articles: list[Path],
    people: People | None,
    *,
    mcp: bool,
) -> None:
    """Bring the index up to date, serve until interrupted, and load the model meanwhile."""
    terminal.require_port(host, port)
    dropped = settings.data_dir.expanduser() / "page"
    quiet_gradio(dropped)
    from index.models.download import ensure_embedder

    with Meter(console) as meter:
        embeddings = MiniLMEmbeddings(lambda: ensure_embedder(settings, meter.fetched))
        ensure_embedder(settings, meter.fetched)
        bring_in_line(settings, embeddings, articles, meter)

    from index.store.snapshot import IndexReader
    from rag.generation import system_text
    from rag.llm.loader import ModelLoader
    from rag.pipeline import Pipeline
    from web.chat.feedback import FeedbackStore
    from web.conversations import browser_key
    from web.http.server import add_endpoints
    from web.page import build_page, launch_options
    from web.uploads.batch import delete_dropped
    from web.uploads.store import ABANDONED, Uploads

    delete_dropped(dropped, ABANDONED)
    loader = ModelLoader(settings, system_text=system_text())
    searching = Pipeline(IndexReader(settings), embeddings, loader, settings)
    pipeline, endpoints = add_endpoints(searching, settings, host=host, people=people, mcp=mcp)
    feedback = FeedbackStore(settings.data_dir)
    uploads = Uploads(settings, embeddings) if terminal.is_loopback(host) else None
    key, longest = browser_key(settings.data_dir), settings.max_question
    page = build_page(pipeline, feedback, key, max_question=longest, uploads=uploads)
    options = launch_options() | endpoints
    options |= {"server_name": host, "server_port": port, "auth": people}
    page.launch(prevent_thread_lock=True, quiet=True, **options)
    ended = terminal.end_signal()
    say(console, f"Broadsheet: {terminal.address(host, port)} (Ctrl-C ends it)", style="bold")
    if mcp:
        say(console, f"MCP: {terminal.address(host, port)}/mcp")
    loader.start()
    for work in (searching.load, lambda: terminal.follow_model(loader, console)):
        threading.Thread(target=work, daemon=True).start()
    while not ended.wait(0.5):  # on Windows a wait without end cannot be interrupted
        pass
    say(console, "Ending.")
    page.close(verbose=False)
    loader.close()
    os._exit(0)  # what is left are threads of libraries, in the middle of a computation perhaps


def bring_in_line(
    settings: Settings, embeddings: MiniLMEmbeddings, articles: list[Path], meter: Meter
) -> None:
    """Index what is due; raises `BroadsheetError` if there is nothing to serve after it."""
    paths = paths_due(settings, articles, SAMPLE)
    if paths is None:
        return
    from index.build import build_index

    try:
        show_build(build_index(paths, settings, embeddings), meter, console)
        if give_way(settings, articles, SAMPLE):
            say(console, "The sample articles were taken out of the index.")
    except IndexLocked as error:
        recipe_is_current(settings)  # raises where there is no index to go on with
        say(console, f"Not brought up to date: {error}.")
    if index_status(settings).articles == 0:
        raise BroadsheetError("No article was found: name a folder that has some with --articles.")


if __name__ == "__main__":
    typer.run(main)
