"""The days that "yesterday" or "on Sunday" mean in an article, by the day it was published.

They are shown beside a quote, never in it. Where a sentence may speak of a day to come, a weekday
alone is left as it is: which one is meant cannot be told.
"""

from __future__ import annotations

import re
from datetime import date, timedelta

from index.days import spoken

WEEKDAYS = "monday tuesday wednesday thursday friday saturday sunday".split()
_NEAR = {
    "today": 0, "tonight": 0, "this morning": 0, "this afternoon": 0, "this evening": 0,
    "yesterday": -1, "last night": -1, "tomorrow": 1,
}  # fmt: skip
_WORDS = re.compile(
    rf"\b(?P<near>{'|'.join(_NEAR)})\b|(?:\b(?P<which>last|next|every|each|most)\s+)?"
    rf"\b(?P<weekday>{'|'.join(day.capitalize() for day in WEEKDAYS)})\b(?!['’]s [A-Z])",
    re.IGNORECASE,
)
_TO_COME = re.compile(
    r"\b(will|would|shall|next|upcoming|due|expected|plan\w*|scheduled|set to|going to|hop(?:e|es)|"
    r"(?:is|are|was|were) to|until|by|before)\b",
    re.IGNORECASE,
)
_DATED = re.compile(r"[,\s]+(?:\d{1,2}(?:st|nd|rd|th)?\b|[A-Z][a-z]{2,8}\.? \d)")
_NAME_BEFORE = re.compile(r"[a-z,;] +[A-Z][\w'’]+ $")  # Good Friday, but not "On Friday"
_NAME_AFTER = re.compile(r" [A-Z]")  # the Sunday Times


def days_meant(quote: str, published: date | None) -> tuple[tuple[str, date], ...]:
    """Return the words of a quote that point at a day, with the day, in order, each once."""
    if published is None:
        return ()
    found: dict[str, date] = {}
    for match in _WORDS.finditer(quote):
        day = _day(match, quote, published)
        if day:
            found.setdefault(match[0], day)
    return tuple(found.items())


def may_be_to_come(text: str) -> bool:
    """Whether a sentence may speak of a day after the one that it was published on."""
    return bool(_TO_COME.search(text))


def meant(quote: str, published: date | None) -> str:
    """Return the same for people: `Sunday: 18 June 2023; yesterday: 19 June 2023`."""
    return "; ".join(f"{words}: {spoken(day)}" for words, day in days_meant(quote, published))


def days_since(weekday: str, day: date) -> int:
    """Return how many days before `day` the weekday last was; 0 if it is that day's own."""
    return (day.weekday() - WEEKDAYS.index(weekday.lower())) % 7


def _day(match: re.Match[str], quote: str, published: date) -> date | None:
    if match["near"]:
        return _shifted(published, _NEAR[match["near"].lower()])
    after, which = quote[match.end() :], (match["which"] or "").lower()
    named = _NAME_BEFORE.search(quote[: match.start()]) or _NAME_AFTER.match(after)
    if not match["weekday"][0].isupper() or named or _DATED.match(after):
        return None
    back = days_since(match["weekday"], published)
    if which == "next":
        return _shifted(published, 7 - back)
    if which == "last":
        return _shifted(published, -(back or 7))
    return None if which or may_be_to_come(quote) else _shifted(published, -back)


def _shifted(day: date, days: int) -> date | None:
    try:
        return day + timedelta(days=days)
    except OverflowError:
        return None
