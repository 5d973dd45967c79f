"""Links that fill the question in."""

from __future__ import annotations

from datetime import date
from urllib.parse import parse_qs

import pytest

from rag.types import Question
from web.chat.limits import link, read_link


def test_a_link_holds_the_question_and_its_bounds() -> None:
    question = Question(
        "Who & what?", as_of=date(2023, 7, 1), date_to=date(2023, 6, 30), sources=("A", "B & C")
    )
    assert parse_qs(link(question).removeprefix("?")) == {
        "q": ["Who & what?"],
        "to": ["2023-06-30"],
        "as_of": ["2023-07-01"],
        "source": ["A", "B & C"],
    }
    assert link(Question("\ud83d")) == "?q=%3F"


def test_a_link_fills_in_what_it_was_made_of() -> None:
    question = Question(
        "Who & what? Ünïcode", date_from=date(2023, 6, 1), as_of=date(2023, 7, 1), sources=("A",)
    )
    found = read_link(link(question).removeprefix("?"), ("A", "B"), 200)
    assert found.question == question.text
    assert found.days == {"from": "2023-06-01", "to": "", "as_of": "2023-07-01"}
    assert found.sources == ("A",)


@pytest.mark.parametrize(
    "query",
    ["", "__theme=dark", "q=&from=", "&&=", "q=%ff%fe", "source=nobody", "from=" + "9" * 99],
)
def test_an_odd_address_fills_in_nothing_odd(query: str) -> None:
    found = read_link(query, ("A",), 5)
    assert len(found.question) <= 5
    assert all(len(day) <= 10 for day in found.days.values())
    assert found.sources == ()
