"""Collecting: what is kept, what is asked again, and questions made of an archive's sentences."""

from __future__ import annotations

import itertools
import json

import numpy as np
import pytest

from evals.questions import EvalQuestion, Source
from index.store.snapshot import IndexReader
from tests.rag.newsroom import TEMPLATE
from training.cases import Case, Variant
from training.fit import load_rows
from training.made import made_questions
from training.rows import Collector
from training.states import LAYERS, Draft

WHO = EvalQuestion(
    "q1", "single", "Who is China's foreign minister?", ("Qin Gang",), (Source("beijing.txt"),)
)
CASES = [Case(WHO, Variant.PLAIN), Case(WHO, Variant.REMOVED)]


class Writer:
    """Writes the same each time; counts how often it is asked."""

    template = TEMPLATE
    layers = LAYERS

    def __init__(self, said: str) -> None:
        self.said, self.asked = said, 0

    def write(self, prompt: str, draft: str = "", *, longest: int = 64) -> Draft:
        self.asked += 1
        states = np.full((len(LAYERS), 8), self.asked, dtype=np.float16)
        return Draft(self.said, states, states, states)


@pytest.fixture
def collector(indexed, embeddings, tmp_path):
    return lambda model: Collector(tmp_path, "my_set", indexed, embeddings, model)


def test_what_was_collected_is_not_asked_again(collector, tmp_path) -> None:
    first = Writer("Wang Yi is China's Foreign Minister.")
    made = collector(first)
    assert [row.right for row in made.collect(CASES)] == [False, False]
    made.flush()
    again = Writer("Wang Yi is China's Foreign Minister.")
    assert list(collector(again).collect(CASES)) == [None, None]
    assert (first.asked, again.asked) == (2, 0)
    rows = load_rows(tmp_path)
    assert [one["variant"] for one in rows.info] == ["plain", "removed"]
    assert rows.states["mean"].shape == (2, len(LAYERS), 8)


def test_rows_hold_no_text(collector, tmp_path) -> None:
    made = collector(Writer("Qin Gang is China's Foreign Minister."))
    (row, *_) = list(made.collect(CASES))
    made.flush()
    assert row.right and not row.problem
    (shard,) = (tmp_path / "my_set").glob("*.npz")
    with np.load(shard) as held:
        kept = json.dumps([json.loads(one) for one in held["info"]])
    assert not any(word in kept for word in ("Qin", "minister", "beijing", "q1 "))


def test_a_draft_that_declines_gives_no_row(collector) -> None:
    assert list(collector(Writer("The articles do not say.")).collect(CASES)) == [None, None]


@pytest.mark.parametrize(
    ("said", "answers"),
    [
        ("Question: Which balloon crossed Ruritania?\nAnswer: Zeta", None),  # not in the sentence
        ("Ask about China.", None),
        ("Question: Who wanted what the sentence says?\nAnswer: {first}", "first"),
    ],
)
def test_made_questions_are_answered_by_their_sentence(
    reader: IndexReader, said: str, answers: str | None
) -> None:
    class Asker(Writer):
        def write(self, prompt: str, draft: str = "", *, longest: int = 64) -> Draft:
            sentence = prompt.rsplit("Sentence: ", 1)[1].split("<|im_end|>")[0]
            self.said = said.format(first=" ".join(sentence.split()[:3]))
            return super().write(prompt)

    with reader.snapshot() as snapshot:
        made = list(itertools.islice(made_questions(snapshot, Asker(""), 1), 3))  # type: ignore[arg-type]
    assert bool(made) is bool(answers)
    for question in made:
        assert question.type == "made" and question.answers[0] in question.evidence[0].quote
