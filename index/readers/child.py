"""The process that reads files for `index.readers.bounded`, within bounds that it sets itself.

Files come over standard input, and lists of articles leave over standard output, those of each
file followed by None. It ends when its input ends, so it never outlives what started it.
"""

from __future__ import annotations

import os
import resource
import signal
import threading
import time
from collections.abc import Iterator
from multiprocessing.connection import Connection
from queue import SimpleQueue
from types import FrameType

from index.errors import ArticleError
from index.readers.bounded import MEGABYTES, PACKED, SECONDS, SINGLE, TOO_LONG
from index.readers.files import TOO_LARGE, Orders, read_file
from index.readers.text import Found
from index.types import Article, Skipped

_GRACE = 2  # seconds in which a parser may still hear that its time is over
_BYTES_A_SECOND = 20_000_000  # of a large file: unpacking alone takes that long
_LONGEST = 60  # seconds for all of a small file
_NAMED = 1000  # skipped records of a file that are named one by one
_TOGETHER = 64  # articles that are sent together
_OFTEN = 0.1  # seconds after which they are sent, however few
_PLAIN, _PACKED = 5, 30  # bytes of memory for one byte of a file of many articles


class Limits:
    """Hold while a parser works; its time ends by an error, and if that is not heard at all."""

    def __init__(self) -> None:
        """Take over the signals of the process's timers."""
        self._hold = False
        self._left = 0.0
        signal.signal(signal.SIGPROF, self._stop)

    def begin(self, seconds: float, memory: int) -> None:
        """Let the next article take so many seconds and, with all before it, so many bytes."""
        self._left, self._memory = seconds, memory
        self.go_on()

    def go_on(self) -> None:
        """Hold again, for the time that was left."""
        self._hold = True
        resource.setrlimit(resource.RLIMIT_DATA, (self._memory, resource.RLIM_INFINITY))
        signal.setitimer(signal.ITIMER_PROF, self._left, 0.5)
        signal.setitimer(signal.ITIMER_VIRTUAL, self._left + _GRACE)

    def lift(self) -> None:
        """Let what was read be sent."""
        self._hold = False
        self._left = max(0.01, signal.setitimer(signal.ITIMER_PROF, 0)[0])
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        resource.setrlimit(resource.RLIMIT_DATA, (resource.RLIM_INFINITY,) * 2)

    def _stop(self, _signal: int, _frame: FrameType | None) -> None:
        if self._hold:
            raise ArticleError(TOO_LONG)


def _read_bounded(file: Found, limits: Limits, orders: Orders) -> Iterator[Article | Skipped]:
    """Yield what is read of a file, as long as it stays within its bounds.

    What is skipped takes of the time of the next article, but for files in an archive.
    """
    size = file.stat.st_size
    memory = MEGABYTES * 1_000_000
    if file.format not in SINGLE:
        memory += size * (_PACKED if PACKED.search(file.path.name) else _PLAIN)
    each = SECONDS + size / _BYTES_A_SECOND
    last = time.process_time() + _LONGEST + 10 * each
    try:
        limits.begin(each, memory)
        for item in read_file(file, orders):
            limits.lift()
            yield item
            if time.process_time() > last:
                yield Skipped(str(file.path), f"{TOO_LONG} an article; the rest is not read")
                return
            if isinstance(item, Article) or file.format == "archive":
                limits.begin(each, memory)
            else:
                limits.go_on()
        limits.lift()
    except (ArticleError, MemoryError) as error:  # it came between two steps of the reader
        limits.lift()
        yield Skipped(str(file.path), str(error) or TOO_LARGE)


def _summarize_skipped(items: Iterator[Article | Skipped]) -> Iterator[Article | Skipped]:
    """Count what is skipped of a file once much is, instead of naming it."""
    skipped, location = 0, ""
    for item in items:
        if isinstance(item, Skipped):
            skipped += 1
            location = location or item.location
        if isinstance(item, Article) or skipped <= _NAMED:
            yield item
    if skipped > _NAMED:
        yield Skipped(location, f"{skipped - _NAMED:,} more of this file are skipped")


class Results:
    """Sends what was read, some of it together: each sending wakes the one who asked."""

    def __init__(self) -> None:
        """Take over standard output, so that what a parser prints is no result."""
        self._pipe = Connection(os.dup(1), readable=False)
        os.dup2(2, 1)
        self._batch: list[Article | Skipped | None] = []
        self._sent = time.monotonic()

    def add(self, item: Article | Skipped | None, *, at_once: bool) -> None:
        """Send an item, or the end of a file's, at once or with some of those that follow."""
        self._batch.append(item)
        full = len(self._batch) >= _TOGETHER or time.monotonic() > self._sent + _OFTEN
        if at_once or full:
            self._pipe.send(self._batch)
            self._batch, self._sent = [], time.monotonic()


def _listen(requests: SimpleQueue[tuple[Found, bool] | None]) -> None:
    """Take requests as they come, so that nobody who asks has to wait."""
    asked = Connection(os.dup(0), writable=False)
    try:
        while True:
            requests.put(asked.recv())
    except EOFError:
        requests.put(None)


def main() -> None:
    """Read what is asked for until nobody asks."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the program that started it ends it
    results, limits = Results(), Limits()
    orders: Orders = {}
    requests: SimpleQueue[tuple[Found, bool] | None] = SimpleQueue()
    threading.Thread(target=_listen, args=(requests,), daemon=True).start()
    while asked := requests.get():
        file, careful = asked
        for item in _summarize_skipped(_read_bounded(file, limits, orders)):
            results.add(item, at_once=careful)
        results.add(None, at_once=requests.empty())


if __name__ == "__main__":
    main()
