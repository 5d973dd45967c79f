"""Scores the sentences of found passages, and orders passages by their best sentence.

Pure: words, kinds and places in the search decide here; the reranker's score is added in
`rag.retrieval.evidence`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from index.text.days import recency_key
from index.text.words import content_stems, stems
from rag.english.answer_type import adds_kind
from rag.english.facts import facts
from rag.retrieval.assertions import statements
from rag.types import RetrievedPassage

Span = tuple[int, int]
# Fitted listwise on questions of two archives, to a sum of 1: see docs/experiments.md.
WORDS, PASSAGE, KIND, ARTICLE, RANK = 0.26, 0.17, 0.12, 0.06, 0.11
JUDGED, RECENT = 0.23, 0.05
_NEIGHBOUR = 0.35  # share of a question word's weight that a neighbouring sentence lends
_HEADLINE = 0.5
_TO_THE_POINT = 0.7  # share of the best sentence's words


@dataclass(slots=True)
class RankedSentence:
    """A sentence of a found passage with its scores, each 0 to 1.

    Attributes:
        source: The passage that it is of.
        spans: The sentences around it that assert something, without a gap, as offsets in the
            article; `at` is this one's place.
        words: Share of the question's words that it holds, or its headline or neighbours lend.
        passage: Share of them that its passage holds.
        kind: Whether it brings the kind of thing asked for: a name, a number, a date.
        article: How early its article was found.
        rank: How early its passage was found.
        judged: How it fares with the reranker against the best; 0 until it is known.
        recent: How new it is among what was found; 0 unless the newest state is asked for.
    """

    source: RetrievedPassage
    spans: Sequence[Span]
    at: int
    words: float
    passage: float
    kind: float
    article: float
    rank: float
    judged: float = 0.0
    recent: float = 0.0

    @property
    def span(self) -> Span:
        """Its offsets in the article."""
        return self.spans[self.at]

    @property
    def text(self) -> str:
        """The sentence itself."""
        return self.between(*self.span)

    @property
    def with_headline(self) -> str:
        """The sentence as the reranker reads it: under its headline."""
        return f"{self.source.headline}. {self.text}" if self.source.headline else self.text

    def between(self, start: int, end: int) -> str:
        """The passage's text between two offsets of the article."""
        base = self.source.passage.start
        return self.source.passage.text[start - base : end - base]

    @property
    def score(self) -> float:
        """How likely it is the evidence, higher is better; only the order carries meaning."""
        found = WORDS * self.words + PASSAGE * self.passage + KIND * self.kind
        found += ARTICLE * self.article + RANK * self.rank
        return found + JUDGED * self.judged + RECENT * self.recent * self.words


def word_weights(question: str, frequency: Callable[[str], float]) -> dict[str, float]:
    """Weigh the question's stemmed words by how rare they are, to a sum of 1.

    Args:
        question: The self-contained question.
        frequency: Share of passages that hold a stemmed word, 0 to 1.
    """
    raw = {
        stem: math.log((1.0 + 1e-5) / (frequency(stem) + 1e-5)) + 0.1
        for stem in dict.fromkeys(content_stems(question))
    }
    total = sum(raw.values()) or 1.0
    return {stem: weight / total for stem, weight in raw.items()}


def rank_sentences(
    question: str, passages: Sequence[RetrievedPassage], weights: Mapping[str, float]
) -> list[RankedSentence]:
    """Return every sentence of the passages that asserts something, the likeliest evidence first.

    Each comes once.

    Args:
        question: The self-contained question.
        passages: What was found, best first.
        weights: How much each stemmed word of the question tells; see `word_weights`.
    """
    brings = adds_kind(question)
    articles = {passage.passage.article_id: None for passage in passages}
    places = {article: _early(place) for place, article in enumerate(articles)}
    seen: set[tuple[str, Span]] = set()
    sentences: list[RankedSentence] = []
    for place, found in enumerate(passages):
        base, text = found.passage.start, found.passage.text
        own = frozenset(facts(text).stems)
        passage = sum(weight for stem, weight in weights.items() if stem in own)
        article = places[found.passage.article_id]
        for run in statements(text):
            spans = [(base + start, base + end) for start, end in run]
            texts = [text[start:end] for start, end in run]
            overlaps = _overlaps(texts, found.headline, weights)
            for at, span in enumerate(spans):
                if (found.passage.article_id, span) not in seen:
                    seen.add((found.passage.article_id, span))
                    scores = overlaps[at], passage, brings(texts[at]), article, _early(place)
                    sentences.append(RankedSentence(found, spans, at, *scores))
    return sorted(sentences, key=lambda sentence: -sentence.score)


def _early(place: int) -> float:
    """1 for the first place of a ranking, counted from 0, and less for later ones."""
    return 1.0 / (1.0 + 0.25 * place)


def best_passages(sentences: Sequence[RankedSentence], limit: int) -> list[RetrievedPassage]:
    """Return the passages of ranked sentences, in the order of each one's best sentence."""
    first = {(s.source.passage.article_id, s.source.passage.start): s.source for s in sentences}
    return list(first.values())[:limit]


def prefer_recent(sentences: Sequence[RankedSentence]) -> None:
    """Note how new each sentence is among those to the point, for questions of the newest state.

    Only sentences that hold nearly as many of the question's words as the best one count: other
    news of other days says nothing of what is newest here.
    """
    enough = _TO_THE_POINT * max((s.words for s in sentences), default=0.0)
    near = [s for s in sentences if s.words >= enough and s.source.date]
    days = sorted({recency_key(s.source.date) for s in near})
    places = {day: at / max(1, len(days) - 1) for at, day in enumerate(days)}
    for sentence in near:
        sentence.recent = places[recency_key(sentence.source.date)]


def _overlaps(texts: Sequence[str], headline: str, weights: Mapping[str, float]) -> list[float]:
    words = [frozenset(stems(text)) for text in texts]
    above = frozenset(stems(headline))
    overlaps: list[float] = []
    for at, mine in enumerate(words):
        around = frozenset().union(*words[max(0, at - 1) : at], *words[at + 1 : at + 2])
        overlaps.append(sum(w * _lent(stem, mine, around, above) for stem, w in weights.items()))
    return overlaps


def _lent(
    stem: str, own: frozenset[str], around: frozenset[str], headline: frozenset[str]
) -> float:
    if stem in own:
        return 1.0
    if stem in headline:
        return _HEADLINE
    return _NEIGHBOUR if stem in around else 0.0
