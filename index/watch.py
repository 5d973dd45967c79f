"""Watches folders, and brings the index in line whenever files come, change or go.

A file is read when it has rested for a while, so that none is indexed half. Knows nothing of
terminals: it yields what happens.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from watchfiles import Change, watch

from index.build import build_index
from index.errors import ArticleError, BroadsheetError, IndexLocked
from index.models.embedder import MiniLMEmbeddings
from index.readers import in_full
from index.readers.files import format_of, printable
from index.settings import Settings
from index.types import BuildEvent, BuildReport

RESTED = 2.0
"""Seconds without a change after which a file is taken to be whole."""

RETRY = 30.0
"""Seconds after which a batch that failed is tried again, if no change comes before."""

_LONG = 30.0  # seconds after which a file that is still being written to is told of
_SHARE = 4.0  # times as long as a batch took until the next: a busy folder costs a fifth of a core
_QUIET_MS, _BATCH_MS, _WAKE_MS = 300, 2000, 500  # changes are gathered until it is quiet


@dataclass(frozen=True, slots=True)
class Notice:
    """Something to tell that is no end of a batch: a wait, a failure, a folder that is gone."""

    text: str


Event = BuildEvent | BuildReport | Notice


def watch_folders(
    folders: Sequence[Path], settings: Settings, embeddings: MiniLMEmbeddings
) -> Iterator[Event]:
    """Bring the index in line with the folders, now and after each change, without end.

    Each batch yields the events of a build and its report, or a notice of why it failed. A folder
    that is gone keeps its articles until it is back.

    Raises:
        ArticleError: one of the paths is no folder.
        BroadsheetError: the system does not let the folders be watched.
    """
    roots = list(dict.fromkeys(in_full(path.expanduser()) for path in folders))
    for root in roots:
        if not root.is_dir():
            raise ArticleError(f"{printable(root)}: expected a folder to watch")
    return _Watch(roots, settings, embeddings).events()


class _Watch:
    """The folders, and when their next batch is due."""

    def __init__(
        self, roots: Sequence[Path], settings: Settings, embeddings: MiniLMEmbeddings
    ) -> None:
        self._roots = roots
        self._settings = settings
        self._embeddings = embeddings
        self._rest = _Rest()
        self._due: float | None = 0.0  # None where nothing is due
        self._not_before = 0.0
        self._gone: set[Path] = set()

    def events(self) -> Iterator[Event]:
        for changes in _changes(self._roots, self._settings.index_dir.resolve()):
            now = time.monotonic()
            if changes:
                due = now + (RESTED if any(map(_is_fresh, changes)) else 0.0)
                self._due = due if self._due is None else min(due, self._due)
            if self._due is not None and now >= max(self._due, self._not_before):
                yield from self._look()

    def _look(self) -> Iterator[Event]:
        """Build one batch, and say when the next is due."""
        began = time.monotonic()
        gone = {root for root in self._roots if not root.is_dir()}
        for root in sorted(gone - self._gone):
            yield Notice(f"{printable(root)} is gone; its articles stay until it is back")
        self._gone = gone
        try:
            yield from self._build([root for root in self._roots if root not in gone])
        except Exception as error:  # whatever it was, watching goes on
            yield Notice(f"{_described(error)}; trying again at a change, or in {RETRY:.0f} s")
            self._due = time.monotonic() + RETRY
            return
        for path in self._rest.long():
            yield Notice(f"{printable(path)} is still being written to; it is read when it rests")
        ended = time.monotonic()
        self._not_before = ended + _SHARE * (ended - began)
        self._due = ended + RESTED if self._rest.waiting else None

    def _build(self, roots: Sequence[Path]) -> Iterator[Event]:
        if not roots:
            return
        try:
            yield from self._build_once(roots, wait=0)
        except IndexLocked as error:
            yield Notice(f"waiting: {error.who} is writing the index")
            yield from self._build_once(roots, wait=-1)

    def _build_once(self, roots: Sequence[Path], wait: float) -> Iterator[Event]:
        self._rest.waiting.clear()
        yield from build_index(
            roots,
            self._settings,
            self._embeddings,
            wait=wait,
            whole=self._rest.whole,
            command="watch",
        )


class _Rest:
    """Tells the files that have rested from those that may still be written to."""

    def __init__(self) -> None:
        self.waiting: set[Path] = set()
        self._since: dict[Path, float] = {}
        self._told: set[Path] = set()

    def whole(self, path: Path, stat: os.stat_result) -> bool:
        """Whether the file has rested; one that has not waits for a later batch."""
        if not _fresh(stat):
            return True
        self.waiting.add(path)
        self._since.setdefault(path, time.monotonic())
        return False

    def long(self) -> list[Path]:
        """Return the files that have been waiting for long, each once."""
        self._since = {path: since for path, since in self._since.items() if path in self.waiting}
        before = time.monotonic() - _LONG
        long = {path for path, since in self._since.items() if since < before}
        new = sorted(long - self._told)
        self._told = long
        return new


def _fresh(stat: os.stat_result) -> bool:
    """Whether a file was written to a moment ago; a date in the future tells nothing."""
    return abs(time.time() - stat.st_mtime) < RESTED


def _is_fresh(path: Path) -> bool:
    try:
        return _fresh(path.stat())
    except OSError:
        return False


def _changes(roots: Sequence[Path], index_dir: Path) -> Iterator[set[Path]]:
    """Yield what changed below the folders, or nothing every moment, without end.

    A folder that was replaced by another of its name, as when a disk comes back, is watched anew.
    """

    def matters(change: Change, name: str) -> bool:
        path = Path(name)
        if path.is_relative_to(index_dir) or _hidden(path, roots):
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
    """The folders that are there, each with its device and number in it."""
    found = {}
    for root in roots:
        try:
            state = root.stat()
        except OSError:
            continue
        found[root] = state.st_dev, state.st_ino
    return found


def _hidden(path: Path, roots: Sequence[Path]) -> bool:
    root = next((root for root in roots if path.is_relative_to(root)), path)
    return any(part.startswith(".") for part in path.relative_to(root).parts)


def _described(error: Exception) -> str:
    return str(error) if isinstance(error, BroadsheetError) else f"{type(error).__name__}: {error}"
