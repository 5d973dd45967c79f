"""What is recorded of every question, whether it came by the page, `/ask` or a tool.

Observers count it (`web.http.health`), send it (`web.traces`) or, here, log it.
"""

from __future__ import annotations

import json
import logging
import sys
import threading
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast

from index.errors import visible
from index.settings import Settings, redacted, secrets_of
from rag.types import Answer, Event, Progress, Question, Reason, Retrieved, Token
from web.wording import count

if TYPE_CHECKING:
    from rag.pipeline import Pipeline


STAGES = FINDING, FIRST_TOKEN, WHOLE = "finding", "first_token", "whole"
STOPPED = "stopped"
FAILED = "failed"
_log = logging.getLogger("broadsheet.questions")


@dataclass(slots=True)
class QuestionRecord:
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


class Observer:
    """Is called for every question; does nothing by itself."""

    def begun(self) -> None:
        """A question is being answered now."""

    def waits(self, waiting: bool) -> None:
        """A question waits for the model, or no longer does."""

    def ended(self, record: QuestionRecord) -> None:
        """A question has its answer, or will have none."""


def observe(pipeline: Pipeline, *observers: Observer) -> Pipeline:
    """Return the pipeline with every question seen by `observers`."""
    return cast("Pipeline", _ObservedPipeline(pipeline, observers))


class _ObservedPipeline:
    """Its questions are recorded; all else is the pipeline's own."""

    def __init__(self, pipeline: Pipeline, observers: tuple[Observer, ...]) -> None:
        self._pipeline = pipeline
        self._observers = observers

    def __getattr__(self, name: str) -> Any:
        return getattr(self._pipeline, name)

    def ask(self, question: Question) -> Answer:
        *_, last = self.stream(question)
        assert isinstance(last, Answer)
        return last

    def stream(self, question: Question, cancel: threading.Event | None = None) -> Iterator[Event]:
        recorder = _Recorder(question, self._observers)
        try:
            with closing(self._pipeline.stream(question, cancel)) as events:  # type: ignore[type-var]
                for event in events:
                    yield recorder.note(event)
        except Exception as error:
            recorder.note_failure(error)
            raise
        finally:
            recorder.end()


class _Recorder:
    """Notes the events of one question."""

    def __init__(self, question: Question, observers: tuple[Observer, ...]) -> None:
        self._record = QuestionRecord(question.text)
        self._observers = observers
        self._waiting = False
        self._begun = time.perf_counter()
        for observer in observers:
            observer.begun()

    def note(self, event: Event) -> Event:
        """Note an event; return it, an answer with the question's id."""
        record = self._record
        self._wait(isinstance(event, Progress) and event.stage == "waiting")
        match event:
            case Retrieved():
                record.evidence = len(event.evidence)
                self._reached(FINDING)
            case Token():
                record.tokens += 1
                self._reached(FIRST_TOKEN)
            case Answer():
                stopped = event.reason is Reason.STOPPED
                record.outcome = STOPPED if stopped else event.outcome.value
                record.reason = event.reason.value
                record.citations, record.removed = len(event.citations), len(event.removed)
                self._reached(WHOLE)
                return replace(event, request_id=record.request_id)
        return event

    def note_failure(self, error: Exception) -> None:
        """Note why there is no answer; not the message, which may repeat what was asked."""
        self._record.outcome, self._record.error = FAILED, type(error).__name__

    def end(self) -> None:
        """Pass the record on."""
        self._wait(False)
        self._reached(WHOLE)
        for observer in self._observers:
            observer.ended(self._record)

    def _reached(self, stage: str) -> None:
        self._record.seconds.setdefault(stage, time.perf_counter() - self._begun)

    def _wait(self, waiting: bool) -> None:
        if waiting is not self._waiting:
            self._waiting = waiting
            for observer in self._observers:
                observer.waits(waiting)


class InFlightQuestions(Observer):
    """Counts the questions that are being answered, so that the program can end after them.

    Attributes:
        over: Set once no new questions are taken.
        answering: The number of questions being answered.
    """

    def __init__(self) -> None:
        self.over = threading.Event()
        self.answering = 0
        self._changed = threading.Condition()

    def begun(self) -> None:
        """Increment the counter."""
        with self._changed:
            self.answering += 1

    def ended(self, record: QuestionRecord) -> None:
        """Decrement the counter."""
        with self._changed:
            self.answering -= 1
            self._changed.notify_all()

    def end(self, seconds: float) -> int:
        """Take no new questions; wait for the others; return how many are left unanswered."""
        self.over.set()
        with self._changed:
            self._changed.wait_for(lambda: not self.answering, seconds)
            return self.answering


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time, level, logger, message, and the fields of a question."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line; a traceback stands in it as `exception`."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        line |= getattr(record, "fields", {})
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


class _Redacting(logging.Formatter):
    """Another formatter's lines, tracebacks too, without keys."""

    def __init__(self, inner: logging.Formatter, secrets: Sequence[str]) -> None:
        super().__init__()
        self._inner = inner
        self._secrets = secrets

    def format(self, record: logging.LogRecord) -> str:
        return redacted(self._inner.format(record), self._secrets)


def set_up_logging(settings: Settings) -> None:
    """Write the log as the settings say: text to standard error, JSON to standard output.

    There nothing else is written, so that every line can be parsed.
    """
    as_json = settings.log_format == "json"
    handler = logging.StreamHandler(sys.stdout if as_json else sys.stderr)
    text = logging.Formatter("%(levelname)s %(name)s: %(message)s")
    handler.setFormatter(_Redacting(JsonFormatter() if as_json else text, secrets_of(settings)))
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    _log.setLevel(logging.INFO)


class QuestionLog(Observer):
    """Writes a line for every question that has ended."""

    def __init__(self, *, with_question: bool) -> None:
        """`with_question`: whether a line holds what was asked."""
        self._with_question = with_question

    def ended(self, record: QuestionRecord) -> None:
        """Write its line; a failure is a warning."""
        names = ("request_id", "outcome", "reason", "evidence", "tokens", "citations", "removed")
        fields = {name: getattr(record, name) for name in (*names, "error")}
        fields["seconds"] = {stage: round(value, 4) for stage, value in record.seconds.items()}
        text = _sentence(record)
        if self._with_question:
            fields["question"] = record.question
            text += f": {visible(record.question)}"
        level = logging.WARNING if record.error else logging.INFO
        _log.log(level, "%s", text, extra={"fields": fields})


def _sentence(record: QuestionRecord) -> str:
    why = record.error or record.reason
    times = ", ".join(
        f"{stage.replace('_', ' ')} {value:.2f} s" for stage, value in record.seconds.items()
    )
    ended = f"{record.outcome} ({why})" if why else record.outcome
    return (
        f"{record.request_id} {ended}; {times}; {count(record.evidence, 'piece')} of evidence, "
        f"{count(record.citations, 'citation')}"
    )
