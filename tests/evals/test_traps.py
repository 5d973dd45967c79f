"""Traps and their twins: the two sets as they stand, and how an answer to a trap is scored."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from evals.compare import is_right
from evals.questions import EvalQuestion, QuestionSetError, Source, load_questions
from evals.results import kept_row
from evals.rows import Row, fields_of_answer, row_of_search
from evals.summary import figures
from index.types import ArticleRef
from rag.types import Answer, Citation, Outcome, Statement

ROOT = Path(__file__).resolve().parents[2]
SETS = [ROOT / "evals" / "sets" / name for name in ("traps.jsonl", "traps_closed.jsonl")]
SENTENCE = "Cook Ann denied that she had burnt the loaf."
DENIED = EvalQuestion(
    "t1",
    "trap",
    "Did Ann burn the loaf?",
    answers=("no", "denied"),
    evidence=(Source("a.txt", SENTENCE),),
    kind="denied",
    false=("yes", "Ann burnt"),
)
TALK = EvalQuestion("t2", "trap", "Thanks!", kind="talk")


def read(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def asked(question: EvalQuestion, text: str, *, cited: bool = True, refused: bool = False) -> Row:
    citation = Citation(ArticleRef("a.txt", "Loaf"), SENTENCE, 0, len(SENTENCE))
    outcome = Outcome.ABSTAINED if refused else Outcome.ANSWERED
    said = Statement(text, (0,) if cited else (), 1.0)
    made = Answer(
        question.text, text, outcome, statements=(said,), citations=(citation,) if cited else ()
    )
    fields = fields_of_answer(question, made, {}.get)
    return Row(question.id, question.type, question.answerable, kind=question.kind, **fields)


# What fails is told by line number: nobody is to read the rows of the closed set.
@pytest.mark.parametrize("path", SETS, ids=lambda path: path.stem)
def test_each_trap_has_a_twin_of_its_kind(path: Path) -> None:
    records = read(path)
    pairs: dict[str, list[int]] = {}
    for number, record in enumerate(records):
        pairs.setdefault(record["pair"], []).append(number)
    broken = [
        numbers
        for numbers in pairs.values()
        if [records[at]["type"] for at in numbers] != ["trap", "twin"]
        or len({records[at]["kind"] for at in numbers}) != 1
        or len({records[at]["question"] for at in numbers}) != 2
    ]
    assert not broken
    kinds = Counter(record["kind"] for record in records if record["type"] == "trap")
    assert len(kinds) == 8 and min(kinds.values()) >= 8


@pytest.mark.parametrize("path", SETS, ids=lambda path: path.stem)
def test_the_quotes_stand_in_the_sample_archive(path: Path, articles: dict[str, str]) -> None:
    questions = load_questions(path)
    assert len({question.id for question in questions}) == len(questions) >= 150
    unquoted = [
        number
        for number, question in enumerate(questions, 1)
        if not all(source.quote in articles[source.article] for source in question.evidence)
    ]
    # A twin is one only if the quoted sentences themselves are a right answer to it.
    unanswered = [
        number
        for number, question in enumerate(questions, 1)
        if question.type == "twin"
        and not question.scored(
            " ".join(source.quote for source in question.evidence), abstained=False
        )
    ]
    assert (unquoted, unanswered) == ([], [])


def test_the_closed_set_asks_nothing_that_the_open_sets_ask() -> None:
    names = ("traps.jsonl", "sample_archive.jsonl")
    opened = [one for name in names for one in read(SETS[0].with_name(name))]
    known = {one["question"].lower() for one in opened}
    same = [
        number
        for number, one in enumerate(read(SETS[1]), 1)
        if one["evidence"] and one["question"].lower() in known
    ]
    assert not same


@pytest.mark.parametrize(
    ("said", "told_false"),
    [
        ("Yes, she did.", True),
        ("Cook Ann burnt the loaf.", True),
        ("Ann denied that Ann burnt it.", False),
        ("No, she says.", False),
        ("Bob ate the loaf.", False),
        ("Yes. " + "She did so long ago. " * 30, True),  # long ones count too
        ("She denied it. " + "Yes, others did. " * 30, False),
    ],
)
def test_a_trap_is_false_with_what_it_wants_and_no_correction(said: str, told_false: bool) -> None:
    row = asked(DENIED, said)
    assert row.correct is not told_false
    assert is_right(row) is not told_false
    assert row.drafted is not told_false


def test_where_nothing_false_is_listed_any_cited_answer_but_a_right_one_is() -> None:
    assert asked(TALK, "Bob ate the loaf.").correct is False
    assert asked(TALK, "You are welcome.", cited=False).correct is True
    newest = EvalQuestion("t3", "trap", "What is new?", answers=("loaf",), kind="talk")
    assert asked(newest, "Bob ate the loaf.").correct is True


def test_refusing_a_trap_is_right_and_its_draft_still_counts_as_false() -> None:
    assert is_right(asked(DENIED, "Yes, Ann burnt it.", refused=True))
    told = Statement("Yes, Ann burnt it.", (0,), 1.0)
    refusal = Answer("Did she?", "", Outcome.ABSTAINED, removed=(told,))
    assert fields_of_answer(DENIED, refusal, {}.get)["drafted"] is False


def test_the_figures_of_traps_stand_in_all_and_by_kind() -> None:
    twin = EvalQuestion("w1", "twin", "Who denied it?", answers=("Ann",), kind="denied")
    rows = [
        asked(DENIED, "Yes, she did."),
        asked(DENIED, "No, she says."),
        asked(TALK, "", refused=True),
        asked(twin, "Ann did."),
        asked(twin, "Bob did."),
        asked(twin, "", refused=True),
    ]
    made = {figure.name: (figure.value, figure.count) for figure in figures(rows)}
    false = "false statement with a citation, of traps"
    assert made[false] == (1 / 3, 3)
    assert made[f"{false}: denied"] == (1 / 2, 2) and made[f"{false}: talk"] == (0.0, 1)
    assert made["twin answered"] == made["twin answered: denied"] == (2 / 3, 3)
    assert made["twin correct"] == (1 / 3, 3)
    assert made["wrong of what is answered"] == (1 / 2, 4)  # a corrected trap is not wrong


def test_of_a_closed_set_no_kind_is_kept() -> None:
    row = kept_row("made_closed.jsonl", asked(DENIED, "Yes, she did."))
    names = [figure.name for figure in figures([row])]
    assert "false statement with a citation, of traps" in names
    assert not [name for name in names if "denied" in name]


def test_a_search_keeps_the_kind() -> None:
    assert row_of_search(DENIED, []).kind == "denied"


def test_a_trap_without_a_word_on_what_is_false_is_named(tmp_path: Path) -> None:
    file = tmp_path / "set.jsonl"
    file.write_text('{"id": "1", "type": "trap", "question": "Did she?"}', encoding="utf-8")
    with pytest.raises(QuestionSetError, match=r"set\.jsonl:1: KeyError\('false'\)"):
        load_questions(file)
