"""Serve the chat page: `broadsheet serve`, or `python app.py` in a clone.

The page is up as soon as the embedder is there and the articles are indexed; the language model
is fetched and loaded behind it. Heavy imports wait until the arguments are read.
"""

from __future__ import annotations

import os
import secrets
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from index.errors import BroadsheetError, IndexLocked, SettingsError, one_line_errors
from index.progress import Meter
from index.quiet import quiet_gradio
from index.settings import Settings, load_settings
from index.status import give_way, index_status, paths_due, recipe_is_current
from web import terminal
from web.auth import People, Role, add_person, read_auth
from web.terminal import say, show_build
from web.wording import count

if TYPE_CHECKING:
    from index.models.embedder import MiniLMEmbeddings

SAMPLE = Path(__file__).resolve().parents[1] / "articles"
LARGEST_FILE = "200mb"
DRAIN = 20.0
"""Seconds that answers under way are waited for when the program is asked to end."""
SENT = 1.0
"""Seconds in which the last answers reach those who asked."""
console = Console(stderr=True)
cli = typer.Typer(add_completion=False)


@cli.command()
def main(
    host: Annotated[
        str, typer.Option(help="Address to serve on.", envvar="GRADIO_SERVER_NAME")
    ] = "127.0.0.1",
    port: Annotated[
        int,
        typer.Option(help="Port to serve on.", min=1, max=65535, envvar="GRADIO_SERVER_PORT"),
    ] = 7860,
    articles: Annotated[
        list[Path] | None,
        typer.Option(help="Files and folders to index first, in place of the sample; repeatable."),
    ] = None,
    auth: Annotated[
        Path | None,
        typer.Option(help="Who is let in: `broadsheet user add` writes it. Made if it is missing."),
    ] = None,
    everybody: Annotated[
        bool, typer.Option("--open", help="Let in everybody who reaches --host.")
    ] = False,
    mcp: Annotated[bool, typer.Option("--mcp", help="Serve the tools of MCP at /mcp too.")] = False,
) -> None:
    """Ask a dated news archive in the browser; every statement cites an exact sentence."""
    from web.telemetry import set_up_logging

    with one_line_errors():
        settings = load_settings()
        set_up_logging(settings)
        terminal.require_port(host, port)
        people = let_in(host, auth, everybody=everybody)
        serve(settings, host, port, articles or [], people, mcp=mcp)


def let_in(host: str, auth: Path | None, *, everybody: bool) -> People | None:
    """Return who is let in, None for everybody; a file of people that is not there is made.

    Raises:
        SettingsError: the file is wrong; or a network can reach `host`, and neither --auth nor
            --open is given.
    """
    if auth is None:
        if terminal.is_loopback(host) or everybody:
            return None
        raise SettingsError(
            f"--host {host} lets in everybody on the network. Name who may come in with "
            "--auth FILE (it is made if it is missing), or let all in with --open."
        )
    if not auth.exists():
        password = secrets.token_urlsafe(12)
        add_person(auth, "editor", Role.EDITOR, password)
        say(console, f"{auth} was made. Name: editor, password: {password} (shown this once)")
    return read_auth(auth)


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
    dropped = settings.data_dir.expanduser() / "page"
    quiet_gradio(dropped)
    from index.models.download import ensure_embedder
    from index.models.embedder import MiniLMEmbeddings

    with Meter(console) as meter:
        embeddings = MiniLMEmbeddings(lambda: ensure_embedder(settings, meter.fetched))
        ensure_embedder(settings, meter.fetched)
        bring_in_line(settings, embeddings, articles, meter)

    from index.store.snapshot import IndexReader
    from rag.generation import system_text
    from rag.llm.catalogue import suggestion
    from rag.llm.loader import ModelLoader
    from rag.pipeline import Pipeline
    from web.chat.feedback import FeedbackStore
    from web.conversations import browser_key
    from web.http.server import add_endpoints
    from web.page import build_page, launch_options
    from web.telemetry import InFlightQuestions
    from web.uploads.batch import delete_dropped
    from web.uploads.store import ABANDONED, Uploads

    delete_dropped(dropped, ABANDONED)
    loader = ModelLoader(settings, system_text=system_text())
    searching = Pipeline(IndexReader(settings), embeddings, loader, settings)
    in_flight = InFlightQuestions()
    pipeline, endpoints = add_endpoints(
        searching, settings, host=host, people=people, mcp=mcp, in_flight=in_flight
    )
    feedback = FeedbackStore(settings.data_dir)
    editors = people.editors if people else None
    changed = terminal.is_loopback(host) if editors is None else bool(editors)
    uploads = Uploads(settings, embeddings, editors) if changed else None
    key, longest = browser_key(settings.data_dir), settings.max_question
    page = build_page(pipeline, feedback, key, max_question=longest, uploads=uploads)
    options = launch_options() | endpoints
    options |= {"server_name": host, "server_port": port, "max_file_size": LARGEST_FILE}
    page.launch(prevent_thread_lock=True, quiet=True, **options)
    ended = terminal.end_signal()
    say(console, f"Broadsheet: {terminal.address(host, port)} (Ctrl-C ends it)", style="bold")
    if mcp:
        say(console, f"MCP: {terminal.address(host, port)}/mcp")
    if text := suggestion(settings):
        say(console, text)
    loader.start()
    for work in (searching.load, lambda: terminal.follow_model(loader, console)):
        threading.Thread(target=work, daemon=True).start()
    while not ended.wait(0.5):  # on Windows a wait without end cannot be interrupted
        pass
    if busy := in_flight.answering:
        say(console, f"Waiting up to {DRAIN:.0f} s for {count(busy, 'question')} to be answered.")
        left = in_flight.end(DRAIN)
        time.sleep(SENT)
        say(console, f"{count(left, 'question')} unanswered." if left else "All are answered.")
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
