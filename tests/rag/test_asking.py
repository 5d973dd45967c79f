"""The form's words become a question, or a message that says what to change."""

from datetime import date, timedelta

import pytest

from index.errors import QuestionError
from rag.question.understand import LONGEST_ANSWER, make_question, parse_day
from rag.types import Turn


@pytest.mark.parametrize(
    ("text", "last", "day"),
    [
        ("", False, None),
        ("  ", True, None),
        (" 2023-06-18 ", False, date(2023, 6, 18)),
        ("2023-6-8", False, date(2023, 6, 8)),
        ("2023-02", False, date(2023, 2, 1)),
        ("2023-02", True, date(2023, 2, 28)),
        ("2024-02", True, date(2024, 2, 29)),
        ("2023", False, date(2023, 1, 1)),
        ("2023", True, date(2023, 12, 31)),
        ("12 August 2023", False, date(2023, 8, 12)),
        ("August 12, 2023", True, date(2023, 8, 12)),
        ("12 Aug 2023", False, date(2023, 8, 12)),
        ("February 2024", True, date(2024, 2, 29)),
        ("12.8.2023", False, date(2023, 8, 12)),
        ("18/06/2023", True, date(2023, 6, 18)),
        ("6/18/2023", False, date(2023, 6, 18)),
    ],
)
def test_days_months_and_years(text: str, last: bool, day: date | None) -> None:
    assert parse_day(text, name="From", last=last) == day


@pytest.mark.parametrize(("text", "before"), [("Today", 0), ("yesterday", 1)])
def test_today_and_yesterday(text: str, before: int) -> None:
    day = date.today()  # of before and after the call: a midnight may lie between
    read = parse_day(text, name="From", last=bool(before))
    assert read in {each - timedelta(days=before) for each in (day, date.today())}


@pytest.mark.parametrize(
    "text",
    [
        "2023-02-30",
        "2023-13",
        "0000-01-01",
        "2023-00-10",
        "3/4/2023",
        "31/6/2023",
        "1.2.3.2023",
        "tomorrow",
        "²³",
        "18 June",
        "from 3 May 2023 to 5 May 2023",
    ],
)
def test_what_is_no_day_is_named(text: str) -> None:
    with pytest.raises(QuestionError, match="From: .*" + text[:2]):
        parse_day(text, name="From")


def test_bounds_and_sources_reach_the_question() -> None:
    asked = make_question(
        " Who? ",
        max_question=20,
        as_of="2023-06-20",
        date_from="2023-06",
        date_to="2023-06-20",
        sources=["Wire"],
    )
    assert asked.text == "Who?"
    assert (asked.date_from, asked.date_to) == (date(2023, 6, 1), date(2023, 6, 20))
    assert asked.as_of == date(2023, 6, 20)
    assert asked.sources == ("Wire",)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"text": " \n "}, "Write a question"),
        ({"text": "x" * 21}, "21 characters; at most 20"),
        (
            {"date_from": "2023-07", "date_to": "2023-06"},
            r"1 July 2023\) is after To \(30 June 2023",
        ),
        ({"date_from": "2023-07", "as_of": "2023-06-20"}, "is after As of"),
    ],
)
def test_impossible_questions_are_refused(changes: dict[str, str], message: str) -> None:
    values = {"text": "Who?", **changes}
    with pytest.raises(QuestionError, match=message):
        make_question(values.pop("text"), max_question=20, **values)


def test_half_a_character_becomes_a_question_mark() -> None:
    broken, whole = "Who? \ud83d", "Who? 🦊"
    asked = make_question(
        broken, max_question=20, history=(Turn(broken, broken), Turn(whole, whole))
    )
    assert asked.text == "Who? ?"
    assert asked.history == (Turn("Who? ?", "Who? ?"), Turn(whole, whole))


def test_an_earlier_turn_is_cut() -> None:
    turn = Turn("x" * 21, "y" * (LONGEST_ANSWER + 1))
    asked = make_question("Who?", max_question=20, history=(turn,))
    assert asked.history == (Turn("x" * 20, "y" * LONGEST_ANSWER),)
