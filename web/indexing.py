"""The Index tab: bring files, see them indexed while the chat goes on, take articles out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import gradio as gr

from index.errors import BroadsheetError
from index.types import BuildEvent, BuildReport
from web import render_index
from web.markup import message
from web.uploads import Uploads


def make_add(uploads: Uploads) -> Callable[..., Iterator[tuple[Any, ...]]]:
    """Return what the Add button does. Its outputs: files, report, status."""

    def add(files: list[str] | None) -> Iterator[tuple[Any, ...]]:
        if not files:
            yield gr.skip(), message("Choose files first."), gr.skip()
            return
        try:
            refused = uploads.take([Path(file) for file in files])
            for event in uploads.index():
                if isinstance(event, BuildEvent):
                    yield gr.skip(), render_index.progress(event), gr.skip()
                elif isinstance(event, BuildReport):
                    done = render_index.report(event, refused)
                    yield None, done, render_index.status(uploads.status())
        except (BroadsheetError, OSError) as error:
            yield gr.skip(), message(str(error)), gr.skip()

    return add


def make_status(uploads: Uploads) -> Callable[[], str]:
    """Return what opening the tab does. Its output: status."""

    def status() -> str:
        try:
            return render_index.status(uploads.status())
        except BroadsheetError as error:
            return message(str(error))

    return status


def make_remove(uploads: Uploads) -> Callable[[str], tuple[Any, ...]]:
    """Return what the Remove button of an article does. Its outputs: panel, article."""

    def remove(article_id: str) -> tuple[Any, ...]:
        try:
            uploads.remove(article_id)
        except BroadsheetError as error:
            return gr.skip(), message(str(error))
        return gr.update(visible=True), render_index.removed()

    return remove
