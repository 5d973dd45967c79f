"""Question sets as they are read, and the fixed sample."""

from __future__ import annotations

import json
from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from evals.questions import EvalQuestion, QuestionSetError, load_questions, stratified
from rag.types import Turn

ROOT = Path(__file__).resolve().parents[2]
OWN = ROOT / "evals" / "sets" / "sample_archive.jsonl"


def write(tmp_path: Path, *records: object) -> Path:
    file = tmp_path / "set.jsonl"
    file.write_text("\n".join(json.dumps(record) for record in records), encoding="utf-8")
    return file


def test_a_plain_line(tmp_path: Path) -> None:
    record = {
        "id": "q1",
        "type": "single",
        "question": "Who?",
        "answers": ["Ann"],
        "evidence": [{"article": "a.txt", "quote": "Ann came."}],
        "as_of": "2023-06-18",
        "history": [["Where?", "Here."]],
    }
    (question,) = load_questions(write(tmp_path, record), grace=3)
    assert question.answerable
    assert question.evidence[0].quote == "Ann came."
    assert question.as_of == date(2023, 6, 21)
    assert question.history == (Turn("Where?", "Here."),)


def test_groups_of_variants_and_alternative_evidence(tmp_path: Path) -> None:
    two = {
        "id": "1",
        "type": "two",
        "question": "Who baked the loaf, and who ate it?",
        "answers": [["Ann", "Ann Lee"], ["Bob"]],
        "evidence": [
            {"article": "a", "quote": "Ann baked."},
            {"article": "b", "quote": "Bob ate."},
        ],
    }
    latest = {
        **two,
        "id": "2",
        "type": "latest",
        "question": "How many loaves\u2028are left?",
        "answers": ["three", "3"],
        "evidence_any": True,
        "as_of": "2023-06-18",
        "note": "an older report says four",
    }
    file = tmp_path / "set.jsonl"
    lines = (json.dumps(record, ensure_ascii=False) + "\n" for record in (two, latest))
    file.write_text("".join(lines), encoding="utf-8")
    first, second = load_questions(file)
    assert first.answers == [["Ann", "Ann Lee"], ["Bob"]] and not first.any_of
    assert second.any_of and second.as_of == date(2023, 6, 18)


def test_an_error_in_a_closed_set_does_not_say_what_the_line_holds(tmp_path: Path) -> None:
    file = tmp_path / "made_closed.jsonl"
    record = {"id": "1", "type": "single", "question": "Who?", "as_of": "quokka"}
    file.write_text(json.dumps(record), encoding="utf-8")
    with pytest.raises(QuestionSetError, match=r"closed\.jsonl:1: expected a question$"):
        load_questions(file)


def test_labels_become_types_and_unanswerable_stays(tmp_path: Path) -> None:
    strict = {"id": "1", "type": "single", "label": "strict", "question": "Who?"}
    none = {"id": "2", "type": "unanswerable", "label": "no-hit", "question": "Who?"}
    first, second = load_questions(write(tmp_path, strict, none))
    assert (first.type, first.answerable) == ("strict", True)
    assert (second.type, second.answerable) == ("unanswerable", False)


def test_a_line_with_passages_becomes_three_questions(tmp_path: Path) -> None:
    record = {
        "id": 7,
        "query": "Who won?",
        "answer": [["Ann", "Ms Ann"]],
        "fakeanswer": "Bob",
        "positive": ["Ann won.", "It was Ann.", "Ann again."],
        "positive_wrong": ["Bob won."],
        "negative": [f"Noise {number}." for number in range(6)],
    }
    noise, absent, conflict = load_questions(write(tmp_path, record))
    assert len(noise.passages) == 5 and sum("Ann" in text for text in noise.passages) == 3
    assert not absent.answerable and len(absent.passages) == 5
    assert conflict.passages == ("Ann won.", "Bob won.")
    assert conflict.answers == [["Ann", "Ms Ann"], ["Bob"]]


def test_lines_with_few_passages_give_fewer_questions(tmp_path: Path) -> None:
    record = {
        "id": 8,
        "query": "Who won?",
        "answer": "Ann",
        "fakeanswer": "Bob",
        "positive": ["Ann won."],
        "positive_wrong": ["Bob won."],
        "negative": ["Noise."],
    }
    assert [question.type for question in load_questions(write(tmp_path, record))] == ["conflict"]


def test_a_broken_line_is_named(tmp_path: Path) -> None:
    file = write(tmp_path, {"id": "1", "type": "single", "question": "Who?"}, {"id": "2"})
    with pytest.raises(QuestionSetError, match=r"set\.jsonl:2"):
        load_questions(file)


def test_the_sample_is_fixed_and_keeps_each_type() -> None:
    types = ["single"] * 60 + ["numeric"] * 30 + ["multi"] * 2
    questions = [EvalQuestion(f"q{at}", kind, "Who?") for at, kind in enumerate(types)]
    chosen = stratified(questions, 30)
    assert [q.id for q in stratified(questions[::-1], 30)] == [q.id for q in chosen][::-1]
    counts = Counter(question.type for question in chosen)
    assert counts["multi"] >= 1
    assert counts["single"] == 20 and counts["numeric"] == 10


def test_the_own_set_quotes_the_sample_archive(articles: dict[str, str]) -> None:
    questions = load_questions(OWN)
    assert len(questions) >= 60
    assert len({question.id for question in questions}) == len(questions)
    for question in questions:
        assert question.answerable == bool(question.answers), question.id
        for source in question.evidence:
            assert source.quote in articles[source.article], question.id
