"""The kind of thing asked for, and whether an answer gives one."""

from __future__ import annotations

import pytest

from rag.kinds import Kind, gives_kind, kind_asked


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("Who won the final?", Kind.NAME),
        ("Where did Qin Gang greet Blinken?", Kind.NAME),
        ("Which bank took over First Republic?", Kind.NAME),
        ("How many people died?", Kind.NUMBER),
        ("What percentage of the vote did he win?", Kind.NUMBER),
        ("How old was King Charles?", Kind.NUMBER),
        ("When was he removed?", Kind.DATE),
        ("In which year did it begin?", Kind.DATE),
        ("Why was the visit postponed?", Kind.OTHER),
        ("What did COP28 call for?", Kind.OTHER),
    ],
)
def test_kind_asked(question: str, kind: Kind) -> None:
    assert kind_asked(question) is kind


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
        ("Why was it postponed?", "A balloon was seen.", 0.5),
    ],
)
def test_what_an_answer_gives(question: str, statement: str, given: float) -> None:
    assert gives_kind(question, statement) == given
