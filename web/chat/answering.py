"""Asking on the page: Gradio values -> Question -> Pipeline.stream -> markup.

Holds no retrieval and no prompt: the same pipeline answers here, in the API and in the shell.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import gradio as gr

from index.errors import BroadsheetError, QuestionError
from rag.question.understand import make_question
from rag.types import Event, Example, Token
from web import wording
from web.chat import views
from web.chat.exchange import Exchange, advance, history
from web.chat.feedback import FeedbackStore, Verdict
from web.chat.limits import with_year
from web.events import clicked, position, session_of
from web.rendering import announce, message

if TYPE_CHECKING:
    from rag.pipeline import Pipeline

Exchanges = tuple[Exchange, ...]
REDRAW = 0.06  # seconds between two drawings of a draft: faster is not read, and costs the browser
PATIENCE = 2.0  # seconds that a new conversation waits for the old answer to stop
OVERTAKEN = "You asked the next question before this one was begun."
FAILED = "Something went wrong. The log has the details."

_log = logging.getLogger(__name__)


class Cancel(threading.Event):
    """The flag that stops an answer; `discarded` where not even its draft is wanted."""

    discarded = False


class Running:
    """The answers being written, by the session that asked, so that they can be stopped."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._cancels: dict[str, set[Cancel]] = defaultdict(set)

    @contextmanager
    def begun(self, session: str) -> Iterator[Cancel]:
        """Hold the flag that stops an answer; its end frees what still works for it."""
        cancel = Cancel()
        with self._lock:
            self._cancels[session].add(cancel)
        try:
            yield cancel
        finally:
            cancel.set()
            with self._lock:
                self._cancels[session].discard(cancel)
                if not self._cancels[session]:
                    del self._cancels[session]

    def stop(self, session: str, *, discard: bool = False) -> None:
        """Ask the answers of this session to stop, or to draw nothing more either."""
        with self._lock:
            for cancel in self._cancels.get(session, ()):
                cancel.discarded |= discard
                cancel.set()

    def discard(self, session: str) -> None:
        """Stop the answers of this session, draw nothing more of them, and wait for their end."""
        self.stop(session, discard=True)
        end = time.monotonic() + PATIENCE
        while session in self and time.monotonic() < end:
            time.sleep(0.02)

    def __contains__(self, session: str) -> bool:
        with self._lock:
            return session in self._cancels


class Chat:
    """Asking, stopping and beginning anew, for every page that is open."""

    def __init__(self, pipeline: Pipeline, feedback: FeedbackStore, *, max_question: int) -> None:
        self._pipeline, self._feedback, self._max_question = pipeline, feedback, max_question
        self.running = Running()

    def begin(
        self,
        exchanges: Exchanges,
        text: str | None,
        date_from: str | None,
        date_to: str | None,
        as_of: str | None,
        sources: list[str] | None,
        request: gr.Request,
    ) -> tuple[Any, ...]:
        """Check the form and show the question at once.

        It runs outside the queue, so that a question is on the page even while others are answered.
        While a page opens, Gradio gives None for what is empty.
        The outputs: exchanges, past, now, evidence, spoken, box, message, welcome.
        """
        keep = (gr.skip(),) * 6
        if session_of(request) in self.running:
            return *keep, message("Wait for the answer, or stop it first."), gr.skip()
        try:
            question = make_question(
                text or "",
                max_question=self._max_question,
                date_from=with_year(self._pipeline, date_from),
                date_to=with_year(self._pipeline, date_to, last=True),
                as_of=with_year(self._pipeline, as_of, last=True),
                sources=sources or (),
                history=history(exchanges),
            )
        except QuestionError as error:
            return *keep, message(str(error)), gr.skip()
        # One that still waits in the queue would wait for ever: only the last is answered.
        exchanges = tuple(e if e.done else replace(e, error=OVERTAKEN) for e in exchanges)
        asked = Exchange(question)
        past, now = views.conversation(exchanges), views.reply(asked, len(exchanges))
        aloud = announce(views.announcement(asked))
        return (*exchanges, asked), past, now, "", aloud, "", "", gr.update(visible=False)

    def try_example(
        self,
        exchanges: Exchanges,
        examples: Sequence[Example],
        click: gr.EventData,
        request: gr.Request,
    ) -> tuple[Any, ...]:
        """Ask the example that was clicked, whatever limits are set. The outputs: as of `begin`."""
        number = position(clicked(click), "example", len(examples))
        if number is None:
            return (gr.skip(),) * 8
        day = examples[number].as_of
        as_of = day.isoformat() if day else ""
        return self.begin(exchanges, examples[number].question, "", "", as_of, [], request)

    def answer(self, exchanges: Exchanges, request: gr.Request) -> Iterator[tuple[Any, ...]]:
        """Stream the answer.

        The outputs: exchanges, now, evidence, spoken, ask button, stop button.
        """
        if not exchanges or exchanges[-1].done:
            yield (gr.skip(),) * 6  # without any yield Gradio would empty the outputs
            return
        with self.running.begun(session_of(request)) as cancel:
            yield (gr.skip(),) * 4 + buttons(busy=True)
            yield from _updates(self._pipeline, exchanges, cancel)

    def stop(self, request: gr.Request) -> None:
        """Do what the Stop button and a closed page do."""
        self.running.stop(session_of(request))

    def renew(self, request: gr.Request) -> tuple[Any, ...]:
        """Begin a new conversation.

        The outputs: exchanges, past, now, evidence, spoken, box, message, welcome, ask and stop
        button, and the limits, which were those of the conversation before.
        """
        self.running.discard(session_of(request))
        begun = (), "", "", "", announce("New conversation"), "", "", gr.update(visible=True)
        return *begun, *buttons(busy=False), "", "", "", []

    def edit(self, exchanges: Exchanges, click: gr.EventData) -> tuple[Any, ...]:
        """Put a question and its limits back into the form.

        The outputs: box, first and last day, as of, publishers.
        """
        turn = position(clicked(click), "edit", len(exchanges), "turn")
        if turn is None:
            return (gr.skip(),) * 5
        asked = exchanges[turn].question
        days = (asked.date_from, asked.date_to, asked.as_of)
        return asked.text, *(wording.day(day) if day else "" for day in days), list(asked.sources)

    def rate(self, exchanges: Exchanges, click: gr.EventData) -> None:
        """Keep the verdict that was clicked below an answer; what the browser names is checked."""
        named = clicked(click)
        turn = position(named, "vote", len(exchanges), "turn")
        number, note = position(named, "vote", len(Verdict)), named.get("note")
        if turn is None or number is None or exchanges[turn].answer is None:
            return
        try:
            note = note if isinstance(note, str) else ""
            self._feedback.add(list(Verdict)[number], note, exchanges[turn])
        except BroadsheetError as error:
            gr.Warning(str(error))


def stream_exchanges(
    pipeline: Pipeline, exchange: Exchange, cancel: threading.Event
) -> Iterator[tuple[Exchange, Event | None]]:
    """Yield the exchange after each event; failures become its message, never an exception."""
    try:
        for event in pipeline.stream(exchange.question, cancel):
            exchange = advance(exchange, event)
            yield exchange, event
        if not exchange.done:
            yield replace(exchange, stopped=True), None
    except BroadsheetError as error:
        yield replace(exchange, error=str(error)), None
    except Exception:
        _log.exception("answering failed")
        yield replace(exchange, error=FAILED), None


def _updates(pipeline: Pipeline, exchanges: Exchanges, cancel: Cancel) -> Iterator[tuple[Any, ...]]:
    """Yield the page's outputs for each event worth drawing."""
    *before, shown = exchanges
    turn, drawn = len(before), 0.0
    for exchange, event in stream_exchanges(pipeline, shown, cancel):
        if cancel.discarded:
            return
        if isinstance(event, Token) and time.monotonic() - drawn < REDRAW:
            continue
        drawn = time.monotonic()
        same = exchange.evidence == shown.evidence and not exchange.done
        words = views.announcement(exchange)
        yield (
            (*before, exchange),
            views.reply(exchange, turn),
            gr.skip() if same else views.sources(exchange, turn),
            gr.skip() if words == views.announcement(shown) else announce(words),
            *buttons(busy=not exchange.done),
        )
        shown = exchange


def buttons(*, busy: bool) -> tuple[Any, Any]:
    """Return which of Ask and Stop is shown."""
    stop = gr.update(visible=busy, value="Stop", interactive=True)
    return gr.update(visible=not busy), stop
