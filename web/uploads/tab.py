"""The tab “Add articles”: bring files, see what adding would do, add while the chat goes on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path, PurePath
from typing import Any

import gradio as gr

from index.errors import BroadsheetError
from index.progress import CHANGES
from index.status import Status
from index.store.history import STOPPED, BuildRecord
from index.types import STDIN, BuildReport, Stage, listed
from web import wording
from web.chat.reader import close_article
from web.events import clicked, session_of
from web.rendering import Macros, message
from web.uploads.batch import in_words
from web.uploads.store import Building, Uploads

Shown = tuple[Any, ...]
_BUILDS = 10  # updates that are shown
_COMMANDS = {
    "build": "Update from",
    "add": "Add",
    "remove": "Article removed",
    "watch": "Changes in",
    "rollback": "Undo of the last update",
    "repair": "Repair",
}
_STAGES = {
    Stage.READING: "Reading articles",
    Stage.EMBEDDING: "Preparing the search by meaning",
    Stage.MERGING: "Joining the parts",
    Stage.WORDS: "Preparing the search by words",
    Stage.SWITCHING: "Finishing",
}


class IndexTab:
    """What the events of the tab do, and the button that removes an article."""

    def __init__(self, uploads: Uploads) -> None:
        self._uploads = uploads

    def look(self, files: list[str] | None, request: gr.Request) -> Iterator[Shown]:
        """Look at files that were chosen. The outputs: preview, report, add button."""
        session = session_of(request)
        if not files:
            self._uploads.forget(session)
            yield "", gr.skip(), gr.update(visible=False)
            return
        looking = views.waiting(f"Looking at {wording.count(len(files), 'file')}")
        yield looking, "", gr.update(visible=False)
        try:
            self._uploads.allow(request.username)
            plan = self._uploads.look(session, [Path(file) for file in files])
        except (BroadsheetError, OSError) as error:
            yield message(in_words(error)), gr.skip(), gr.skip()
        else:
            number = len(plan.added) + len(plan.changed)
            name = f"Add {wording.count(number, 'article')}" if number else "Update the archive"
            shown = gr.update(visible=plan.report.touched > 0, value=name)
            yield views.preview(plan), gr.skip(), shown

    def add(self, request: gr.Request) -> Iterator[Shown]:
        """Add them. The outputs: files, preview, report, add button, stop button, status."""
        session, hidden = session_of(request), gr.update(visible=False)
        try:
            self._uploads.allow(request.username)
            building = self._uploads.add(session)
            for bar in _progress(building):
                yield gr.skip(), gr.skip(), bar, hidden, gr.update(visible=True), gr.skip()
            report = self._uploads.report(session, building.result())
        except (BroadsheetError, OSError) as error:
            failed, again = message(in_words(error)), gr.update(visible=True)
            yield gr.skip(), gr.skip(), failed, again, hidden, self.status()
        else:
            yield None, "", views.report(report), hidden, hidden, self.status()

    def follow(self) -> Iterator[Shown]:
        """Show what another page adds when the tab is opened.

        The outputs: report, stop button, status.
        """
        building = self._uploads.building
        if building is None or not building.running:
            yield (gr.skip(),) * 3
            return
        for bar in _progress(building):
            yield bar, gr.update(visible=True), gr.skip()
        try:
            ended = views.report(building.result())
        except BroadsheetError as error:
            ended = message(str(error))
        yield ended, gr.update(visible=False), self.status()

    def stop(self, request: gr.Request) -> str:
        """Ask a build to stop. The output: report."""
        try:
            self._uploads.allow(request.username)
        except BroadsheetError as error:
            return message(str(error))
        if self._uploads.building:
            self._uploads.building.stop()
        return views.waiting("Stopping")

    def forget(self, request: gr.Request) -> None:
        """Do what a closed page does."""
        self._uploads.forget(session_of(request))

    def status(self) -> str:
        """Show what is indexed. The output: status."""
        try:
            return views.status(self._uploads.status(), str(self._uploads.folder.resolve()))
        except BroadsheetError as error:
            return message(str(error))

    def remove(self, article_id: str, request: gr.Request) -> Shown:
        """Take an article out of the archive.

        The outputs: panel, article, why it is still there, notice.
        """
        try:
            self._uploads.allow(request.username)
            removal = self._uploads.remove(article_id)
        except BroadsheetError as error:
            return gr.skip(), gr.skip(), message(str(error)), ""
        return *close_article(), "", views.removed(removal)

    def offer(self, request: gr.Request) -> str:
        """Offer to undo the newest removal to an editor who opens a page. The output: notice."""
        with suppress(BroadsheetError):
            self._uploads.allow(request.username)
            return views.removed(last) if (last := self._uploads.offered()) else ""
        return ""

    def put_back(self, click: gr.EventData, request: gr.Request) -> str:
        """Bring an article back that was removed. The output: notice."""
        try:
            self._uploads.allow(request.username)
            return views.put_back(self._uploads.put_back(clicked(click).get("number")))
        except BroadsheetError as error:
            return message(str(error))


def _progress(building: Building) -> Iterator[str]:
    for step in building.follow():
        yield views.progress(step.event, step.left)


def _counts(done: BuildReport | BuildRecord, left_out: int) -> str:
    return listed({name: getattr(done, name) for name in CHANGES} | {"left out": left_out})


def _name(path: str, folder: str) -> str:
    """A file or folder as people know it, who need not know where the server keeps it."""
    names = {folder: "files brought here", STDIN: "standard input"}
    return names.get(path) or PurePath(path).name or path


def _updates(found: Status, folder: str) -> list[tuple[str, str, str, str]]:
    """When, what, the result and how long, of the newest updates; `folder` is that of uploads.

    Of all but the last only those that did something or failed.
    """
    told = [
        one
        for at, one in enumerate(found.builds)
        if not at or one.error or _counts(one, one.skipped)
    ]
    rows = []
    for one in told[:_BUILDS]:
        paths = ", ".join(_name(path, folder) for path in one.paths)
        took = wording.duration(one.seconds) if one.seconds >= 0.05 else ""
        what = f"{_COMMANDS[one.command]} {paths}".rstrip()
        rows.append((wording.moment(one.began), what, _result(one, folder), took))
    return rows


def _feeds(found: Status) -> list[tuple[str, str, str]]:
    """When each feed was read last, which it is, and what went wrong."""
    return [
        (wording.moment(one.read), one.url, f"failed: {one.failed}" if one.failed else "read")
        for one in found.feeds
    ]


def _result(one: BuildRecord, folder: str) -> str:
    error = one.error
    for path in one.paths:
        error = error.replace(path, _name(path, folder))
    if error:
        return error if error == STOPPED else f"failed: {error}"
    return _counts(one, one.skipped) or "no article changed"


views = Macros(
    "index.html",
    LISTED=50,
    STAGES=_STAGES,
    counts=_counts,
    feeds=_feeds,
    time_left=wording.time_left,
    updates=_updates,
)
