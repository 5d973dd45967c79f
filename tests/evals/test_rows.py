"""What is kept of a question asked."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from datetime import date
from typing import Any

import pytest

from evals.compare import changes, mcnemar
from evals.questions import EvalQuestion, Source
from evals.rows import Row, fields_of_answer, row_of_search
from evals.summary import figures
from index.types import Article, ArticleRef, Passage
from rag.types import Answer, Citation, Evidence, Outcome, RetrievedPassage, Statement

TEXT = "Ann won the race. Bob came second."
ARTICLE = Article("a.txt", "/a.txt", "Race", TEXT, date(2023, 6, 18))


def found(article_id: str, text: str, also_in: tuple[str, ...] = ()) -> RetrievedPassage:
    passage = Passage(article_id, 0, len(text), text)
    return RetrievedPassage(passage, ArticleRef(passage.article_id, "Race"), 1.0, also_in=also_in)


def answer(quote: str = "Ann won the race.", text: str = "Ann won [1].") -> Answer:
    cited = Citation(
        ArticleRef("a.txt", "Race", date(2023, 6, 18)), quote, 0, len("Ann won the race.")
    )
    said = Statement(text.removesuffix(" [1].") + ".", (0,), 1.0)
    return Answer("Who won?", text, Outcome.ANSWERED, statements=(said,), citations=(cited,))


def question(**changed: object) -> EvalQuestion:
    known: dict[str, object] = {
        "answers": ["Ann"],
        "evidence": (Source("a.txt", "Ann won the race."),),
    }
    return EvalQuestion("q", "single", "Who won?", **{**known, **changed})  # type: ignore[arg-type]


def test_ranks_are_among_distinct_articles() -> None:
    passages = [found("b.txt", "No."), found("b.txt", "None."), found("a.txt", TEXT)]
    row = row_of_search(question(), passages)
    assert (row.article_rank, row.passage_rank) == (2, 3)


def test_all_evidence_is_needed_unless_one_is_enough() -> None:
    both = (Source("a.txt"), Source("c.txt"))
    passages = [found("a.txt", TEXT), found("b.txt", "No.")]
    assert row_of_search(question(evidence=both), passages).article_rank is None
    assert row_of_search(question(evidence=both, any_of=True), passages).article_rank == 1


@pytest.mark.parametrize(("any_of", "rank"), [(True, 1), (False, None)])
def test_one_sentence_is_enough_where_one_article_is(any_of: bool, rank: int | None) -> None:
    both = (Source("a.txt", "Ann won the race."), Source("c.txt", "The race was Ann's."))
    asked = question(evidence=both, any_of=any_of)
    assert row_of_search(asked, [found("a.txt", TEXT)]).passage_rank == rank
    window = Evidence(1, ArticleRef("a.txt", "Race"), 0, 34, TEXT, ((0, 17),), (0, 17), 1.0)
    seen = replace(answer(), evidence=(window,))
    assert fields_of_answer(asked, seen, {"a.txt": ARTICLE}.get)["shown"] is any_of


def test_a_near_duplicate_has_the_rank_of_its_twin() -> None:
    row = row_of_search(question(), [found("wire.txt", TEXT, also_in=("a.txt",))])
    assert row.article_rank == 1


def test_an_answer_is_scored_without_its_marks() -> None:
    asked = question(answers=["1"])
    assert fields_of_answer(asked, answer(), {"a.txt": ARTICLE}.get)["correct"] is False
    assert fields_of_answer(question(), answer(), {"a.txt": ARTICLE}.get)["correct"] is True


def test_a_quote_must_stand_at_its_offsets() -> None:
    exact = fields_of_answer(question(), answer(), {"a.txt": ARTICLE}.get)
    wrong = fields_of_answer(question(), answer("Ann won a race."), {"a.txt": ARTICLE}.get)
    assert (exact["inexact"], wrong["inexact"]) == (0, 1)
    assert fields_of_answer(question(), answer(), {}.get)["inexact"] == 1


def test_later_articles_are_counted() -> None:
    asked = question(as_of=date(2023, 6, 17))
    assert fields_of_answer(asked, answer(), {"a.txt": ARTICLE}.get)["late"] == 1


def test_citations_are_right_by_article_and_by_span() -> None:
    asked = question(evidence=(Source("a.txt", "Bob came second."),))
    fields = fields_of_answer(asked, answer(), {"a.txt": ARTICLE}.get)
    assert (fields["by_article"], fields["by_span"]) == (1, 0)


def test_rows_survive_json() -> None:
    fields = fields_of_answer(question(), answer(), {"a.txt": ARTICLE}.get)
    row = Row("q", "single", True, **fields)
    record = json.loads(json.dumps(asdict(row)))
    assert Row.read(record) == row
    del record["confidence"]
    assert Row.read({**record, "signals": {"sure": 0.5}}) == row  # an older version's


def outcome(name: str, *, correct: bool | None, abstained: bool = False, **other: Any) -> Row:
    told = "abstained" if abstained else "answered"
    row = Row(name, "single", correct is not None, told, correct=correct)
    return replace(row, **other)


def test_figures_of_abstaining() -> None:
    rows = [
        outcome("1", correct=True),
        outcome("2", correct=False),
        outcome("3", correct=False, abstained=True),
        outcome("4", correct=None, abstained=True),
        outcome("5", correct=None),
    ]
    made = {figure.name: figure for figure in figures(rows)}
    assert made["correct"].value == 1 / 3
    assert made["refused though answerable"].value == 1 / 3
    assert made["refused, not answerable"].value == 1 / 2
    assert made["wrong of what is answered"].value == 2 / 3
    assert made["correct"].low is not None and made["correct"].low < 1 / 3


def test_wrong_answers_with_and_without_questions_that_are_not_answerable() -> None:
    rows = [
        outcome("1", correct=True),
        outcome("2", correct=False),
        outcome("3", correct=True, type="two"),
        outcome("4", correct=None, type="unanswerable"),
        outcome("5", correct=None, type="false_premise"),
        outcome("6", correct=None, type="false_premise", abstained=True, reason="false_premise"),
    ]
    made = {figure.name: figure for figure in figures(rows)}
    names = ("wrong of what is answered", "wrong of what is answered, one article")
    shares = [made[name] for name in (*names, "the same, answerable only")]
    assert [(one.value, one.count) for one in shares] == [(3 / 5, 5), (3 / 4, 4), (1 / 2, 2)]
    kinds = {
        kind: made[f"refused, not answerable: {kind}"] for kind in ("unanswerable", "false_premise")
    }
    assert [(one.value, one.count) for one in kinds.values()] == [(0.0, 1), (1 / 2, 2)]
    assert made["correct: two"].count == 1


def test_only_answerable_questions_of_one_article_count_for_evidence_shown() -> None:
    seen = {"evidence": 1, "quotes": 1, "shown": True}
    rows = [
        outcome("1", correct=True, **seen),
        outcome("2", correct=True, type="latest", **{**seen, "shown": False}),
        outcome("3", correct=True, type="multi", **seen),
        outcome("4", correct=None, type="false_premise", **seen),
    ]
    made = {figure.name: figure for figure in figures(rows)}
    shown = made["evidence sentence shown, one article"]
    assert (shown.value, shown.count) == (1 / 2, 2)


def test_the_confidence_is_held_against_drafts_refused_ones_too() -> None:
    rows = [
        outcome("1", correct=True, drafted=True, confidence=0.9),
        outcome("2", correct=False, drafted=True, confidence=0.4, abstained=True),
        outcome("3", correct=False, drafted=False, confidence=0.5),
        outcome("4", correct=None, confidence=0.2, abstained=True),
        outcome("5", correct=True, drafted=True),
    ]
    made = {figure.name: figure for figure in figures(rows)}
    area = made["area under the ROC curve of the confidence"]
    assert (area.value, area.count) == (3 / 4, 4)
    assert made["draft correct, before the decision"].value == 3 / 4


def test_what_changed_between_two_results() -> None:
    before = [outcome("1", correct=True), outcome("2", correct=False), outcome("3", correct=None)]
    after = [
        outcome("1", correct=True),
        outcome("2", correct=True),
        outcome("3", correct=None, abstained=True),
        outcome("4", correct=True),
    ]
    changed, asked = changes(before, after)
    assert asked == 3
    assert [(one.id, one.before, one.after, one.better) for one in changed] == [
        ("2", "wrong", "correct", True),
        ("3", "wrong", "abstained", True),
    ]


def test_mcnemar_against_known_values() -> None:
    assert mcnemar(0, 0) == 1.0
    assert abs(mcnemar(5, 0) - 0.0625) < 1e-12  # a sign test of five
    assert abs(mcnemar(3, 9) - 0.145996) < 1e-5
