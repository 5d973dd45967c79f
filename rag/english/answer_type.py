"""The kind of answer that a question asks for, and whether a text gives one. Pure functions."""

from __future__ import annotations

import re
from collections.abc import Callable
from enum import StrEnum
from functools import cache, lru_cache

from index.text.sentences import sentence_spans
from rag.english.facts import ANY_YEAR, facts
from rag.english.names import name_repeats


class AnswerType(StrEnum):
    """What an answer must bring."""

    NAME = "name"  # of a person, a place or an organisation
    NUMBER = "number"
    DATE = "date"
    OTHER = "other"  # a reason, a thing, a yes or no: nothing that code could check


_AUXILIARIES = "is|was|are|were|does|did|do|will|would|has|have|had|can|could|should|may|might"
_YES_OR_NO = re.compile(
    rf"\W*(?:(?:so|and|but|then|well)\W+)?(?:am|{_AUXILIARIES})(?:n['’]t)?\b(?!\s+(?:you|we|i)\b)",
    re.IGNORECASE,
)
EITHER = re.compile(r"\bor\b", re.IGNORECASE)  # the answer stands in the question


def asks_yes_or_no(question: str) -> bool:
    """Whether a question is for Yes or No: not "Can you say who …", nor "Is it this or that?"."""
    return bool(_YES_OR_NO.match(question)) and not EITHER.search(question)


# The first question word decides: "In which state was she talking when …" asks for no time.
_ASKS = re.compile(r"\b(who|whom|whose|where|which|what|when|why|how)\b", re.IGNORECASE)
_HOW = re.compile(
    r"\s+(many|much|old|long|far|tall|big|large|small|fast|heavy|high|low|deep|wide|often)\b",
    re.IGNORECASE,
)
_TIMES = "year|month|day|date|weekday|decade|quarter|century"
_AMOUNTS = (
    "percentage|proportion|share|number|amount|sum|age|score|price|rate|level|range|figure|cost|"
    "total|toll|turnout|profit|loss|income|revenue|turnover|dividend|salary|fine|population|"
    "temperature|speed|height|weight|length|distance|margin|majority|debt|deficit"
)
_NAMED = (
    "name|title|person|man|woman|minister|president|company|firm|bank|club|team|country|city|"
    "town|place|state|player|actor|actress|singer|band|party|newspaper|island|director|author|"
    "writer|judge|court|university|airline|airport|stadium"
)
_WORDS = r"(?:\s+[\w'’-]+)"
_NOUN = rf"\s+(?:(?P<time>{_TIMES})|(?P<amount>{_AMOUNTS})|(?P<named>{{}}))(?:e?s)?\b"
# "What was the firm's net profit": after an auxiliary only a name or title asks for a name.
_ASKED_NOUN = re.compile(rf"{_WORDS}{{0,2}}?{_NOUN.format(_NAMED)}", re.IGNORECASE)
_SOUGHT_NOUN = re.compile(
    rf"\s+(?:is|was|are|were){_WORDS}{{0,5}}?{_NOUN.format('name|title')}", re.IGNORECASE
)
_AUXILIARY = re.compile(rf"\s+({_AUXILIARIES})\b", re.IGNORECASE)
_COSTS = re.compile(r"\b(cost|pay|earn)\b", re.IGNORECASE)
# What "which" asks for has a name of its own, but for these.
_NAMELESS = re.compile(
    rf"\s+(?:one|of)\b|{_WORDS}{{0,2}}?\s+(type|kind|sort|way|part|side|direction|method|reason|"
    "word|colou?r|animal|sport|sector|industry|language|material|condition|disease|illness|crime|"
    r"charge|job|role|position|organ|metal|food|drink)s?\b",
    re.IGNORECASE,
)
_WHEN = re.compile(
    r"\b(yesterday|today|tomorrow|tonight|week|month|year|(?:mon|tues|wednes|thurs|fri|satur|sun)"
    r"day|morning|evening|summer|winter|spring|autumn|century|decade|(?:19|20)\d{2})s?\b",
    re.IGNORECASE,
)


@lru_cache(maxsize=256)
def answer_type(question: str) -> AnswerType:
    """Return what a question asks for: its last sentence, where others say what it is about."""
    sentences = [question[start:end] for start, end in sentence_spans(question)]
    asking = next((sentence for sentence in reversed(sentences) if "?" in sentence), question)
    found = _ASKS.search(asking)
    if found is None:
        return AnswerType.OTHER
    word, rest = found[1].lower(), asking[found.end() :]
    if word in ("which", "what"):
        return _type_of_thing(word, rest)
    if word == "how":
        return AnswerType.NUMBER if _HOW.match(rest) else AnswerType.OTHER
    return {"when": AnswerType.DATE, "why": AnswerType.OTHER}.get(word, AnswerType.NAME)


def _type_of_thing(word: str, rest: str) -> AnswerType:
    """What "which" or "what" asks for, by the noun that follows."""
    auxiliary = _AUXILIARY.match(rest)
    if noun := (_SOUGHT_NOUN if auxiliary else _ASKED_NOUN).match(rest):
        if noun["time"]:
            return AnswerType.DATE
        return AnswerType.NUMBER if noun["amount"] else AnswerType.NAME
    if auxiliary:
        return AnswerType.NUMBER if _COSTS.search(rest) else AnswerType.OTHER
    return AnswerType.NAME if word == "which" and not _NAMELESS.match(rest) else AnswerType.OTHER


def adds_kind(question: str) -> Callable[[str], float]:
    """Return a function that says of a text whether it adds the kind asked for: 1 or 0.

    It is 0 for all texts where the kind is not known.
    """
    kind = answer_type(question)
    if kind is AnswerType.NUMBER:
        numbers = facts(question).figures
        return lambda text: float(not facts(text).figures <= numbers)
    if kind is AnswerType.NAME:
        known = cache(lambda name: name_repeats(name, question))  # the same names come again
        return lambda text: float(not all(map(known, facts(text).names)))
    if kind is AnswerType.DATE:
        days = facts(question).periods(ANY_YEAR)
        return lambda text: float(
            bool(_WHEN.search(text)) or not facts(text).periods(ANY_YEAR) <= days
        )
    return lambda text: 0.0
