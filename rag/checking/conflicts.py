"""Finds articles that disagree about the same thing. Pure functions.

Three cases, over the evidence that was chosen: another number, where it is asked how many or how
much; a sentence about what was asked, with another name, amount or day of the kind that the
answer has; and a sentence in the same words that has another name or number where the answer is.
What is said of another period is no disagreement.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from index.text.days import format_day, recency_key
from rag.checking.attribution import Sentence, cite, sentences_of
from rag.english.answer_type import AnswerType, adds_kind, answer_type
from rag.english.facts import ANY_YEAR, Facts, facts
from rag.english.names import BACK, TITLES
from rag.english.numbers import Number
from rag.english.temporal import Period, year_after
from rag.types import Citation, Evidence

_COUNTS = re.compile(
    r"\bhow (many|much)\b|\b(death toll|number of|toll|percentage|share|total)\b", re.IGNORECASE
)
_COUNTED = re.compile(r"\bhow (?:many|much) (\w+)", re.IGNORECASE)
_ON_SUBJECT = 0.6  # share of the question's words that a sentence must hold
# Share of the shorter sentence's words that two must have in common: more where they are few, or
# where a part of the answer is the same.
_RESTATED, _RESTATED_CLOSELY = 0.6, 0.75
_FEW, _FEWEST = 4, 3
_AT_A_PLACE = re.compile(
    r"\b(?:in|at|near|from|of|to|on|off|outside|around|for|against|with)(?: the)? \W*$",
    re.IGNORECASE,
)
_POINTS_BACK = re.compile(rf"\b(?:{BACK})\b", re.IGNORECASE)
_MONEY = frozenset("$£€¥")
_TIMES = frozenset(facts("second minute hour day week month year decade century").stems)
_UNIT = re.compile(r"\W{0,2}(\w+)")
_MOST = 3  # other values that are given
_ASIDE = frozenset(facts("according latest newest recently news report article count").stems)
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
    answer = _Answered.of(question, statement, citation, evidence)
    found: list[Disagreement] = []
    known: set[str] = set()
    for item in sorted(evidence, key=lambda item: recency_key(item.date), reverse=True):
        if item.article_id == citation.article_id or citation.article_id in item.also_in:
            continue
        differing = [
            (answer.values_against(sentence), sentence) for sentence in sentences_of([item])
        ]
        # A headline in the same words tells less than the sentence with the other value.
        differing.sort(key=lambda pair: -answer.nearness(pair[1]))
        values, sentence = next((pair for pair in differing if pair[0]), (set[str](), None))
        if sentence and len(found) < _MOST and not values <= known:
            known |= values
            when = f" on {format_day(item.date)}" if item.date else ""
            whose = f" ({item.source})" if item.source else ""
            text = f"Another article says{when}{whose}: “{sentence.text}”"
            found.append(Disagreement(text, cite(sentence)))
    return found


def differing_spans(
    question: str, statement: str, quotes: Sequence[Citation]
) -> list[list[tuple[int, int]]]:
    """Return where each of several quotes has what the others give otherwise, if that is plain.

    Of several values that only it has, it is the one of the statement's unit or name, else of a
    unit that another quote has too.

    Args:
        question: What was asked, which says of what kind the values are.
        statement: What the answer says.
        quotes: What the articles say, which differ.
    """
    kind = answer_type(question)
    asked = {value for value, _, _ in _placed(question, None, kind)}
    placed = [_placed(one.quote, one.date, kind) for one in quotes]
    said = {unit for _, unit, _ in _placed(statement, None, kind)} - asked
    spans = []
    for at, mine in enumerate(placed):
        theirs = [one for other in placed[:at] + placed[at + 1 :] for one in other]
        known = asked | {value for value, _, _ in theirs}
        own = [one for one in mine if one[0] not in known] if theirs else []
        likely = (
            [one for one in own if one[1] in units] for units in (said, {u for _, u, _ in theirs})
        )
        plain = next(filter(None, likely), own if len(own) == 1 else [])
        spans.append(sorted(span for _, _, span in plain))
    return spans


def _placed(
    text: str, near: date | None, kind: AnswerType
) -> list[tuple[object, object, tuple[int, int]]]:
    """The values of a kind in a text, each with what it is a value of, and where it stands."""
    days = facts(text).days(near or ANY_YEAR)
    if kind is AnswerType.DATE:
        return [((one.first, one.last), kind, (one.start, one.end)) for one in days]
    if kind is AnswerType.NAME:
        names = [(name.lower(), text.find(name), len(name)) for name in facts(text).names]
        return [(name, name, (at, at + length)) for name, at, length in names if at >= 0]
    return [
        (one.value, _unit(text, one), (one.start, one.end))
        for one in facts(text).number_spans
        if not any(day.start <= one.start < day.end for day in days)
    ]


@dataclass(frozen=True, slots=True)
class _Answered:
    """A question with its answer, as other sentences are compared with it.

    Attributes:
        quote: The sentence that supports the answer.
        figures: Numbers of the answer that count something; empty where no count is asked.
        names: Names that the answer adds to the question.
        numbers: The same of numbers.
        kind: What was asked for.
        cited: Where the answer stands.
        around: What was read of that article: whom it names is no other answer.
    """

    question: Facts
    quote: Facts
    figures: frozenset[float]
    names: tuple[str, ...]
    numbers: frozenset[float]
    kind: AnswerType
    cited: Citation
    around: Facts

    @classmethod
    def of(
        cls, question: str, statement: str, cited: Citation, evidence: Sequence[Evidence]
    ) -> _Answered:
        asked, answer = facts(question), facts(statement)
        return cls(
            question=asked,
            quote=facts(cited.quote),
            figures=_figures(answer) if _COUNTS.search(question) else frozenset(),
            names=tuple(name for name in answer.names if not _is_named(name, asked)),
            numbers=answer.values - asked.values,
            kind=answer_type(question),
            cited=cited,
            around=facts(
                " ".join(item.text for item in evidence if item.article_id == cited.article_id)
            ),
        )

    def of_another_period(self, sentence: Sentence) -> bool:
        """Whether a sentence is about other months or years than the question or the quote."""
        if self.kind is AnswerType.DATE:
            return False
        theirs = _periods(sentence.text, sentence.evidence.date)
        mine = _periods(self.question.text, self.cited.date)
        mine = mine or _periods(self.quote.text, self.cited.date)
        return bool(mine and theirs) and not _overlap(mine, theirs)

    def nearness(self, sentence: Sentence) -> int:
        """How many of the question's words a sentence holds."""
        return len(set(self.question.content) & set(facts(sentence.text).stems))

    def may_restate(self, sentence: Sentence) -> bool:
        """Whether what a sentence has instead is of the answer's kind, where that is known."""
        if self.kind is AnswerType.NAME and self.names:
            return bool(self._new_names(sentence))
        if self.kind is AnswerType.DATE:
            days, others = self._days_against(sentence)
            return not _overlap(days, others)
        return self.kind is AnswerType.OTHER or adds_kind(self.question.text)(sentence.text) > 0

    def values_against(self, sentence: Sentence) -> set[str]:
        """What a sentence gives instead of the answer; empty where the two agree."""
        if self.of_another_period(sentence):
            return set()
        if others := self.other_values_in(sentence):
            return others
        counted = sentence.span == sentence.evidence.best and self.other_number_in(sentence)
        if counted or (self.may_restate(sentence) and self.other_fact_in(facts(sentence.text))):
            return _values(sentence.text, counted) - _hard_facts(self.quote)
        return set()

    def other_values_in(self, sentence: Sentence) -> set[str]:
        """The values of the answer's kind that a sentence on what was asked has instead of it."""
        if not self._is_about_question(sentence):
            return set()
        if self.kind is AnswerType.NAME:
            return self._other_names(sentence)
        if self.kind is AnswerType.NUMBER:
            mine = _measured(self.quote.text, self.numbers)
            theirs = _measured(sentence.text, facts(sentence.text).values - self.question.values)
            same_unit = {value for value, unit in theirs if unit in {unit for _, unit in mine}}
            agrees = same_unit & {value for value, _ in mine}
            return set() if agrees else {str(value) for value in same_unit}
        if self.kind is AnswerType.DATE:
            days, others = self._days_against(sentence)
            if days and others and not _overlap(days, others):
                return {str(period) for period in others}
        return set()

    def _is_about_question(self, sentence: Sentence) -> bool:
        """Whether a sentence shares the question's words, and its window the question's names."""
        naming = self.question.name_stems
        deed = set(self.question.content) - naming - _ASIDE
        around = facts(f"{sentence.evidence.headline} {sentence.evidence.text}")
        shared = deed & set(facts(sentence.text).stems)
        meant = facts(sentence.before).stems if _POINTS_BACK.search(sentence.text) else ()
        return (
            bool(shared)
            and len(shared | (deed & set(meant))) >= _ON_SUBJECT * len(deed)
            and len(deed & set(around.stems)) >= _ON_SUBJECT * len(deed)
            and self._has_names(around)
        )

    def _has_names(self, around: Facts) -> bool:
        """Whether what surrounds a sentence names whom and what the question names."""
        return all(around.has_name(name) for name in self.question.names)

    def _days_against(self, sentence: Sentence) -> tuple[set[Period], set[Period]]:
        """Return the days that the quote adds to the question, and those of a sentence."""
        mine = _days(self.quote.text, self.cited.date) - _days(self.question.text, None)
        return mine, _days(sentence.text, sentence.evidence.date)

    def _other_names(self, sentence: Sentence) -> set[str]:
        agrees = any(map(facts(sentence.text).has_name, self.names))
        return set() if agrees or not self.names else self._new_names(sentence)

    def _new_names(self, sentence: Sentence) -> set[str]:
        """New names where the answer's would stand: places for a place, else none after “in”."""
        place = any(_at_a_place(name, self.quote.text) for name in self.names)
        return {
            name.lower()
            for name in facts(sentence.text).names
            if _at_a_place(name, sentence.text) is place
            and not _is_named(name, self.question)
            and not self.around.has_name(name)
        }

    def other_number_in(self, sentence: Sentence) -> bool:
        """Whether a sentence on the question's subject gives other numbers, and none of ours."""
        theirs = self._comparable(sentence.text)
        if not self.figures or not theirs or theirs & self.figures:
            return False
        wanted, headline = set(self.question.content), sentence.evidence.headline
        own = wanted & set(facts(sentence.text).stems)
        shared = own | (wanted & set(facts(headline).stems))
        counted = facts(" ".join(_COUNTED.findall(self.question.text))).stems
        if own <= set(counted) or len(shared) < _ON_SUBJECT * len(wanted):
            return False
        return self._has_names(facts(f"{headline} {sentence.evidence.text}"))

    def _comparable(self, text: str) -> set[float]:
        """The figures of a text that may be of the answer's sort: money, spans of time, or else."""
        mine = {_sort(unit) for _, unit in _measured(self.quote.text, self.figures)}
        theirs = _measured(text, _figures(facts(text)))
        return {value for value, unit in theirs if not mine or _sort(unit) in mine}

    def other_fact_in(self, sentence: Facts) -> bool:
        """Whether a sentence repeats the quote with other facts where the answer stood."""
        same = [name for name in self.names if sentence.has_name(name)]
        if len(same) == len(self.names) and self.numbers <= sentence.values:
            return False  # it says the same, or there is nothing to compare
        other_names = {name.lower() for name in sentence.names} - _hard_facts(self.quote)
        other_numbers = sentence.values - self.quote.values
        if not (self.names and other_names) and not (self.numbers and other_numbers):
            return False  # it has nothing of the answer's sort instead
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


def _naming(text: Facts) -> frozenset[str]:
    """The words of a text that only name and address somebody: Prime Minister Ada Berg."""
    return text.name_stems | _TITLE_STEMS


def _hard_facts(text: Facts) -> set[str]:
    return {name.lower() for name in text.names} | {str(value) for value in text.values}


def _values(text: str, counted: bool) -> set[str]:
    """What a sentence gives: its figures where a count is asked, else its names and numbers."""
    return set(map(str, _figures(facts(text)))) if counted else _hard_facts(facts(text))


def _at_a_place(name: str, text: str) -> bool:
    """Whether a name follows a preposition of place or belonging where a text first has it."""
    at = text.find(name)
    return at >= 0 and bool(_AT_A_PLACE.search(text[:at]))


def _measured(text: str, values: frozenset[float]) -> set[tuple[float, str]]:
    """These numbers of a text, each with its unit."""
    numbers = facts(text).number_spans
    return {(one.value, _unit(text, one)) for one in numbers if one.value in values}


def _unit(text: str, number: Number) -> str:
    """The sign of the currency before a number, or the word that follows it."""
    sign = text[number.start - 1 : number.start]
    after = _UNIT.match(text, number.end)
    return sign if sign in _MONEY else " ".join(facts(after[1]).stems) if after else ""


def _sort(unit: str) -> str:
    return "money" if unit in _MONEY else "time" if unit in _TIMES else "count"


def _days(text: str, near: date | None) -> set[Period]:
    """The days and periods that a text names; without a year also those of the year after."""
    found = facts(text)
    open_year = (named for named in found.days(near) if not named.with_year)
    return found.periods(near) | {
        (year_after(named.first), year_after(named.last)) for named in open_year
    }


def _periods(text: str, near: date | None) -> set[Period]:
    """The months, years and the like that a text names; single days only with their year."""
    return {
        (named.first, named.last)
        for named in facts(text).days(near)
        if named.with_year or named.first != named.last
    }


def _overlap(some: set[Period], others: set[Period]) -> bool:
    return any(a <= d and c <= b for a, b in some for c, d in others)


def _figures(text: Facts) -> frozenset[float]:
    """Numbers that surely count something."""
    return text.figures & text.values
