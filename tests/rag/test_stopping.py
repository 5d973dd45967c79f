"""Answers that their asker stops: before, while and after something is written."""

from __future__ import annotations

import threading
from collections.abc import Callable

from rag.answer import build_stopped, join_answers, join_contexts, quote_evidence
from rag.pipeline import Pipeline
from rag.question.understand import understand
from rag.retrieval.search import Context
from rag.types import Answer, Event, Outcome, Progress, Question, Reason, Token
from tests.rag.newsroom import ScriptedChat, window

WHO = "Who is China's foreign minister?"
QIN = "Qin Gang is China's Foreign Minister."
BOTH = "Who is China's foreign minister, and how many people died in the wildfires on Maui?"
Answering = Callable[[ScriptedChat], Pipeline]


def stopped_at(pipeline: Pipeline, question: str, moment: Callable[[Event], bool]) -> Answer:
    """Ask, and stop at the event that fits."""
    cancel = threading.Event()
    for event in pipeline.stream(Question(question), cancel):
        if moment(event):
            cancel.set()
    assert cancel.is_set() and isinstance(event, Answer)
    assert (event.outcome, event.reason) == (Outcome.EVIDENCE_ONLY, Reason.STOPPED)
    return event


def checking(event: Event) -> bool:
    return isinstance(event, Progress) and event.stage == "checking"


def between_parts(event: Event) -> bool:
    return event == Token(" ")


def test_the_model_is_not_asked_after_a_stop(answering: Answering) -> None:
    model = ScriptedChat(drafts=[])
    answer = stopped_at(answering(model), BOTH, lambda event: event == Progress("searching"))
    assert (answer.text, answer.question) == ("", BOTH)
    assert answer.evidence and model.prompts == []


def test_what_is_stopped_while_it_is_checked_is_no_answer(answering: Answering) -> None:
    answer = stopped_at(answering(ScriptedChat(drafts=[QIN])), WHO, checking)
    assert answer.text == ""


def test_the_first_of_two_parts_is_no_whole_answer(answering: Answering) -> None:
    model = ScriptedChat(drafts=[QIN, QIN])
    assert stopped_at(answering(model), BOTH, checking).text == ""
    assert len(model.prompts) == 1


def test_what_was_answered_before_the_stop_is_kept(answering: Answering) -> None:
    answer = stopped_at(answering(ScriptedChat(drafts=[QIN, QIN])), BOTH, between_parts)
    assert answer.question == BOTH
    assert answer.text == "Qin Gang is China's Foreign Minister [1]."


def test_a_stop_counts_more_than_the_want_of_a_model() -> None:
    asked = understand(Question(WHO), None, 1000)
    found = Context(asked, (window("Qin Gang spoke."),), None, ())
    answers = [quote_evidence(found, Reason.NO_MODEL, "No model."), build_stopped(found)]
    whole = join_answers(join_contexts(BOTH, [found, found]), answers)
    assert (whole.outcome, whole.reason) == (Outcome.EVIDENCE_ONLY, Reason.STOPPED)
