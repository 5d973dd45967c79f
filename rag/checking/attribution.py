"""Ties each statement of a draft to the sentences that support it. Pure functions.

The model is never asked for a quote: small models copy them wrongly.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from index.text.sentences import sentence_spans
from index.text.words import STOP_WORDS
from rag.english.facts import facts
from rag.english.names import PRONOUNS, is_acronym
from rag.types import Citation, Evidence

_WORD = re.compile(r"\w+")
_MARK = re.compile(r"\s*\[\d+\]")
_PRONOUN = re.compile(rf"\b({PRONOUNS}|who|mr|mrs|ms|dr|the)\b", re.IGNORECASE)
_NAME_WEIGHT, _NUMBER_WEIGHT, _WORD_WEIGHT = 2.0, 3.0, 1.0
_REPEATED = 0.4  # share of the weight of what the question says already
_LENT = 0.3  # share of the weight of what only the headline or the sentences before say
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


def split_statements(draft: str) -> list[str]:
    """Return the sentences of a draft; marks that the model invented are dropped."""
    text = _MARK.sub("", draft).strip()
    return [text[start:end] for start, end in sentence_spans(text)]


def best_first(evidence: Sequence[Evidence]) -> list[Evidence]:
    """Return windows by their scores; of equal ones the earlier first."""
    return sorted(evidence, key=lambda item: -item.score)


def sentences_of(evidence: Sequence[Evidence]) -> list[Sentence]:
    """Return all sentences of the evidence, each once, best window first."""
    return [Sentence(item, span) for item in best_first(evidence) for span in item.sentences]


def find_support(statement: str, question: str, evidence: Sequence[Evidence]) -> list[Sentence]:
    """Return the sentence that supports a statement best, and a second where one is not enough.

    What the statement adds to the question decides: its names and numbers weigh most, then its
    words. A second sentence brings a name or number that the first lacks; or, where the first
    names nothing that was asked about, its subject, from the same article.
    """
    sentences = sentences_of(evidence)
    if not sentences:
        return []
    claims = _claims(statement, question)
    best = max(sentences, key=lambda sentence: _score(claims, sentence))
    open_claims = {
        claim: weight
        for claim, weight in claims.items()
        if claim[0] != "word" and not _is_settled(claim, best)
    }
    new = [claim for claim in open_claims if not _holds(claim, question)]
    others = [sentence for sentence in sentences if sentence is not best]
    if not new and not shares_name(question, [best]):
        others = [s for s in others if s.evidence.article_id == best.evidence.article_id]
        new = list(open_claims)
    second = max(
        (s for s in others if any(_holds(claim, s.text) for claim in new)),
        key=lambda s: sum(weight for claim, weight in open_claims.items() if _holds(claim, s.text)),
        default=None,
    )
    return [best] if second is None else [best, second]


def shares_name(question: str, cited: Sequence[Sentence]) -> bool:
    """Whether the cited windows, or their headlines, hold one of the question's names.

    A name or number that a statement only takes over from the question needs no other support;
    how well the evidence fits the question is judged apart, in `rag.llm.judge`.
    """
    around = facts(" ".join(f"{c.evidence.headline} {c.evidence.text}" for c in cited))
    return any(around.has_name(name) for name in facts(question).names)


Claim = tuple[Literal["name", "number", "word"], str]
"""Kind and value: ("name", "Qin Gang"), ("number", "3958.0"), ("word", "resign")."""


def _claims(statement: str, question: str) -> dict[Claim, float]:
    """What a statement claims, by weight; what the question holds already weighs less."""
    stated = facts(statement)
    weights: dict[Claim, float] = {
        **{("name", name): _NAME_WEIGHT for name in stated.names},
        **{("number", str(value)): _NUMBER_WEIGHT for value in stated.values},
        **{("word", stem): _WORD_WEIGHT for stem in stated.content},
    }
    claims = {
        claim: weight * (_REPEATED if _holds(claim, question) else 1.0)
        for claim, weight in weights.items()
    }
    for stem in facts(question).content:  # an answer of one word is supported where these stand
        claims.setdefault(("word", stem), 0.2 * _WORD_WEIGHT)
    return claims


def _score(claims: dict[Claim, float], sentence: Sentence) -> float:
    around = f"{sentence.before} {sentence.evidence.headline}"
    likely = sentence.evidence.score * (1.0 if sentence.span == sentence.evidence.best else 0.5)
    score = _CHOSEN_WEIGHT * likely
    for claim, weight in claims.items():
        score += weight * (1.0 if _holds(claim, sentence.text) else _LENT * _holds(claim, around))
    return score


def _is_settled(claim: Claim, sentence: Sentence) -> bool:
    """Whether a claim stands in the sentence, or in what the sentence refers to."""
    kind, value = claim
    if _holds(claim, sentence.text):
        return True
    return kind == "name" and (
        facts(sentence.evidence.headline).has_name(value) or antecedent(sentence, value) is not None
    )


def _holds(claim: Claim, text: str) -> bool:
    kind, value = claim
    if kind == "name":
        return facts(text).has_name(value)
    return float(value) in facts(text).values if kind == "number" else value in facts(text).content


def cite(sentence: Sentence, start: int | None = None) -> Citation:
    """Return the citation of a sentence; the only place that makes one.

    `start` begins the quote earlier in the window, so that it holds what a pronoun refers to.
    """
    item = sentence.evidence
    span = (sentence.span[0] if start is None else start, sentence.span[1])
    return Citation(article=item.article, quote=_slice(item, span), start=span[0], end=span[1])


def cite_best(evidence: Evidence) -> Citation:
    """Return the citation of the sentence for which a window was chosen."""
    return cite(Sentence(evidence, evidence.best))


def antecedent(sentence: Sentence, name: str) -> int | None:
    """Return where the nearest earlier sentence begins that says whom a pronoun here means.

    None if the sentence has no pronoun or title, or nothing before it names `name`.
    """
    if not _PRONOUN.search(sentence.text):
        return None
    earlier = [span for span in sentence.evidence.sentences if span[0] < sentence.span[0]]
    for span in reversed(earlier):
        if facts(_slice(sentence.evidence, span)).has_name(name):
            return span[0]
    return None


def only_common_words(text: str) -> bool:
    """Whether a text has nothing that could be checked."""
    return all(word.lower() in STOP_WORDS and not is_acronym(word) for word in _WORD.findall(text))


def _slice(item: Evidence, span: tuple[int, int]) -> str:
    return item.text[span[0] - item.start : span[1] - item.start]
