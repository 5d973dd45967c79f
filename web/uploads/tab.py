"""The Index tab: bring files, see what adding them would do, add them while the chat goes on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import gradio as gr

from index.errors import BroadsheetError
from web.events import session_of
from web.rendering import message
from web.uploads import views as render_index
from web.uploads.building import Building
from web.uploads.store import Uploads

Shown = tuple[Any, ...]


def make_look(uploads: Uploads) -> Callable[..., Iterator[Shown]]:
    """Return what choosing files does. Its outputs: preview, report, add button."""

    def look(files: list[str] | None, request: gr.Request) -> Iterator[Shown]:
        session = session_of(request)
        if not files:
            uploads.forget(session)
            yield "", gr.skip(), gr.update(visible=False)
            return
        yield render_index.looking(len(files)), "", gr.update(visible=False)
        try:
            said = uploads.look(session, [Path(file) for file in files])
        except (BroadsheetError, OSError) as error:
            yield message(str(error)), gr.skip(), gr.skip()
        else:
            yield render_index.preview(said), gr.skip(), gr.update(visible=said.report.touched > 0)

    return look


def make_add(uploads: Uploads) -> Callable[..., Iterator[Shown]]:
    """Return what the Add button does.

    Its outputs: files, preview, report, add button, stop button, status.
    """

    def add(request: gr.Request) -> Iterator[Shown]:
        session = session_of(request)
        try:
            building = uploads.add(session)
            for drawn in _progress(building):
                yield gr.skip(), gr.skip(), drawn, *_buttons(building=True), gr.skip()
            report = uploads.report(session, building.result())
        except (BroadsheetError, OSError) as error:
            said = message(str(error))
            yield gr.skip(), gr.skip(), said, *_buttons(building=False), _status(uploads)
        else:
            done = render_index.report(report)
            yield (
                None,
                "",
                done,
                gr.update(visible=False),
                gr.update(visible=False),
                _status(uploads),
            )

    return add


def make_follow(uploads: Uploads) -> Callable[[], Iterator[Shown]]:
    """Return what opening the tab does while another page adds articles.

    Its outputs: report, stop button, status.
    """

    def follow() -> Iterator[Shown]:
        building = uploads.building
        if building is None or not building.running:
            yield (gr.skip(),) * 3
            return
        for drawn in _progress(building):
            yield drawn, gr.update(visible=True), gr.skip()
        try:
            said = render_index.report(building.result())
        except BroadsheetError as error:
            said = message(str(error))
        yield said, gr.update(visible=False), _status(uploads)

    return follow


def make_halt(uploads: Uploads) -> Callable[[], str]:
    """Return what the Stop button does. Its output: report."""

    def halt() -> str:
        if uploads.building:
            uploads.building.stop()
        return render_index.stopping()

    return halt


def make_forget(uploads: Uploads) -> Callable[[gr.Request], None]:
    """Return what a closed page does."""

    def forget(request: gr.Request) -> None:
        uploads.forget(session_of(request))

    return forget


def make_status(uploads: Uploads) -> Callable[[], str]:
    """Return what opening the tab does. Its output: status."""
    return lambda: _status(uploads)


def make_remove(uploads: Uploads) -> Callable[[str], Shown]:
    """Return what the Remove button of an article does. Its outputs: panel, article."""

    def remove(article_id: str) -> Shown:
        try:
            uploads.remove(article_id)
        except BroadsheetError as error:
            return gr.skip(), message(str(error))
        return gr.update(visible=True), render_index.removed()

    return remove


def _progress(building: Building) -> Iterator[str]:
    for step in building.follow():
        yield render_index.progress(step)


def _status(uploads: Uploads) -> str:
    try:
        return render_index.status(uploads.status(), str(uploads.folder.resolve()))
    except BroadsheetError as error:
        return message(str(error))


def _buttons(*, building: bool) -> tuple[Any, Any]:
    """Add or Stop."""
    return gr.update(visible=not building), gr.update(visible=building)
