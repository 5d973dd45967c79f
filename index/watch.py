"""Watches folders, and brings the index in line whenever files come, change or go.

A file is read once it has not changed for a while, so that none is indexed half. Progress
is yielded as events.
"""

from __future__ import annotations

import os
import queue
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from watchfiles import Change, watch

from index.build import build_index
from index.errors import ArticleError, BroadsheetError, IndexLocked, describe
from index.feeds import Feed, follow_feeds
from index.models.embedder import MiniLMEmbeddings
from index.readers import absolute_path
from index.readers.files import printable
from index.readers.kinds import format_of
from index.settings import Settings
from index.types import BuildEvent, BuildReport

SETTLED = 2.0
"""Seconds without a change after which a file is taken to be complete."""

RETRY = 30.0
"""Seconds after which a batch that failed is tried again, if no change comes before."""

_LONG = 30.0  # seconds after which a notice names a file that is still being written
_PAUSE = 4.0  # times as long as a batch took until the next: a busy folder costs a fifth of a core
_QUIET_MS, _BATCH_MS, _WAKE_MS = 300, 2000, 500  # changes are gathered until it is quiet


@dataclass(frozen=True, slots=True)
class Notice:
    """A line for the person that is no end of a batch: a wait, a failure, a folder that is gone."""

    text: str


Event = BuildEvent | BuildReport | Notice


def watch_folders(
    folders: Sequence[Path],
    settings: Settings,
    embeddings: MiniLMEmbeddings,
    feeds: Sequence[Feed] = (),
) -> Iterator[Event]:
    """Bring the index in line with the folders, now and after each change, without end.

    Each batch yields the events of a build and its report, or a notice of why it failed. A folder
    that is gone keeps its articles until it is back. Feeds are read meanwhile, into their folders,
    which are watched too.

    Raises:
        ArticleError: one of the paths is no folder.
        BroadsheetError: the system does not let the folders be watched.
    """
    for feed in feeds:
        feed.folder.mkdir(parents=True, exist_ok=True)
    every = (*folders, *(feed.folder for feed in feeds))
    roots = list(dict.fromkeys(absolute_path(path.expanduser()) for path in every))
    for root in roots:
        if not root.is_dir():
            raise ArticleError(f"{printable(root)}: expected a folder to watch")
    return _events_with_feeds(_Watch(roots, settings, embeddings), feeds)


def _events_with_feeds(watched: _Watch, feeds: Sequence[Feed]) -> Iterator[Event]:
    """Yield what a watch yields, while a thread reads the feeds."""
    ended = threading.Event()
    if feeds:
        arguments = feeds, watched.messages.put, ended
        threading.Thread(target=follow_feeds, args=arguments, daemon=True).start()
    try:
        yield from watched.events()
    finally:
        ended.set()


@dataclass
class _Watch:
    """The folders, the files that are still being written, and when the next batch is due.

    Attributes:
        due: When the next batch is due, by the monotonic clock; None where nothing is.
        not_before: When it may begin at the earliest.
        gone: Folders that are not there.
        writing: Files that are being written, each by when it was first seen so.
        met: Those of them that the last batch met.
        reported: Those of them that a notice has named.
        messages: Lines of whoever reads the feeds.
    """

    roots: Sequence[Path]
    settings: Settings
    embeddings: MiniLMEmbeddings
    due: float | None = 0.0
    not_before: float = 0.0
    gone: set[Path] = field(default_factory=set)
    writing: dict[Path, float] = field(default_factory=dict)
    met: set[Path] = field(default_factory=set)
    reported: set[Path] = field(default_factory=set)
    messages: queue.SimpleQueue[str] = field(default_factory=queue.SimpleQueue)

    def events(self) -> Iterator[Event]:
        for changes in _changes(self.roots, self.settings.index_dir.resolve()):
            while not self.messages.empty():
                yield Notice(self.messages.get())
            now = time.monotonic()
            if changes:
                due = now + (0.0 if all(map(_is_settled, changes)) else SETTLED)
                self.due = due if self.due is None else min(due, self.due)
            if self.due is not None and now >= max(self.due, self.not_before):
                yield from self._batch()

    def _batch(self) -> Iterator[Event]:
        """Build once, and set when the next batch is due."""
        began = time.monotonic()
        gone = {root for root in self.roots if not root.is_dir()}
        for root in sorted(gone - self.gone):
            yield Notice(f"{printable(root)} is gone; its articles stay until it is back")
        self.gone = gone
        try:
            if roots := [root for root in self.roots if root not in gone]:
                yield from self._build(roots)
        except Exception as error:  # whatever it was, watching goes on
            yield Notice(f"{describe(error)}; trying again at a change, or in {RETRY:.0f} s")
            self.due = time.monotonic() + RETRY
            return
        yield from self._long_written()
        ended = time.monotonic()
        self.not_before = ended + _PAUSE * (ended - began)
        self.due = ended + SETTLED if self.writing else None

    def _build(self, roots: Sequence[Path], wait: float = 0.0) -> Iterator[Event]:
        self.met.clear()
        try:
            yield from build_index(
                roots,
                self.settings,
                self.embeddings,
                wait=wait,
                settled=self._settled,
                command="watch",
            )
        except IndexLocked as error:
            yield Notice(f"waiting: {error.who} is writing the index")
            yield from self._build(roots, wait=-1)

    def _settled(self, path: Path, stat: os.stat_result) -> bool:
        """Whether a file is complete; one that is not waits for a later batch."""
        if _is_settled(stat):
            return True
        self.met.add(path)
        self.writing.setdefault(path, time.monotonic())
        return False

    def _long_written(self) -> Iterator[Notice]:
        """Name the files that have been written for long, each once."""
        self.writing = {path: at for path, at in self.writing.items() if path in self.met}
        before = time.monotonic() - _LONG
        long = {path for path, since in self.writing.items() if since < before}
        for path in sorted(long - self.reported):
            yield Notice(f"{printable(path)} is still being written to; it is read when it rests")
        self.reported = long


def _is_settled(file: Path | os.stat_result) -> bool:
    """Whether a file was not written to a moment ago; a date in the future is no evidence."""
    try:
        stat = file.stat() if isinstance(file, Path) else file
    except OSError:
        return True
    return abs(time.time() - stat.st_mtime) >= SETTLED


def _changes(roots: Sequence[Path], index_dir: Path) -> Iterator[set[Path]]:
    """Yield what changed below the folders, or nothing every moment, without end.

    A folder that was replaced by another of its name, as when a disk comes back, is watched anew.
    """

    def matters(change: Change, name: str) -> bool:
        path = Path(name)
        if path.is_relative_to(index_dir) or _is_hidden(path, roots):
            return False
        return change is Change.deleted or path.is_dir() or format_of(path.name) is not None

    known = _identities(roots)
    while True:
        try:
            for changes in watch(
                *known,
                watch_filter=matters,
                debounce=_BATCH_MS,
                step=_QUIET_MS,
                rust_timeout=_WAKE_MS,
                yield_on_timeout=True,
            ):
                yield {Path(name) for _, name in changes}
                if _identities(roots) != known:
                    break
        except FileNotFoundError:  # it went before it was watched
            time.sleep(_WAKE_MS / 1000)
        except OSError as error:
            raise BroadsheetError(
                f"the system does not let the folders be watched: {error}; more may be watched "
                "with `sysctl fs.inotify.max_user_watches=524288`"
            ) from error
        known = _identities(roots)  # before the yield: what comes back during it is seen after it
        yield set(roots)


def _identities(roots: Sequence[Path]) -> dict[Path, tuple[int, int]]:
    """Return the folders that exist, each with its device and inode number."""
    found = {}
    for root in roots:
        with suppress(OSError):
            state = root.stat()
            found[root] = state.st_dev, state.st_ino
    return found


def _is_hidden(path: Path, roots: Sequence[Path]) -> bool:
    root = next((root for root in roots if path.is_relative_to(root)), path)
    return any(part.startswith(".") for part in path.relative_to(root).parts)
