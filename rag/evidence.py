"""From the found sentences to the few windows that the model sees.

Knows nothing of models that write: its scores are word overlap, kind, embeddings and rank.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from index.days import spoken
from index.embedder import MiniLMEmbeddings
from rag.ranking import RankedSentence, Span, prefer_recent
from rag.types import Evidence

_EMBEDDED = 24  # sentences whose meaning is compared; the others are told by their words
_LONGEST = 1200  # characters of one sentence shown to the model


def select_evidence(
    sentences: Sequence[RankedSentence],
    vector: Sequence[float],
    embeddings: MiniLMEmbeddings,
    budget: int,
    *,
    latest: bool = False,
) -> list[Evidence]:
    """Return numbered windows of sentences within a budget, the best article first.

    Args:
        sentences: Sentences of what was found, the likeliest first; their meaning is noted.
        vector: The embedding of the self-contained question, of length 1.
        embeddings: Embeds the sentences, and counts their tokens.
        budget: Tokens of all windows together; the best one is taken whatever its length.
        latest: Whether newer sentences are raised among those that are to the point.
    """
    compare(sentences[:_EMBEDDED], vector, embeddings)
    if latest:
        prefer_recent(sentences)
    chosen: list[_Window] = []
    used = 0
    for sentence in sorted(sentences, key=lambda sentence: -sentence.score):
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


def compare(
    sentences: Sequence[RankedSentence], vector: Sequence[float], embeddings: MiniLMEmbeddings
) -> None:
    """Note how like the question each sentence is, by embedding."""
    if not sentences:
        return
    made: NDArray[np.float32] = embeddings.embed([sentence.text for sentence in sentences])
    likeness = made @ np.asarray(vector, dtype=np.float32)
    for sentence, cosine in zip(sentences, likeness, strict=True):
        sentence.meaning = max(0.0, float(cosine))


@dataclass(slots=True)
class _Window:
    """A sentence with the one before and the one after it; windows that touch are joined."""

    best: RankedSentence
    first: int
    last: int

    @classmethod
    def around(cls, sentence: RankedSentence) -> _Window:
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
            before = self.best.between(span[0], min(start, span[1]))
            after = self.best.between(max(end, span[0]), span[1])
            return (before if span[0] < start else "") + (after if span[1] > end else "")
        return self.best.between(*span)

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
        text=window.best.between(start, end),
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
