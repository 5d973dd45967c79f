"""Scoring by strings, on cases counted by hand."""

from __future__ import annotations

import pytest

from evals.metrics import (
    area_under_roc,
    fold,
    is_correct,
    normalise,
    says_unknown,
    wilson_interval,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The “Beeb” paid £1,250,000.", 'the "beeb" paid £1250000'),
        ("It rose 7.6%, to $3.50 (a record).", "it rose 7.6% to $3.50 a record"),
        ("Sweden’s vote: 3-2", "sweden's vote 3 2"),
        ("snake_case, 1,2 and 12,34", "snake case 1 2 and 12 34"),
    ],
)
def test_normalise_keeps_what_figures_need(text: str, expected: str) -> None:
    assert normalise(text) == expected


def test_folding_takes_accents_signs_and_plurals_away() -> None:
    assert fold("José paid €70 in cents; gas is not a plural") == (
        "jose paid 70 in cent gas is not a plural"
    )


@pytest.mark.parametrize(
    ("answer", "accepted"),
    [
        ("It costs 70 euro cents a litre.", ["70 euro cent"]),
        ("The loss was $900 million.", ["900 million"]),
        ("Growth was 7.6%.", ["6%", "7.6%"]),
        ("Peter O’Neill and Ann Lee won.", [["O'Neill"], ["Lee", "A. Lee"]]),
    ],
)
def test_a_held_variant_is_correct(answer: str, accepted: list) -> None:
    assert is_correct(answer, accepted, abstained=False)


@pytest.mark.parametrize(
    ("answer", "accepted", "abstained"),
    [
        ("Growth was 7.6%.", ["6%"], False),
        ("It was Cooperman.", ["Cooper"], False),
        ("Only O'Neill won.", [["O'Neill"], ["Lee"]], False),
        ("The articles do not say who Cooper is.", ["Cooper"], True),
        ("Cooper " + "and others " * 40, ["Cooper"], False),
        ("Cooper", [], False),
    ],
    ids=["part of a number", "part of a name", "one group only", "abstained", "long", "no answer"],
)
def test_what_does_not_count(answer: str, accepted: list, abstained: bool) -> None:
    assert not is_correct(answer, accepted, abstained=abstained)


def test_an_answer_of_eighty_words_counts_and_one_of_eighty_one_does_not() -> None:
    assert is_correct("Cooper " + "and " * 79, ["Cooper"], abstained=False)
    assert not is_correct("Cooper " + "and " * 80, ["Cooper"], abstained=False)


@pytest.mark.parametrize(
    "text",
    [
        "I don't know.",
        "I don’t know the answer to this question.",
        "The context does not mention how much was paid.",
        "There is no information about the vote.",
        "The price is not specified in the provided context.",
        "",
    ],
)
def test_refusals_are_heard(text: str) -> None:
    assert says_unknown(text)


@pytest.mark.parametrize(
    "text",
    [
        "The court did not allow the appeal.",
        "He has no plans to resign. The prize is known as the Brit.",
        "Bernie Ebbers did not testify.",
    ],
)
def test_denials_that_are_answers_are_not_refusals(text: str) -> None:
    assert not says_unknown(text)


def test_wilson_interval_of_known_cases() -> None:
    low, high = wilson_interval(8, 10)
    assert (round(low, 3), round(high, 3)) == (0.490, 0.943)
    assert wilson_interval(0, 10)[0] == 0.0
    assert wilson_interval(0, 0) == (0.0, 1.0)


def test_area_under_the_curve_of_cases_counted_by_hand() -> None:
    assert area_under_roc([0.9, 0.8], [0.1]) == 1.0
    assert area_under_roc([0.9, 0.2], [0.5, 0.2]) == 2.5 / 4  # one tie, one pair the wrong way
