"""Checks the days, months and years of a statement against the sentences that it cites.

A day stands if the sentence names it, or a weekday that falls on it; the day of the article itself
only where its sentence names no other. Knows nothing of models.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator, Sequence
from datetime import date

from rag.citing import Sentence
from rag.dates import WordedDays, in_year, mentioned_days, worded_days
from rag.relative import WEEKDAYS, days_meant, days_since, may_be_to_come

_ANY_YEAR = date(2000, 12, 31)  # read into days without a year where no article has a date
_VERBS = re.compile(r"\b(?:may|march)\b")  # "as many as 12 may have died" names no month
_YEAR_OF = re.compile(r"\b((?:19|20)\d{2}) ((?:[A-Z][\w’'-]+ ?)+)\b")
_MONTHS = list(calendar.month_name)  # January is 1, nothing 0
_CALENDAR = re.compile(rf"\b(?:{'|'.join(m.capitalize() for m in (*WEEKDAYS, *_MONTHS[1:]))})\b")
_WEEKDAY = re.compile(rf"\b({'|'.join(WEEKDAYS)})\b", re.IGNORECASE)
Days = tuple[date, date]


def check_years(statement: str, question: str, cited: Sequence[Sentence]) -> str:
    """The year of a named thing must stand beside it: the 2022 World Cup is not that of 2023."""
    for year, name in _YEAR_OF.findall(f"{question}. {statement}"):
        if not any(_year_stands(int(year), name, question, sentence) for sentence in cited):
            return f"“{year} {name}” is not in the cited sentence"
    return ""


def _year_stands(year: int, name: str, question: str, sentence: Sentence) -> bool:
    published = sentence.evidence.date
    around = f"{sentence.evidence.headline} {sentence.evidence.text}"
    if f"{year} {name}".lower() in around.lower():
        return True
    if _names_year(sentence, year):
        return True
    if published is None:  # it cannot say what year it is of: what was asked is let stand
        return str(year) in around or str(year) in question
    return published.year == year


def check_days(statement: str, question: str, cited: Sequence[Sentence]) -> str:
    """Every day, month and weekday of a statement must be one that a cited sentence means.

    Returns what is wrong; empty where nothing is.
    """
    near = next((c.evidence.date for c in cited if c.evidence.date), _ANY_YEAR)
    asked = mentioned_days(question, near)
    dated = any(c.evidence.date for c in cited)
    for first, last in mentioned_days(_VERBS.sub("–", statement), near):
        year = str(first.year) if (first, last) == _whole_year(first.year) else None
        if not dated and ((first, last) in asked or (year and year in question)):
            continue  # an article without a date cannot say what year the question means
        if (first, last) in asked and any(_stands_near(first, last, c) for c in cited):
            continue  # a day that only repeats the question is no claim of the statement's
        if not any(_day_stands(first, last, (first, last) in asked, c) for c in cited):
            return f"the date {first.isoformat()} is not in the cited sentence"
    for word in _CALENDAR.findall(statement):
        if word not in question and not any(_word_stands(word, c) for c in cited):
            return f"“{word}” is not in the cited sentence"
    return ""


def _whole_year(year: int) -> Days:
    return date(year, 1, 1), date(year, 12, 31)


def _names_year(sentence: Sentence, year: int) -> bool:
    """Whether a sentence holds a year, in whatever words: "the 1989 classic"."""
    return bool(re.search(rf"(?<![\d,.$£€-]){year}(?![\ds,]|\.\d)", sentence.text))


def _stands_near(first: date, last: date, sentence: Sentence) -> bool:
    """Whether the window of a sentence, or its headline, names a day."""
    evidence = sentence.evidence
    near = mentioned_days(f"{evidence.headline}. {evidence.text}", evidence.date or _ANY_YEAR)
    return any(first <= start and end <= last for start, end in near)


def _day_stands(first: date, last: date, asked: bool, sentence: Sentence) -> bool:
    """Whether a sentence means a day, or one within a period; `asked`: the question names it."""
    published, named = sentence.evidence.date, _days_of(sentence)
    if (first, last) == _whole_year(first.year) and _names_year(sentence, first.year):
        return True
    for one in named:
        for start, end in _readings(one, sentence):
            if first <= start and end <= last:  # a day is not stated by the year that it is in
                return True
    if published is None:
        return False
    if first <= published <= last and (asked or not named):
        return True  # the statement names the article's own day, month or year
    return any(first <= day <= last for day in _near_days(sentence.text, published))


def _days_of(sentence: Sentence) -> list[WordedDays]:
    return worded_days(_VERBS.sub("–", sentence.text), sentence.evidence.date or _ANY_YEAR)


def _readings(named: WordedDays, sentence: Sentence) -> Iterator[Days]:
    """What a period of a sentence may mean: without a year that to come, where it may be."""
    yield named.first, named.last
    if not named.with_year and may_be_to_come(sentence.text):
        yield _next_year(named.first), _next_year(named.last)


def _next_year(day: date) -> date:
    return in_year(day, min(day.year + 1, date.max.year))


def _near_days(text: str, published: date) -> Iterator[date]:
    """The days that "yesterday" and weekdays of a text mean."""
    for _, day in days_meant(text, published):
        yield day
    for match in _WEEKDAY.finditer(text):
        back = days_since(match[0], published)
        if published.toordinal() > back:
            yield date.fromordinal(published.toordinal() - back)


def _word_stands(word: str, sentence: Sentence) -> bool:
    """Whether a month or weekday stands in a sentence, or is that of a day that it means."""
    around = f"{sentence.evidence.headline} {sentence.text}"
    if re.search(rf"\b{word}\b|\b{word[:3]}\b\.?(?= \d)|\b{word[:3]}\.", around):
        return True
    published = sentence.evidence.date
    days = [day for one in _days_of(sentence) for day in (one.first, one.last)]
    if published is not None:
        days += [published, *_near_days(sentence.text, published)]
    if word in _MONTHS:
        return any(day.month == _MONTHS.index(word) for day in days)
    return any(WEEKDAYS[day.weekday()] == word.lower() for day in days)
