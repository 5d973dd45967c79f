"""Who watches the questions: what is counted, timed and logged of each, whichever door it came by.

Knows nothing of how it is counted or written: that is its listeners' affair.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, cast

from rag.types import Answer, Event, Progress, Question, Reason, Retrieved, Token

if TYPE_CHECKING:
    from rag.pipeline import Pipeline

STAGES = FINDING, FIRST_TOKEN, WHOLE = "finding", "first_token", "whole"
STOPPED = "stopped"
FAILED = "failed"


@dataclass(slots=True)
class Asked:
    """What became of a question.

    Attributes:
        request_id: The same in the answer's JSON and in the log.
        begun: When it was asked, in seconds since 1970.
        outcome: That of the answer, or `stopped`, or `failed`.
        seconds: From being asked to having found, to the first token, and to the end, by `STAGES`;
            a stage that was not reached is missing.
        evidence: Pieces of evidence found.
        tokens: Pieces of draft that the model wrote.
        removed: Statements that the check refused.
        error: Name of the exception's type, where it failed.
    """

    question: str
    request_id: str = field(default_factory=lambda: uuid.uuid4().hex)
    begun: float = field(default_factory=time.time)
    outcome: str = STOPPED  # what nobody waits for any more ends without an answer
    reason: str = ""
    seconds: dict[str, float] = field(default_factory=dict)
    evidence: int = 0
    tokens: int = 0
    citations: int = 0
    removed: int = 0
    error: str = ""


class Listener:
    """Is told of every question; does nothing by itself."""

    def begun(self) -> None:
        """A question is being answered now."""

    def waits(self, waiting: bool) -> None:
        """A question waits for the model, or no longer does."""

    def ended(self, asked: Asked) -> None:
        """A question has its answer, or will have none."""


class _Watched:
    """A pipeline whose questions are watched; all else is the pipeline's own."""

    def __init__(self, pipeline: Pipeline, listeners: tuple[Listener, ...]) -> None:
        self._pipeline = pipeline
        self._listeners = listeners

    def __getattr__(self, name: str) -> Any:
        return getattr(self._pipeline, name)

    def stream(self, question: Question, cancel: threading.Event | None = None) -> Iterator[Event]:
        watch = _Watch(question, self._listeners)
        try:
            with closing(self._pipeline.stream(question, cancel)) as events:  # type: ignore[type-var]
                for event in events:
                    yield watch.seen(event)
        except Exception as error:
            watch.failed(error)
            raise
        finally:
            watch.end()


class _Watch:
    """Notes the events of one question."""

    def __init__(self, question: Question, listeners: tuple[Listener, ...]) -> None:
        self._asked = Asked(question.text)
        self._listeners = listeners
        self._waiting = False
        self._begun = time.perf_counter()
        for listener in listeners:
            listener.begun()

    def seen(self, event: Event) -> Event:
        """Note an event; return it, an answer with the question's name."""
        asked = self._asked
        self._wait(isinstance(event, Progress) and event.stage == "waiting")
        match event:
            case Retrieved():
                asked.evidence = len(event.evidence)
                self._reached(FINDING)
            case Token():
                asked.tokens += 1
                self._reached(FIRST_TOKEN)
            case Answer():
                stopped = event.reason is Reason.STOPPED
                asked.outcome = STOPPED if stopped else event.outcome.value
                asked.reason = event.reason.value
                asked.citations, asked.removed = len(event.citations), len(event.removed)
                self._reached(WHOLE)
                return replace(event, request_id=asked.request_id)
        return event

    def failed(self, error: Exception) -> None:
        """Note why there is no answer; not the message, which may repeat what was asked."""
        self._asked.outcome, self._asked.error = FAILED, type(error).__name__

    def end(self) -> None:
        """Tell that it is over."""
        self._wait(False)
        self._reached(WHOLE)
        for listener in self._listeners:
            listener.ended(self._asked)

    def _reached(self, stage: str) -> None:
        self._asked.seconds.setdefault(stage, time.perf_counter() - self._begun)

    def _wait(self, waiting: bool) -> None:
        if waiting is not self._waiting:
            self._waiting = waiting
            for listener in self._listeners:
                listener.waits(waiting)


def watched(pipeline: Pipeline, *listeners: Listener) -> Pipeline:
    """Return the pipeline with every question watched by `listeners`."""
    return cast("Pipeline", _Watched(pipeline, listeners))
