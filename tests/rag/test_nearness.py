"""Which name or number of a sentence is meant."""

from __future__ import annotations

import pytest

from index.words import content_stems
from rag.nearness import nearness

AWARDS = (
    "Anna Berg was named best goalkeeper, while Mia Lund of Norway was the top scorer of the cup."
)
QUAKE = "At least 36 people died in the village, and 97 were missing on Sunday."


def _nearness(question: str, said: str, sentence: str) -> float:
    stems = list(dict.fromkeys(content_stems(question)))
    return nearness(question, said, {stem: 1 / len(stems) for stem in stems}, sentence)


@pytest.mark.parametrize(
    ("question", "right", "wrong", "sentence"),
    [
        ("Who was the top scorer?", "Mia Lund", "Anna Berg", AWARDS),
        ("Who was the best goalkeeper?", "Anna Berg", "Mia Lund", AWARDS),
        ("How many people died?", "36", "97", QUAKE),
        ("How many were missing?", "97", "36", QUAKE),
    ],
)
def test_the_name_or_number_beside_the_words_asked_about_is_nearer(
    question: str, right: str, wrong: str, sentence: str
) -> None:
    assert _nearness(question, f"It was {right}.", sentence) > 0
    assert _nearness(question, f"It was {wrong}.", sentence) < 0


@pytest.mark.parametrize(
    ("question", "said", "sentence"),
    [
        ("Who was the top scorer?", "Mia Lund", "Mia Lund of Norway was the top scorer."),
        ("Why did Mia Lund leave?", "She was ill", "Mia Lund left because she was ill."),
        ("How many people died?", "36 died", "At least 36 people died."),
        ("Who was the top scorer?", "Mia Lund", "On Sunday Mia Lund and Anna Berg left."),
        ("Who was the top scorer?", "Mia Lund", ""),
    ],
    ids=["its own country", "a reason is asked for", "no rival", "nothing asked about", "empty"],
)
def test_without_a_rival_or_a_word_to_compare_it_says_nothing(
    question: str, said: str, sentence: str
) -> None:
    assert _nearness(question, said, sentence) == 0


@pytest.mark.parametrize(
    ("question", "said", "sentence"),
    [
        ("Where was the final?", "Sydney", "Spain beat England in the final, late, in Sydney."),
        ("Who won the cup?", "Spain", "In Sydney the cup was won, late that evening, by Spain."),
    ],
    ids=["a team is no place", "a place is no winner"],
)
def test_a_rival_of_another_sort_does_not_speak_against(
    question: str, said: str, sentence: str
) -> None:
    assert _nearness(question, said, sentence) == 0
