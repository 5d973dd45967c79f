"""What is offered to go on with: read alone, not told already, and answered when it is asked."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from rag.llm.loader import ReadyModel
from rag.pipeline import Pipeline
from rag.types import Outcome, Question, Turn
from tests.rag.newsroom import JUDGE, ScriptedChat

WHERE = "Where did Mr Qin greet Mr Blinken?"
ASKED = Question(WHERE)
ANSWER = "Mr Qin greeted Mr Blinken at the Diaoyutai State Guest House."
NEXT = "What was seen over Montana?"
WHOLE = "A Chinese balloon was seen over Montana."


@pytest.fixture
def suggested(indexed, reader, embeddings):
    """Ask WHERE, and go on: what is offered when the model writes these drafts."""

    def suggested(*drafts: str, question=ASKED, sure=2.0, cancel=None, **changes):
        model = ScriptedChat(drafts=[ANSWER, *drafts], judge=JUDGE)
        pipeline = Pipeline(reader, embeddings, ReadyModel(model), indexed)
        answer = pipeline.ask(question)
        model.sure = sure
        offered = list(pipeline.suggest(question, replace(answer, **changes), cancel))
        return offered, answer, model

    return suggested


def fill(*drafts: str) -> list[str]:
    """The drafts, then lines that are no questions for what else is tried."""
    return [*drafts, *["No question"] * 6]


def proposed(model: ScriptedChat) -> int:
    """How many answers the model was asked to write."""
    return sum("Answer in one" in asked for asked in model.prompts)


def test_a_question_is_asked_and_answered_before_it_is_offered(suggested) -> None:
    offered, answer, model = suggested(*fill(NEXT, WHOLE))
    assert offered == [NEXT]
    written = model.prompts[1]
    shown = [item.quote for item in answer.evidence if f"Sentence: {item.quote}" in written]
    assert shown and shown[0] not in {citation.quote for citation in answer.citations}
    assert proposed(model) == 2  # the answer's, and the one to what is offered


def test_at_most_two_are_offered(suggested) -> None:
    drafts = [NEXT, WHOLE]
    drafts += ["Who scored the only goal of the final in Sydney?"]
    drafts += ["Olga Carmona scored the only goal of the final in Sydney."]
    drafts += ["Who bought Credit Suisse?", "UBS bought Credit Suisse."]
    offered, _, model = suggested(*drafts)
    assert offered == [drafts[0], drafts[2]]
    assert model.drafts == drafts[4:]


@pytest.mark.parametrize(
    "written",
    [
        "A Chinese balloon was seen over Montana.",  # no question
        "What was it that they saw there?",  # names nothing
        "Did he see Montana?",  # cannot be read alone
        "What was seen over Montana? When was it seen?",
        "Where did Mr Qin greet Mr Blinken on Sunday?",  # told already
        "At which Guest House did Mr Qin greet Mr Blinken?",  # the answer, turned round
        f"What was seen over Montana {'and over Montana ' * 6}?",  # too long to be read
        "Who won the Tour de France in Paris?",  # nothing is found
    ],
)
def test_what_would_not_serve_is_not_even_asked(suggested, written: str) -> None:
    offered, _, model = suggested(*fill(written))
    assert offered == []
    assert proposed(model) == 1


def test_what_is_not_answered_is_not_offered(suggested) -> None:
    assert suggested(*fill(NEXT, WHOLE), sure=-9.0)[0] == []
    assert suggested(*fill(NEXT, "Wang Yi was seen over Montana."))[0] == []


def test_an_earlier_question_is_not_offered_again(suggested) -> None:
    asked = Question(WHERE, history=(Turn(NEXT, "A balloon."),))
    assert suggested(*fill(NEXT, WHOLE), question=asked)[0] == []


def test_the_bounds_of_the_question_hold(suggested) -> None:
    late = Question(WHERE, date_from=None, date_to=None, sources=("Wire",))
    offered, answer, _ = suggested(*fill(NEXT, WHOLE), question=late)
    assert answer.outcome is Outcome.ABSTAINED and offered == []


def test_a_stop_frees_the_model_and_offers_nothing(suggested) -> None:
    cancel = threading.Event()
    cancel.set()
    offered, _, model = suggested(*fill(NEXT, WHOLE), cancel=cancel)
    assert offered == []
    assert model.closed == 1 and len(model.prompts) == 2


def test_without_a_model_s_answer_nothing_is_offered(suggested) -> None:
    assert suggested(*fill(NEXT, WHOLE), prompt="")[0] == []


def test_none_is_offered_where_the_settings_say_so(indexed, reader, embeddings) -> None:
    model = ScriptedChat(drafts=[ANSWER])
    settings = indexed.model_copy(update={"suggestions": False})
    pipeline = Pipeline(reader, embeddings, ReadyModel(model), settings)
    assert list(pipeline.suggest(ASKED, pipeline.ask(ASKED))) == []
    assert model.drafts == []
