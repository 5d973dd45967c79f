"""The kind of thing that a question asks for, and whether an answer gives one. Pure functions."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from enum import StrEnum
from functools import cache

from rag.dates import mentioned_days
from rag.facts import name_stands, names_in, numbers_in


class Kind(StrEnum):
    """What an answer must bring."""

    NAME = "name"  # of a person, a place or an organisation
    NUMBER = "number"
    DATE = "date"
    OTHER = "other"  # a reason, a thing, a yes or no: nothing that code could check


_ANY_YEAR = date(2000, 12, 31)
_NUMBER = re.compile(
    r"\bhow (many|much|old|long|far|tall|big|large|fast|heavy|high|often)\b"
    r"|\b(what|which) (percentage|proportion|share|number|amount|sum|age|score|price|rate)\b"
    r"|\b(what|which) (was|is|were|are) the "
    r"(percentage|number|amount|price|cost|age|score|death toll|toll|total)\b",
    re.IGNORECASE,
)
_DATE = re.compile(
    r"\bwhen\b|\b(what|which|in what|in which|on what|on which|by what) "
    r"(year|month|day|date|weekday|decade)\b",
    re.IGNORECASE,
)
_NAME = re.compile(
    r"\b(who|whom|whose|where)\b"
    r"|\b(what|which) (\w+ )?(person|man|woman|minister|president|company|firm|bank|club|team|"
    r"country|city|town|place|state|player|actor|actress|singer|band|party|newspaper|island|"
    r"director|author|writer|judge|court|university|airline|airport|stadium)\b",
    re.IGNORECASE,
)
_CALENDAR = re.compile(
    r"\b\d{1,2}(?:st|nd|rd|th)? (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)\w*"
    r"|\b(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*\.? \d{1,2}\b(?! ?%)"
)
_WHEN = re.compile(
    r"\b(yesterday|today|tomorrow|tonight|week|month|year|(?:mon|tues|wednes|thurs|fri|satur|sun)"
    r"day|morning|evening|summer|winter|spring|autumn|century|decade|(?:19|20)\d{2})s?\b",
    re.IGNORECASE,
)


def _figures(text: str) -> set[float]:
    """Numbers of a text but those of its days and years."""
    values = set(numbers_in(_CALENDAR.sub(" ", text)).values())
    return {value for value in values if not (value.is_integer() and 1900 <= value <= 2100)}


def kind_asked(question: str) -> Kind:
    """Return what a question asks for."""
    if _NUMBER.search(question):
        return Kind.NUMBER
    if _DATE.search(question):
        return Kind.DATE
    return Kind.NAME if _NAME.search(question) else Kind.OTHER


def gives_kind(question: str, statement: str) -> float:
    """Return 1 if a statement adds the kind of thing asked for, 0 if not, one half if unclear."""
    return 0.5 if kind_asked(question) is Kind.OTHER else adds_kind(question)(statement)


def adds_kind(question: str) -> Callable[[str], float]:
    """Return a function that says of a text whether it adds the kind asked for: 1 or 0.

    It is 0 for all texts where the kind cannot be told.
    """
    kind = kind_asked(question)
    if kind is Kind.NUMBER:
        numbers = _figures(question)
        return lambda text: float(not _figures(text) <= numbers)
    if kind is Kind.NAME:
        known = cache(lambda name: name_stands(name, question))  # the same names come again
        return lambda text: float(not all(known(name) for name in names_in(text)))
    if kind is Kind.DATE:
        days = set(mentioned_days(question, _ANY_YEAR))
        return lambda text: float(
            bool(_WHEN.search(text)) or not set(mentioned_days(text, _ANY_YEAR)) <= days
        )
    return lambda text: 0.0
