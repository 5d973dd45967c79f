"""Dates, counts and states in words."""

from __future__ import annotations

from datetime import date, datetime

from index.text.days import format_day
from index.types import Coverage
from rag.llm.loader import MESSAGES, ModelState, ModelStatus
from rag.types import Progress, Question

STAGES = {
    "searching": "Searching the articles",
    "waiting": "Waiting for the language model",
    "reading": "Reading the articles",
    "writing": "Writing",
    "checking": "Checking each statement",
    "reading on": "Not found yet: reading more articles",
}

_PREPARED = {"converting": "prepared (only this once)", "loading": "loaded"}


def day(value: date | str | None) -> str:
    """`18 June 2023`, of a date or its ISO form; `undated` for None."""
    value = date.fromisoformat(value) if isinstance(value, str) else value
    return format_day(value) if value else "undated"


def short_day(value: date) -> str:
    """`18 Jun 2023`, where there is little room."""
    return f"{value.day} {value:%b %Y}"


def moment(value: datetime) -> str:
    """`18 Jun 2023, 09:30`, as it is in the value's own zone."""
    return f"{short_day(value)}, {value:%H:%M}"


def span(first: date, last: date) -> str:
    """`18–20 June 2023`, `1 Feb – 20 Dec 2023` or `30 Dec 2022 – 2 Jan 2023`."""
    if first == last:
        return day(first)
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day}–{day(last)}"
    begin = f"{first.day} {first:%b}" if first.year == last.year else short_day(first)
    return f"{begin} – {short_day(last)}"


def count(number: int, noun: str) -> str:
    """`1 article`, `1,117 articles`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def time_left(seconds: float) -> str:
    """`40 s left`, `3 min left`."""
    whole = round(seconds)
    return f"{whole} s left" if whole < 120 else f"{whole // 60} min left"


def duration(seconds: float) -> str:
    """`0.4 s`, `12 s`, `3 min 5 s`."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes:,} min {rest} s" if minutes else f"{rest} s"


def coverage(archive: Coverage) -> str:
    """`46 articles, 1 Feb – 20 Dec 2023`, and how many of them have no date."""
    parts = [count(archive.articles, "article")]
    if archive.first and archive.last:
        parts.append(span(archive.first, archive.last))
    if archive.undated:
        parts.append(f"{archive.undated:,} without a date")
    return ", ".join(parts)


def bounds(question: Question) -> list[str]:
    """What the asker set, as short labels; empty when nothing was set."""
    first, last = question.date_from, question.date_to
    labels = []
    if first and last:
        labels.append(span(first, last))
    elif first:
        labels.append(f"from {day(first)}")
    elif last:
        labels.append(f"up to {day(last)}")
    if question.as_of:
        labels.append(f"as of {day(question.as_of)}")
    return labels + list(question.sources)


def stage(progress: Progress) -> str:
    """What is being done, with the place in the queue where there is one."""
    text = STAGES.get(progress.stage, "Working")
    if progress.position > 0:
        return f"{text}: {count(progress.position, 'question')} before yours"
    return text


def model_state(status: ModelStatus) -> str:
    """One line on the language model; empty when it is the default and ready."""
    meanwhile = "Until then you get quotes only."
    if status.state == "ready":
        return "" if status.message == MESSAGES[ModelState.READY] else status.message
    if status.state == "fetching":
        return f"The language model is being downloaded: {_transfer(status)}. {meanwhile}"
    if status.state in ("converting", "loading"):
        return f"The language model is being {_PREPARED[status.state]}. {meanwhile}"
    if status.state == "off":
        return "The language model is switched off: you get quotes only."
    if status.state == "failed":
        detail = f" {status.message}" if status.message else ""
        return f"The language model is not available: you get quotes only.{detail}"
    return f"The language model is not there yet. {meanwhile}"


def _transfer(status: ModelStatus) -> str:
    parts = [f"{status.done / 1e6:,.0f} of {status.total / 1e6:,.0f} MB"]
    if status.rate > 0:
        parts.append(f"{status.rate / 1e6:.0f} MB/s")
    if status.eta is not None and status.eta > 0:
        parts.append(time_left(status.eta))
    return ", ".join(parts)
