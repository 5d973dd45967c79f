"""Finds an article that says otherwise about the same thing. Pure functions.

Two cases, over the evidence that was chosen: another number, where it is asked how many or how
much; and a sentence in the same words that has another name or number where the answer is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from index.text.days import spoken
from index.text.words import content_stems, stems
from rag.checking.attribution import Sentence, cite
from rag.english.names import name_stands, names_in, strict_numbers_in
from rag.types import Citation, Evidence

_COUNTS = re.compile(
    r"\bhow (many|much)\b|\b(death toll|number of|toll|percentage|share|total)\b", re.IGNORECASE
)
_DAY = re.compile(
    r"\b\d{1,2}(?:st|nd|rd|th)? (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)\w*"
)
_ALIKE = 0.6  # share of the question's words that a sentence must hold to be about it
# Share of the shorter sentence's words that two must have in common: more where they are few, or
# where a part of the answer is the same.
_RESTATED, _RESTATED_CLOSELY = 0.6, 0.75
_FEW, _FEWEST = 4, 3


@dataclass(frozen=True, slots=True)
class Otherwise:
    """Another article's sentence, told in words, with its citation."""

    text: str
    citation: Citation


def find_conflict(
    question: str, statement: str, citation: Citation, evidence: Sequence[Evidence]
) -> Otherwise | None:
    """Return what another article, the newest that does, says otherwise than a statement."""
    asked = _Asked.of(question, statement, citation.quote)
    newest_first = sorted(evidence, key=lambda item: item.date or date.min, reverse=True)
    for item in newest_first:
        if item.article_id == citation.article_id or citation.article_id in item.also_in:
            continue
        for span in item.sentences:
            sentence = Sentence(item, span)
            counted = span == item.best and asked.counts_otherwise(sentence)
            if counted or asked.restated_otherwise(sentence.text):
                when = f" on {spoken(item.date)}" if item.date else ""
                return Otherwise(f"Another article says{when}: “{sentence.text}”", cite(sentence))
    return None


@dataclass(frozen=True, slots=True)
class _Asked:
    """What was asked and answered, as others are compared with it.

    Attributes:
        figures: Numbers of the statement that count something; empty where no count is asked.
        answers: Names that the statement gives beyond the question.
        numbers: The same of numbers.
    """

    question: str
    quote: str
    figures: frozenset[float]
    answers: tuple[str, ...]
    numbers: frozenset[float]

    @classmethod
    def of(cls, question: str, statement: str, quote: str) -> _Asked:
        known = set(strict_numbers_in(question).values())
        return cls(
            question=question,
            quote=quote,
            figures=frozenset(_figures(statement)) if _COUNTS.search(question) else frozenset(),
            answers=tuple(n for n in names_in(statement) if not _named_in(n, question)),
            numbers=frozenset(set(strict_numbers_in(statement).values()) - known),
        )

    def counts_otherwise(self, sentence: Sentence) -> bool:
        """Whether a sentence about what is asked gives other numbers, and none of ours."""
        theirs = _figures(sentence.text)
        if not self.figures or not theirs or theirs & self.figures:
            return False
        wanted = set(content_stems(self.question))
        own = wanted & set(stems(sentence.text))
        told = own | (wanted & set(stems(sentence.evidence.headline)))
        if not own or len(told) < _ALIKE * len(wanted):
            return False
        around = f"{sentence.evidence.headline} {sentence.evidence.text}"
        return all(name_stands(name, around) for name in names_in(self.question))

    def restated_otherwise(self, text: str) -> bool:
        """Whether a text says the quote over again with other facts where the answer stood."""
        standing = [name for name in self.answers if name_stands(name, text)]
        theirs = set(strict_numbers_in(text).values())
        if len(standing) == len(self.answers) and self.numbers <= theirs:
            return False  # it says the same, or there is nothing to compare
        if not _facts(text) - _facts(self.quote):
            return False
        mine, said = set(content_stems(self.quote)), set(content_stems(text))
        shared = len(mine & said)
        closely = bool(standing or theirs & self.numbers) or shared < _FEW
        least = _RESTATED_CLOSELY if closely else _RESTATED
        return shared >= _FEWEST and shared >= least * min(len(mine), len(said))


def _named_in(name: str, question: str) -> bool:
    """Whether a question names the bearer of a name, if in fewer words: OpenAI, of OpenAI Inc."""
    return name_stands(name, question) or bool(set(stems(name)) & set(content_stems(question)))


def _facts(text: str) -> set[str]:
    numbers = {str(value) for value in strict_numbers_in(text).values()}
    return {name.lower() for name in names_in(text)} | numbers


def _figures(text: str) -> set[float]:
    """Numbers that count something: years and days of the month left out."""
    values = set(strict_numbers_in(_DAY.sub(" ", text)).values())
    return {value for value in values if not (value.is_integer() and 1900 <= value <= 2100)}
