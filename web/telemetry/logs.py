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
from web.telemetry.questions import Asked, Listener
from web.wording import count

_questions = logging.getLogger("broadsheet.questions")


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time, level, logger, message, and the fields of a question."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line; a traceback stands in it as `exception`."""
        said: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        said |= getattr(record, "fields", {})
        if record.exc_info:
            said["exception"] = self.formatException(record.exc_info)
        return json.dumps(said, ensure_ascii=False, default=str)


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


class QuestionLog(Listener):
    """Writes a line for every question that has ended."""

    def __init__(self, *, tell_questions: bool) -> None:
        """`tell_questions`: whether a line says what was asked."""
        self._tell = tell_questions

    def ended(self, asked: Asked) -> None:
        """Write its line; a failure is a warning."""
        fields = {
            "request_id": asked.request_id,
            "outcome": asked.outcome,
            "reason": asked.reason,
            "seconds": {stage: round(value, 4) for stage, value in asked.seconds.items()},
            "evidence": asked.evidence,
            "tokens": asked.tokens,
            "citations": asked.citations,
            "removed": asked.removed,
            "error": asked.error,
        }
        text = _in_words(asked)
        if self._tell:
            fields["question"] = asked.question
            text += f": {visible(asked.question)}"
        level = logging.WARNING if asked.error else logging.INFO
        _questions.log(level, "%s", text, extra={"fields": fields})


def _in_words(asked: Asked) -> str:
    why = asked.error or asked.reason
    times = ", ".join(
        f"{stage.replace('_', ' ')} {value:.2f} s" for stage, value in asked.seconds.items()
    )
    ended = f"{asked.outcome} ({why})" if why else asked.outcome
    return (
        f"{asked.request_id} {ended}; {times}; {count(asked.evidence, 'piece')} of evidence, "
        f"{count(asked.citations, 'citation')}"
    )
