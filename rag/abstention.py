"""Decides whether a draft may be shown: the model's own doubts and the checks made in code.

Coefficients come from `rag/abstention.json`, which `python -m evals calibrate --threshold` writes
from the results of a question set; see docs/quality.md for which. Pure functions.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

from index.words import stems
from rag.citing import sentences_of
from rag.facts import name_stands, names_in, strict_numbers_in
from rag.grounding import Grounded
from rag.kinds import gives_kind
from rag.nearness import nearness
from rag.types import ABSTENTION, Citation, Evidence

_YEAR = re.compile(r"\b(?:19|20)\d{2}\b")
BORNE_OUT = 0.75
"""Least probability of what a question takes for granted; see docs/quality.md."""
COEFFICIENTS = Path(__file__).with_name("abstention.json")


@dataclass(frozen=True, slots=True)
class Doubts:
    """What the model thinks of its own answer.

    Attributes:
        confirmed: Probability, by the model, that the answer is correct.
        sure: Mean log-probability of the draft's tokens; 0 where the model gives none.
    """

    confirmed: float
    sure: float = 0.0


@dataclass(frozen=True, slots=True)
class Signals:
    """What speaks for or against an answer; each is 0 to 1, or log-odds where it says so.

    Attributes:
        confirmed: Log-odds that the answer is correct, by the model.
        support: Least support of the statements kept.
        asked: Share of the question's words, weighed by rarity, that stand in the cited quotes
            and their headlines.
        found: Score of the best sentence, by words and meaning.
        sure: Mean log-probability of the draft's tokens, natural logarithm; 0 where unknown.
        names: Share of the question's names and years that stand in what the cited articles
            showed; 1 without any.
        kind: Whether the answer gives the kind of thing asked for; see `rag.kinds`.
        rival: How much more of the question's words a sentence holds that does not give the
            answer than the one that is cited; -1 to 1.
        nearer: How much nearer to the question's words the answer stands in its sentence than
            another name or number there; -1 to 1, see `rag.nearness`.
        first: 1 if it cites the article that was found best, else 0.
    """

    confirmed: float
    support: float
    asked: float
    found: float
    sure: float = 0.0
    names: float = 1.0
    kind: float = 0.5
    rival: float = 0.0
    nearer: float = 0.0
    first: float = 1.0


@dataclass(frozen=True, slots=True)
class Calibration:
    """A logistic regression over the signals, and the probability from which one answers."""

    intercept: float
    weights: Mapping[str, float]
    threshold: float

    def probability(self, signals: Signals) -> float:
        """Return the estimated probability that the answer is right, 0 to 1."""
        values = asdict(signals)
        total = self.intercept + sum(w * values[name] for name, w in self.weights.items())
        return 1.0 / (1.0 + math.exp(-max(-50.0, min(50.0, total))))


_SILENT = re.compile(r"\barticles do not|\barticle does not")
_ARTICLES = re.compile(r"\b(?:articles?|sentences|passages|text|context)\b")
_BEGINS = re.compile(
    r"(?:it|this|that) (?:is|was) not|there (?:is|was) no|no information|not (?:stat|ment)"
)
_UNTOLD = ("not stated", "not mentioned", "no information")


@cache
def calibration() -> Calibration:
    """The calibration that is in force."""
    return Calibration(**json.loads(COEFFICIENTS.read_text(encoding="utf-8")))


def log_odds(probability: float) -> float:
    """Return the log-odds of a probability, kept within 8 either way."""
    clipped = min(max(probability, 1e-4), 1.0 - 1e-4)
    return max(-8.0, min(8.0, math.log(clipped / (1.0 - clipped))))


def is_abstention(draft: str) -> bool:
    """Whether the model itself says that the articles do not say."""
    low = draft.lower().strip()
    if not low or low.startswith(ABSTENTION.lower()) or _SILENT.search(low):
        return True
    # "The spokesman said there was no information" is what an article says.
    own = _BEGINS.match(low) or _ARTICLES.search(low)
    return bool(own) and any(phrase in low for phrase in _UNTOLD)


def signals_of(
    question: str,
    weights: Mapping[str, float],
    evidence: Sequence[Evidence],
    grounded: Sequence[Grounded],
    doubts: Doubts,
) -> Signals:
    """Collect the signals of one answer.

    Args:
        question: The self-contained question.
        weights: How much each stemmed word of the question tells, to a sum of 1.
        evidence: What the model saw.
        grounded: The supported statements.
        doubts: What the model thinks of its own answer.
    """
    cited = [citation for statement in grounded for citation in statement.citations]
    words = {stem for one in cited for stem in stems(f"{one.headline} {one.quote}")}
    said = " ".join(statement.text for statement in grounded)
    return Signals(
        confirmed=log_odds(doubts.confirmed),
        support=min((statement.support for statement in grounded), default=0.0),
        asked=sum(weight for stem, weight in weights.items() if stem in words),
        found=max((item.score for item in evidence), default=0.0),
        sure=doubts.sure,
        names=_names_standing(question, evidence, cited),
        kind=gives_kind(question, said),
        rival=_rival(question, said, weights, evidence, cited),
        nearer=min((nearness(question, said, weights, one.quote) for one in cited), default=0.0),
        first=float(_of_the_best(evidence, cited)),
    )


def _of_the_best(evidence: Sequence[Evidence], cited: Sequence[Citation]) -> bool:
    """Whether the first citation is of the article found best, or of its near-duplicate."""
    best = max(evidence, key=lambda item: item.score, default=None)
    if best is None or not cited:
        return False
    return cited[0].article_id in (best.article_id, *best.also_in)


def _rival(
    question: str,
    said: str,
    weights: Mapping[str, float],
    evidence: Sequence[Evidence],
    cited: Sequence[Citation],
) -> float:
    def share(text: str) -> float:
        words = set(stems(text))
        return sum(weight for stem, weight in weights.items() if stem in words)

    new = [name for name in names_in(said) if not name_stands(name, question)]
    numbers = set(strict_numbers_in(said).values()) - set(strict_numbers_in(question).values())
    if not new and not numbers:
        return 0.0
    others = [
        sentence.text
        for sentence in sentences_of(evidence)
        if not any(name_stands(name, sentence.text) for name in new)
        and not numbers & set(strict_numbers_in(sentence.text).values())
    ]
    best = max((share(text) for text in others), default=0.0)
    return best - max((share(one.quote) for one in cited), default=0.0)


def _names_standing(
    question: str, evidence: Sequence[Evidence], cited: Sequence[Citation]
) -> float:
    """Share of the question's names and years that stand in what the cited articles showed."""
    articles = {citation.article_id for citation in cited}
    shown = [item for item in evidence if item.article_id in articles]
    around = " ".join(f"{item.headline} {item.text}" for item in shown)
    published = {str(item.date.year) for item in shown if item.date}
    standing = [name_stands(name, around) for name in names_in(question)]
    standing += [year in published or year in around for year in _YEAR.findall(question)]
    return sum(standing) / len(standing) if standing else 1.0
