"""Days as numbers: stores compare 20230618, which sorts and ranges as the date does."""

from __future__ import annotations

from datetime import date


def day_number(day: date) -> int:
    """Return `20230618` for 18 June 2023."""
    return day.year * 10_000 + day.month * 100 + day.day


def number_day(number: int) -> date:
    """Return the date that `day_number` made the number of."""
    return date(number // 10_000, number // 100 % 100, number % 100)


def spoken(day: date) -> str:
    """Return the day as people write it: `18 June 2023`."""
    return f"{day.day} {day:%B %Y}"
