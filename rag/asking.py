"""Words and dates as people type them, to a `Question` with its bounds. Knows nothing of stores."""

from __future__ import annotations

import calendar
import re
from collections.abc import Sequence
from datetime import date

from index.errors import QuestionError
from rag.types import Question, Turn

LONGEST_ANSWER = 4000
"""Characters of an earlier answer that a question may rest on: longer than any that is given."""
_DATE = re.compile(r"(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?)?")


def parse_day(text: str, *, name: str, last: bool = False) -> date | None:
    """Return the day that `text` names, or None where it is blank.

    Args:
        text: `2023-06-18`; or a month `2023-06` or a year `2023`, meaning its first day.
        name: What the date is for, used in the message.
        last: Whether a month or a year means its last day.

    Raises:
        QuestionError: no such day, or not written in one of these ways.
    """
    words = text.strip()
    if not words:
        return None
    found = _DATE.fullmatch(words)
    if found is None:
        raise QuestionError(f"{name}: “{words[:40]}” is not a date; write it as 2023-06-18.")
    year = int(found[1])
    month = int(found[2]) if found[2] else (12 if last else 1)
    try:
        length = calendar.monthrange(year, month)[1]
        return date(year, month, int(found[3]) if found[3] else (length if last else 1))
    except (ValueError, calendar.IllegalMonthError):
        raise QuestionError(f"{name}: there is no day {words}.") from None


def make_question(
    text: str,
    *,
    max_question: int,
    as_of: str = "",
    date_from: str = "",
    date_to: str = "",
    sources: Sequence[str] = (),
    history: tuple[Turn, ...] = (),
) -> Question:
    """Return the question that a person or a program asks, with its bounds.

    Args:
        text: The question; at most `max_question` characters. Here and in the history, what no
            Unicode text may hold (half a surrogate pair, as JSON can give) becomes “?”.
        max_question: Characters allowed.
        as_of: The day that the answer is for; blank means the newest article's.
        date_from: First day searched.
        date_to: Last day searched.
        sources: Publishers searched; none means all.
        history: Earlier turns, oldest first; cut to `max_question` and `LONGEST_ANSWER`.

    Raises:
        QuestionError: the question is blank or too long, or its dates are impossible.
    """
    words = _sound(text).strip()
    if not words:
        raise QuestionError("Write a question first.")
    if len(words) > max_question:
        raise QuestionError(
            f"The question has {len(words):,} characters; at most {max_question:,} are allowed."
        )
    first = parse_day(date_from or "", name="From")
    last = parse_day(date_to or "", name="To", last=True)
    if first and last and first > last:
        raise QuestionError(f"From ({first}) is after To ({last}): no article can match.")
    at = parse_day(as_of or "", name="As of", last=True)
    if at and first and first > at:
        raise QuestionError(f"From ({first}) is after As of ({at}): no article can match.")
    earlier = tuple(
        Turn(_sound(turn.question[:max_question]), _sound(turn.answer[:LONGEST_ANSWER]))
        for turn in history
    )
    return Question(words, at, first, last, tuple(sources or ()), earlier)


def _sound(text: str) -> str:
    """Return text that tokenizers take: half a surrogate pair makes them raise."""
    return text.encode("utf-8", "replace").decode("utf-8")
