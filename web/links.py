"""Links that open the page with a question and its bounds filled in. Nothing is asked by a link."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qs, urlencode

from rag.types import Question

_DAYS = ("from", "to", "as_of")
_LONGEST_DAY = 10  # characters of 2023-06-18


@dataclass(frozen=True, slots=True)
class Opened:
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


def opened(query: str, known: Sequence[str], longest: int) -> Opened:
    """Return what the query of an address fills in.

    Args:
        query: As it stands in the address, without its question mark.
        known: Publishers of the archive; others are left out.
        longest: Characters that a question may have.
    """
    values = parse_qs(query, errors="replace", max_num_fields=64)
    first = {name: found[0] for name, found in values.items()}
    days = {name: first.get(name, "")[:_LONGEST_DAY] for name in _DAYS}
    sources = tuple(one for one in values.get("source", ()) if one in known)
    return Opened(first.get("q", "")[:longest], days, sources)
