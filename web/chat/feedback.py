"""What people say of answers, kept in SQLite, and made into a question set that `evals` reads."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

import gradio as gr

from index.errors import BroadsheetError
from rag.english.names import name_stands, names_in, strict_numbers_in
from rag.payloads import AnswerJson, answer_json
from rag.types import Question
from web.chat.exchange import Exchange
from web.events import named_by, position

LONGEST_NOTE = 2000
_FILE = "feedback.sqlite"
_SCHEMA = """CREATE TABLE IF NOT EXISTS feedback (
    number INTEGER PRIMARY KEY, made TEXT NOT NULL, verdict TEXT NOT NULL, note TEXT NOT NULL,
    bounds TEXT NOT NULL, history TEXT NOT NULL, answer TEXT NOT NULL)"""


class Verdict(StrEnum):
    """What a person says of an answer."""

    RIGHT = "right"
    WRONG = "wrong"
    WRONG_SOURCE = "wrong_source"
    WRONG_DATE = "wrong_date"
    SHOULD_NOT_ANSWER = "should_not_answer"
    SHOULD_ANSWER = "should_answer"


@dataclass(frozen=True, slots=True)
class Feedback:
    """One person's word on one answer; `number` counts from 1 as they came."""

    number: int
    verdict: Verdict
    note: str
    bounds: dict[str, str]
    history: list[list[str]]
    answer: AnswerJson


class FeedbackStore:
    """The file in which it is kept."""

    def __init__(self, data_dir: Path) -> None:
        """Name the file; it is made with the first word said."""
        self._path = data_dir.expanduser() / _FILE

    def add(self, verdict: Verdict, note: str, exchange: Exchange) -> None:
        """Keep what was said of an answered exchange.

        Raises:
            BroadsheetError: the file cannot be written.
        """
        assert exchange.answer is not None
        question = exchange.question
        history = [[turn.question, turn.answer] for turn in question.history]
        row = (
            datetime.now(UTC).isoformat(timespec="seconds"),
            verdict.value,
            note[:LONGEST_NOTE],
            *(json.dumps(one) for one in (_bounds(question), history)),
            json.dumps(answer_json(exchange.answer)),
        )
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with closing(sqlite3.connect(self._path, timeout=10)) as sql, sql:
                sql.execute(_SCHEMA)
                sql.execute(
                    "INSERT INTO feedback (made, verdict, note, bounds, history, answer) "
                    "VALUES (?, ?, ?, ?, ?, ?)",
                    row,
                )
        except (OSError, sqlite3.Error) as error:
            raise BroadsheetError(f"cannot keep this in {self._path}: {error}") from error

    def every(self) -> list[Feedback]:
        """Return all that was said, oldest first; nothing where nothing was."""
        if not self._path.is_file():
            return []
        with closing(sqlite3.connect(self._path, timeout=10)) as sql:
            rows = sql.execute(
                "SELECT number, verdict, note, bounds, history, answer FROM feedback "
                "ORDER BY number"
            ).fetchall()
        return [
            Feedback(number, Verdict(verdict), note, *(json.loads(text) for text in texts))
            for number, verdict, note, *texts in rows
        ]


def _bounds(question: Question) -> dict[str, str]:
    days = {
        "as_of": question.as_of,
        "date_from": question.date_from,
        "date_to": question.date_to,
    }
    return {name: day.isoformat() for name, day in days.items() if day}


def question_set(every: Sequence[Feedback]) -> Iterator[dict[str, Any]]:
    """Yield the lines of a question set; what says nothing of the right answer is left out.

    A right answer is asked for again by its names and numbers; of a wrong one the note, if there
    is one, is what is right.
    """
    for said in every:
        line = _line(said)
        if line is not None:
            yield {**line, **said.bounds, "history": said.history, "feedback": said.verdict.value}


def _line(said: Feedback) -> dict[str, Any] | None:
    head = {"id": f"feedback-{said.number}", "question": said.answer["question"]}
    abstained = said.answer["abstained"]
    if said.verdict is Verdict.SHOULD_NOT_ANSWER or (abstained and said.verdict is Verdict.RIGHT):
        return {**head, "type": "unanswerable"}
    if said.verdict is Verdict.RIGHT:
        cited = said.answer["citations"]
        evidence = [{"article": one["article_id"], "quote": one["quote"]} for one in cited]
        return {**head, "type": "single", "answers": _facts(said.answer), "evidence": evidence}
    note = " ".join(said.note.split())
    return {**head, "type": "single", "answers": [note]} if note else None


def _facts(answer: AnswerJson) -> list[list[str]]:
    """The names and numbers that an answer adds to its question; all must come again."""
    asked, text = answer["question"], answer["answer"]
    for number in range(1, len(answer["citations"]) + 1):
        text = text.replace(f" [{number}]", "")
    known = set(strict_numbers_in(asked).values())
    facts = [name for name in names_in(text) if not name_stands(name, asked)]
    facts += [words for words, value in strict_numbers_in(text).items() if value not in known]
    return [[fact] for fact in facts] or [[text]]


def make_vote(store: FeedbackStore) -> Callable[..., None]:
    """Return what a click on a verdict does; what the browser names is checked."""

    def vote(exchanges: tuple[Exchange, ...], click: gr.EventData) -> None:
        named = named_by(click)
        turn, number = named.get("turn"), position(named, "vote", len(Verdict))
        if number is None or type(turn) is not int or not 0 <= turn < len(exchanges):
            return
        if exchanges[turn].answer is None:
            return
        note = named.get("note")
        try:
            said = note if isinstance(note, str) else ""
            store.add(list(Verdict)[number], said, exchanges[turn])
        except BroadsheetError as error:
            gr.Warning(str(error))

    return vote
