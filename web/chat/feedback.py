"""Verdicts on answers, kept in SQLite, and made into a question set that `evals` reads."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from index.errors import BroadsheetError
from rag.english.facts import facts
from rag.payloads import AnswerJson, answer_json
from web.chat.exchange import Exchange

LONGEST_NOTE = 2000
_FILE = "feedback.sqlite"
_SCHEMA = """CREATE TABLE IF NOT EXISTS feedback (
    number INTEGER PRIMARY KEY, made TEXT NOT NULL, verdict TEXT NOT NULL, note TEXT NOT NULL,
    bounds TEXT NOT NULL, history TEXT NOT NULL, answer TEXT NOT NULL)"""


class Verdict(StrEnum):
    """How a person judges an answer."""

    RIGHT = "right"
    WRONG = "wrong"
    WRONG_SOURCE = "wrong_source"
    WRONG_DATE = "wrong_date"
    SHOULD_NOT_ANSWER = "should_not_answer"
    SHOULD_ANSWER = "should_answer"


@dataclass(frozen=True, slots=True)
class Feedback:
    """One person's verdict on one answer; `number` counts from 1 as they came."""

    number: int
    verdict: Verdict
    note: str
    bounds: dict[str, str]
    history: list[list[str]]
    answer: AnswerJson


class FeedbackStore:
    """The file in which feedback is kept."""

    def __init__(self, data_dir: Path) -> None:
        """Name the file; it is made with the first entry."""
        self._path = data_dir.expanduser() / _FILE

    def add(self, verdict: Verdict, note: str, exchange: Exchange) -> None:
        """Keep a verdict on an answered exchange.

        Raises:
            BroadsheetError: the file cannot be written.
        """
        assert exchange.answer is not None
        question = exchange.question
        days = {name: getattr(question, name) for name in ("as_of", "date_from", "date_to")}
        bounds = {name: day.isoformat() for name, day in days.items() if day}
        history = [[turn.question, turn.answer] for turn in question.history]
        row = (
            datetime.now(UTC).isoformat(timespec="seconds"),
            verdict.value,
            note[:LONGEST_NOTE],
            *(json.dumps(one) for one in (bounds, history, answer_json(exchange.answer))),
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
        """Return all entries, oldest first."""
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


def question_set(entries: Sequence[Feedback]) -> Iterator[dict[str, Any]]:
    """Yield the lines of a question set; what does not show the right answer is left out.

    A right answer is asked for again by its names and numbers; of a wrong one the note, if there
    is one, is what is right.
    """
    for one in entries:
        expected = _expected(one)
        if expected is not None:
            head = {"id": f"feedback-{one.number}", "question": one.answer["question"]}
            rest = {**one.bounds, "history": one.history, "feedback": one.verdict.value}
            yield {**head, **expected, **rest}


def _expected(one: Feedback) -> dict[str, Any] | None:
    abstained = one.answer["abstained"]
    if one.verdict is Verdict.SHOULD_NOT_ANSWER or (abstained and one.verdict is Verdict.RIGHT):
        return {"type": "unanswerable"}
    if one.verdict is Verdict.RIGHT:
        evidence = [
            {"article": cited["article_id"], "quote": cited["quote"]}
            for cited in one.answer["citations"]
        ]
        return {"type": "single", "answers": _facts(one.answer), "evidence": evidence}
    note = " ".join(one.note.split())
    return {"type": "single", "answers": [note]} if note else None


def _facts(answer: AnswerJson) -> list[list[str]]:
    """The names and numbers that an answer adds to its question; all must come again."""
    asked, text = answer["question"], answer["answer"]
    for number in range(1, len(answer["citations"]) + 1):
        text = text.replace(f" [{number}]", "")
    known, given = facts(asked), facts(text)
    added = [name for name in given.names if not known.has_name(name)]
    added += [words for words, value in given.numbers.items() if value not in known.values]
    return [[fact] for fact in added] or [[text]]
