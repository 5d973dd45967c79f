"""Variants of a question: what is taken out, exchanged, and called right."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest

from evals.questions import EvalQuestion, Source
from index.models.embedder import MiniLMEmbeddings
from index.settings import Settings
from index.store.snapshot import IndexReader
from rag.retrieval.search import Finder
from training.cases import MADE, Case, Variant, cases_of, find, label, shows_evidence

QUOTE = "China's Foreign Minister Qin Gang told Mr Blinken that Beijing wanted stable relations."
WHO = EvalQuestion(
    "q1", "single", "Who is China's foreign minister?", ("Qin Gang", "Mr Qin"),
    (Source("beijing.txt", QUOTE),),
)  # fmt: skip
ABSENT = EvalQuestion("q2", "unanswerable", "How old is Ada Berg?")


@pytest.fixture
def seen(indexed: Settings, embeddings: MiniLMEmbeddings, reader: IndexReader):
    finder = Finder(reader, embeddings, indexed)

    def seen(variant: Variant, question: EvalQuestion = WHO):
        with reader.snapshot() as snapshot:
            return find(finder, snapshot, Case(question, variant)).evidence

    return seen


def test_plainly_asked_the_evidence_is_read(seen) -> None:
    evidence = seen(Variant.PLAIN)
    assert shows_evidence(Case(WHO, Variant.PLAIN), evidence)
    more = seen(Variant.AGAIN)
    assert more[: len(evidence)] == evidence and len(more) > len(evidence)


@pytest.mark.parametrize("variant", [Variant.REMOVED, Variant.ELSEWHERE])
def test_the_answer_is_taken_out(seen, variant: Variant) -> None:
    evidence = seen(variant)
    assert evidence
    assert not any("Qin" in item.text for item in evidence)
    homes = {item.article_id for item in evidence}
    assert variant is Variant.REMOVED or "beijing.txt" not in homes


def test_a_question_in_parts_gives_no_row(seen, indexed, embeddings, reader) -> None:
    two = EvalQuestion("q3", "two", "Who is China's foreign minister, and who bought UBS?")
    with reader.snapshot() as snapshot:
        assert find(Finder(reader, embeddings, indexed), snapshot, Case(two, Variant.PLAIN)) is None


@pytest.mark.parametrize(
    ("question", "variant", "draft", "right"),
    [
        (WHO, Variant.PLAIN, "Qin Gang is.", True),
        (WHO, Variant.PLAIN, "Wang Yi is.", False),
        (replace(WHO, type=MADE), Variant.PLAIN, "Wang Yi is.", None),
        (replace(WHO, type=MADE), Variant.PLAIN, "Qin Gang is.", True),
        (WHO, Variant.REMOVED, "Wang Yi is.", False),
        (WHO, Variant.REMOVED, "Qin Gang is.", None),
        (WHO, Variant.RENAMED, "Qin Gang is.", False),
        (ABSENT, Variant.PLAIN, "Ada Berg is 57.", False),
    ],
)
def test_labels(question: EvalQuestion, variant: Variant, draft: str, right: bool | None) -> None:
    assert label(Case(question, variant), draft) is right


def test_cases_are_the_same_each_time_and_change_only_what_can_be_answered() -> None:
    questions = [WHO, ABSENT] * 1 + [
        EvalQuestion(f"n{at}", "single", f"Where did Ada Berg sing in {1990 + at}?", ("Oslo",))
        for at in range(30)
    ]
    first, second = (cases_of(questions, 3, again=True) for _ in range(2))
    assert first == second != cases_of(questions, 4, again=True)
    counts = Counter(case.variant for case in first)
    assert counts[Variant.PLAIN] == 32 and 5 < counts[Variant.AGAIN] < 27
    assert counts[Variant.REMOVED] + counts[Variant.ELSEWHERE] == 31
    assert [case.variant for case in first if case.question is ABSENT].count(Variant.REMOVED) == 0
    assert all(
        case.question.text != f"Where did Ada Berg sing in {1990}?"
        for case in first
        if case.variant is Variant.RENAMED
    )
