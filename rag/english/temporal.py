"""Dates in words, read against a day: "last week", "in June 2023", "since 4 May".

Knows nothing of articles. A window found here is a hint, never a filter by itself.
"""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import date, timedelta

from index.text.days import spoken

_MONTHS = {
    name.lower(): number
    for names in (calendar.month_name, calendar.month_abbr)
    for number, name in enumerate(names)
    if name
} | {"sept": 9}
_MONTH = "|".join(sorted(_MONTHS, key=len, reverse=True))
_DAY = re.compile(
    rf"\b(?:(?P<day>\d{{1,2}})(?:st|nd|rd|th)?\s+(?:of\s+)?(?P<month>{_MONTH})\b\.?"
    rf"|(?P<month2>{_MONTH})\.?\s+(?P<day2>\d{{1,2}})(?:st|nd|rd|th)?\b)"
    rf"(?:,?\s+(?P<year>\d{{4}})\b)?"
    r"|\b(?P<iso>\d{4}-\d{2}-\d{2})\b",
    re.IGNORECASE,
)
_WHOLE_MONTH = re.compile(
    rf"\b(?P<month>{_MONTH})\.?,?\s+(?:of\s+)?(?P<year>\d{{4}})\b", re.IGNORECASE
)
_BARE_MONTH = re.compile(
    rf"\b(?:in|during|since|until|after|before|by)\s+(?:early\s+|late\s+|mid[-\s])?"
    rf"(?P<month>{_MONTH})\b",
    re.IGNORECASE,
)
_YEAR = re.compile(
    r"\b(?:in|during|of|since|until|after|before|by|between|from|to|and)\s+"
    r"(?P<year>(?:19|20)\d{2})\b",
    re.IGNORECASE,
)
_RELATIVE = re.compile(
    r"\b(?:(?P<word>today|yesterday|tomorrow)"
    r"|(?P<lately>(?<!most )recently|lately|these days|in recent (?:days|weeks))"
    r"|(?P<which>this|last|past|previous)\s+(?P<unit>day|week|month|year))\b",
    re.IGNORECASE,
)
_LATEST = re.compile(
    r"\b(latest|newest|most recent(ly)?|current(ly)?|now|so far|up to date|at the moment)\b",
    re.IGNORECASE,
)
# "9 to 20 August 2023", "August 9-20": the first day lacks its month.
_DAYS_OF_MONTH = re.compile(
    rf"\b(?P<first>\d{{1,2}})(?:st|nd|rd|th)?\s*(?P<link>and|to|until|-|–)\s*"
    rf"(?=\d{{1,2}}(?:st|nd|rd|th)?\s+(?:of\s+)?(?P<rest>(?:{_MONTH})\b\.?(?:,?\s+\d{{4}})?))",
    re.IGNORECASE,
)
_MONTH_OF_DAYS = re.compile(
    rf"\b(?P<month>{_MONTH})\.?\s+(?P<first>\d{{1,2}})(?:st|nd|rd|th)?\s*"
    rf"(?P<link>and|to|until|-|–)\s*(?P<last>\d{{1,2}})(?:st|nd|rd|th)?\b(?!:)"
    rf"(?P<year>,?\s+\d{{4}}\b)?",
    re.IGNORECASE,
)
_MONTHS_OF_YEAR = re.compile(
    rf"\b(?P<first>{_MONTH})\.?\s+(?P<link>and|to|until|-|–)\s+"
    rf"(?=(?:{_MONTH})\b\.?,?\s+(?:of\s+)?(?P<year>\d{{4}})\b)",
    re.IGNORECASE,
)
_SAID_YEAR = re.compile(r"\b\d{4}\b")
_HAS_YEAR = re.compile(r"\d{4}")  # of words that are a period: "2023-06-18", "June 2023"
# "between May and July": both lack their year.
_BARE_MONTHS = re.compile(
    rf"\b(?P<said>(?:between|from)\s+(?:{_MONTH})\.?\s+(?:and|to|until|-|–)\s+"
    rf"(?P<month>{_MONTH}))\b(?!\.?,?\s+\d)",
    re.IGNORECASE,
)
PERIOD_AHEAD = rf"(?=\d|(?:last|this|past|{_MONTH})\b)"
"""Pattern of a place where a date, or such as "last week", begins; takes no character."""
_LATELY = 30  # days that "recently" means
_OPEN = {"since": "from", "after": "from", "before": "to", "until": "to", "by": "to"}


@dataclass(frozen=True, slots=True)
class Window:
    """Days from `first` to `last`, inclusive; None means open. `words` is what said so."""

    first: date | None
    last: date | None
    words: str


def wants_latest(text: str) -> bool:
    """Whether the question asks for the newest state of something."""
    return bool(_LATEST.search(text))


def mentioned_days(text: str, near: date | None = None) -> list[tuple[date, date]]:
    """Return the periods that a text names, as (first, last); years are taken from `near`."""
    return [(first, last) for first, last, _ in _periods(text, near)]


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
        return bool(_HAS_YEAR.search(self.words))


def worded_days(text: str, near: date | None = None) -> list[WordedDays]:
    """Return the periods that a text names with their words; years are taken from `near`."""
    return [
        WordedDays(text[at], first, last, at.start, at.stop)
        for first, last, at in _periods(text, near)
    ]


def find_window(text: str, as_of: date) -> Window | None:
    """Return the period that a question speaks of, None if it names none.

    Args:
        text: The question.
        as_of: The day that "today" means.
    """
    text, spanning = _whole_days(text, as_of)
    periods = _periods(text, as_of)
    if not periods:
        return _relative(text, as_of)
    first, last, at = periods[0]
    if len(periods) > 1 and (spanning or re.search(r"\b(between|from)\b", text, re.IGNORECASE)):
        end = periods[1][1]
        start = _not_after(first, end)
        if start <= end:
            return Window(start, end, text[at.start : periods[1][2].stop])
    return _open(text, first, last, at)


def _not_after(first: date, last: date) -> date:
    """Give the first day of a span its last day's year, or the one before, where it is later."""
    if first > last and first.year > last.year:  # "3 May to 5 June 2021": one year for both
        first = in_year(first, last.year)
    if first > last and first.month > last.month:  # "20 December to 5 January 2022"
        first = in_year(first, max(last.year - 1, 1))
    return first


def in_year(day: date, year: int) -> date:
    """The same day of another year; 28 February for a 29th that it lacks."""
    try:
        return day.replace(year=year)
    except ValueError:  # 29 February
        return day.replace(year=year, day=28)


def _open(text: str, first: date, last: date, at: slice) -> Window:
    """Read the word before a period, or its own first: "since" and "until" open an end of it."""
    before = re.search(r"(\w+)\s*$", text[: at.start])
    words = text[at].split()[0].lower(), before[1].lower() if before else ""
    word = next((word for word in words if word in _OPEN), "")
    side = _OPEN.get(word)
    if side == "from":
        return Window(first, None, _said(word, text[at]))
    if side == "to":
        return Window(None, last, _said(word, text[at]))
    return Window(first, last, text[at])


def _whole_days(text: str, as_of: date) -> tuple[str, bool]:
    """Give both ends of a span their month and year, and say if there was one that lacked it."""
    whole = _MONTH_OF_DAYS.sub(
        lambda m: "{first} {month}{year} {link} {last} {month}{year}".format(
            **{name: value or "" for name, value in m.groupdict().items()}
        ),
        text,
    )
    whole = _DAYS_OF_MONTH.sub(lambda m: f"{m['first']} {m['rest']} {m['link']} ", whole)
    if not _SAID_YEAR.search(text) and not _RELATIVE.search(text):
        whole = _BARE_MONTHS.sub(lambda m: f"{m['said']} {_year_of(m['month'], as_of)}", whole)
    whole = _MONTHS_OF_YEAR.sub(lambda m: f"{m['first']} {m['year']} {m['link']} ", whole)
    return whole, whole != text


def _said(word: str, period: str) -> str:
    return period if period.lower().startswith(word) else f"{word} {period}"


def _periods(text: str, near: date | None) -> list[tuple[date, date, slice]]:
    found: list[tuple[date, date, slice]] = []
    for pattern, read in (
        (_DAY, _day),
        (_WHOLE_MONTH, _month),
        (_BARE_MONTH, _month),
        (_YEAR, _year),
    ):
        for match in pattern.finditer(text):
            at = slice(match.start(), match.end())
            if any(at.start < used.stop and used.start < at.stop for _, _, used in found):
                continue
            period = read(match, near)
            if period:
                found.append((*period, at))
    return sorted(found, key=lambda item: item[2].start)


def _day(match: re.Match[str], near: date | None) -> tuple[date, date] | None:
    try:
        if match["iso"]:
            day = date.fromisoformat(match["iso"])
        else:
            month = _MONTHS[(match["month"] or match["month2"]).lower()]
            number = int(match["day"] or match["day2"])
            if match["year"]:
                day = date(int(match["year"]), month, number)
            elif near:
                day = _latest_before(near, month, number)
            else:
                return None
    except ValueError:
        return None
    return day, day


def _latest_before(near: date, month: int, day: int) -> date:
    this_year = date(near.year, month, day)
    return this_year if this_year <= near else date(near.year - 1, month, day)


def _month(match: re.Match[str], near: date | None) -> tuple[date, date] | None:
    month = _MONTHS[match["month"].lower()]
    if "year" in match.groupdict():
        year = int(match["year"])
    elif near:
        year = _year_of(match["month"], near)
    else:
        return None
    if not 1 <= year <= 9998:
        return None
    return date(year, month, 1), date(year, month, calendar.monthrange(year, month)[1])


def _year_of(month: str, near: date) -> int:
    """The year of the latest month of that name that had begun."""
    return near.year if _MONTHS[month.lower()] <= near.month else near.year - 1


def _year(match: re.Match[str], near: date | None) -> tuple[date, date] | None:
    year = int(match["year"])
    return date(year, 1, 1), date(year, 12, 31)


def shifted(day: date, days: int) -> date:
    """A day so many days later; the calendar's own ends at its ends."""
    ordinal = min(max(day.toordinal() + days, 1), date.max.toordinal())
    return date.fromordinal(ordinal)


def _relative(text: str, as_of: date) -> Window | None:
    match = _RELATIVE.search(text)
    if not match:
        return None
    first, last = _relative_period(match, as_of)
    # "until recently", "hit by last year's drought": no bound
    if match["lately"] or re.search(r"\bby\s*$", text[: match.start()], re.IGNORECASE):
        return Window(first, last, match[0])
    return _open(text, first, last, slice(match.start(), match.end()))


def _relative_period(match: re.Match[str], as_of: date) -> tuple[date, date]:
    if match["word"]:
        shift = {"today": 0, "yesterday": -1, "tomorrow": 1}[match["word"].lower()]
        day = shifted(as_of, shift)
        return day, day
    if match["lately"]:
        return shifted(as_of, -_LATELY), as_of
    unit, this = match["unit"].lower(), match["which"].lower() == "this"
    if unit == "day":
        return shifted(as_of, -1), as_of
    if unit == "week":
        # News speaks loosely of weeks: seven days, counted from the day itself.
        return shifted(as_of, -7 if this else -13), as_of
    if unit == "month":
        first = as_of.replace(day=1)
        if this:
            return first, as_of
        last = shifted(first, -1)
        return last.replace(day=1), last
    year = as_of.year if this else max(1, as_of.year - 1)
    return date(year, 1, 1), date(year, 12, 31)


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
        day = _meant_day(match, quote, published)
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


def _meant_day(match: re.Match[str], quote: str, published: date) -> date | None:
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
