"""Days as archives write them: read where they can be read in one way only, never guessed."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

from index.errors import ArticleError
from index.text.days import FUTURE, MONTHS

PLACEHOLDER = "undated: a placeholder stands for the day"
PART = "undated: only a month or a year is stated"
BY_ADDRESS = "dated by the address"
BY_NAME = "dated by the file's name"
BY_ISSUE = "dated by the issue that it stands in"
BY_CHANGE = "dated by its last change, the only day that its feed states"
BY_FOLDER = "day and month told apart by other files of the folder"

_NOTHING = {"", "null", "none", "~", "true", "false"}
_PLACEHOLDERS = {
    "n/a", "na", "nan", "nat", "nil", "-", "--", "---", "–", "—", "?", "0", "unknown", "undated",
    "undefined", "n.d.", "nd", "no date", "not available", "tbd", "tba", "invalid date", "#n/a",
}  # fmt: skip
_MONTH = rf"({'|'.join(MONTHS)})\b\.?"
_ISO = re.compile(r"(\d{4})([-/.])(\d{1,2})\2(\d{1,2})(?!\d)")
_COMPACT = re.compile(r"(\d{4})(\d\d)(\d\d)(?:[T ]?\d{4}(?:\d\d)?(?:\.\d+)?)?(?:Z|[+-][\d:]+)?")
_YEAR_FIRST = re.compile(rf"(\d{{4}})[ /-]{_MONTH}[ /-](\d\d?)(?!\d)", re.I)
_DAY_FIRST = re.compile(
    rf"(?<!\d)(\d\d?)(?:st|nd|rd|th)?\.?[ \-/]*(?:of )?{_MONTH}[ ,\-/]*(\d{{4}})", re.I
)
_SHORT_YEAR = re.compile(rf"(\d\d?)[- ]{_MONTH}[- ](\d\d)(?:[ T]\d\d?[:.].*)?", re.I)
_MONTH_FIRST = (
    re.compile(rf"\b{_MONTH}[ \-/]*(\d\d?)(?:st|nd|rd|th)?(?:,? +|[,\-/])(\d{{4}})(?!\d)", re.I),
    re.compile(rf"\b{_MONTH} +(\d\d?) [\d:]+ (?:[A-Z]+ |[+-]\d{{4}} )?(\d{{4}})(?!\d)", re.I),
)
_FIGURES = re.compile(r"(?<!\d)(\d\d?)([-/.])(\d\d?)\2(\d{4})(?!\d)")
_EAST_ASIAN = re.compile(r"(\d{4})\s?[年년]\s?(\d\d?)\s?[月월]\s?(\d\d?)\s?[日일]")
_PARTS = re.compile(
    rf"\d{{4}}|\d{{4}}[-/.]\d\d?|\d\d?[-/.]\d{{4}}|{_MONTH},? \d{{4}}|\d{{4}},? {_MONTH}", re.I
)
_YEAR_ALONE = re.compile(r"\D*[^\W\d]{3}\D*(?:1[5-9]|20)\d\d")  # "spring 2023", "avril 2023"
_ALONE = re.compile(
    r"(?:\w+day,? )?(?:\d{4}-\d\d-\d\d|(?:\d\d? )?[^\W\d]{3,9}\.?(?: \d\d?,)? \d{4})"
)
_EPOCH = re.compile(r"-?\d{9,19}(?:\.\d+)?")
_IN_PATH = re.compile(r"(?<![\d-])(\d{4})([-_./])(\d\d?|[a-z]{3,9})\2(\d\d?)(?!\d)", re.I)
_RUN_IN_PATH = re.compile(r"(?<!\d)((?:19|20)\d\d)([01]\d)([0-3]\d)(?=[-_. ]|\Z)")
_FIRST_YEAR = 1500


class Stated(NamedTuple):
    """A day that a field states; or why there is none, where something stands for it."""

    day: date | None = None
    note: str = ""


_NOTED: ContextVar[set[bool] | None] = ContextVar("noted", default=None)


@contextmanager
def noting_orders() -> Iterator[set[bool]]:
    """Gather whether days in figures are written day first, of all that are read meanwhile."""
    noted: set[bool] = set()
    token = _NOTED.set(noted)
    try:
        yield noted
    finally:
        _NOTED.reset(token)


class AmbiguousDay(ArticleError):
    """A day in figures that can be read day first and month first."""


def read_day_alone(line: str) -> Stated:
    """Return the day that a line states where it states nothing else, or none."""
    if _ALONE.fullmatch(line):
        with suppress(ArticleError):
            return read_day(line)
    return Stated()


def read_day(value: object, *, day_first: bool | None = None, line: int | None = None) -> Stated:
    """Return the day that a value states: ISO 8601, in words, mail's form, or seconds since 1970.

    The day is the one that is written, whatever the time zone; of seconds it is that of UTC.

    Args:
        value: Text or a number.
        day_first: Whether 03/04/2023 is 3 April; None where nobody knows.
        line: Where the value stands, for the message.

    Raises:
        AmbiguousDay: it can be read in two ways.
        ArticleError: it is no notation that is known, or a day that no calendar has.
    """
    if value is None or isinstance(value, bool):
        return Stated()
    written = str(value).strip()
    if iso := _ISO.match(written):
        return _stated_day((iso[1], iso[3], iso[4]), written, line)
    if written.lower() in _NOTHING:
        return Stated()
    if written.lower() in _PLACEHOLDERS or written.strip("0-/.: T") == "":
        return Stated(None, PLACEHOLDER)
    try:
        return _read(" ".join(written.split()), day_first, line)
    except (OverflowError, OSError) as error:
        raise _unreadable("not a date:", written, line) from error


def _read(written: str, day_first: bool | None, line: int | None) -> Stated:
    if _EPOCH.fullmatch(written) and not (_COMPACT.fullmatch(written) and len(written) == 14):
        return _day_of_epoch(written, line)
    if compact := _COMPACT.fullmatch(written):
        return _stated_day(compact.groups(), written, line)
    if _PARTS.fullmatch(written):
        return Stated(None, PART)
    if short := _SHORT_YEAR.fullmatch(written):  # 4-Apr-23, of spreadsheets
        year = 2000 + int(short[3])
        year -= 100 if year > date.today().year else 0
        return _stated_day((year, MONTHS[short[2].lower()], short[1]), written, line)
    found = set(_days_with_month_names(written))
    if len(found) > 1:
        raise _unreadable("more than one day:", written, line)
    if found:
        return _stated_day(next(iter(found)), written, line)
    if figures := _FIGURES.search(written):
        return _day_in_figures(figures, written, day_first, line)
    return _day_in_other_language(written, line)


def _days_with_month_names(written: str) -> Iterator[tuple[object, ...]]:
    """Yield year, month and day as written, of each day whose month is a word."""
    yield from ((m[1], MONTHS[m[2].lower()], m[3]) for m in _YEAR_FIRST.finditer(written))
    yield from ((m[3], MONTHS[m[2].lower()], m[1]) for m in _DAY_FIRST.finditer(written))
    for pattern in _MONTH_FIRST:
        yield from ((m[3], MONTHS[m[1].lower()], m[2]) for m in pattern.finditer(written))
    yield from ((m[1], m[2], m[3]) for m in _EAST_ASIAN.finditer(written))


def _day_in_figures(
    figures: re.Match[str], written: str, day_first: bool | None, line: int | None
) -> Stated:
    first, _, second, year = figures.groups()
    order = order_of(figures[0])
    if order is None and int(first) != int(second):
        if day_first is None:
            one, other = f"{year}-{second:0>2}-{first:0>2}", f"{year}-{first:0>2}-{second:0>2}"
            reason = f"ambiguous date {written[:40]!r}: {one} or {other}? no other day of its file"
            remedy = "write it as YYYY-MM-DD, or set BROADSHEET_DATE_ORDER"
            raise AmbiguousDay(f"{reason} or folder tells; {remedy}", line)
        order = day_first
    elif (noted := _NOTED.get()) is not None and figures[2] != ".":
        noted.add(order is True)
    day, month = (second, first) if order is False else (first, second)
    return _stated_day((year, month, day), written, line)


def order_of(value: object) -> bool | None:
    """Return whether figures like 25/04/2023 are written day first; None where it is open."""
    figures = _FIGURES.search(value) if isinstance(value, str) else None
    if figures is None:
        return None
    first, second = int(figures[1]), int(figures[3])
    if figures[2] == "." or first > 12 >= second:
        return True
    return False if second > 12 >= first else None


def common_order(values: Iterable[object]) -> bool | None:
    """Return whether days in figures are written day first in all of these values.

    None where none settles it, or some contradict others.
    """
    orders = {order for value in values if (order := order_of(value)) is not None}
    return orders.pop() if len(orders) == 1 else None


def _day_of_epoch(written: str, line: int | None) -> Stated:
    digits = len(written.lstrip("-").partition(".")[0])
    scale = 1 if digits < 12 else 10**3 if digits < 15 else 10**6 if digits < 18 else 10**9
    moment = datetime.fromtimestamp(float(written) / scale, UTC).date()
    return _stated_day((moment.year, moment.month, moment.day), written, line)


def _day_in_other_language(written: str, line: int | None) -> Stated:
    """Read a day whose month is named in another language than English."""
    if _YEAR_ALONE.fullmatch(written):
        return Stated(None, PART)
    parts = (r"\d{4}", r"(?<!\d)\d\d?(?!\d)", r"[^\W\d]{3}")  # a year, a day, a word
    likely = all(re.search(part, written) for part in parts) and not re.search(r"\d{5}", written)
    day = _with_dateparser(written[:60]) if likely else None
    if day is None:
        raise _unreadable("not a date:", written, line)
    return _stated_day((day.year, day.month, day.day), written, line)


@lru_cache(2000)
def _with_dateparser(written: str) -> date | None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import dateparser

        settings = {"STRICT_PARSING": True, "PARSERS": ["absolute-time"]}
        found = dateparser.parse(written, settings=settings)  # type: ignore[arg-type]
    year = re.search(r"\d{4}", written)
    return found.date() if found and year and str(found.year) == year[0] else None


def _stated_day(parts: Iterable[object], written: str, line: int | None) -> Stated:
    year, month, number = (int(str(part)) for part in parts)
    if year in (0, 1, 9999) or (month == 0 and number == 0):
        return Stated(None, PLACEHOLDER)
    try:
        day = date(year, month, number)
    except ValueError as error:
        raise _unreadable("impossible date", written, line) from error
    if day == date(1970, 1, 1):
        return Stated(None, PLACEHOLDER)
    if day > date.today() + timedelta(days=1):
        return Stated(None, FUTURE)
    return Stated(day)


def _unreadable(what: str, written: str, line: int | None) -> ArticleError:
    return ArticleError(f"{what} {written[:40]!r}; expected YYYY-MM-DD", line)


def day_in_path(path: str) -> date | None:
    """Return the day that stands in an address or a file's path; None unless there is just one."""
    found = set()
    for year, _, month, number in _IN_PATH.findall(path):
        month = month if month.isdigit() else MONTHS.get(month.lower(), 0)
        found.add((int(year), int(month), int(number)))
    if not found:
        found = {(int(y), int(m), int(d)) for y, m, d in _RUN_IN_PATH.findall(path)}
    if len(found) != 1:
        return None
    try:
        day = date(*found.pop())
    except ValueError:
        return None
    return day if _FIRST_YEAR < day.year and day <= date.today() + timedelta(days=1) else None


def local_day(value: object, stated: date, address: str | None) -> tuple[date, str]:
    """Return the day of the address where a time of UTC is on the day before or after it."""
    if not address or not re.search(r"\d(?:Z|[+-]00:?00| GMT| UTC)\s*\Z", str(value)):
        return stated, ""
    printed = day_in_path(address)
    if printed is None or abs((printed - stated).days) != 1:
        return stated, ""
    return printed, BY_ADDRESS
