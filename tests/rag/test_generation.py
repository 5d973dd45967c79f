"""A generation is stopped wherever it is: in the queue, while it is read, while it is written."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from langchain_core.messages import HumanMessage

from rag.generation import stream_draft
from rag.llm.chat_model import OpenVinoChat, stoppable
from rag.llm.engine import Piece, Reply, Waiting
from tests.rag.newsroom import TEMPLATE, ScriptedChat

ASKED = [HumanMessage("Who?")]


class SilentEngine:
    """Keeps everyone waiting until they are cancelled; notes the cancellations."""

    def __init__(self) -> None:
        self.cancelled = 0
        self.submitted = threading.Event()

    def submit(self, prompt: str, *, cancel: threading.Event | None = None, **_: Any) -> Reply:
        made = Reply(lambda: self._cancel(made), cancel)
        made.take({"kind": "waiting", "position": 1})
        self.submitted.set()
        return made

    def _cancel(self, generation: Reply) -> None:
        self.cancelled += 1
        generation.take({"kind": "end", "reason": "cancelled", "rest": ""})


@pytest.fixture
def engine() -> SilentEngine:
    return SilentEngine()


def stopped_while(engine: SilentEngine, cancel: threading.Event, work: Callable[[], Any]) -> Any:
    """Do what waits for the engine, and stop it from another thread once it does."""

    def stop() -> None:
        engine.submitted.wait(5)
        cancel.set()

    stopper = threading.Thread(target=stop)
    stopper.start()
    try:
        return work()
    finally:
        stopper.join()


def test_a_stop_ends_what_nothing_is_written_of(engine: SilentEngine) -> None:
    cancel = threading.Event()
    generation = engine.submit("", cancel=cancel)
    assert stopped_while(engine, cancel, lambda: list(generation)) == [Waiting(1)]
    assert (generation.finish_reason, engine.cancelled) == ("cancelled", 1)


def test_a_stop_before_it_is_read_is_seen_at_once(engine: SilentEngine) -> None:
    cancel = threading.Event()
    cancel.set()
    list(engine.submit("", cancel=cancel))
    assert engine.cancelled == 1


@pytest.mark.parametrize("cancel", [None, threading.Event()])
def test_without_a_stop_all_is_read(cancel: threading.Event | None) -> None:
    generation = Reply(lambda: pytest.fail("cancelled"), cancel)
    generation.take({"kind": "piece", "text": "one", "reading": None})
    end = {"kind": "end", "reason": "stop", "rest": " two"}
    threading.Timer(0.5, generation.take, (end,)).start()
    assert list(generation) == [Piece("one"), Piece(" two")]


def test_a_stopped_question_leaves_the_queue(engine: SilentEngine) -> None:
    cancel = threading.Event()
    model = stoppable(OpenVinoChat(template=TEMPLATE, engine=engine), cancel)  # type: ignore[arg-type]
    events = stopped_while(engine, cancel, lambda: list(stream_draft(model, ASKED, cancel)))
    assert [event.position for event in events] == [1]
    assert engine.cancelled == 1


def test_the_stop_of_one_asker_is_not_that_of_another(engine: SilentEngine) -> None:
    model = OpenVinoChat(template=TEMPLATE, engine=engine)  # type: ignore[arg-type]
    first, second = (stoppable(model, threading.Event()) for _ in range(2))
    assert isinstance(first, OpenVinoChat) and isinstance(second, OpenVinoChat)
    assert first.engine is second.engine and first.cancel is not second.cancel
    assert model.cancel is None


def test_other_models_are_asked_as_ever() -> None:
    other = ScriptedChat(drafts=[])
    assert stoppable(other, threading.Event()) is other
