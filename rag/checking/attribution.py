"""Ties each statement of a draft to the sentences that support it. Pure functions.

The model is never asked for a quote: small models copy them wrongly.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from index.text.sentences import sentence_spans
from index.text.words import STOP_WORDS, content_stems
from rag.english.names import name_stands, names_in, strict_numbers_in
from rag.types import Citation, Evidence

_MARK = re.compile(r"\s*\[\d+\]")
_PRONOUN = re.compile(
    r"\b(he|she|they|it|him|her|them|his|hers|their|its|who|mr|mrs|ms|dr|the)\b", re.IGNORECASE
)
_NAME_WEIGHT, _NUMBER_WEIGHT, _WORD_WEIGHT = 2.0, 3.0, 1.0
_CHOSEN_WEIGHT = 1.0  # for the sentence that a window was chosen for; half for its neighbours


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence of the evidence: its window, its span in the article and its text."""

    evidence: Evidence
    span: tuple[int, int]

    @property
    def text(self) -> str:
        """The sentence itself."""
        return _slice(self.evidence, self.span)

    @property
    def before(self) -> str:
        """What stands before it in its window, for pronouns to refer to."""
        return _slice(self.evidence, (self.evidence.start, self.span[0]))


def statements_in(draft: str) -> list[str]:
    """Return the sentences of a draft; marks that the model invented are dropped."""
    text = _MARK.sub("", draft).strip()
    return [text[start:end] for start, end in sentence_spans(text)]


def sentences_of(evidence: Sequence[Evidence]) -> list[Sentence]:
    """Return all sentences of the evidence, each once, best window first."""
    ranked = sorted(evidence, key=lambda item: -item.score)
    return [Sentence(item, span) for item in ranked for span in item.sentences]


def supporting(statement: str, question: str, evidence: Sequence[Evidence]) -> list[Sentence]:
    """Return the sentence that supports a statement best, and a second where one is not enough.

    What the statement says beyond the question decides: its names and numbers weigh most, then
    its words. A second one brings a name or number that the first lacks; or, where the first
    names nothing that was asked about, what it speaks of, from the same article.
    """
    sentences = sentences_of(evidence)
    if not sentences:
        return []
    facts = _facts(statement, question)
    scored = [(_score(facts, sentence), -at) for at, sentence in enumerate(sentences)]
    best = sentences[-max(scored)[1]]
    rest = {f: weight for f, weight in facts.items() if _hard(f) and not _settled(f, best)}
    fresh = [fact for fact in rest if not _of_question(fact, question)]
    others = [sentence for sentence in sentences if sentence is not best]
    if not fresh and not echoes(question, [best]):
        others = [s for s in others if s.evidence.article_id == best.evidence.article_id]
        fresh = list(rest)
    second = max(
        (s for s in others if any(_stands(fact, s.text) for fact in fresh)),
        key=lambda s: sum(weight for fact, weight in rest.items() if _stands(fact, s.text)),
        default=None,
    )
    return [best] if second is None else [best, second]


def echoes(question: str, cited: Sequence[Sentence]) -> bool:
    """Whether the cited windows are about what the question names: one of its names is enough.

    A name that a statement only takes over from the question is no claim of the statement's;
    how well the evidence fits the question is judged apart, in `rag.llm.judge`.
    """
    around = " ".join(f"{c.evidence.headline} {c.evidence.text}" for c in cited)
    return any(name_stands(name, around) for name in names_in(question))


Fact = tuple[str, str]  # kind and value: ("name", "Qin Gang"), ("number", "3958.0"), ("word", …)


def _facts(statement: str, question: str) -> dict[Fact, float]:
    """The things that a statement says, by weight; what the question said already weighs less."""
    known = set(content_stems(question))
    facts: dict[Fact, float] = {}
    for name in names_in(statement):
        facts["name", name] = _NAME_WEIGHT * (0.4 if name_stands(name, question) else 1.0)
    asked = set(strict_numbers_in(question).values())
    for value in strict_numbers_in(statement).values():
        facts["number", str(value)] = _NUMBER_WEIGHT * (0.4 if value in asked else 1.0)
    for stem in dict.fromkeys(content_stems(statement)):
        facts["word", stem] = _WORD_WEIGHT * (0.4 if stem in known else 1.0)
    for stem in known:  # an answer of one word is supported where the question's words stand
        facts.setdefault(("word", stem), 0.2 * _WORD_WEIGHT)
    return facts


def _score(facts: dict[Fact, float], sentence: Sentence) -> float:
    text = sentence.text
    own = sum(weight for fact, weight in facts.items() if _stands(fact, text))
    around = f"{sentence.before} {sentence.evidence.headline}"
    lent = sum(w for fact, w in facts.items() if not _stands(fact, text) and _stands(fact, around))
    likely = sentence.evidence.score * (1.0 if sentence.span == sentence.evidence.best else 0.5)
    return own + 0.3 * lent + _CHOSEN_WEIGHT * likely


def _of_question(fact: Fact, question: str) -> bool:
    """Whether a name or number is taken over from the question."""
    kind, value = fact
    if kind == "name":
        return name_stands(value, question)
    return float(value) in strict_numbers_in(question).values()


def _settled(fact: Fact, sentence: Sentence) -> bool:
    """Whether a fact stands in the sentence, or in what the sentence refers to."""
    if _stands(fact, sentence.text):
        return True
    kind, value = fact
    named = kind == "name" and name_stands(value, sentence.evidence.headline)
    return named or (kind == "name" and antecedent(sentence, value) is not None)


def _hard(fact: Fact) -> bool:
    return fact[0] != "word"


def _stands(fact: Fact, text: str) -> bool:
    kind, value = fact
    if kind == "name":
        return name_stands(value, text)
    if kind == "number":
        return float(value) in strict_numbers_in(text).values()
    return value in _stem_set(text)


@lru_cache(maxsize=4096)
def _stem_set(text: str) -> frozenset[str]:
    return frozenset(content_stems(text))


def cite(sentence: Sentence, start: int | None = None) -> Citation:
    """Return the citation of a sentence; the only place that makes one.

    `start` begins the quote earlier in the window, so that it holds what a pronoun refers to.
    """
    item = sentence.evidence
    span = (sentence.span[0] if start is None else start, sentence.span[1])
    return Citation(
        article_id=item.article_id,
        headline=item.headline,
        date=item.date,
        quote=_slice(item, span),
        start=span[0],
        end=span[1],
        source=item.source,
        url=item.url,
    )


def antecedent(sentence: Sentence, name: str) -> int | None:
    """Return where the nearest earlier sentence begins that says whom a pronoun here means.

    None if the sentence has no pronoun or title, or nothing before it names `name`.
    """
    if not _PRONOUN.search(sentence.text):
        return None
    earlier = [span for span in sentence.evidence.sentences if span[0] < sentence.span[0]]
    for span in reversed(earlier):
        if name_stands(name, _slice(sentence.evidence, span)):
            return span[0]
    return None


def only_common_words(text: str) -> bool:
    """Whether a text has nothing that could be checked."""
    return all(word in STOP_WORDS for word in re.findall(r"\w+", text.lower()))


def _slice(item: Evidence, span: tuple[int, int]) -> str:
    return item.text[span[0] - item.start : span[1] - item.start]
