"""Questions that ask several things."""

from __future__ import annotations

import pytest

from rag.question.parts import split_coordinated_names, split_question
from rag.types import ABSTENTION, Outcome, Question, Retrieved
from tests.rag.newsroom import ScriptedChat

QIN = "Qin Gang is China's Foreign Minister."
BOTH = "Who is China's foreign minister, and how many people died in the wildfires on Maui?"


@pytest.mark.parametrize(
    ("question", "parts"),
    [
        (
            "Who wrote the report, and in which month was it published?",
            ["Who wrote the report?", "In which month was it published?"],
        ),
        ("Who won? How many people voted?", ["Who won?", "How many people voted?"]),
        (
            "In the trial of Ada Berg, which banker spoke, and who questioned Olav Moe?",
            [
                "In the trial of Ada Berg, which banker spoke?",
                "In the trial of Ada Berg, who questioned Olav Moe?",
            ],
        ),
        (
            "Who led the bank and who led the union, and which firm did both sue?",
            ["Who led the bank?", "Who led the union?", "Which firm did both sue?"],
        ),
    ],
)
def test_a_question_of_several_things_is_taken_apart(question: str, parts: list[str]) -> None:
    assert split_question(question) == parts


@pytest.mark.parametrize(
    "question",
    [
        "Who is China's foreign minister?",
        "Who said it and when?",  # the second asks nothing of its own
        "Why and how did the talks fail?",
        "In the trial of Ada Berg, who spoke and why?",
        "What did the Bank of England and the Fed decide?",
        "Did he say who won and who lost the vote?",
        "Who a1, who b2 and who c3 and who d4 and who e5?",
    ],
)
def test_a_question_of_one_thing_stays_whole(question: str) -> None:
    assert split_question(question) == [question]


@pytest.mark.parametrize(
    ("question", "parts"),
    [
        (
            "Who were the heads of Acme Steel and of Hull Bricks in 2004?",
            [
                "Who were the heads of Acme Steel in 2004?",
                "Who were the heads of Hull Bricks in 2004?",
            ],
        ),
        (
            "Which fairs did Ann Bell open on 6 May and on 28 October 2023?",
            [
                "Which fairs did Ann Bell open on 6 May 2023?",
                "Which fairs did Ann Bell open on 28 October 2023?",
            ],
        ),
        ("What did the Bank of England and the Fed decide?", []),
        ("Who signed the treaty of peace and of trade?", []),
        ("What happened between May and in June?", []),
    ],
)
def test_what_is_asked_of_two_things_is_asked_of_each(question: str, parts: list[str]) -> None:
    assert split_coordinated_names(question) == parts


def test_each_part_is_answered_from_its_own_evidence(answering) -> None:
    model = ScriptedChat(drafts=[QIN, "97 people died in the wildfires on Maui."])
    pipeline = answering(model)
    *events, answer = pipeline.stream(Question(BOTH))
    assert answer.outcome is Outcome.ANSWERED, answer
    assert answer.question == BOTH
    assert answer.text.startswith(
        "Qin Gang is China's Foreign Minister [1]. 97 people died in the wildfires on Maui [2]. "
    )
    others = [answer.citations[conflict.earlier].quote for conflict in answer.conflicts]
    assert all("97" in answer.citations[conflict.later].quote for conflict in answer.conflicts)
    assert "96" in others[0] and "36" in others[1]  # the counts of earlier days, the newest first
    first = next(event for event in events if isinstance(event, Retrieved))
    assert [item.number for item in first.evidence] == list(range(1, len(first.evidence) + 1))
    assert {one.article_id for one in answer.citations} <= {e.article_id for e in first.evidence}


def test_a_part_that_is_not_found_is_named(answering) -> None:
    answer = answering(ScriptedChat(drafts=[QIN, ABSTENTION])).ask(Question(BOTH))
    assert answer.outcome is Outcome.PARTLY
    assert answer.text == "Qin Gang is China's Foreign Minister [1]."
    assert answer.missing == "How many people died in the wildfires on Maui?"


def test_nothing_found_at_all_is_an_abstention(answering) -> None:
    answer = answering(ScriptedChat(drafts=[ABSTENTION, ABSTENTION])).ask(Question(BOTH))
    assert answer.abstained and answer.text == ABSTENTION and not answer.citations


def test_a_later_part_may_point_at_an_earlier_one(answering) -> None:
    model = ScriptedChat(drafts=[QIN, ABSTENTION])
    answering(model).ask(Question("Who is China's foreign minister, and whom did he meet?"))
    assert "Earlier question: Who is China's foreign minister?" in model.prompts[1]


def test_without_a_model_all_parts_are_quoted(answering) -> None:
    answer = answering(None).ask(Question(BOTH))
    assert answer.outcome is Outcome.EVIDENCE_ONLY
    assert {"beijing.txt"} < {one.article_id for one in answer.citations}
    assert answer.notices.count("No language model is at work: quotes only.") == 1
