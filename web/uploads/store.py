"""Articles that people bring through the page: looked at, added to the index, taken out.

What is only looked at lies in a folder of its own; what is added is kept in another, and indexed
from there, in a thread: the index's writer must stay in one, and Gradio takes each step of a
generator in any.
"""

from __future__ import annotations

import logging
import os
import shutil
import threading
import time
from collections.abc import Callable, Collection, Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from index.build import build_index, remove_articles
from index.errors import BroadsheetError
from index.models.embedder import MiniLMEmbeddings
from index.preview import Preview, preview_files
from index.settings import Settings
from index.status import Status, index_status
from index.store.snapshot import IndexReader
from index.types import BuildEvent, BuildReport, Skipped, Stage, file_of
from index.upkeep import roll_back
from web.uploads.batch import Batch

_log = logging.getLogger(__name__)
_FAILED = "Something went wrong; the archive is unchanged. The log has the details."
_AFTER = 0.05  # of the time of embedding, what comes after it takes (docs/scale.md)
_STOPPED = "Stopped. The archive is unchanged. Add the same files again to go on from here."
WAIT = 2.0  # seconds to wait for another build
ABANDONED = 86_400.0  # seconds after which a batch that nobody added is deleted
OFFERED = 3600.0  # seconds for which pages that open offer to undo a removal
_BUSY = "Articles are being added already; wait for it to end, or stop it."
_GONE = "These files are not there any more; choose them again."


@dataclass(frozen=True, slots=True)
class Step:
    """How far a build is; `left` is how many seconds it will take yet, where known."""

    event: BuildEvent
    left: float | None = None


@dataclass(frozen=True, slots=True)
class Removal:
    """An article that was removed, the generation since, and its file with where that is kept."""

    headline: str
    generation: int
    file: Path
    aside: Path
    at: float = field(default_factory=time.monotonic)


class Building:
    """One build, from its start to its report or its failure."""

    def __init__(
        self,
        events: Callable[[], Generator[BuildEvent | BuildReport, None, None]],
        ended: Callable[[bool], None],
        expected: float = 0.0,
    ) -> None:
        """Start it; `ended` is called at the end, with whether the build came to its report.

        `expected` is how many seconds it should take, by the builds before; 0 where unknown.
        """
        self._events, self._ended = events, ended
        self._end = time.monotonic() + expected if expected else None
        self._stopped = threading.Event()
        self._changed = threading.Condition()
        self._step = Step(BuildEvent(Stage.READING, 0, None), expected or None)
        self._done: Future[BuildReport] = Future()
        threading.Thread(target=self._run, name="building", daemon=True).start()

    @property
    def running(self) -> bool:
        """Whether it has neither a report nor failed yet."""
        return not self._done.done()

    def stop(self) -> None:
        """Ask it to end, which it does after the articles that it is at; the old state stays."""
        self._stopped.set()

    def follow(self) -> Iterator[Step]:
        """Yield where it is whenever that changes, until it ends."""
        shown: Step | None = None
        while self.running:
            with self._changed:
                while self._step is shown and self.running:
                    self._changed.wait()
                shown = self._step
            if self.running:
                yield shown

    def result(self) -> BuildReport:
        """Wait for the end of the build and return its report.

        Raises:
            BroadsheetError: it failed or was stopped; the message says so.
        """
        return self._done.result()

    def _run(self) -> None:
        report, error = None, BroadsheetError(_FAILED)
        try:
            report = self._build()
        except BroadsheetError as known:
            error = known
        except Exception:
            _log.exception("indexing failed")
        try:
            self._ended(report is not None)
        except Exception:  # whoever follows must hear of the end
            _log.exception("files that were brought could not be put back")
        with self._changed:
            if report:
                self._done.set_result(report)
            else:
                self._done.set_exception(error)
            self._changed.notify_all()

    def _build(self) -> BuildReport:
        events = self._events()
        began: dict[Stage, tuple[float, int]] = {}
        try:
            for event in events:
                if isinstance(event, BuildReport):
                    return event
                if self._stopped.is_set():
                    break
                since, before = began.setdefault(event.stage, (time.monotonic(), event.done))
                now = time.monotonic()
                if (left := _left(now - since, event.done - before, event)) is not None:
                    self._end = now + left
                with self._changed:
                    self._step = Step(event, max(self._end - now, 0.0) if self._end else None)
                    self._changed.notify_all()
        finally:
            events.close()
        raise BroadsheetError(_STOPPED)


def _left(seconds: float, done: int, event: BuildEvent) -> float | None:
    """Seconds that the build takes yet, at the pace of what was done of its stage."""
    if not event.total or done <= 0:
        return None
    after = _AFTER * event.total if event.stage is Stage.EMBEDDING else 0.0
    return seconds / done * (event.total - event.done + after)


class Uploads:
    """The folder of what was brought, the index that it goes into, and what is yet to be added."""

    def __init__(
        self,
        settings: Settings,
        embeddings: MiniLMEmbeddings,
        editors: Collection[str] | None = None,
    ) -> None:
        """Name the folders, made with the first file; None for `editors` is everybody."""
        self._editors = editors
        self._settings = settings
        self._embeddings = embeddings
        self.folder = settings.data_dir.expanduser() / "uploads"
        self.waiting = settings.data_dir.expanduser() / "brought"
        self._lock = threading.Lock()
        self._batches: dict[str, Batch] = {}  # by session
        self._removal: Removal | None = None
        self.building: Building | None = None

    def allow(self, name: str | None) -> None:
        """Raise `BroadsheetError` for who may not change the archive."""
        if self._editors is not None and name not in self._editors:
            raise BroadsheetError("You may read this archive; only its editors change it.")

    def look(self, session: str, files: Sequence[Path]) -> Preview:
        """Take files, in place of those that the session brought before, and say what adding does.

        Nothing of it is in the index or in `folder` until `add`.

        Raises:
            BroadsheetError: what the session brought before is being added.
            OSError: the data folder cannot be written to.
        """
        before = self._batches.get(session)
        if before and before.placed:
            raise BroadsheetError(_BUSY)
        self.forget(session)
        self._tidy()
        batch = Batch(self.waiting, files)
        with self._lock:
            self._batches[session] = batch
        preview = preview_files(batch.files, self.folder, self._settings)
        batch.expected = self._pace() * (len(preview.added) + len(preview.changed))
        return replace(preview, skipped=(*batch.refused, *self._named(preview.skipped)))

    def add(self, session: str) -> Building:
        """Begin to add what the session brought; a file of the same name takes the old one's place.

        Raises:
            BroadsheetError: there is nothing to add, or something is being added already.
            OSError: the files cannot be moved to the folder; they are where they were.
        """
        with self._lock:
            batch = self._batches.get(session)
            if batch is None or batch.gone:
                raise BroadsheetError(_GONE)
            if self.building and self.building.running:
                raise BroadsheetError(_BUSY)
            try:
                batch.move_to(self.folder)
            except OSError:
                batch.take_back(self.folder)
                raise
            build = partial(build_index, [self.folder], self._settings, self._embeddings, wait=WAIT)
            ended = partial(self._end, session, batch)
            self.building = Building(build, ended, batch.expected)
            return self.building

    def forget(self, session: str) -> None:
        """Delete what a session brought and has not added."""
        with self._lock:
            batch = self._batches.pop(session, None)
            if batch and not batch.placed:
                batch.discard()

    def report(self, session: str, done: BuildReport) -> BuildReport:
        """Return the report of a build with what of the files was refused, and short names."""
        batch = self._batches.pop(session, None)
        refused = batch.refused if batch else ()
        return replace(done, skipped=(*refused, *self._named(done.skipped)))

    def remove(self, article_id: str) -> Removal:
        """Take an article out of the index, and aside the file that was brought with it alone.

        Raises:
            IndexLocked: another build is running.
            BroadsheetError: articles are being added, or the archive has no such article.
        """
        if self.building and self.building.running:
            raise BroadsheetError("Articles are being added. Remove this one when that is done.")
        with IndexReader(self._settings).snapshot() as snapshot:
            article = snapshot.article(article_id)
        if article is None:
            raise BroadsheetError("the archive has no such article any more")
        report = remove_articles([article_id], self._settings)
        file = Path(file_of(article.location))
        alone = str(file) == article.location  # and no record of a file of many
        aside = self.waiting / f"removed-{report.generation}" / file.name
        if alone and file.is_relative_to(self.folder.resolve()) and file.is_file():
            aside.parent.mkdir(parents=True, exist_ok=True)
            shutil.move(file, aside)  # the next build of the folder would bring it back
        self._removal = Removal(article.headline, report.generation, file, aside)
        return self._removal

    def put_back(self, generation: object) -> str:
        """Undo the removal that made a generation, and return the headline.

        Raises:
            IndexLocked: another build is running.
            BroadsheetError: the archive has changed since.
        """
        last = self._undoable()
        if last is None or last.generation != generation:
            raise BroadsheetError("The archive has changed since: add the article again.")
        roll_back(self._settings)
        if last.aside.is_file():
            shutil.move(last.aside, last.file)
        return last.headline

    def offered(self) -> Removal | None:
        """Return the removal that a page offers to undo as it opens: the newest, for an hour."""
        last = self._undoable()
        return last if last and time.monotonic() - last.at < OFFERED else None

    def _undoable(self) -> Removal | None:
        last = self._removal
        unchanged = last and IndexReader(self._settings).live().number == last.generation
        return last if unchanged else None

    def status(self) -> Status:
        """Return what is indexed; raises `IndexMissing` where nothing is."""
        found = index_status(self._settings)
        roots = {path for one in found.builds for path in one.paths}
        return replace(found, skipped=tuple(self._named(found.skipped, roots)))

    def _pace(self) -> float:
        """Seconds that an article took in the builds before; 0 where none is known."""
        try:
            builds = self.status().builds
        except BroadsheetError:
            return 0.0
        timed = [(one.seconds, one.added + one.changed) for one in builds]
        articles = sum(count for _, count in timed)
        return sum(took for took, count in timed if count) / articles if articles else 0.0

    def _end(self, session: str, batch: Batch, added: bool) -> None:
        """Delete a batch that was added; else put its files back, to be added again."""
        with self._lock:
            if not added:
                batch.take_back(self.folder)
            if added or self._batches.get(session) is not batch:
                batch.discard()

    def _tidy(self) -> None:
        """Delete what was left by pages that were closed, and by programs that ended."""
        if not self.waiting.is_dir():
            return
        for folder in self.waiting.iterdir():
            with suppress(FileNotFoundError):  # another program on this folder tidies too
                if time.time() - folder.stat().st_mtime > ABANDONED:
                    shutil.rmtree(folder, ignore_errors=True)

    def _named(self, skipped: Iterable[Skipped], roots: Iterable[str] = ()) -> list[Skipped]:
        """Name files by their place below the folder, or by that of `roots` which they are of."""
        prefixes = [f"{self.folder.resolve()}{os.sep}"]
        prefixes += [f"{Path(root).parent}{os.sep}" for root in sorted(roots, key=len)]
        return [
            replace(one, location=one.location.removeprefix(prefix))
            for one in skipped
            for prefix in [next(filter(one.location.startswith, prefixes), "")]
        ]
