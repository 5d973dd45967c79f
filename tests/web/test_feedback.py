"""What people say of answers, and the question set made of it."""

from __future__ import annotations

import json
from datetime import date

import pytest
from typer.testing import CliRunner

from evals.questions import load_questions
from index.errors import BroadsheetError
from index.types import ArticleRef
from rag.types import ABSTENTION, Answer, Citation, Outcome, Question, Turn
from web.__main__ import app
from web.chat.exchange import Exchange
from web.chat.feedback import FeedbackStore, Verdict, question_set

QUOTE = "Spain are the champions after a 1-0 victory over England."
CITED = Citation(ArticleRef("final.txt", "Spain win", date(2023, 8, 20)), QUOTE, 0, len(QUOTE))
ASKED = Question(
    "Who won the final?", as_of=date(2023, 8, 21), date_from=date(2023, 8, 1),
    history=(Turn("Where was it?", "In Sydney [1]."),),
)  # fmt: skip
ANSWERED = Exchange(
    ASKED,
    answer=Answer(ASKED.text, "Spain won 1-0 [1].", Outcome.ANSWERED, citations=(CITED,)),
)
ABSTAINED = Exchange(ASKED, answer=Answer(ASKED.text, ABSTENTION, Outcome.ABSTAINED))


def test_a_right_answer_is_asked_for_again_by_its_names_and_numbers(tmp_path) -> None:
    store = FeedbackStore(tmp_path / "data")
    assert store.every() == []
    store.add(Verdict.RIGHT, "", ANSWERED)
    (line,) = question_set(store.every())
    assert line["answers"] == [["Spain"], ["1"], ["0"]]
    assert line["evidence"] == [{"article": "final.txt", "quote": QUOTE}]
    assert (line["as_of"], line["date_from"]) == ("2023-08-21", "2023-08-01")


@pytest.mark.parametrize(
    ("exchange", "verdict", "note", "type_", "answers"),
    [
        (ANSWERED, Verdict.SHOULD_NOT_ANSWER, "", "unanswerable", None),
        (ABSTAINED, Verdict.RIGHT, "", "unanswerable", None),
        (ANSWERED, Verdict.WRONG, " England\n won ", "single", ["England won"]),
        (ABSTAINED, Verdict.SHOULD_ANSWER, "Spain", "single", ["Spain"]),
    ],
)
def test_what_is_said_becomes_what_is_right(
    tmp_path, exchange, verdict, note, type_, answers
) -> None:
    store = FeedbackStore(tmp_path)
    store.add(verdict, note, exchange)
    (line,) = question_set(store.every())
    assert (line["type"], line.get("answers")) == (type_, answers)


def test_the_export_is_a_set_that_evals_reads(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("BROADSHEET_DATA_DIR", str(tmp_path))
    store = FeedbackStore(tmp_path)
    store.add(Verdict.RIGHT, "", ANSWERED)
    store.add(Verdict.WRONG, "", ANSWERED)
    store.add(Verdict.SHOULD_NOT_ANSWER, "", ANSWERED)
    done = CliRunner().invoke(app, ["feedback", "export", str(tmp_path / "set.jsonl")])
    assert done.exit_code == 0
    told = " ".join(done.output.split())
    assert "2 questions written" in told and "1 without a note" in told
    first, second = load_questions(tmp_path / "set.jsonl")
    assert (first.id, first.text, first.answerable) == ("feedback-1", ASKED.text, True)
    assert (first.as_of, first.history) == (date(2023, 8, 21), ASKED.history)
    assert (second.id, second.answerable) == ("feedback-3", False)
    assert json.loads((tmp_path / "set.jsonl").read_text().splitlines()[0])["feedback"] == "right"


def test_a_folder_that_cannot_be_written_is_named(tmp_path) -> None:
    (tmp_path / "data").write_text("a file, and no folder")
    with pytest.raises(BroadsheetError, match=r"feedback\.sqlite"):
        FeedbackStore(tmp_path / "data").add(Verdict.RIGHT, "", ANSWERED)
