"""What is asked to make rows: questions of open sets and of the model's own, each in variants.

A variant changes what the model sees so that the right answer is not there, or another is asked
for. Knows nothing of models or states.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from evals.metrics import is_correct
from evals.questions import TRAP, EvalQuestion
from evals.rows import holds
from index.store.snapshot import Snapshot
from rag.english.facts import facts
from rag.retrieval.search import Context, Finder, parts_of
from rag.retrieval.sentences import RankedSentence
from rag.types import Evidence

MADE = "made"
"""Type of the questions that the model writes itself; see `training.made`."""


class Variant(StrEnum):
    """How a question is asked."""

    PLAIN = "plain"
    AGAIN = "again"  # with the windows of the second look
    REMOVED = "removed"  # every sentence that holds the answer is taken out
    ELSEWHERE = "elsewhere"  # every article that holds the answer is taken out
    RENAMED = "renamed"  # a name of the question gives way to another question's


@dataclass(frozen=True, slots=True)
class Case:
    """One question in one variant."""

    question: EvalQuestion
    variant: Variant

    @property
    def name(self) -> str:
        """Names the case among all cases of its set."""
        return f"{self.question.id} {self.variant}"


def cases_of(questions: Sequence[EvalQuestion], seed: int, again: bool) -> list[Case]:
    """Return the cases of a question set in a fixed order of chance.

    Args:
        questions: Open ones.
        seed: Of the order, and of the names that change places.
        again: Whether half are asked with the windows of the second look too.
    """
    chance = random.Random(seed)
    names = [name for one in questions for name in facts(one.text).names[:1]]
    made: list[Case] = []
    for question in questions:
        made.append(Case(question, Variant.PLAIN))
        if again and chance.random() < 0.5:
            made.append(Case(question, Variant.AGAIN))
        if not question.answerable:
            continue
        variant = chance.choice([Variant.REMOVED, Variant.REMOVED, Variant.ELSEWHERE])
        made.append(Case(question, variant))
        if chance.random() < 0.25 and (other := _renamed(question, chance.choice(names))):
            made.append(Case(other, Variant.RENAMED))
    chance.shuffle(made)
    return made


def _renamed(question: EvalQuestion, other: str) -> EvalQuestion | None:
    own = facts(question.text).names
    if not own or own[0] not in question.text or other in question.text:
        return None
    return replace(question, text=question.text.replace(own[0], other))


def find(finder: Finder, snapshot: Snapshot, case: Case) -> Context | None:
    """Return what the pipeline would read for a case; None where it asks in parts or finds none."""
    question = case.question
    parts = parts_of(question.asked)
    if len(parts) != 1:
        return None
    searched = finder.search(snapshot, parts[0])
    tells = _tells(question)
    if case.variant is Variant.REMOVED:
        kept = [one for one in searched.sentences if not tells(one.text)]
        searched = replace(searched, sentences=kept)
    if case.variant is Variant.ELSEWHERE:
        homes = {_home(one) for one in searched.sentences if tells(one.text)}
        homes |= {source.article for source in question.evidence}
        kept = [one for one in searched.sentences if _home(one) not in homes]
        searched = replace(searched, sentences=kept)
    found = finder.choose(snapshot, searched)
    evidence: tuple[Evidence, ...] = found.evidence
    if case.variant is Variant.AGAIN:
        evidence += found.further
    if case.variant in (Variant.REMOVED, Variant.ELSEWHERE):
        evidence = tuple(item for item in evidence if not tells(item.text))
    return replace(found, evidence=evidence) if evidence else None


def label(case: Case, draft: str) -> bool | None:
    """Whether a draft is right; None where strings cannot tell."""
    right = is_correct(draft, case.question.answers, abstained=False)
    if case.variant in (Variant.PLAIN, Variant.AGAIN):
        if case.question.type == TRAP:
            harmless = case.question.scored(draft, abstained=False)
            return True if right else None if harmless else False
        if case.question.type == MADE and not right:
            return None  # it may be right in another way: nobody read the question
        return right and case.question.answerable
    if case.variant is Variant.RENAMED:
        return False  # what is true of another answers nothing
    return None if right else False  # the answer by chance, or from a sentence that was missed


def shows_evidence(case: Case, evidence: Sequence[Evidence]) -> bool:
    """Whether every quote of a question's evidence stands in what is read."""
    quotes = [source.quote for source in case.question.evidence if source.quote]
    return bool(quotes) and all(any(holds(e.text, q) for e in evidence) for q in quotes)


def _home(sentence: RankedSentence) -> str:
    return sentence.source.passage.article_id


def _tells(question: EvalQuestion) -> Callable[[str], bool]:
    """Whether a text holds the answer, or a sentence of the evidence."""
    quotes = [source.quote for source in question.evidence if source.quote]
    answers: Iterator[str] = (
        variant for one in question.answers for variant in ([one] if isinstance(one, str) else one)
    )
    flat = list(answers)

    def tells(text: str) -> bool:
        if any(holds(text, quote) or holds(quote, text) for quote in quotes):
            return True
        words = text.split()  # a long text would be void
        return (
            any(
                is_correct(" ".join(words[at : at + 70]), flat, abstained=False)
                for at in range(0, max(1, len(words)), 60)
            )
            if flat
            else False
        )

    return tells
