"""Finds articles that disagree about the same thing. Pure functions.

Two cases, over the evidence that was chosen: another number, where it is asked how many or how
much; and a sentence in the same words that has another name or number where the answer is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from index.text.days import spoken
from rag.checking.attribution import Sentence, cite
from rag.english.facts import Facts, facts
from rag.english.names import TITLES
from rag.types import Citation, Evidence

_COUNTS = re.compile(
    r"\bhow (many|much)\b|\b(death toll|number of|toll|percentage|share|total)\b", re.IGNORECASE
)
_DAY = re.compile(
    r"\b\d{1,2}(?:st|nd|rd|th)? (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)\w*"
)
_ON_SUBJECT = 0.6  # share of the question's words that a sentence must hold
# Share of the shorter sentence's words that two must have in common: more where they are few, or
# where a part of the answer is the same.
_RESTATED, _RESTATED_CLOSELY = 0.6, 0.75
_FEW, _FEWEST = 4, 3
_MOST = 3  # other values that are given
_TITLE_STEMS = frozenset(facts(" ".join(TITLES)).stems)


@dataclass(frozen=True, slots=True)
class Disagreement:
    """What another article says, in a sentence, with its citation."""

    text: str
    citation: Citation


def find_conflicts(
    question: str, statement: str, citation: Citation, evidence: Sequence[Evidence]
) -> list[Disagreement]:
    """Return what other articles say against a statement, the newest first, each value once."""
    answer = _Answered.of(question, statement, citation.quote)
    found: list[Disagreement] = []
    known: set[str] = set()
    for item in sorted(evidence, key=lambda item: item.date or date.min, reverse=True):
        if item.article_id == citation.article_id or citation.article_id in item.also_in:
            continue
        for span in item.sentences:
            sentence = Sentence(item, span)
            counted = span == item.best and answer.other_number_in(sentence)
            if not counted and not answer.other_fact_in(facts(sentence.text)):
                continue
            values = _values(sentence.text, counted) - _hard_facts(answer.quote)
            if len(found) < _MOST and not values <= known:
                known |= values
                when = f" on {spoken(item.date)}" if item.date else ""
                text = f"Another article says{when}: “{sentence.text}”"
                found.append(Disagreement(text, cite(sentence)))
            break
    return found


@dataclass(frozen=True, slots=True)
class _Answered:
    """A question with its answer, as other sentences are compared with it.

    Attributes:
        quote: The sentence that supports the answer.
        figures: Numbers of the answer that count something; empty where no count is asked.
        names: Names that the answer adds to the question.
        numbers: The same of numbers.
    """

    question: Facts
    quote: Facts
    figures: frozenset[float]
    names: tuple[str, ...]
    numbers: frozenset[float]

    @classmethod
    def of(cls, question: str, statement: str, quote: str) -> _Answered:
        asked, answer = facts(question), facts(statement)
        return cls(
            question=asked,
            quote=facts(quote),
            figures=_figures(statement) if _COUNTS.search(question) else frozenset(),
            names=tuple(name for name in answer.names if not _is_named(name, asked)),
            numbers=answer.values - asked.values,
        )

    def other_number_in(self, sentence: Sentence) -> bool:
        """Whether a sentence on the question's subject gives other numbers, and none of ours."""
        theirs = _figures(sentence.text)
        if not self.figures or not theirs or theirs & self.figures:
            return False
        wanted, headline = set(self.question.content), sentence.evidence.headline
        own = wanted & set(facts(sentence.text).stems)
        shared = own | (wanted & set(facts(headline).stems))
        if not own or len(shared) < _ON_SUBJECT * len(wanted):
            return False
        around = facts(f"{headline} {sentence.evidence.text}")
        return all(around.has_name(name) for name in self.question.names)

    def other_fact_in(self, sentence: Facts) -> bool:
        """Whether a sentence repeats the quote with other facts where the answer stood."""
        same = [name for name in self.names if sentence.has_name(name)]
        if len(same) == len(self.names) and self.numbers <= sentence.values:
            return False  # it says the same, or there is nothing to compare
        if not _hard_facts(sentence) - _hard_facts(self.quote):
            return False
        mine, theirs = set(self.quote.content), set(sentence.content)
        if not (mine & theirs) - _naming(self.quote):  # the same person does something else
            return False
        shared = len(mine & theirs)
        closely = bool(same or sentence.values & self.numbers) or shared < _FEW
        least = _RESTATED_CLOSELY if closely else _RESTATED
        return shared >= _FEWEST and shared >= least * min(len(mine), len(theirs))


def _is_named(name: str, question: Facts) -> bool:
    """Whether a question names the bearer of a name, if in fewer words: OpenAI, of OpenAI Inc."""
    return question.has_name(name) or bool(set(facts(name).stems) & set(question.content))


def _naming(text: Facts) -> set[str]:
    """The words of a text that only name and address somebody: Prime Minister Ada Berg."""
    return {stem for name in text.names for stem in facts(name).stems} | _TITLE_STEMS


def _hard_facts(text: Facts) -> set[str]:
    return {name.lower() for name in text.names} | {str(value) for value in text.values}


def _values(text: str, counted: bool) -> set[str]:
    """What a sentence gives: its figures where a count is asked, else its names and numbers."""
    return {str(value) for value in _figures(text)} if counted else _hard_facts(facts(text))


def _figures(text: str) -> frozenset[float]:
    """Numbers that count something: years and days of the month left out."""
    values = facts(_DAY.sub(" ", text)).values
    return frozenset(v for v in values if not (v.is_integer() and 1900 <= v <= 2100))
