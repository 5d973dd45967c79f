"""Dates in words: the only place that knows how English names days and periods.

Days, months and years are one table of forms (`_FORMS`), for questions, articles and the check of
statements. `_RELATIVE` are forms that a question uses of today, `_POINTING` those that an article
uses of its own day. A period that a question names is a hint, never a filter by itself.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta

from index.text.days import MONTHS, format_day

WEEKDAYS = "monday tuesday wednesday thursday friday saturday sunday".split()
_SEASONS = {"spring": 3, "summer": 6, "autumn": 9, "fall": 9, "winter": 12}  # of the north
_COUNTS = {"a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6,
           "seven": 7, "eight": 8, "nine": 9, "ten": 10, "a couple of": 2}  # fmt: skip
_MONTH = "|".join(sorted(MONTHS, key=len, reverse=True))
_WEEKDAY = "|".join(WEEKDAYS)
_SEASON = "|".join(_SEASONS)
_ORDINAL = r"(?:st|nd|rd|th)?"
_PART = r"(?P<part>early|mid|late|(?:the )?(?:beginning|start|middle|end) of)[-\s]+"
_PARTS = {"early": 0, "beginning": 0, "start": 0, "mid": 1, "middle": 1, "late": 2, "end": 2}
_LINK = r"(?P<link>and|to|until|-|–)"
_YEAR = r"(?:,?\s+(?P<year>\d{4})\b)?"
_PREPOSITION = "(?:in|during|since|until|after|before|by)"
PERIOD_AHEAD = rf"(?=\d|(?:last|this|past|early|late|{_MONTH}|{_SEASON})\b)"
"""Pattern of a place where a date, or such as "last week", begins; takes no character."""

Period = tuple[date, date]
"""First and last day, inclusive."""
_Reader = Callable[[re.Match[str], date | None], Period | None]


@dataclass(frozen=True, slots=True)
class WordedDays:
    """A period from `first` to `last`, inclusive, and where a text names it."""

    words: str
    first: date
    last: date
    start: int
    end: int

    @property
    def with_year(self) -> bool:
        """Whether the words say the year; else it was taken from elsewhere."""
        return bool(re.search(r"\d{4}", self.words))


@dataclass(frozen=True, slots=True)
class AskedDays:
    """Days from `first` to `last`, inclusive; None means open. `words` are the question's own."""

    first: date | None
    last: date | None
    words: str


# Readers: a match and the day that it is read against -> a period, None where it is no date; they
# may raise ValueError for a year or month that the calendar has not.

_LEAP = 9  # years of which at least one has a 29 February


def _read_day(match: re.Match[str], near: date | None) -> Period | None:
    month, year = match["month"].lower(), match["year"]
    if not year and (near is None or _is_verb(match)):
        return None
    last = int(year) if year else near.year if near else 0
    for number in [last] if year else range(last, last - _LEAP, -1):
        with suppress(ValueError):
            day = date(number, MONTHS.get(month) or int(month), int(match["day"]))
            if year or near is None or day <= near:
                return day, day
    return None


def _read_month(match: re.Match[str], near: date | None) -> Period | None:
    named, month = match.groupdict(), MONTHS[match["month"].lower()]
    if not named.get("year") and near is None:
        return None
    year = int(named.get("year") or 0) or (near.year - (month > near.month) if near else 0)
    first, last = _months(year, month)
    if not named.get("part"):
        return first, last
    day = 1 + 10 * _third(named["part"])
    return first.replace(day=day), last if day == 21 else first.replace(day=day + 9)


def _read_year(match: re.Match[str], near: date | None) -> Period | None:
    del near
    year = int(match["year"])
    return (
        _months(year, 1 + 4 * _third(match["part"]), 4) if match["part"] else _months(year, 1, 12)
    )


def _read_season(match: re.Match[str], near: date | None) -> Period | None:
    """Read "the spring of 2022", "last summer"; a winter ends in the year after."""
    first, before = _SEASONS[match["season"].lower()], (match["before"] or "").lower()
    if match["year"]:
        return _months(int(match["year"]), first, 3)
    if not near or not before:
        return None
    period = _months(near.year - (date(near.year, first, 1) > near), first, 3)
    if before.startswith(("last", "past")) and near <= period[1]:
        return _months(period[0].year - 1, first, 3)
    return period


def _read_quarter(match: re.Match[str], near: date | None) -> Period | None:
    """Read "the first half of 2022", "the second quarter of 2022", "Q2 2022"."""
    del near
    months = 6 if (match["unit"] or "").lower() == "half" else 3
    number = {"first": 1, "second": 2, "third": 3, "fourth": 4, "last": 12 // months}
    nth = int(match["q"] or number[match["nth"].lower()])
    return _months(int(match["year"]), 1 + months * (nth - 1), months)


def _months(year: int, month: int, count: int = 1) -> Period:
    years, last = divmod(month + count - 2, 12)
    days = calendar.monthrange(year + years, last + 1)[1]
    return date(year, month, 1), date(year + years, last + 1, days)


def _third(part: str) -> int:
    """0 for "early", 1 for "mid", 2 for "at the end of"."""
    return next(third for word, third in _PARTS.items() if word in part.lower())


def _is_verb(match: re.Match[str]) -> bool:
    """Whether "may" or "march" is a verb: "as many as 12 may have died" names no month."""
    return match["month"] in ("may", "march") and any(map(str.isupper, match.string))


# The forms, those with more words first: what one has read is not read again by a later one.
_FORMS: tuple[tuple[re.Pattern[str], _Reader], ...] = tuple(
    (re.compile(rf"\b{pattern}", re.IGNORECASE), reader)
    for pattern, reader in (
        (rf"(?P<day>\d{{1,2}}){_ORDINAL}\s+(?:of\s+)?(?P<month>{_MONTH})\b\.?{_YEAR}", _read_day),
        (rf"(?P<month>{_MONTH})\.?\s+(?P<day>\d{{1,2}}){_ORDINAL}\b{_YEAR}", _read_day),
        (r"(?P<year>\d{4})-(?P<month>\d{2})-(?P<day>\d{2})\b", _read_day),
        (rf"(?:{_PART})?(?P<month>{_MONTH})\.?,?\s+(?:of\s+)?(?P<year>\d{{4}})\b", _read_month),
        (rf"(?:{_PREPOSITION}\s+)?{_PART}(?P<month>{_MONTH})\b", _read_month),
        (
            rf"{_PREPOSITION}\s+(?P<month>{_MONTH})\b"
            r"(?!\s+(?:\w+ed|had|has|is|said|says|was|won|lost|took|left|quit)\b)",
            _read_month,
        ),
        (
            rf"(?P<before>(?:last|this|past|in the)\s+)?(?P<season>{_SEASON})"
            r"(?:\s+(?:of\s+)?(?P<year>\d{4}))?\b",
            _read_season,
        ),
        (
            r"(?:(?P<nth>first|second|third|fourth|last)\s+(?P<unit>half|quarter)\s+of"
            r"|Q(?P<q>[1-4]))\s+(?P<year>(?:19|20)\d{2})\b",
            _read_quarter,
        ),
        (
            rf"(?:{_PART}|(?:{_PREPOSITION}|of|between|from|to|and)\s+)"
            r"(?P<year>(?:19|20)\d{2})\b",
            _read_year,
        ),
    )
)
_SPAN = re.compile(r"\b(between|from)\b", re.IGNORECASE)
# The word before a period, or its own first, that opens an end of it.
_OPENS = re.compile(r"\b(?P<word>since|after|before|until|by)(?:\s+\S+)?$", re.IGNORECASE)
# Spans whose first day lacks its month, or first month its year, and how they are completed.
_INCOMPLETE = tuple(
    (re.compile(pattern, re.IGNORECASE), whole)
    for pattern, whole in (
        (  # August 9-20
            rf"\b(?P<month>{_MONTH})\.?\s+(?P<first>\d{{1,2}}){_ORDINAL}\s*{_LINK}\s*"
            rf"(?P<last>\d{{1,2}}){_ORDINAL}\b(?!:)(?P<year>,?\s+\d{{4}}\b)?",
            r"\g<first> \g<month>\g<year> \g<link> \g<last> \g<month>\g<year>",
        ),
        (  # 9 to 20 August 2023
            rf"\b(?P<first>\d{{1,2}}){_ORDINAL}\s*{_LINK}\s*"
            rf"(?=\d{{1,2}}{_ORDINAL}\s+(?:of\s+)?(?P<rest>(?:{_MONTH})\b\.?(?:,?\s+\d{{4}})?))",
            r"\g<first> \g<rest> \g<link> ",
        ),
        (  # May to July 2023
            rf"\b(?P<first>{_MONTH})\.?\s+{_LINK}\s+"
            rf"(?=(?:{_MONTH})\b\.?,?\s+(?:of\s+)?(?P<year>\d{{4}})\b)",
            r"\g<first> \g<year> \g<link> ",
        ),
    )
)
_LATEST = re.compile(
    r"\b(latest|newest|most recent(ly)?|current(ly)?|now|so far|up to date|at the moment)\b",
    re.IGNORECASE,
)
_LATELY = 30  # days that "recently" means
_RELATIVE = re.compile(
    r"\b(?:(?P<word>today|yesterday|tomorrow)"
    r"|(?P<lately>(?<!most )recently|lately|these days|in recent (?:days|weeks))"
    rf"|(?P<count>\d+|{'|'.join(_COUNTS)})\s+(?P<units>day|week|month|year)s?\s+ago"
    r"|(?P<weekend>(?:this|last|the|past)\s+weekend)"
    rf"|(?:on|last|this|past)\s+(?P<weekday>{_WEEKDAY})(?!\s+\d)"
    r"|(?P<which>this|last|past|previous)\s+(?P<unit>day|week|month|year))\b",
    re.IGNORECASE,
)

_AROUND_DAYS = re.compile(
    r"\b(?:in|on|during|since|from|between|before|after|until|till|by|over|through(?:out)?|within|to"
    r"|the|and|of|then|now|time|so far|recently|lately|last|past|recent|following|few|several"
    rf"|\d+|{'|'.join(_COUNTS)}|(?:day|week|month|year|decade)s?|{_WEEKDAY})\b|[\W_]",
    re.IGNORECASE,
)


def wants_latest(text: str) -> bool:
    """Whether the question asks for the newest state of something."""
    return bool(_LATEST.search(text))


def worded_days(text: str, near: date | None = None) -> list[WordedDays]:
    """Return the periods that a text names, in order.

    Args:
        text: A question or a sentence.
        near: Where words lack a year they are of the latest one before this day; without it
            they are left out.
    """
    found: list[WordedDays] = []
    for pattern, read in _FORMS:
        for match in pattern.finditer(text):
            start, end = match.span()
            if any(start < period.end and period.start < end for period in found):
                continue
            with suppress(ValueError):
                if period := read(match, near):
                    found.append(WordedDays(match[0], *period, start, end))
    return sorted(found, key=lambda period: period.start)


def asked_days(text: str, as_of: date) -> AskedDays | None:
    """Return the period that a question speaks of, None if it names none.

    Args:
        text: The question.
        as_of: The day that "today" means.
    """
    whole = text
    for span, completed in _INCOMPLETE:
        whole = span.sub(completed, whole)
    spans, text = whole != text or bool(_SPAN.search(text)), whole
    periods = worded_days(text, as_of)
    if not periods:
        return _relative_days(text, as_of)
    first = periods[0]
    if len(periods) > 1 and spans:
        end = periods[1].last
        start = _not_after(first.first, end)
        if start <= end:
            return AskedDays(start, end, text[first.start : periods[1].end])
    return _opened(text, first)


def only_days(text: str) -> bool:
    """Whether a text is nothing but days and periods, and small words that belong to them."""
    for span, completed in _INCOMPLETE:
        text = span.sub(completed, text)
    for period in reversed(worded_days(text, date.max)):
        text = f"{text[: period.start]} {text[period.end :]}"
    return not _AROUND_DAYS.sub("", _RELATIVE.sub(" ", text)).strip()


def in_year(day: date, year: int) -> date:
    """The same day of another year; 28 February for a 29th that it lacks."""
    return day.replace(year=year, day=min(day.day, calendar.monthrange(year, day.month)[1]))


def year_after(day: date) -> date:
    """The same day of the year after; in the calendar's last year the day itself."""
    return in_year(day, min(day.year + 1, date.max.year))


def shifted(day: date, days: int) -> date:
    """A day so many days later; the calendar's own ends at its ends."""
    ordinal = min(max(day.toordinal() + days, 1), date.max.toordinal())
    return date.fromordinal(ordinal)


def days_since(weekday: str, day: date) -> int:
    """Return how many days before `day` the weekday last was; 0 if it is that day's own."""
    return (day.weekday() - WEEKDAYS.index(weekday.lower())) % 7


def _not_after(first: date, last: date) -> date:
    """Give the first day of a span its last day's year, or the one before, where it is later."""
    if first > last and first.year > last.year:  # "3 May to 5 June 2021": one year for both
        first = in_year(first, last.year)
    if first > last and first.month > last.month:  # "20 December to 5 January 2022"
        first = in_year(first, max(last.year - 1, 1))
    return first


def _opened(text: str, days: WordedDays) -> AskedDays:
    found = _OPENS.search(text[: days.start] + days.words.split()[0])
    if found is None:
        return AskedDays(days.first, days.last, days.words)
    first, last = {
        "since": (days.first, None),
        "after": (shifted(days.last, 1), None),
        "before": (None, shifted(days.first, -1)),
    }.get(found["word"].lower(), (None, days.last))
    return AskedDays(first, last, text[found.start() : days.end])


def _relative_days(text: str, as_of: date) -> AskedDays | None:
    match = _RELATIVE.search(text)
    if not match:
        return None
    days = WordedDays(match[0], *_relative_period(match, as_of), match.start(), match.end())
    # "until recently", "hit by last year's drought": no bound
    if match["lately"] or re.search(r"\bby\s*$", text[: match.start()], re.IGNORECASE):
        return AskedDays(days.first, days.last, days.words)
    return _opened(text, days)


def _relative_period(match: re.Match[str], as_of: date) -> Period:
    if match["word"]:
        day = shifted(as_of, _NEAR[match["word"].lower()])
        return day, day
    if match["lately"]:
        return shifted(as_of, -_LATELY), as_of
    if match["weekend"]:
        saturday = shifted(as_of, -days_since("saturday", as_of))
        return saturday, shifted(saturday, 1)
    if match["weekday"]:
        back = days_since(match["weekday"], as_of)
        day = shifted(as_of, -(back or 7 * match[0].lower().startswith(("last", "past"))))
        return day, day
    if match["count"]:
        words = match["count"].lower()
        return _ago(_COUNTS.get(words) or int(words), match["units"].lower(), as_of)
    unit, this = match["unit"].lower(), match["which"].lower() == "this"
    if unit in ("day", "week"):
        # News speaks loosely of weeks: seven days, counted from the day itself.
        return shifted(as_of, -1 if unit == "day" else -7 if this else -13), as_of
    first, last = _ago(0 if this else 1, unit, as_of)
    return first, min(last, as_of)


def _ago(count: int, unit: str, as_of: date) -> Period:
    """The day so many days ago, the days around it for weeks, the month or the year."""
    if unit in ("day", "week"):
        around = 3 * (unit == "week")
        day = shifted(as_of, -min(count, 10**6) * (7 if unit == "week" else 1))
        return shifted(day, -around), shifted(day, around)
    months = max(as_of.year * 12 + as_of.month - 1 - count * (12 if unit == "year" else 1), 12)
    year, month = divmod(months, 12)
    return _months(year, 1, 12) if unit == "year" else _months(year, month + 1)


# What "yesterday" or "on Sunday" mean in an article, by the day it was published. They are shown
# beside a quote, never in it. Where a sentence may speak of a day to come, a weekday alone is
# left as it is: which one is meant cannot be known.

_NEAR = {
    "today": 0, "tonight": 0, "this morning": 0, "this afternoon": 0, "this evening": 0,
    "yesterday": -1, "last night": -1, "tomorrow": 1,
}  # fmt: skip
_POINTING = re.compile(
    rf"\b(?P<near>{'|'.join(_NEAR)})\b|(?:\b(?P<which>last|next|every|each|most)\s+)?"
    rf"\b(?P<weekday>{_WEEKDAY})\b(?!['’]s [A-Z])",
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
    for match in _POINTING.finditer(quote):
        day = _day_meant(match, quote, published)
        if day:
            found.setdefault(match[0], day)
    return tuple(found.items())


def meant(quote: str, published: date | None) -> str:
    """Return the same for people: “Sunday” is 18 June 2023, “yesterday” is 19 June 2023."""
    return ", ".join(
        f"“{words}” is {format_day(day)}" for words, day in days_meant(quote, published)
    )


def may_be_to_come(text: str) -> bool:
    """Whether a sentence may speak of a day after the one that it was published on."""
    return bool(_TO_COME.search(text))


def _day_meant(match: re.Match[str], quote: str, published: date) -> date | None:
    if match["near"]:
        return _plus(published, _NEAR[match["near"].lower()])
    after, which = quote[match.end() :], (match["which"] or "").lower()
    named = _NAME_BEFORE.search(quote[: match.start()]) or _NAME_AFTER.match(after)
    if not match["weekday"][0].isupper() or named or _DATED.match(after):
        return None
    back = days_since(match["weekday"], published)
    if which == "next":
        return _plus(published, 7 - back)
    if which == "last":
        return _plus(published, -(back or 7))
    return None if which or may_be_to_come(quote) else _plus(published, -back)


def _plus(day: date, days: int) -> date | None:
    try:
        return day + timedelta(days=days)
    except OverflowError:
        return None
