"""Finds an article that gives another number for the same thing. Pure functions.

A first version: questions of how many and how much, over the evidence that was chosen.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from index.days import spoken
from index.words import content_stems, stems
from rag.citing import Sentence, cite
from rag.facts import name_stands, names_in, strict_numbers_in
from rag.types import Citation, Evidence

_COUNTS = re.compile(
    r"\bhow (many|much)\b|\b(death toll|number of|toll|percentage|share|total)\b", re.IGNORECASE
)
_DAY = re.compile(
    r"\b\d{1,2}(?:st|nd|rd|th)? (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)\w*"
)
_ALIKE = 0.6  # share of the question's words that both sentences hold


@dataclass(frozen=True, slots=True)
class Otherwise:
    """Another article's sentence, told in words, with its citation."""

    text: str
    citation: Citation


def find_conflict(
    question: str, statement: str, citation: Citation, evidence: Sequence[Evidence]
) -> Otherwise | None:
    """Return what another article says otherwise about the number that a statement gives."""
    if not _COUNTS.search(question):
        return None
    mine = _figures(statement)
    if not mine:
        return None
    wanted = set(content_stems(question))
    names = names_in(question)
    for item in sorted(evidence, key=lambda item: -item.score):
        if item.article_id == citation.article_id or citation.article_id in item.also_in:
            continue
        sentence = Sentence(item, item.best)
        told = wanted & set(stems(f"{item.headline} {sentence.text}"))
        theirs = _figures(sentence.text)
        if len(told) < _ALIKE * len(wanted) or not theirs or theirs & mine:
            continue
        if not wanted & set(stems(sentence.text)):
            continue
        if not all(name_stands(name, f"{item.headline} {item.text}") for name in names):
            continue  # the same happened elsewhere
        when = f" on {spoken(item.date)}" if item.date else ""
        return Otherwise(f"Another article says{when}: “{sentence.text}”", cite(sentence))
    return None


def _figures(text: str) -> set[float]:
    """Numbers that count something: years and days of the month left out."""
    values = set(strict_numbers_in(_DAY.sub(" ", text)).values())
    return {value for value in values if not (value.is_integer() and 1900 <= value <= 2100)}
