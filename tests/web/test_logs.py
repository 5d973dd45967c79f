"""The log, as text and as JSON, with and without what was asked."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest

from index.settings import Settings
from rag.types import Question
from tests.web.fake_pipeline import FakePipeline
from web.telemetry import QuestionLog, observe, set_up_logging

SECRET = "Where did\nQin Gang greet \x1b[31mBlinken?"


@pytest.fixture(autouse=True)
def own_handlers() -> Iterator[None]:
    """Give pytest its handlers back."""
    root = logging.getLogger()
    kept, level = root.handlers[:], root.level
    root.handlers[:] = []
    yield
    root.handlers[:], root.level = kept, level


def ask(text: str, **settings: object) -> None:
    chosen = Settings(**settings)
    set_up_logging(chosen)
    log = QuestionLog(with_question=chosen.log_questions)
    try:
        list(observe(FakePipeline(pace=0), log).stream(Question(text)))
    except Exception:
        logging.getLogger("tests").exception("it broke")


def test_a_line_of_text_says_how_a_question_ended(capsys) -> None:
    ask(SECRET)
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("INFO broadsheet.questions: ")
    assert "answered; finding 0." in said.err
    assert "first token 0." in said.err
    assert "3 pieces of evidence, 2 citations" in said.err
    assert "Qin" not in said.err


def test_json_is_one_object_a_line(capsys) -> None:
    ask("absent", log_format="json")
    said = capsys.readouterr()
    assert said.err == ""
    (line,) = said.out.splitlines()
    entry = json.loads(line)
    assert (entry["level"], entry["logger"]) == ("INFO", "broadsheet.questions")
    assert (entry["outcome"], entry["reason"]) == ("abstained", "not_stated")
    assert len(entry["request_id"]) == 32
    assert set(entry["seconds"]) == {"finding", "first_token", "whole"}
    assert entry["evidence"] == 3
    assert "question" not in entry
    assert "absent" not in line.lower()


def test_what_was_asked_stands_there_where_the_settings_say_so(capsys) -> None:
    ask(SECRET, log_questions=True)
    (line,) = capsys.readouterr().err.splitlines()
    assert line.endswith(r": Where did\nQin Gang greet \x1b[31mBlinken?")
    ask(SECRET, log_questions=True, log_format="json")
    (line,) = capsys.readouterr().out.splitlines()
    assert json.loads(line)["question"] == SECRET


def test_a_failure_is_a_warning_and_a_traceback_one_line(capsys) -> None:
    ask("crash", log_format="json")
    ended, broke = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert (ended["level"], ended["outcome"]) == ("WARNING", "failed")
    assert ended["error"] == "RuntimeError"
    assert broke["message"] == "it broke"
    assert "RuntimeError: secret detail" in broke["exception"]
