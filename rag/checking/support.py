"""Checks a statement against the sentences that it cites: what it says must stand there.

Names, numbers and days are checked in code; the share of the statement's words that stand in
the cited sentences is its support. A day stands if the sentence names it, or a weekday that falls
on it; the article's own day only where its sentence names no other.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from rag.checking.attribution import (
    Sentence,
    antecedent,
    cite,
    find_support,
    only_common_words,
    shares_name,
)
from rag.english.answer_type import EITHER, AnswerType, answer_type, asks_yes_or_no
from rag.english.facts import ANY_YEAR, facts
from rag.english.temporal import (
    WEEKDAYS,
    Period,
    WordedDays,
    days_meant,
    days_since,
    may_be_to_come,
    year_after,
)
from rag.types import Citation, Evidence

SUPPORTED = 0.5  # least share of a statement's own words that must stand in what it cites
_NEGATION = re.compile(r"\b(not|no|never|none|nobody|nothing|neither|nor|without)\b|n['’]t\b", re.I)
_DENIED = re.compile(
    r"\b(?:(?:did|do|does|was|were|is|are|had|has|have|will|would|could|can|should)(?:n['’]t| not)"
    r"|cannot|never(?! before)|denie[sd] (?:that|having|\w+ing|he|she|it|they))\b"
    r"(?! (?:until|only|just|sure)\b)",
    re.IGNORECASE,
)
_MOST = 0.6  # of a statement's words, for a part of a sentence to say the same
_REFUSES = re.compile(r"\b(?:den(?:y|ie)|refus|reject|fail|avoid)\w*", re.IGNORECASE)
_CLAUSES = re.compile(
    r"[,;:—–][\"”’']?\s|(?<!never)\s(?:and|but|while|although|though|because|after|before|if|when|"
    r"who|which)\s"
)
_MONTHS = list(calendar.month_name)  # January is 1, nothing 0
_MONTH_YEAR = re.compile(
    rf"\b(?:\d{{1,2}}(?:st|nd|rd|th)?\s+)?(?:{'|'.join(_MONTHS[1:])})\b"
    r"(?:\s+\d{1,2}(?:st|nd|rd|th)?\b)?,?(?:\s+\d{4})?"
    r"|\b(?:in|of|during|since)\s+(?:19|20)\d{2}\b|\b\d{4}-\d{2}-\d{2}\b",
    re.IGNORECASE,
)
_BARE = re.compile(r"\W*(?:(?P<yes>yes)|no)\W*", re.IGNORECASE)
_ADDED = re.compile(r"(?P<rest>.*\w), (?P<name>[A-Z][^\W\d_]+(?: [A-Z][^\W\d_]+)*)\.?$", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Grounded:
    """A statement with what it cites, its support (0 to 1) and, if it failed, the problem."""

    text: str
    citations: tuple[Citation, ...]
    support: float
    problem: str

    @property
    def supported(self) -> bool:
        """Whether everything that can be checked stands in the cited sentences."""
        return not self.problem


def ground(statement: str, question: str, evidence: Sequence[Evidence]) -> Grounded:
    """Tie a statement to its sentences and check it against them; see `_checked`.

    A name that is only added at its end, and fails, is taken off: "in Sydney, Australia".
    """
    grounded = _checked(statement, question, evidence)
    added = _ADDED.match(statement)
    if added is None or f"“{added['name']}”" not in grounded.problem:
        return grounded
    shorter = _checked(f"{added['rest']}.", question, evidence)
    return shorter if shorter.supported else grounded


def _checked(statement: str, question: str, evidence: Sequence[Evidence]) -> Grounded:
    """Tie a statement to its sentences and check it against them.

    Args:
        statement: One sentence of a draft.
        question: The self-contained question, whose words need no support.
        evidence: What the model saw.
    """
    bare = _BARE.fullmatch(statement) if asks_yes_or_no(question) else None
    claim = question if bare else statement  # "Yes." says what was asked
    cited = find_support(claim, question, evidence)
    if not cited or only_common_words(claim):
        return Grounded(statement, (), 0.0, "it says nothing that can be checked")
    if _only_repeats(claim, question):
        return Grounded(statement, (), 0.0, "it only repeats the question")
    starts, problem = _check_names(claim, question, cited)
    problem = problem or _check_years(claim, question, cited)
    problem = problem or _check_numbers(claim, question, cited)
    problem = problem or _check_days(claim, question, cited)
    if not bare or bare["yes"]:
        problem = problem or _check_negation(claim, question, cited)
    support = _support(claim, question, cited, starts)
    if not problem and support < SUPPORTED:
        problem = "too little of it stands in the articles"
    citations = tuple(cite(s, start) for s, start in zip(cited, starts, strict=True))
    return Grounded(statement, citations, round(support, 3), problem)


def may_count_something_else(question: str, citations: Sequence[Citation]) -> bool:
    """Whether a number or a day is asked for, and what is cited has no word of the question.

    Names and years aside: “was launched on 11 August” does not say when it crashed.
    """
    if answer_type(question) not in (AnswerType.NUMBER, AnswerType.DATE):
        return False
    asked = facts(question)
    own = {stem for stem in asked.content if not stem.isdecimal()} - asked.name_stems
    cited = {stem for citation in citations for stem in facts(citation.quote).stems}
    return bool(own) and not own & cited


def _only_repeats(statement: str, question: str) -> bool:
    """Whether a statement says nothing beyond a question that a yes or no does not answer."""
    if asks_yes_or_no(question) or EITHER.search(question):
        return False
    alone = question.partition("? (")[0]  # what a follow-up continues may hold its answer
    asked, stated = facts(alone), facts(statement)
    if any(not asked.has_name(name) for name in stated.names):
        return False  # "The WHO", of who did it
    return {*stated.content, *stated.numbers} <= {*asked.stems, *asked.numbers}


def _check_names(
    statement: str, question: str, cited: Sequence[Sentence]
) -> tuple[list[int | None], str]:
    """Find every name in the cited sentences, or in what their pronouns refer to.

    Returns where each quote must begin to hold what its pronouns refer to, and the problem.
    """
    starts: list[int | None] = [None] * len(cited)
    for name in facts(statement).names:
        if any(facts(sentence.text).has_name(name) for sentence in cited):
            continue
        if _only_begins(name, statement, question, cited):
            continue
        at, start = next(
            ((at, s) for at, c in enumerate(cited) if (s := antecedent(c, name)) is not None),
            (-1, None),
        )
        if start is not None:
            known = starts[at]
            starts[at] = start if known is None else min(start, known)
        elif facts(question).has_name(name) and shares_name(question, cited):
            continue
        elif not any(facts(c.evidence.headline).has_name(name) for c in cited):
            return starts, f"“{name}” is not in the cited sentence"
    return starts, ""


def _only_begins(name: str, statement: str, question: str, cited: Sequence[Sentence]) -> bool:
    """Whether a word has its capital only as the first of the statement: "Moviegoers said …"."""
    if " " in name or not statement.lstrip(" \"“'").startswith(name):
        return False
    around = " ".join([question, *(c.evidence.text for c in cited)])
    return bool(re.search(rf"\b{re.escape(name.lower())}\b", around))


def _check_numbers(statement: str, question: str, cited: Sequence[Sentence]) -> str:
    claimed, ranks = facts(_MONTH_YEAR.sub(" ", statement)).numbers, facts(statement).ranks
    asked = facts(question).values
    there = {value for c in cited for value in facts(c.text).values}
    near = {value for c in cited for value in facts(c.evidence.text).values}
    # A number that only repeats the question is no claim of the statement's; see `shares_name`.
    there |= asked if shares_name(question, cited) else asked & near
    # "Second" to "fifth" are ranks, of which only the statement's own must stand.
    there |= {value for c in cited for value in facts(c.text).all_values} if ranks else set()
    for words, value in {**claimed, **ranks}.items():
        if value not in there:
            return f"the number {words} is not in the cited sentence"
    return _check_currencies(statement, cited)


def _check_currencies(statement: str, cited: Sequence[Sentence]) -> str:
    """An amount that is cited in other currencies only is another amount: £5m is not $5m."""
    signs: dict[float, set[str]] = {}
    for sentence in cited:
        for value, sign in _amounts(sentence.text):
            signs.setdefault(value, set()).add(sign)
    for value, sign in _amounts(statement):
        others = signs.get(value, set())
        if sign and others and not others & {sign, ""}:
            return f"the amount in {sign} is not in the cited sentence"
    return ""


def _amounts(text: str) -> list[tuple[float, str]]:
    """The numbers of a text with the currency's sign before each, empty where there is none."""
    signs = ((n.value, text[: n.start][-1:]) for n in facts(text).number_spans)
    return [(value, sign if sign in "$£€¥" else "") for value, sign in signs]


def _check_negation(statement: str, question: str, cited: Sequence[Sentence]) -> str:
    """A statement may not deny what its sentence does not, nor assert what its sentence denies."""
    if _NEGATION.search(question) or _REFUSES.search(statement):
        return ""
    if _NEGATION.search(statement):
        denied = any(_NEGATION.search(c.text) for c in cited)
        return "" if denied else "it denies what the cited sentence does not deny"
    if all(_denies(c.text, statement) for c in cited):
        return "the cited sentence denies it"
    return ""


def _denies(sentence: str, statement: str) -> bool:
    """Whether the part of a sentence that says most of a statement denies it."""
    content = set(facts(statement).content)
    deeds = content - facts(statement).name_stems
    parts = [(len(content & set(facts(part).content)), part) for part in _CLAUSES.split(sentence)]
    shared, part = max(parts)
    restates = shared >= _MOST * len(content) and deeds & set(facts(part).content)
    return bool(restates) and bool(_DENIED.search(part))  # a bare name says nothing to deny


def _support(
    statement: str, question: str, cited: Sequence[Sentence], starts: Sequence[int | None]
) -> float:
    """Share of what the statement adds to the question that stands in the cited quotes."""
    known = {*facts(question).content, "yes"}
    stated = facts(statement)
    added = [stem for stem in stated.content if stem not in known] or list(stated.content)
    quoted: set[str] = set()
    for sentence, start in zip(cited, starts, strict=True):
        quoted.update(facts(cite(sentence, start).quote).stems)
        quoted.update(facts(sentence.evidence.headline).stems)
    # Names, numbers and days were found already, in whatever form: three billion, 3bn; Tuesday.
    found = (*stated.names, *stated.numbers, *_MONTH_YEAR.findall(statement))
    checked = {stem for fact in found for stem in facts(fact).stems}
    standing = [stem for stem in added if stem in quoted or stem in checked]
    return len(standing) / len(added) if added else 0.0


_YEAR_OF = re.compile(r"\b((?:19|20)\d{2}) ((?:[A-Z][\w’'-]+ ?)+)\b")
_CALENDAR = re.compile(rf"\b(?:{'|'.join(m.capitalize() for m in (*WEEKDAYS, *_MONTHS[1:]))})\b")
_WEEKDAY = re.compile(rf"\b({'|'.join(WEEKDAYS)})\b", re.IGNORECASE)


def _check_years(statement: str, question: str, cited: Sequence[Sentence]) -> str:
    """The year of a named thing must stand beside it: the 2022 World Cup is not that of 2023."""
    for year, name in _YEAR_OF.findall(f"{question}. {statement}"):
        if not any(_year_stands(int(year), name, question, sentence) for sentence in cited):
            return f"“{year} {name}” is not in the cited sentence"
    return ""


def _year_stands(year: int, name: str, question: str, sentence: Sentence) -> bool:
    published = sentence.evidence.date
    around = f"{sentence.evidence.headline} {sentence.evidence.text}"
    if f"{year} {name}".lower() in around.lower():
        return True
    if _names_year(sentence, year):
        return True
    if published is None:  # it cannot say what year it is of: what was asked is let stand
        return str(year) in around or str(year) in question
    return published.year == year


def _check_days(statement: str, question: str, cited: Sequence[Sentence]) -> str:
    """Every day, month and weekday of a statement must be one that a cited sentence means.

    Returns what is wrong; empty where nothing is.
    """
    near = next((c.evidence.date for c in cited if c.evidence.date), ANY_YEAR)
    asked = _periods(question, near)
    dated = any(c.evidence.date for c in cited)
    for first, last in _periods(statement, near):
        year = str(first.year) if (first, last) == _whole_year(first.year) else None
        if not dated and ((first, last) in asked or (year and year in question)):
            continue  # an article without a date cannot say what year the question means
        if (first, last) in asked and any(_stands_near(first, last, c) for c in cited):
            continue  # a day that only repeats the question is no claim of the statement's
        if not any(_day_stands(first, last, (first, last) in asked, c) for c in cited):
            return f"the date {first.isoformat()} is not in the cited sentence"
    for word in _CALENDAR.findall(statement):
        if word not in question and not any(_word_stands(word, c) for c in cited):
            return f"“{word}” is not in the cited sentence"
    return ""


def _periods(text: str, near: date) -> list[Period]:
    return [(named.first, named.last) for named in facts(text).days(near)]


def _whole_year(year: int) -> Period:
    return date(year, 1, 1), date(year, 12, 31)


def _names_year(sentence: Sentence, year: int) -> bool:
    """Whether a sentence holds a year, in whatever words: "the 1989 classic"."""
    return bool(re.search(rf"(?<![\d,.$£€-]){year}(?![\ds]|[.,]\d)", sentence.text))


def _stands_near(first: date, last: date, sentence: Sentence) -> bool:
    """Whether the window of a sentence, or its headline, names a day."""
    evidence = sentence.evidence
    near = _periods(f"{evidence.headline}. {evidence.text}", evidence.date or ANY_YEAR)
    return any(first <= start and end <= last for start, end in near)


def _day_stands(first: date, last: date, asked: bool, sentence: Sentence) -> bool:
    """Whether a sentence means a day, or one within a period; `asked`: the question names it."""
    published, named = sentence.evidence.date, _days_of(sentence)
    if (first, last) == _whole_year(first.year) and _names_year(sentence, first.year):
        return True
    for words in named:
        for start, end in _readings(words, sentence):
            if first <= start and end <= last:  # a day is not stated by the year that it is in
                return True
    if published is None:
        return False
    meant = list(_near_days(sentence.text, published))
    if first <= published <= last and (asked or not (named or meant)):
        return True  # the statement names the article's own day, month or year
    return any(first <= day <= last for day in meant)


def _days_of(sentence: Sentence) -> list[WordedDays]:
    return facts(sentence.text).days(sentence.evidence.date or ANY_YEAR)


def _readings(named: WordedDays, sentence: Sentence) -> Iterator[Period]:
    """Yield a date of a sentence as a period; without a year perhaps that of the next year too."""
    yield named.first, named.last
    if not named.with_year and may_be_to_come(sentence.text):
        yield year_after(named.first), year_after(named.last)


def _near_days(text: str, published: date) -> Iterator[date]:
    """The days that "yesterday" and weekdays of a text mean."""
    for _, day in days_meant(text, published):
        yield day
    for match in _WEEKDAY.finditer(text):
        back = days_since(match[0], published)
        if published.toordinal() > back:
            yield date.fromordinal(published.toordinal() - back)


def _word_stands(word: str, sentence: Sentence) -> bool:
    """Whether a month or weekday stands in a sentence, or is that of a day that it means."""
    around = f"{sentence.evidence.headline} {sentence.text}"
    if re.search(rf"\b{word}\b|\b{word[:3]}\b\.?(?= \d)|\b{word[:3]}\.", around):
        return True
    published = sentence.evidence.date
    days = [day for named in _days_of(sentence) for day in (named.first, named.last)]
    if published is not None:
        days += [published, *_near_days(sentence.text, published)]
    if word in _MONTHS:
        return any(day.month == _MONTHS.index(word) for day in days)
    return any(WEEKDAYS[day.weekday()] == word.lower() for day in days)
