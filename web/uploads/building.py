"""A build beside the page, in a thread of its own: followed, stopped, or left alone to its end.

The index's writer must stay in one thread, and Gradio takes each step of a generator in any.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future
from dataclasses import dataclass

from index.errors import BroadsheetError
from index.types import BuildEvent, BuildReport, Stage

_log = logging.getLogger(__name__)
_FAILED = "Something went wrong; the archive is unchanged. The log has the details."
_STOPPED = "Stopped. The archive is unchanged. Add the same files again to go on from here."


@dataclass(frozen=True, slots=True)
class Step:
    """How far a build is; `left` is how many seconds its stage will take yet, where known."""

    event: BuildEvent
    left: float | None = None


class Building:
    """One build, from its start to its report or its failure."""

    def __init__(
        self,
        events: Callable[[], Generator[BuildEvent | BuildReport, None, None]],
        ended: Callable[[bool], None],
    ) -> None:
        """Start it; `ended` is called at the end, with whether the build came to its report."""
        self._events, self._ended = events, ended
        self._stopped = threading.Event()
        self._changed = threading.Condition()
        self._step = Step(BuildEvent(Stage.READING, 0, None))
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
        except OSError:
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
                left = _left(time.monotonic() - since, event.done - before, event)
                with self._changed:
                    self._step = Step(event, left)
                    self._changed.notify_all()
        finally:
            events.close()
        raise BroadsheetError(_STOPPED)


def _left(seconds: float, done: int, event: BuildEvent) -> float | None:
    """Seconds that the rest of a stage takes at the pace of what was done of it."""
    if not event.total or done <= 0:
        return None
    return seconds / done * (event.total - event.done)
