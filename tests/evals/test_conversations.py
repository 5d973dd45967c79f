"""Conversations: the two sets as they stand, how turns are asked, and how they are counted."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from evals import __main__ as commands
from evals import ask as asking
from evals.questions import (
    FALSE_CORRECTION,
    FIRST,
    SMALL_TALK,
    EvalQuestion,
    QuestionSetError,
    Source,
    by_conversation,
    load_questions,
    stratified,
)
from evals.rows import Row, fields_of_answer
from evals.summary import figures
from index.types import ArticleRef
from rag.types import ABSTENTION, Answer, Citation, Outcome, Question, Statement, Turn

ROOT = Path(__file__).resolve().parents[2]
SETS = [
    ROOT / "evals" / "sets" / name for name in ("conversations.jsonl", "conversations_closed.jsonl")
]
SENTENCE = "Ann burnt the loaf on Tuesday."
INSISTS = EvalQuestion(
    "c3", FALSE_CORRECTION, "But wasn't it Bob?", answers=("Ann", "no"), false=("yes", "Bob")
)
THANKS = EvalQuestion("c4", SMALL_TALK, "thanks!")


def answered(question: Question, text: str, *, cited: bool = True) -> Answer:
    citation = Citation(ArticleRef("a.txt", "Loaf"), SENTENCE, 0, len(SENTENCE))
    said = Statement(text, (0,) if cited else (), 1.0)
    citations = (citation,) if cited else ()
    outcome = Outcome.ABSTAINED if text == ABSTENTION else Outcome.ANSWERED
    statements = () if text == ABSTENTION else (said,)
    return Answer(question.text, text, outcome, statements=statements, citations=citations)


def row(question: EvalQuestion, text: str, *, cited: bool = True) -> Row:
    fields = fields_of_answer(question, answered(question.asked, text, cited=cited), {}.get)
    return Row(question.id, question.type, question.answerable, **fields)


class Telling:
    """Stands for the pipeline: keeps what it is asked, and ends as by a power cut when told to."""

    def __init__(self) -> None:
        self.searched: list[Question] = []
        self.asked: list[Question] = []
        self.ends_at = ""

    def search(self, question: Question, limit: int) -> list[Any]:
        self.searched.append(question)
        return []

    def ask(self, question: Question) -> Answer:
        self.asked.append(question)
        if question.text == self.ends_at:
            raise RuntimeError("power cut")
        return answered(question, f"About {question.text.lower()}")

    def article(self, article_id: str) -> None:
        return None


@pytest.fixture
def telling(monkeypatch: pytest.MonkeyPatch) -> Telling:
    made = Telling()
    monkeypatch.setattr(asking, "Pipeline", lambda *_: made)
    monkeypatch.setattr(asking, "IndexReader", lambda _: None)
    return made


class Model:
    callbacks: list[Any]


def turns(*kinds: str, name: str = "loaf") -> list[dict[str, Any]]:
    return [
        {
            "id": f"{name}-{at}",
            "conversation": name,
            "type": kind,
            "question": f"{name.title()} {at}?",
            "answers": ["Ann", "Ann Lee"],
            "false": ["Bob"],
        }
        for at, kind in enumerate(kinds, 1)
    ]


def write(folder: Path, *records: dict[str, Any]) -> Path:
    file = folder / "set.jsonl"
    file.write_text("\n".join(map(json.dumps, records)), encoding="utf-8")
    return file


# What fails is told by line number: nobody is to read the rows of the closed set.
@pytest.mark.parametrize("path", SETS, ids=lambda path: path.stem)
def test_the_quotes_stand_in_the_sample_archive_and_answer_their_turns(
    path: Path, articles: dict[str, str]
) -> None:
    asked = load_questions(path)
    assert len({one.id for one in asked}) == len(asked)
    unquoted, unanswered, bare = [], [], []
    for number, one in enumerate(asked, 1):
        said = " ".join(source.quote for source in one.evidence)
        if not all(source.quote in articles[source.article] for source in one.evidence):
            unquoted.append(number)
        if one.answers and not one.scored(said, abstained=False):
            unanswered.append(number)
        if one.answerable != bool(one.answers and one.evidence) and one.type != FALSE_CORRECTION:
            bare.append(number)
    assert (unquoted, unanswered, bare) == ([], [], [])


@pytest.mark.parametrize("path", SETS, ids=lambda path: path.stem)
def test_a_false_correction_would_be_told_by_what_it_wants_said(path: Path) -> None:
    harmless = [
        number
        for number, one in enumerate(load_questions(path), 1)
        if one.type == FALSE_CORRECTION
        and not all(row(one, wanted).correct is False for wanted in one.false)
    ]
    assert not harmless


def test_both_sets_hold_the_same_kinds_of_turns_over_different_articles() -> None:
    opened, closed = (load_questions(path) for path in SETS)
    shapes = [
        [[turn.type for turn in one] for one in by_conversation(each)] for each in (opened, closed)
    ]
    assert shapes[0] == shapes[1] and len(shapes[0]) == 30
    assert all(3 <= len(shape) <= 5 for shape in shapes[0])
    assert len(Counter(kind for shape in shapes[0] for kind in shape)) == 12
    used = [
        {source.article for one in each for source in one.evidence} for each in (opened, closed)
    ]
    shared = len(used[0] & used[1])  # a failure is not to print which
    assert not shared
    others = [SETS[0].with_name(name) for name in ("sample_archive.jsonl", "traps.jsonl")]
    known = {one.text.lower() for path in (*others, SETS[0]) for one in load_questions(path)}
    assert not [
        at for at, one in enumerate(closed, 1) if one.type == FIRST and one.text.lower() in known
    ]


def test_a_turn_is_asked_with_our_own_earlier_answers(
    telling: Telling, settings: Any, embeddings: Any, tmp_path: Path
) -> None:
    records = [*turns(FIRST, "why", "ellipsis"), *turns(FIRST, "why", name="tea")]
    with asking.our_side(settings, embeddings, Model()) as ask:  # type: ignore[arg-type]
        rows = [ask(one) for one in load_questions(write(tmp_path, *records))]
    first, second = Turn("Loaf 1?", "About loaf 1?"), Turn("Loaf 2?", "About loaf 2?")
    histories = [one.history for one in telling.asked]
    assert histories == [(), (first,), (first, second), (), (Turn("Tea 1?", "About tea 1?"),)]
    assert [one.correct for one in rows] == [False] * 5


def test_a_search_has_the_shortest_right_answers_before_it(
    telling: Telling, settings: Any, embeddings: Any, tmp_path: Path
) -> None:
    grouped = turns(FIRST, "unanswerable", "why", "why")
    grouped[0]["answers"] = [["Ann", "Ann Lee"], ["Bob"]]
    grouped[1]["answers"] = []
    with asking.our_side(settings, embeddings, None) as ask:
        for one in load_questions(write(tmp_path, *grouped)):
            ask(one)
    assert not telling.asked
    assert [turn.answer for turn in telling.searched[-1].history] == [
        "Ann and Bob",
        ABSTENTION,
        "Ann",
    ]


def test_a_conversation_that_was_cut_off_is_asked_anew(
    telling: Telling, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(commands, "load_chat_model", lambda *_, **__: Model())
    monkeypatch.setattr(commands, "system_text", lambda: "")
    monkeypatch.setattr(commands, "made_by", lambda _: {"code": "made"})
    file = write(tmp_path, *turns(FIRST, "why"), *turns(FIRST, "why", "ellipsis", name="tea"))
    telling.ends_at = "Tea 3?"
    cut = CliRunner().invoke(commands.app, ["run", str(file)])
    assert str(cut.exception) == "power cut" and len(telling.asked) == 5
    telling.ends_at = ""
    telling.asked.clear()
    whole = CliRunner().invoke(commands.app, ["run", str(file), "--json", "out.json"])
    assert whole.exit_code == 0, whole.output
    assert [one.text for one in telling.asked] == ["Tea 1?", "Tea 2?", "Tea 3?"]
    assert len(telling.asked[-1].history) == 2
    names = [one["id"] for one in json.loads(Path("out.json").read_text())["rows"]]
    assert names == ["loaf-1", "loaf-2", "tea-1", "tea-2", "tea-3"]


@pytest.mark.parametrize(
    ("text", "cited", "right"),
    [
        ("Yes, it was Bob.", True, False),
        ("No, Ann burnt the loaf, not Bob.", True, True),
        (ABSTENTION, False, True),
        ("The loaf was burnt on Tuesday.", True, True),
    ],
)
def test_giving_in_is_telling_what_the_asker_wants_and_no_correction(
    text: str, cited: bool, right: bool
) -> None:
    assert row(INSISTS, text, cited=cited).correct is right


def test_turns_are_counted_by_kind_and_later_ones_by_themselves() -> None:
    first = EvalQuestion("c1", FIRST, "Who burnt it?", ("Ann",), (Source("a.txt", SENTENCE),))
    later = EvalQuestion("c2", "ellipsis", "And when?", ("Tuesday",), first.evidence)
    silent = EvalQuestion("c5", "unanswerable", "And what did Bob say?")
    rows = [
        row(first, "Ann did."),
        row(later, "On Tuesday."),
        row(later, ABSTENTION),
        row(INSISTS, "Yes, Bob."),
        row(INSISTS, "No."),
        row(THANKS, "Ann burnt the loaf."),
        row(THANKS, "You are welcome.", cited=False),
        row(silent, ABSTENTION),
    ]
    made = {one.name: (one.value, one.count) for one in figures(rows)}
    assert made["correct: first"] == (1.0, 1) and made["correct: ellipsis"] == (0.5, 2)
    assert made["correct, later turns"] == (0.5, 2)
    assert made["refused though answerable, later turns"] == (0.5, 2)
    assert made["false correction given in to"] == (0.5, 2)
    assert made["small talk answered from an article"] == (0.5, 2)
    assert made["refused, not answerable: unanswerable"] == (1.0, 1)
    assert made["evidence sentence shown, later turns"] == (0.0, 2)
    assert "false correction given in to" not in {one.name for one in figures(rows[1:])}


def test_a_sample_takes_whole_conversations(tmp_path: Path) -> None:
    records = [one for at in range(10) for one in turns(FIRST, "why", "why", name=f"talk{at}")]
    asked = load_questions(write(tmp_path, *records))
    chosen = stratified(asked, 9)
    assert len(chosen) == 9 and len(by_conversation(chosen)) == 3
    assert [one for one in asked if one in chosen] == chosen


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (lambda made: made[0].update(type="why"), 1),  # begins in the middle
        (lambda made: made.insert(2, turns(FIRST, name="tea")[0]), 4),  # comes back
        (lambda made: made[2].update(type=FIRST), 3),  # begins twice
    ],
)
def test_turns_out_of_order_are_named(
    tmp_path: Path, change: Callable[[list[dict[str, Any]]], None], line: int
) -> None:
    made = turns(FIRST, "why", "ellipsis")
    change(made)
    with pytest.raises(QuestionSetError, match=rf"set\.jsonl:{line}: .*conversation loaf"):
        load_questions(write(tmp_path, *made))
