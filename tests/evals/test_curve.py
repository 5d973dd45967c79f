"""What a threshold of the confidence would give, counted by hand, and its picture."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from evals.curve import Point, as_if, curve, draw, point_of
from evals.rows import Row

SVG = "{http://www.w3.org/2000/svg}"


def row(
    name: str, outcome: str, confidence: float | None, drafted: bool | None, *, able: bool = True
) -> Row:
    correct = (outcome == "answered" and bool(drafted)) if able else None
    kind = "single" if able else "unanswerable"
    return Row(name, kind, able, outcome, correct=correct, drafted=drafted, confidence=confidence)


ROWS = [
    row("right", "answered", 0.9, True),
    row("wrong", "answered", 0.7, False),
    row("right, refused", "abstained", 0.4, True),
    row("invented, refused", "abstained", 0.2, None, able=False),
    row("listed", "answered", None, True),
    row("nothing found", "abstained", None, None, able=False),
]


def test_each_threshold_from_the_highest() -> None:
    assert point_of(ROWS) == Point(asked=6, answered=3, wrong=1)
    assert curve(ROWS) == [Point(6, 2, 0), Point(6, 3, 1), Point(6, 4, 1), Point(6, 5, 2)]


def test_an_answer_counts_as_it_was_given_a_refused_one_as_it_was_drafted() -> None:
    cut = Row("cut", "single", True, "partly", correct=False, drafted=True, confidence=0.6)
    assert point_of(as_if([cut], 0.5)) == Point(1, 1, 1)
    (refused,) = as_if([cut], 0.7)
    assert refused.abstained and refused.correct is False
    (told,) = as_if([ROWS[2]], 0.3)
    assert told.correct and not told.abstained


def test_without_a_judge_there_is_no_curve() -> None:
    with pytest.raises(ValueError, match="no row has a confidence"):
        curve(ROWS[4:])


def test_the_picture_has_its_own_ground_the_curve_and_both_points() -> None:
    stock = Point(asked=6, answered=6, wrong=3)
    picture = ElementTree.fromstring(draw("A & B", curve(ROWS), point_of(ROWS), stock))
    ground = picture.find(f"{SVG}rect")
    assert ground is not None and ground.get("fill") == "#ffffff"
    line = picture.find(f"{SVG}polyline")
    assert line is not None and len(line.get("points", "").split()) == 4
    said = " | ".join("".join(text.itertext()) for text in picture.iter(f"{SVG}text"))
    assert "A & B" in said
    assert "coverage: share of the 6 questions" in said and "risk: wrong" in said
    assert "as run: 3 of 6 answered, 1 of these wrong (0.50, 0.33)" in said
    assert "stock chain: 6 of 6 answered, 3 of these wrong (1.00, 0.50)" in said
    alone = draw("A", curve(ROWS), point_of(ROWS))
    assert "stock" not in alone
