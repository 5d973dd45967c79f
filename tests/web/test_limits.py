"""Presets, chips, and links that fill the question in."""

from __future__ import annotations

from datetime import date
from urllib.parse import parse_qs

import pytest

from index.errors import IndexMissing
from rag.types import Question
from tests.web.fake_pipeline import FakePipeline
from tests.web.test_markup import HOSTILE, inert
from web.chat.limits import link, make_check_days, make_preset, read_link, show_chips, with_year


@pytest.mark.parametrize(
    ("newest", "days", "span"),
    [
        (date(2023, 12, 20), 7, ("14 December 2023", "20 December 2023")),
        (date(2023, 12, 20), 0, ("", "")),
        (date(1, 1, 3), 30, ("1 January 1", "3 January 1")),
        (None, 7, ("", "")),
    ],
)
def test_a_preset_ends_with_the_archive(monkeypatch, newest, days, span) -> None:
    monkeypatch.setattr(FakePipeline, "newest", lambda self: newest)
    assert make_preset(FakePipeline(), days)() == span


@pytest.mark.parametrize(
    ("typed", "first", "last"),
    [
        ("1 August", "1 August 2023", "1 August 2023"),
        ("August 1", "1 August 2023", "1 August 2023"),
        ("24 December", "24 December 2022", "24 December 2022"),
        ("December", "1 December 2023", "31 December 2023"),
        ("29 February", "29 February 2020", "29 February 2020"),
        ("2023-08", "1 August 2023", "31 August 2023"),
        ("next week", "next week", "next week"),
        ("31 June", "31 June", "31 June"),
        (" ", "", ""),
    ],
)
def test_a_day_without_its_year_is_the_newest_in_the_archive(typed, first, last) -> None:
    assert with_year(FakePipeline(), typed) == first
    assert with_year(FakePipeline(), typed, last=True) == last


def test_a_preset_without_an_index_sets_nothing(monkeypatch) -> None:
    def missing(self: FakePipeline) -> None:
        raise IndexMissing("nothing is indexed yet")

    monkeypatch.setattr(FakePipeline, "newest", missing)
    assert make_preset(FakePipeline(), 7)() == ("", "")


@pytest.mark.parametrize("text", HOSTILE)
def test_no_chip_becomes_markup(text: str) -> None:
    seen = inert(show_chips(text, "", " ", [text]))
    assert seen.tags.count("button") == 1  # what is no day sets no limit, and is told
    inert(make_check_days(FakePipeline())(text, None, None)[-1])
    assert show_chips("", " ", None, None) == ""


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
    assert found.days == {"from": "1 June 2023", "to": "", "as_of": "1 July 2023"}
    assert found.sources == ("A",)
    limited = link(Question("Who?", sources=("author:Ada Pell", "Gone"))).removeprefix("?")
    assert read_link(limited, ("A", "B"), 200).sources == ("author:Ada Pell",)


@pytest.mark.parametrize(
    "query",
    ["", "__theme=dark", "q=&from=", "&&=", "q=%ff%fe", "source=nobody", "from=" + "9" * 99],
)
def test_an_odd_address_fills_in_nothing_odd(query: str) -> None:
    found = read_link(query, ("A",), 5)
    assert len(found.question) <= 5
    assert all(len(day) <= 20 for day in found.days.values())
    assert found.sources == ()
