"""A build beside the page, in a thread of its own: followed, stopped, or left alone to its end.

The index's writer must stay in one thread, and Gradio takes each step of a generator in any.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass

from index.errors import BroadsheetError
from index.types import BuildEvent, BuildReport, Stage

_log = logging.getLogger(__name__)
_FAILED = "Something went wrong; the archive is unchanged. The log has the details."
_AFTER = 0.05  # of the time of embedding, what comes after it takes (docs/scale.md)
_STOPPED = "Stopped. The archive is unchanged. Add the same files again to go on from here."


@dataclass(frozen=True, slots=True)
class Step:
    """How far a build is; `left` is how many seconds it will take yet, where known."""

    event: BuildEvent
    left: float | None = None


class Building:
    """One build, from its start to its report or its failure."""

    def __init__(
        self,
        events: Callable[[], Generator[BuildEvent | BuildReport, None, None]],
        ended: Callable[[bool], None],
        expected: float = 0.0,
    ) -> None:
        """Start it.

        Args:
            events: Makes the build, as `index.build.build_index` does.
            ended: Called at the end, with whether the build came to its report.
            expected: Seconds that it should take, by the builds before; 0 where unknown.
        """
        self._events, self._ended = events, ended
        self._end = time.monotonic() + expected if expected else None
        self._stopped = threading.Event()
        self._changed = threading.Condition()
        self._step = Step(BuildEvent(Stage.READING, 0, None), expected or None)
        self._report: BuildReport | None = None
        self._error: BroadsheetError | None = None
        self._thread = threading.Thread(target=self._run, name="building", daemon=True)
        self._thread.start()

    @property
    def running(self) -> bool:
        """Whether it has neither a report nor failed yet."""
        return self._report is None and self._error is None

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
        """Return the report of a build that has ended.

        Raises:
            BroadsheetError: it failed or was stopped; the message says so.
        """
        self._thread.join()
        if self._report is None:
            raise self._error or BroadsheetError(_FAILED)
        return self._report

    def _run(self) -> None:
        report: BuildReport | None = None
        error: BroadsheetError | None = None
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
            self._report = report
            self._error = None if report else error or BroadsheetError(_FAILED)
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
