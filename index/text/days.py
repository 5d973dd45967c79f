"""Days as numbers, which stores compare (20230618), and as text; the names of months."""

from __future__ import annotations

from datetime import date

MONTHS = {
    name: number
    for number, names in enumerate(
        "january jan,february feb,march mar,april apr,may,june jun,july jul,august aug,"
        "september sept sep,october oct,november nov,december dec".split(","),
        start=1,
    )
    for name in names.split()
}
"""Numbers of months by their English names and abbreviations, longer forms first.

The names of `calendar` are those of the system's language once a program has set it.
"""

FUTURE = "undated: the day lies in the future"
"""What is noted of an article whose day is later than tomorrow."""


def day_number(day: date) -> int:
    """Return `20230618` for 18 June 2023."""
    return day.year * 10_000 + day.month * 100 + day.day


def number_day(number: int) -> date:
    """Return the date that `day_number` made the number of."""
    return date(number // 10_000, number // 100 % 100, number % 100)


def format_day(day: date) -> str:
    """Return the day as people write it: `18 June 2023`."""
    return f"{day.day} {day:%B %Y}"


def after_today(day: date | None) -> bool:
    """Whether a day has yet to come."""
    return day is not None and day > date.today()


def recency_key(day: date | None) -> date:
    """Return a key that sorts the newest day last; undated articles and days to come sort first."""
    return date.min if day is None or after_today(day) else day
