"""How the log is written, as text or as JSON, and the line that every question gets.

What was asked stands in that line only where the settings say so.
"""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Any

from index.progress import visible
from index.settings import Settings
from web.telemetry.questions import Observer, QuestionRecord
from web.wording import count

_questions = logging.getLogger("broadsheet.questions")


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time, level, logger, message, and the fields of a question."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line; a traceback stands in it as `exception`."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        line |= getattr(record, "fields", {})
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


def set_up_logging(settings: Settings) -> None:
    """Write the log as the settings say: text to standard error, JSON to standard output.

    There nothing else is written, so that every line can be parsed.
    """
    as_json = settings.log_format == "json"
    handler = logging.StreamHandler(sys.stdout if as_json else sys.stderr)
    text = logging.Formatter("%(levelname)s %(name)s: %(message)s")
    handler.setFormatter(JsonFormatter() if as_json else text)
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    _questions.setLevel(logging.INFO)


class QuestionLog(Observer):
    """Writes a line for every question that has ended."""

    def __init__(self, *, with_question: bool) -> None:
        """`with_question`: whether a line holds what was asked."""
        self._with_question = with_question

    def ended(self, record: QuestionRecord) -> None:
        """Write its line; a failure is a warning."""
        names = ("request_id", "outcome", "reason", "evidence", "tokens", "citations", "removed")
        fields = {name: getattr(record, name) for name in (*names, "error")}
        fields["seconds"] = {stage: round(value, 4) for stage, value in record.seconds.items()}
        text = _in_words(record)
        if self._with_question:
            fields["question"] = record.question
            text += f": {visible(record.question)}"
        level = logging.WARNING if record.error else logging.INFO
        _questions.log(level, "%s", text, extra={"fields": fields})


def _in_words(record: QuestionRecord) -> str:
    why = record.error or record.reason
    times = ", ".join(
        f"{stage.replace('_', ' ')} {value:.2f} s" for stage, value in record.seconds.items()
    )
    ended = f"{record.outcome} ({why})" if why else record.outcome
    return (
        f"{record.request_id} {ended}; {times}; {count(record.evidence, 'piece')} of evidence, "
        f"{count(record.citations, 'citation')}"
    )
