"""The limits of a question: presets, chips that drop them, and links that fill them in."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlencode

import gradio as gr

from index.errors import BroadsheetError, QuestionError
from index.types import is_limit
from rag.question.understand import parse_day
from rag.types import Question
from web import wording
from web.events import clicked, position
from web.rendering import Macros, message

if TYPE_CHECKING:
    from rag.pipeline import Pipeline

PRESETS = {"Last week of the archive": 7, "Last month": 30, "All dates": 0}
"""Days before the archive's newest article, itself counted; 0 for no limit."""
_NAMES = ("From", "To", "As of")
_DAYS = ("from", "to", "as_of")
_LONGEST_DAY = 20  # characters of 18 September 2023
_macros = Macros("ask.html")


def make_preset(pipeline: Pipeline, days: int) -> Callable[[], tuple[str, str]]:
    """Return what a preset does. Its outputs: from, to."""

    def preset() -> tuple[str, str]:
        try:
            last = pipeline.newest()
        except BroadsheetError:
            last = None
        if not days or last is None:
            return "", ""
        first = date.fromordinal(max(1, last.toordinal() - days + 1))
        return wording.day(first), wording.day(last)

    return preset


def show_chips(*fields: Any) -> str:
    """Return the limits that are set, each as a button that drops it."""
    return _macros.chips([label for label, _ in _chips(*fields)])


def drop_chip(click: gr.EventData, *fields: Any) -> tuple[Any, ...]:
    """Return the limits without the one whose chip was clicked: from, to, as of, sources."""
    chips = _chips(*fields)
    number = position(clicked(click), "chip", len(chips))
    return (gr.skip(),) * 4 if number is None else chips[number][1]


def _chips(*fields: Any) -> list[tuple[str, tuple[Any, ...]]]:
    """Each limit that is set, by its label, with what remains without it; what is no day sets none.

    While a page opens, Gradio gives None for what is empty.
    """
    *days, sources = [field or "" for field in fields]
    chips: list[tuple[str, tuple[Any, ...]]] = []
    for at, day in enumerate(days):
        words, problem = _read_day(day.strip(), last=at > 0)
        if words and not problem:
            left = (*days[:at], "", *days[at + 1 :], sources or [])
            chips.append((f"{_NAMES[at]} {words}", left))
    for source in sources:
        chips.append((source, (*days, [one for one in sources if one != source])))
    return chips


def make_check_days(pipeline: Pipeline) -> Callable[..., list[Any]]:
    """Return what puts days that were typed into words, with their year.

    Its outputs: the days that change by it, and a message where one of them is none.
    """

    def check_days(*days: str | None) -> list[Any]:
        whole = [with_year(pipeline, day, last=at > 0) for at, day in enumerate(days)]
        problems = (_read_day(*one)[1] for one in zip(whole, _NAMES, strict=False))
        warning = next((message(problem) for problem in problems if problem), gr.skip())
        pairs = zip(whole, days, strict=True)
        return [*(gr.skip() if new == (old or "") else new for new, old in pairs), warning]

    return check_days


def with_year(pipeline: Pipeline, text: str | None, *, last: bool = False) -> str:
    """A day in words; one without its year is the latest up to the archive's newest article."""
    day = (text or "").strip()
    words, problem = _read_day(day, last=last)
    with suppress(BroadsheetError):
        if problem and (newest := pipeline.newest()):
            for year in range(newest.year, newest.year - 8, -1):
                with suppress(QuestionError):  # 29 February
                    if (parse_day(f"{day} {year}", name="") or date.max) <= newest:
                        return _read_day(f"{day} {year}", last=last)[0]
    return words


def _read_day(text: str, name: str = "", *, last: bool = False) -> tuple[str, str]:
    """`18 June 2023` for a day in whatever form; what is none as it is, and why it is none."""
    try:
        found = parse_day(text, name=name, last=last)
    except QuestionError as error:
        return text, str(error)
    return (wording.day(found) if found else ""), ""


@dataclass(frozen=True, slots=True)
class FilledIn:
    """What a link fills in; all as it would be typed."""

    question: str
    days: Mapping[str, str]
    sources: tuple[str, ...]


def link(question: Question) -> str:
    """Return the query of an address that opens the page with this question and its bounds."""
    days = (question.date_from, question.date_to, question.as_of)
    values = [("q", question.text)]
    values += [(name, day.isoformat()) for name, day in zip(_DAYS, days, strict=True) if day]
    values += [("source", source) for source in question.sources]
    return "?" + urlencode(values, errors="replace")


def read_link(query: str, known: Sequence[str], longest: int) -> FilledIn:
    """Return what the query of an address fills in; nothing is asked by it.

    Publishers that the archive does not know are left out, but for limits such as `author:Doe`.
    """
    values = parse_qs(query, errors="replace", max_num_fields=64)
    first = {name: found[0] for name, found in values.items()}
    texts = ((name, first.get(name, "")[:_LONGEST_DAY]) for name in _DAYS)
    days = {name: _read_day(text, last=name != "from")[0] for name, text in texts}
    named = values.get("source", ())
    sources = tuple(one for one in named if one in known or is_limit(one))
    return FilledIn(first.get("q", "")[:longest], days, sources)
