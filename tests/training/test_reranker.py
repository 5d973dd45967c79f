"""What the reranker is trained on: questions with sentences that answer and that do not."""

from __future__ import annotations

import json
import lzma
import random
from pathlib import Path
from typing import Any

import pytest

from training.reranker import Group, read_groups, steps

QUESTION = "How many trains ran on Monday?"


def row(sentence: str | None, label: int, **other: Any) -> dict[str, Any]:
    made = {
        "q": QUESTION,
        "sentence": sentence,
        "label": label,
        "answers": ["40"],
        "group": "a/b/1",
    }
    return made | other


@pytest.fixture
def pairs(tmp_path: Path) -> Path:
    rows = [
        row("On Monday the line ran 40 trains.", 1),
        row("The railway has run since 1900, as everyone here knows.", 0),
        row("On Monday many people took a train.", 0),
        row("There were some 40 of them in all.", 0),
        row("Too short.", 0),
        row(None, 1),
        row("Nobody answered this one at all.", 0, q="Why?", group="a/b/2", answers=None),
    ]
    file = tmp_path / "pairs_made.jsonl.xz"
    with lzma.open(file, "wt", encoding="utf-8") as lines:
        lines.writelines(json.dumps(one) + "\n" for one in rows)
    return file


def test_the_nearest_wrong_sentence_comes_first_and_none_holds_an_answer(pairs: Path) -> None:
    (group,) = read_groups(pairs)
    assert group.right == ["On Monday the line ran 40 trains."]
    assert group.wrong == [
        "On Monday many people took a train.",
        "The railway has run since 1900, as everyone here knows.",
    ]


def test_each_step_has_the_right_sentence_of_a_question_first() -> None:
    groups = [
        Group(f"q{at}", [f"right {at}"], [f"wrong {at}.{n}" for n in range(9)]) for at in "abc"
    ]
    batch = next(steps(groups, random.Random(0)))
    assert {texts[0] for _, texts in batch} == {"right a", "right b", "right c"}
    for _, texts in batch:
        name = texts[0][-1]
        assert texts[1:3] == [f"wrong {name}.0", f"wrong {name}.1"]
        assert len(set(texts)) == 5
