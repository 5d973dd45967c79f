"""Amounts with their units, as news writes them."""

from __future__ import annotations

import pytest

from rag.arithmetic import difference, total
from rag.quantities import quantities_in


@pytest.mark.parametrize(
    ("text", "amounts"),
    [
        ("About an hour and 45 minutes.", [("About an hour and 45 minutes", 105, "time")]),
        ("They paid 3bn Swiss francs.", [("3bn Swiss francs", 3e9, "money")]),
        ("A fine of more than $1.8bn.", [("more than $1.8bn", 1.8e9, "money")]),
        ("Oil rose to $80 a barrel.", [("$80 a barrel", 80, "money")]),
        ("A night of 14 Earth days.", [("14 Earth days", 14, "time")]),
        ("A 90-day ban.", [("90-day", 90, "time")]),
        ("They flew two and a half hours.", [("two and a half hours", 2.5, "time")]),
        ("It burned 5 square miles.", [("5 square miles", 5, "area")]),
        ("He got 52.14% of the vote.", [("52.14%", 52.14, "share")]),
        ("It fell to minus 100C.", [("minus 100C", -100, "celsius")]),
        ("The 57-year-old man won.", [("57-year-old", 57, "age")]),
        ("At least 36 people died.", [("At least 36", 36, "count")]),
        ("It ended at 14:35 on 14 May 2023.", []),
        ("They won 12-11 in the 29th minute of the first match in 2019.", []),
    ],
)  # fmt: skip
def test_amounts_are_read_with_unit_and_qualifier(
    text: str, amounts: list[tuple[str, float, str]]
) -> None:
    assert [(one.words, one.value, one.family) for one in quantities_in(text)] == amounts


@pytest.mark.parametrize(
    ("one", "other", "comparable"),
    [
        ("5 hours", "14 days", True),
        ("3bn Swiss francs", "7bn francs", True),
        ("5 miles", "10km", True),
        ("3bn Swiss francs", "$3bn", False),
        ("5 miles", "5 square miles", False),
        ("30%", "30 people", False),
        ("$80 a barrel", "$80", False),
        ("A$5m", "US$5m", False),
    ],
)
def test_only_amounts_of_one_kind_can_be_compared(one: str, other: str, comparable: bool) -> None:
    (first,), (second,) = quantities_in(one), quantities_in(other)
    assert first.comparable(second) is comparable


@pytest.mark.parametrize(
    ("one", "other", "made"),
    [
        ("54", "66", "120"),
        ("about 160,000", "11,500", "about 171,500"),
        ("at least 36", "97", "at least 133"),
        ("at least 36", "about 100", ""),
        ("$1bn", "$397m", "$1.397 billion"),
        ("3bn francs", "4bn francs", "7 billion francs"),
        ("5 hours", "2 days", "53 hours"),
        ("5 days", "1 month", ""),  # a month has no fixed length
        ("1 foot", "2 feet", "3 feet"),
        ("0.1%", "0.2%", "0.3%"),
    ],
)
def test_a_sum_has_the_unit_and_says_how_sure_it_is(one: str, other: str, made: str) -> None:
    (first,), (second,) = quantities_in(one), quantities_in(other)
    assert total(first, second) == made


@pytest.mark.parametrize(
    ("one", "other", "made"),
    [
        ("148 days", "118 days", "30 days"),
        ("$1bn", "$397m", "$603 million"),
        ("52.14%", "47.86%", "4.28 percentage points"),
        ("more than 22,000", "17,000", "about 5,000"),
        ("at least 22,000", "17,000", ""),
        ("8 days", "1 week", "1 day"),
    ],
)
def test_a_difference_has_the_unit_and_says_how_sure_it_is(one: str, other: str, made: str) -> None:
    (first,), (second,) = quantities_in(one), quantities_in(other)
    assert difference(first, second) == made
