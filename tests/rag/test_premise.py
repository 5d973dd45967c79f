"""What a question takes for granted, and an abstention that quotes what the articles do say."""

from __future__ import annotations

import pytest

from rag.answer import explain_refusal, refuse
from rag.question.parts import premise_of, subject_of
from rag.question.understand import Understood, understand
from rag.retrieval.search import Context
from rag.types import ABSTENTION, Outcome, Question, Reason
from tests.rag.newsroom import window


@pytest.mark.parametrize(
    ("question", "premise"),
    [
        ("Why did Ada Berg resign?", "Did Ada Berg resign?"),
        ("When was the bridge closed?", "Was the bridge closed?"),
        ("How has the bank been saved?", "Has the bank been saved?"),
        ("where did they meet?", "Did they meet?"),
        ("Since when has the port been shut?", "Has the port been shut?"),
    ],
)
def test_why_and_when_and_where_and_how_take_an_event_for_granted(
    question: str, premise: str
) -> None:
    assert premise_of(question) == premise


@pytest.mark.parametrize(
    "question",
    [
        "Who resigned?",
        "How many people were killed?",
        "How long did the strike last?",
        "Where is Derna?",
        "When was the final of the United Nations cup?",
        "How was the weather?",
        "Why is the tunnel closed?",
        "Where did the smoke come from?",
        "What did Ada Berg say when she resigned?",
        "Which bank was saved?",
        "Did Ada Berg resign?",
        "Why?",
    ],
)
def test_other_questions_assume_nothing_that_could_be_denied(question: str) -> None:
    assert premise_of(question) == ""


def test_a_premise_is_about_its_first_name() -> None:
    assert subject_of("Did Ada Berg leave Oslo?") == "Ada Berg"
    assert subject_of("Was the bridge closed?") == ""


def _asked(text: str) -> Understood:
    return understand(Question(text), None, 1000)


def _found(text: str, *evidence: str) -> Context:
    windows = tuple(
        window(one, f"{at}.txt", score=1.0 - at / 10) for at, one in enumerate(evidence)
    )
    return Context(_asked(text), windows, None, ())


def test_what_the_articles_do_say_is_quoted_and_cited() -> None:
    found = _found(
        "Why did Ada Berg resign?", "The port is shut.", "Ada Berg keeps her post. It rained."
    )
    refused = refuse(found, Reason.NOT_STATED)
    answer = explain_refusal(found, "Did Ada Berg resign?", refused)
    assert answer.outcome is Outcome.ABSTAINED
    assert answer.reason is Reason.FALSE_PREMISE
    assert answer.text == f"{ABSTENTION} Of Ada Berg they say: “Ada Berg keeps her post.” [1]"
    assert [one.article_id for one in answer.citations] == ["1.txt"]
    assert answer.citations[0].quote == "Ada Berg keeps her post."


@pytest.mark.parametrize("question", ["Why did Ada Berg resign?", "Why was the bridge closed?"])
def test_nothing_is_quoted_where_nothing_names_whom_it_is_about(question: str) -> None:
    found = _found(question, "The port is shut.")
    answer = explain_refusal(found, premise_of(question), refuse(found, Reason.NOT_STATED))
    assert (answer.text, answer.citations) == (ABSTENTION, ())
    assert answer.reason is Reason.FALSE_PREMISE
