"""Doubts and checks, made into the decision to answer."""

from dataclasses import replace

import pytest

from index.words import content_stems
from rag.abstention import (
    Calibration,
    Doubts,
    Signals,
    calibration,
    is_abstention,
    log_odds,
    signals_of,
)
from rag.grounding import ground
from rag.types import ABSTENTION
from tests.rag.newsroom import window

SURE = Signals(confirmed=8, support=1, asked=1, found=1)


@pytest.mark.parametrize(
    "draft",
    [
        ABSTENTION,
        "",
        " \n",
        "the articles do not say who won.",
        "It is not stated.",
        "The winner's name is not mentioned in the articles.",
        "There is no information on it.",
    ],
)
def test_the_model_may_abstain_itself(draft: str) -> None:
    assert is_abstention(draft)


@pytest.mark.parametrize(
    "draft",
    [
        "Spain won.",
        "He did not say why.",
        "96",
        "The spokesman said there was no information on casualties.",
    ],
)
def test_an_answer_is_no_abstention(draft: str) -> None:
    assert not is_abstention(draft)


def test_log_odds_are_kept_within_eight() -> None:
    assert log_odds(0.5) == 0.0
    assert log_odds(0.9) == pytest.approx(2.197, abs=1e-3)
    assert log_odds(0.9) == pytest.approx(-log_odds(0.1))
    assert -10 < log_odds(0.0) < -7.9
    assert 7.9 < log_odds(1.0) < 10


def test_the_probability_is_the_logistic_of_the_weighted_sum() -> None:
    made = Calibration(-1.0, {"asked": 2.0, "confirmed": 0.5}, 0.5)
    assert made.probability(replace(SURE, asked=0.5, confirmed=0.0)) == 0.5
    assert made.probability(replace(SURE, asked=0.5, confirmed=2.0)) == pytest.approx(
        0.7311, abs=1e-4
    )


def test_the_calibration_in_force_answers_when_sure_and_not_when_all_doubts() -> None:
    force = calibration()
    nothing = Signals(confirmed=-8, support=0, asked=0, found=0)
    assert force.probability(SURE) >= force.threshold > force.probability(nothing)
    assert set(force.weights) <= set(Signals.__dataclass_fields__)


@pytest.mark.parametrize("signal", sorted(set(calibration().weights) - {"rival"}))
def test_more_of_a_signal_never_speaks_against_an_answer(signal: str) -> None:
    force = calibration()
    less = replace(SURE, **{signal: 0.0})
    assert force.probability(less) <= force.probability(SURE)


def test_a_sentence_that_fits_better_speaks_against_an_answer() -> None:
    force = calibration()
    assert force.probability(replace(SURE, rival=0.5)) < force.probability(SURE)


def test_a_year_that_the_evidence_does_not_bear_counts_as_a_name_missing() -> None:
    item = window("Ford made 3.5 billion dollars in 2004.", "a.txt")
    answer = "Ford made 3.5 billion dollars."

    def names(question: str) -> float:
        made = ground(answer, question, [item])
        return signals_of(question, {}, [item], [made], Doubts(1.0)).names

    assert names("What did Ford make in 2004?") == 1.0
    assert names("What did Ford make in 1999?") == 0.5


def test_signals_are_taken_from_what_is_cited() -> None:
    cited = window("Olga Carmona scored the goal of the final.", "a.txt", score=0.7)
    other = window("In Sydney it rained all day.", "b.txt", score=0.9)
    question = "Who scored the goal of the final in Sydney?"
    made = ground("Olga Carmona scored the goal.", question, [cited, other])
    weights = {stem: 1 / 4 for stem in content_stems(question)}
    signals = signals_of(question, weights, [cited, other], [made], Doubts(0.5, -0.2))
    assert signals.confirmed == 0.0
    assert signals.support == made.support
    assert signals.found == 0.9
    assert (signals.sure, signals.names, signals.kind) == (-0.2, 0.0, 1.0)
    assert signals.asked == pytest.approx(3 / 4)  # scored, goal, final; but not Sydney
