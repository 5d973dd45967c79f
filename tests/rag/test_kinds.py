"""The kind of thing asked for, and whether an answer gives one."""

from __future__ import annotations

import pytest

from rag.english.answer_type import AnswerType, adds_kind, answer_type, asks_yes_or_no


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("Who won the final?", AnswerType.NAME),
        ("Where did Qin Gang greet Blinken?", AnswerType.NAME),
        ("Which bank took over First Republic?", AnswerType.NAME),
        ("How many people died?", AnswerType.NUMBER),
        ("What percentage of the vote did he win?", AnswerType.NUMBER),
        ("How old was King Charles?", AnswerType.NUMBER),
        ("When was he removed?", AnswerType.DATE),
        ("In which year did it begin?", AnswerType.DATE),
        ("Why was the visit postponed?", AnswerType.OTHER),
        ("What did COP28 call for?", AnswerType.OTHER),
        ("In which state was she talking when he won the election?", AnswerType.NAME),
        ("Which Finnish official handed it over when Finland joined?", AnswerType.NAME),
        ("Which kind of business was sold?", AnswerType.OTHER),
        ("Which of them lasted longer?", AnswerType.OTHER),
        ("What was the firm's fourth-quarter net profit?", AnswerType.NUMBER),
        ("To what level did the bank raise its rate?", AnswerType.NUMBER),
        ("What does a place there cost each year?", AnswerType.NUMBER),
        ("What is the name of the ship?", AnswerType.NAME),
        ("Which 16-year-old's death was looked into?", AnswerType.NAME),
        ("Who led the bank in 2004, and which year was best?", AnswerType.NAME),
        ("The actor died at 77. In which year was he born?", AnswerType.DATE),
        ("It may come from what animal over 600 years ago?", AnswerType.OTHER),
    ],
)
def test_what_is_asked_for(question: str, kind: AnswerType) -> None:
    assert answer_type(question) is kind


@pytest.mark.parametrize(
    ("question", "statement", "given"),
    [
        ("Who won the final?", "Olga Carmona scored for Spain.", 1.0),
        ("Who beat Spain?", "Spain lost the final.", 0.0),
        ("How many people died on Maui?", "97 people died on Maui.", 1.0),
        ("How many of the 12 survived?", "All of the 12 are safe.", 0.0),
        ("When was Qin Gang removed?", "He was removed on 25 July.", 1.0),
        ("When was Qin Gang removed?", "He was removed on Tuesday.", 1.0),
        ("When was Qin Gang removed?", "He was removed from his post.", 0.0),
        ("Why was it postponed?", "A balloon was seen.", 0.0),
        ("Whom was Mr Qin to follow?", "Qin Gang was to follow.", 1.0),
        ("Whom was Qin Gang to follow?", "Qin Gang was to follow.", 0.0),
        ("A plant of which company burned?", "Western Refining Company", 1.0),
        ("Which journalist did Ann Bell accuse?", "Ann Bell accused a journalist.", 0.0),
    ],
)
def test_what_an_answer_gives(question: str, statement: str, given: float) -> None:
    assert adds_kind(question)(statement) == given


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("Did Ms Okoro resign?", True),
        ("So wasn't it England?", True),
        ("Has the vote been cancelled?", True),
        ("Can you tell me who resigned?", False),
        ("Do we know when it began?", False),
        ("Is it Spain or England?", False),
        ("Who did it?", False),
        ("When was the vote?", False),
    ],
)
def test_questions_for_yes_or_no_are_known(question: str, expected: bool) -> None:
    assert asks_yes_or_no(question) is expected
