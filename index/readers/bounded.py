"""Reads files, the risky ones in a process of its own, whose time and memory are bounded.

A parser that runs away or breaks down costs the rest of its file, and no other.
"""

from __future__ import annotations

import os
import pickle
import re
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path

from index.readers.files import ColumnsOf, Orders, find_files, read_file
from index.readers.text import Found
from index.types import Article, IsUnchanged, Item, Skipped, Unchanged

SECONDS = 5
"""Processor time that reading one article may take; large files get a little more."""

MEGABYTES = 512
"""Memory that reading a file may take; files of many articles get more, by their size."""

TOO_LONG = f"it takes more than {SECONDS} s of processor time"

SINGLE = ("text", "markdown", "html", "mail", "word", "rtf", "pdf")
"""Formats whose files hold one article, for most."""

PACKED = re.compile(r"\.(?:gz|xz|tgz|zip|xlsx|ods|epub|parquet)\Z", re.IGNORECASE)
"""Ends of names of files that take more room than their size says."""

_SMALL = 16_384  # bytes over which no parser of ours takes long
_RISKY = ("word", "rtf", "pdf", "book", "sheets", "parquet", "crawl", "archive")  # of any size
_AHEAD = 64  # files that the process knows of beforehand


def read_articles(
    paths: Iterable[Path],
    *,
    unchanged: IsUnchanged | None = None,
    date_order: str = "",
    columns_of: ColumnsOf | None = None,
) -> Iterator[Item]:
    """Return the articles of these files and folders, one at a time; see `find_files`.

    Raises:
        ArticleError: one of the paths does not exist; nothing has been read then.
    """
    return read_files(
        find_files(paths, unchanged=unchanged, date_order=date_order, columns_of=columns_of)
    )


def read_files(files: Iterable[Found | Skipped | Unchanged]) -> Iterator[Item]:
    """Yield the articles of files that were found, in their order; all else is passed on.

    Small files are read here, and from the first that is not all of them by a `Reader`, which
    reads ahead while the caller does its own work.
    """
    reader: Reader | None = None
    orders: Orders = {}
    waiting: deque[Found | Skipped | Unchanged] = deque()
    try:
        for file in files:
            if reader is None and (not isinstance(file, Found) or _is_harmless(file)):
                yield from read_file(file, orders) if isinstance(file, Found) else (file,)
                continue
            reader = reader or Reader()
            if isinstance(file, Found):
                reader.ask(file)
            waiting.append(file)
            if len(waiting) > _AHEAD:
                yield from _next(waiting, reader)
        while waiting and reader:
            yield from _next(waiting, reader)
    finally:
        if reader:
            reader.close()


def _next(waiting: deque[Found | Skipped | Unchanged], reader: Reader) -> Iterator[Item]:
    file = waiting.popleft()
    if isinstance(file, Found):
        later = [one for one in waiting if isinstance(one, Found)]
        yield from reader.items(file, later)
    else:
        yield file


def _is_harmless(file: Found) -> bool:
    if sys.platform == "win32":  # it has no limits that a process could set itself
        return True
    packed = PACKED.search(file.path.name)
    return file.stat.st_size <= _SMALL and not packed and file.format not in _RISKY


class Reader:
    """A process that reads one file after the other; where it ends over one, another is started."""

    def __init__(self) -> None:
        """Start the process."""
        self._start()

    def ask(self, file: Found, *, careful: bool = False) -> None:
        """Have a file read after those that were asked for before.

        `careful`, each article is sent at once, lest it is lost with the process.
        """
        with suppress(OSError):  # it ended, and its successor is asked again
            self._requests.send((file, careful))

    def items(self, file: Found, later: Iterable[Found]) -> Iterator[Article | Skipped]:
        """Yield what was read of the file that was asked for first; others were asked for later."""
        yielded = 0
        for careful in (False, True):
            for number, item in enumerate(self._received()):
                if item is None:
                    return
                if number >= yielded:
                    yielded += 1
                    yield item
            reason = self._last_words()
            self.close()
            self._start()
            if file.format in SINGLE or careful:
                break
            self.ask(file, careful=True)
        yield Skipped(str(file.path), reason)
        for one in later:
            self.ask(one)

    def close(self) -> None:
        """End the process, whatever it does."""
        self._process.kill()
        self._process.wait()
        self._requests.close()
        self._results.close()

    def _start(self) -> None:
        asked, requests = os.pipe()
        results, answers = os.pipe()
        self._requests = Connection(requests, readable=False)
        self._results = Connection(results, writable=False)
        self._batch: deque[Article | Skipped | None] = deque()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "index.readers.child"],
            cwd=Path(__file__).resolve().parents[2],
            stdin=asked,
            stdout=answers,
        )
        os.close(asked)
        os.close(answers)

    def _received(self) -> Iterator[Article | Skipped | None]:
        """Yield what comes from the process until it ends."""
        with suppress(EOFError, OSError, pickle.UnpicklingError):  # perhaps in mid-write
            while True:
                while not self._batch:
                    self._batch.extend(self._results.recv())
                yield self._batch.popleft()

    def _last_words(self) -> str:
        code = self._process.wait()
        if code == -signal.SIGVTALRM:
            return f"{TOO_LONG}; the rest is not read"
        return f"its reader broke down over it (code {code}); the rest is not read"
