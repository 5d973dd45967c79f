"""Reads out of an answer the values that can be compared: amounts, ages, days.

Pure functions. A value stands in a supported statement and in the quote that it cites, and is
worded as the quote words it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date

from index.days import spoken
from index.sentences import sentence_spans
from index.words import stems
from rag.comparing import Comparison, Measure
from rag.dates import worded_days
from rag.facts import strict_numbers_in
from rag.quantities import AGE, COUNT, TIME, Quantity, family_of, quantities_in
from rag.relative import days_meant, may_be_to_come
from rag.types import Answer, Citation, Statement

_YEAR = 365.2425  # days
_OLDEST = 120
_BORN = re.compile(r"\b(?:born|founded|established)\b[^.;]*?\b(?P<year>\d{4})\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Value:
    """A value with the sentence that states it.

    Attributes:
        words: As the quote words it; what "Saturday" means is added in brackets.
        low: The least that it means, on a scale on which two of a kind are compared.
        high: The most.
        sentence: The sentence of the quote in which it stands.
        place: Where it stands in its article, in code points.
        support: That of its statement.
        number: The amount or the age; None of a day.
    """

    words: str
    low: float
    high: float
    citation: Citation
    sentence: str
    place: int
    support: float
    number: Quantity | None = None


@dataclass(frozen=True, slots=True)
class _Told:
    """A statement beside one sentence of a quote that it cites."""

    statement: Statement
    citation: Citation
    sentence: str
    start: int  # of the sentence, in the article

    def value(
        self, words: str, at: int, low: float, high: float, number: Quantity | None = None
    ) -> Value:
        place = self.start + at
        support = self.statement.support
        return Value(words, low, high, self.citation, self.sentence, place, support, number)


def values_of(asked: Comparison, question: str, answer: Answer) -> list[Value]:
    """Return the values that the answer to one part gives of what is asked, each once.

    Args:
        asked: What is compared.
        question: The part's question.
        answer: The part's answer.
    """
    read = {Measure.AGE: _ages, Measure.DAY: _days}.get(asked.measure, _amounts)
    found: dict[tuple[float, float], Value] = {}
    for told in _told(answer):
        for value in read(told):
            found.setdefault((value.low, value.high), value)
    values = list(found.values())
    if read is not _amounts:
        return values
    repeated = set(strict_numbers_in(question).values())
    values = [value for value in values if _wanted(asked, value)]
    values = _rather(values, lambda one: not one.number or one.number.value not in repeated)
    return _rather(values, lambda one: _counts(asked.counted, one))


def own_statements(answer: Answer) -> tuple[Statement, ...]:
    """Return the model's statements; where articles differ, the last tells what another says."""
    return answer.statements[: -len(answer.conflicts) or None]


def _told(answer: Answer) -> Iterator[_Told]:
    for statement in own_statements(answer):
        for at in statement.citations:
            citation = answer.citations[at]
            for start, end in sentence_spans(citation.quote):
                sentence = citation.quote[start:end]
                yield _Told(statement, citation, sentence, citation.start + start)


def _amounts(told: _Told) -> Iterator[Value]:
    said = quantities_in(told.statement.text)
    for one in quantities_in(told.sentence):
        # A statement may leave the unit to its sentence, but not give another.
        if any(one.value == s.value and s.family in (one.family, COUNT) for s in said):
            yield told.value(one.words, one.start, *one.bounds, one)


def _wanted(asked: Comparison, value: Value) -> bool:
    """Whether it can be what is asked for: days where days are counted, no hours for seats."""
    family = value.number.family if value.number else ""
    if asked.measure is Measure.DURATION:
        return family == TIME
    unit = family_of(asked.counted.split(" ")[-1])
    if unit or asked.counted:
        return family == unit if unit else family not in (TIME, AGE)
    return True


def _counts(noun: str, value: Value) -> bool:
    return bool(value.number and set(stems(noun)) & set(stems(value.number.noun)))


def _rather(values: list[Value], test: Callable[[Value], bool]) -> list[Value]:
    """Those that pass, or all if none does."""
    return [value for value in values if test(value)] or values


def _ages(told: _Told) -> Iterator[Value]:
    """Ages and years of birth, by the days on which one can have been born, latest first."""
    said = {one.value for one in quantities_in(told.statement.text)}
    published = told.citation.date.toordinal() if told.citation.date else 0
    for one in quantities_in(told.sentence):
        bare = one.family == COUNT and not one.about and not one.noun.startswith("people")
        years = one.family in (AGE, TIME) and one.unit == "year"
        if (bare or years) and one.value in said and 0 < one.value <= _OLDEST:
            low = one.value * _YEAR - published - 1
            age = replace(one, family=AGE, unit="year", scale=(1.0, 1.0))
            yield told.value(f"{one.value:g}", one.start, low, low + _YEAR + 2, age)
    for born in _BORN.finditer(told.sentence):
        year = int(born["year"])
        if born["year"] in told.statement.text and year <= date.max.year:
            first, last = date(year, 1, 1).toordinal(), date(year, 12, 31).toordinal()
            yield told.value(born[0], born.start(), -last, -first)


def _days(told: _Told) -> Iterator[Value]:
    """Days and periods; where a sentence names none, the day of its report, and then before it."""
    published = told.citation.date
    said = {(first, last) for _, first, last, _ in _periods(told.statement.text, published)}
    there = list(_periods(told.sentence, published, strict=True))
    for words, first, last, at in there:
        if (first, last) in said:
            yield told.value(words, at, first.toordinal(), last.toordinal())
    reported = published and not there and not may_be_to_come(told.sentence)
    if published and reported and (published, published) in said:
        yield told.value(f"reported on {spoken(published)}", 0, 0, published.toordinal())


def _periods(
    text: str, published: date | None, strict: bool = False
) -> Iterator[tuple[str, date, date, int]]:
    """Words, first and last day, and place. `strict` passes over days that may be to come."""
    for one in worded_days(text, published):
        dated = one.with_year
        if dated or not (strict and may_be_to_come(text)):
            words = one.words.rstrip(".")
            words = words if dated else f"{words} ({one.first.year})"
            yield words, one.first, one.last, one.start
    for words, day in days_meant(text, published):
        yield f"{words} ({spoken(day)})", day, day, text.find(words)
