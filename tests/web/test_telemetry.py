"""What is recorded of every question, however it ends, and how it is logged."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Iterator

import pytest

from index.errors import ModelUnavailable
from index.settings import Settings
from rag.types import Answer, Question
from tests.web.fake_pipeline import FakePipeline
from web.telemetry import Observer, QuestionLog, QuestionRecord, observe, set_up_logging


class Heard(Observer):
    """Keeps what it is told, in order."""

    def __init__(self) -> None:
        self.said: list[object] = []

    def begun(self) -> None:
        self.said.append("begun")

    def waits(self, waiting: bool) -> None:
        self.said.append(waiting)

    def ended(self, record: QuestionRecord) -> None:
        self.said.append(record)

    @property
    def record(self) -> QuestionRecord:
        *_, last = self.said
        assert isinstance(last, QuestionRecord)
        return last


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
def pipeline(heard: Heard):
    return observe(FakePipeline(pace=0), heard)


def test_an_answer_bears_the_name_of_its_question(pipeline, heard: Heard) -> None:
    first, second = (list(pipeline.stream(Question(text)))[-1] for text in ("Where?", "absent"))
    assert isinstance(first, Answer)
    assert len({first.request_id, second.request_id, ""}) == 3
    assert heard.record.request_id == second.request_id


def test_what_was_found_and_written_is_counted(pipeline, heard: Heard) -> None:
    list(pipeline.stream(Question("conflict")))
    assert heard.said[:3] == ["begun", True, False]
    record = heard.record
    assert (record.outcome, record.reason, record.error) == ("answered", "", "")
    assert (record.evidence, record.citations, record.removed) == (3, 2, 1)
    assert record.tokens > 3
    assert list(record.seconds) == ["finding", "first_token", "whole"]
    assert sorted(record.seconds.values()) == list(record.seconds.values())


def test_an_answer_is_counted_though_nobody_reads_on_after_it(pipeline, heard: Heard) -> None:
    for event in pipeline.stream(Question("absent")):
        if isinstance(event, Answer):
            break
    assert (heard.record.outcome, heard.record.reason) == ("abstained", "not_stated")


def test_without_a_model_there_is_no_first_token(pipeline, heard: Heard) -> None:
    list(pipeline.stream(Question("bare")))
    assert heard.record.outcome == "evidence_only"
    assert list(heard.record.seconds) == ["finding", "whole"]


def test_a_question_that_is_stopped_or_left_is_stopped(pipeline, heard: Heard) -> None:
    cancel = threading.Event()
    cancel.set()
    list(pipeline.stream(Question("slow"), cancel))
    assert heard.record.outcome == "stopped"
    left = pipeline.stream(Question("slow"))
    while getattr(next(left), "stage", "") != "waiting":
        pass
    left.close()
    assert heard.record.outcome == "stopped"
    assert heard.said[-3:-1] == [True, False], "it does not wait any more"


@pytest.mark.parametrize(("text", "error"), [("fail", ModelUnavailable), ("crash", RuntimeError)])
def test_a_failure_is_told_and_goes_on(pipeline, heard: Heard, text: str, error: type) -> None:
    with pytest.raises(error):
        list(pipeline.stream(Question(text)))
    assert (heard.record.outcome, heard.record.error) == ("failed", error.__name__)


def test_all_else_is_the_pipeline_s_own(pipeline) -> None:
    assert pipeline.sources() == ["The Evening Sheet", "Wire"]
    with pytest.raises(AttributeError):
        pipeline.nothing_of_the_kind()


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
