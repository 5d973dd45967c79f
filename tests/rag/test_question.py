"""A question made self-contained, with its bounds."""

from datetime import date

import pytest

from index.errors import QuestionError
from rag.question.understand import Understood, understand
from rag.types import ABSTENTION, Question, Turn

NEWEST = date(2023, 6, 20)
MEETING = Turn("Who did Antony Blinken meet in Beijing?", "Blinken met Qin Gang in Beijing [1].")


def read(text: str, *history: Turn) -> Understood:
    return understand(Question(text, history=history), NEWEST, 1000)


@pytest.mark.parametrize(
    "text",
    [
        "And where did they meet?",
        "Why?",
        "When was he removed?",
        "What about Sweden?",
        "And in Washington?",
        "What did he say about Taiwan?",
        "Who else won it with her?",
        "How many people were on board?",
    ],
)
def test_a_follow_up_takes_its_subject_along(text: str) -> None:
    asked = read(text, MEETING)
    assert asked.earlier == MEETING
    assert asked.text == text
    assert asked.standalone.startswith(text)
    for name in ("Antony Blinken", "Beijing", "Qin Gang"):
        assert name in asked.standalone


@pytest.mark.parametrize(
    "text",
    [
        "Who won the 2023 Nobel Peace Prize?",
        "How many people died in the Maui wildfires?",
        "Did Microsoft buy Activision?",
        "Is there a war in Sudan?",
        "How many days did the actors' strike last?",
        "How old is King Charles?",
    ],
)
def test_a_new_topic_drags_nothing_along(text: str) -> None:
    asked = read(text, MEETING)
    assert asked.earlier is None
    assert asked.standalone == text


def test_without_a_conversation_nothing_is_added() -> None:
    assert read("And where did they meet?").standalone == "And where did they meet?"


def test_only_the_last_turn_counts() -> None:
    older = Turn("Who won the Women's World Cup?", "Spain won it [1].")
    assert "Spain" not in read("Why?", older, MEETING).standalone


def test_a_follow_up_of_a_follow_up_keeps_its_subject() -> None:
    who = Turn("Who is Qin Gang?", "China's minister [1].")
    old = Turn("How old is he?", "57 [1].")
    assert read("Where was he born?", MEETING, who, old).standalone == (
        "Where was he born? (How old is he Who is Qin Gang China)"
    )


def test_of_many_follow_ups_the_last_and_the_first_are_taken_along() -> None:
    turns = [Turn(f"And what did he say of it {'then ' * 20}?", "") for _ in range(20)]
    asked = read("Why?", MEETING, *turns, Turn("Where was he?", ""))
    assert asked.standalone.startswith("Why? (Where was he Who did Antony Blinken")
    assert len(asked.standalone) < 100


@pytest.mark.parametrize("text", ["And where", "And where ?", "And where."])
def test_a_follow_up_is_parted_from_what_it_continues(text: str) -> None:
    assert read(text, Turn("Who won?", "")).standalone == "And where? (Who won)"


def test_an_abstention_lends_no_names() -> None:
    asked = read("Why?", Turn("Who won in Sydney?", ABSTENTION))
    assert asked.standalone == "Why? (Who won in Sydney)"


def test_white_space_is_tidied() -> None:
    assert read("  Who\n won \t it? ").text == "Who won it?"


def test_today_is_the_newest_article_unless_a_day_is_given() -> None:
    assert read("What happened yesterday?").as_of == NEWEST
    earlier = understand(Question("Yesterday?", as_of=date(2023, 2, 8)), NEWEST, 1000)
    assert earlier.as_of == date(2023, 2, 8)
    assert earlier.window is not None and earlier.window.first == date(2023, 2, 7)
    assert earlier.bounds.date_to == date(2023, 2, 8)


def test_an_inferred_window_binds_nobody() -> None:
    asked = read("What happened in May 2023?")
    assert asked.window is not None and asked.window.first == date(2023, 5, 1)
    assert not asked.bounds.dated and asked.bounds.undated


def test_an_archive_without_dates_has_no_today() -> None:
    asked = understand(Question("What happened yesterday?"), None, 1000)
    assert asked.as_of is None and asked.window is None


def test_the_earlier_of_two_ends_holds() -> None:
    question = Question("Who?", as_of=date(2023, 6, 1), date_to=date(2023, 7, 1))
    bounds = understand(question, NEWEST, 1000).bounds
    assert bounds.date_to == date(2023, 6, 1)
    assert not bounds.undated


@pytest.mark.parametrize(
    ("question", "message"),
    [
        (Question(" ?! "), "empty"),
        (Question("x" * 1001), "1001 characters"),
        (Question("Who?", date_from=date(2023, 7, 1), date_to=date(2023, 6, 1)), "1 July 2023"),
        (Question("Who?", date_from=date(2023, 7, 1), as_of=date(2023, 6, 1)), "1 June 2023"),
    ],
)
def test_impossible_questions_say_what_is_wrong(question: Question, message: str) -> None:
    with pytest.raises(QuestionError, match=message):
        understand(question, NEWEST, 1000)
