"""From the best passages to the few windows of sentences that the model sees.

Knows nothing of models: its scores are word overlap, embeddings and rank.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from index.days import spoken
from index.embedder import MiniLMEmbeddings
from index.sentences import sentence_spans
from index.words import content_stems, stems
from rag.types import Evidence, RetrievedPassage

Span = tuple[int, int]
_EMBEDDED = 24  # sentences whose meaning is compared; the others are told by their words
_WORDS, _MEANING, _RANK = 0.50, 0.30, 0.20
_RECENT = 0.3  # for questions of the newest state
_NEIGHBOUR = 0.35  # share of a question word's weight that a neighbouring sentence lends
_HEADLINE = 0.5
_LONGEST = 1200  # characters of one sentence shown to the model


@dataclass(slots=True)
class _Sentence:
    """A candidate: a sentence of a found passage with its scores, each 0 to 1."""

    source: RetrievedPassage
    spans: Sequence[Span]  # of the passage's sentences, offsets in the article
    at: int
    rank: float
    words: float
    meaning: float = 0.0
    recent: float = 0.0

    @property
    def span(self) -> Span:
        return self.spans[self.at]

    @property
    def text(self) -> str:
        return _slice(self.source, self.span)

    @property
    def score(self) -> float:
        plain = _WORDS * self.words + _MEANING * self.meaning + _RANK * self.rank
        return plain + _RECENT * self.recent * self.words  # newer, of what is to the point


def select_evidence(
    vector: Sequence[float],
    passages: Sequence[RetrievedPassage],
    embeddings: MiniLMEmbeddings,
    budget: int,
    weights: Mapping[str, float],
    *,
    latest: bool = False,
) -> list[Evidence]:
    """Return numbered windows of sentences within a budget, the best article first.

    Args:
        vector: The embedding of the self-contained question, of length 1.
        passages: What was found, best first.
        embeddings: Embeds the sentences, and counts their tokens.
        budget: Tokens of all windows together; the best one is taken whatever its length.
        weights: How much each stemmed word of the question tells; see `word_weights`.
        latest: Whether newer sentences are raised among those that are to the point.
    """
    sentences = rank_sentences(vector, passages, embeddings, weights)
    if latest:
        _prefer_recent(sentences)
    chosen: list[_Window] = []
    used = 0
    for sentence in sentences:
        window = _Window.around(sentence)
        home = next((other for other in chosen if other.touches(window)), None)
        cost = embeddings.count_tokens([window.beyond(home)])[0] + (0 if home else 20)
        if chosen and used + cost > budget:
            break
        used += cost
        if home:
            home.join(window)
        else:
            chosen.append(window)
    return _numbered(chosen)


def _prefer_recent(sentences: list[_Sentence]) -> None:
    days = sorted({s.source.date for s in sentences if s.source.date})
    places = {day: at / max(1, len(days) - 1) for at, day in enumerate(days)}
    for sentence in sentences:
        sentence.recent = places.get(sentence.source.date, 0.0) if sentence.source.date else 0.0
    sentences.sort(key=lambda sentence: -sentence.score)


def rank_sentences(
    vector: Sequence[float],
    passages: Sequence[RetrievedPassage],
    embeddings: MiniLMEmbeddings,
    weights: Mapping[str, float],
) -> list[_Sentence]:
    """Return every sentence of the passages, each once, the likeliest evidence first."""
    sentences = _candidates(passages, weights)
    sentences.sort(key=lambda sentence: -(sentence.words * _WORDS + sentence.rank * _RANK))
    near = sentences[:_EMBEDDED]
    if near:
        made: NDArray[np.float32] = embeddings.embed([sentence.text for sentence in near])
        likeness = made @ np.asarray(vector, dtype=np.float32)
        for sentence, cosine in zip(near, likeness, strict=True):
            sentence.meaning = max(0.0, float(cosine))
    return sorted(sentences, key=lambda sentence: -sentence.score)


def word_weights(question: str, frequency: Callable[[str], float]) -> dict[str, float]:
    """Weigh the question's stemmed words by how rare they are, to a sum of 1."""
    raw = {
        stem: math.log((1.0 + 1e-5) / (frequency(stem) + 1e-5)) + 0.1
        for stem in dict.fromkeys(content_stems(question))
    }
    total = sum(raw.values()) or 1.0
    return {stem: weight / total for stem, weight in raw.items()}


def _candidates(
    passages: Sequence[RetrievedPassage], weights: Mapping[str, float]
) -> list[_Sentence]:
    seen: set[tuple[str, Span]] = set()
    sentences: list[_Sentence] = []
    for rank, found in enumerate(passages):
        base = found.passage.start
        spans = [(base + s, base + e) for s, e in sentence_spans(found.passage.text)]
        words = [frozenset(stems(_slice(found, span))) for span in spans]
        headline = frozenset(stems(found.headline))
        for at, span in enumerate(spans):
            if (found.passage.article_id, span) in seen:
                continue
            seen.add((found.passage.article_id, span))
            around = frozenset().union(*words[max(0, at - 1) : at], *words[at + 1 : at + 2])
            overlap = sum(
                weight * _lent(stem, words[at], around, headline)
                for stem, weight in weights.items()
            )
            sentences.append(_Sentence(found, spans, at, 1.0 / (1.0 + 0.25 * rank), overlap))
    return sentences


def _lent(
    stem: str, own: frozenset[str], around: frozenset[str], headline: frozenset[str]
) -> float:
    if stem in own:
        return 1.0
    if stem in headline:
        return _HEADLINE
    return _NEIGHBOUR if stem in around else 0.0


@dataclass(slots=True)
class _Window:
    """A sentence with the one before and the one after it; windows that touch are joined."""

    best: _Sentence
    first: int
    last: int

    @classmethod
    def around(cls, sentence: _Sentence) -> _Window:
        last = min(sentence.at + 1, len(sentence.spans) - 1)
        return cls(sentence, max(0, sentence.at - 1), last)

    @property
    def span(self) -> Span:
        return self.best.spans[self.first][0], self.best.spans[self.last][1]

    def touches(self, other: _Window) -> bool:
        same = self.best.source.passage == other.best.source.passage
        return same and other.first <= self.last + 1 and self.first <= other.last + 1

    def beyond(self, home: _Window | None) -> str:
        """The text that this window would add to another."""
        span = self.span
        if home:
            start, end = home.span
            before = _slice(self.best.source, (span[0], min(start, span[1])))
            after = _slice(self.best.source, (max(end, span[0]), span[1]))
            return (before if span[0] < start else "") + (after if span[1] > end else "")
        return _slice(self.best.source, span)

    def join(self, other: _Window) -> None:
        self.first = min(self.first, other.first)
        self.last = max(self.last, other.last)


def _numbered(windows: Sequence[_Window]) -> list[Evidence]:
    """Number the windows, those of one article together, in the order of its text."""
    order: dict[str, list[_Window]] = {}
    for window in windows:
        order.setdefault(window.best.source.passage.article_id, []).append(window)
    grouped = [w for group in order.values() for w in sorted(group, key=lambda w: w.span)]
    return [_evidence(number, window) for number, window in enumerate(grouped, 1)]


def _evidence(number: int, window: _Window) -> Evidence:
    found = window.best.source
    start, end = window.span
    return Evidence(
        number=number,
        article_id=found.passage.article_id,
        headline=found.headline,
        date=found.date,
        source=found.source,
        url=found.url,
        start=start,
        end=end,
        text=_slice(found, (start, end)),
        sentences=tuple(window.best.spans[window.first : window.last + 1]),
        best=window.best.span,
        score=window.best.score,
        also_in=found.also_in,
    )


def shown(evidence: Sequence[Evidence]) -> str:
    """Write the evidence for the model: windows under their article's headline and date."""
    lines: list[str] = []
    article = None
    for item in evidence:
        if item.article_id != article:
            when = f" ({spoken(item.date)})" if item.date else ""
            lines.append(f"\n# {item.headline}{when}")
            article = item.article_id
        lines.append(" ".join(item.text.split())[:_LONGEST])
    return "\n".join(lines).strip()


def _slice(found: RetrievedPassage, span: Span) -> str:
    base = found.passage.start
    return found.passage.text[span[0] - base : span[1] - base]
