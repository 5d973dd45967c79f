"""From the found sentences to the few windows that the model sees.

Sentences are scored by word overlap, answer type, rank and reranker; no model that writes is asked.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from index.models.embedder import MiniLMEmbeddings
from index.text.days import format_day, recency_key
from rag.english.names import BACK
from rag.retrieval.assertions import asserts
from rag.retrieval.reranker import Reranker
from rag.retrieval.retriever import says_the_same
from rag.retrieval.sentences import RankedSentence, Span, prefer_recent
from rag.types import Evidence

_READ = 24  # sentences that the reranker reads; the others go by their words
_FAR_BEHIND = 10.0  # difference from the reranker's best score that counts for nothing
_LONGEST = 1200  # characters of one sentence shown to the model
_HEADING = 20  # tokens of a headline with its date
_PASSED = 3  # windows passed over because they do not fit
POINTS_BACK = re.compile(
    r"^\W*(?:(?:but|and|yet|so|then|later|however|meanwhile)\W+)?"
    rf"(?:{BACK})\b",
    re.IGNORECASE,
)


def select_evidence(
    sentences: Sequence[RankedSentence],
    embeddings: MiniLMEmbeddings,
    budget: int,
    *,
    latest: bool = False,
) -> tuple[list[Evidence], list[Evidence]]:
    """Return numbered windows of sentences, the best article first, and those for a second look.

    Where the newest state is asked for, the newest of what was chosen comes first.

    Args:
        sentences: Sentences of what was found, the likeliest first, judged if they can be.
        embeddings: Counts their tokens.
        budget: Tokens of all windows of a look; its best one is taken whatever its length.
        latest: Whether newer sentences are raised among those that are to the point.
    """
    if latest:
        prefer_recent(sentences)
    ranked = sorted(sentences, key=lambda s: -s.score)
    chosen = _numbered(_fitting(ranked, embeddings, budget), latest=latest)
    known = {(item.article_id, span) for item in chosen for span in item.sentences}
    rest = [s for s in ranked if (s.source.passage.article_id, s.span) not in known]
    further = _fitting(rest, embeddings, budget)
    return chosen, _numbered(further, latest=False, first=len(chosen) + 1)


def _fitting(
    sentences: Sequence[RankedSentence], embeddings: MiniLMEmbeddings, budget: int
) -> list[_Window]:
    """Take windows in order while they fit; a few that are too long are passed over."""
    chosen: list[_Window] = []
    used = passed = 0
    for sentence in sentences:
        window = _Window.around(sentence, both=not chosen)
        if any(window.copies(other) for other in chosen):
            continue
        homes = [other for other in chosen if other.touches(window)]
        cost = embeddings.count_tokens([window.beyond(homes)])[0]
        if all(other.article != window.article for other in chosen):
            cost += _HEADING
        if chosen and used + cost > budget:
            passed += 1
            if passed > _PASSED:
                break
            continue
        used += cost
        chosen = [other for other in chosen if other not in homes] + [window.joined(homes)]
    return chosen


def rerank(sentences: Sequence[RankedSentence], question: str, reranker: Reranker) -> None:
    """Note how each of the first sentences fares with the reranker against the best of them."""
    near = sentences[:_READ]
    if not near:
        return
    scores = reranker.scores(question, [sentence.with_headline for sentence in near])
    for sentence, behind in zip(near, scores.max() - scores, strict=True):
        sentence.judged = max(0.0, 1.0 - float(behind) / _FAR_BEHIND)


@dataclass(slots=True)
class _Window:
    """A sentence with what it needs around it; windows that touch are joined."""

    best: RankedSentence
    first: int
    last: int

    @classmethod
    def around(cls, sentence: RankedSentence, *, both: bool) -> _Window:
        """The sentence with both neighbours, or with the one before if it needs it.

        More room for other sentences was worth more than neighbours: see docs/experiments.md.
        """
        before = both or POINTS_BACK.search(sentence.text)
        first = max(0, sentence.at - 1) if before else sentence.at
        last = min(sentence.at + 1, len(sentence.spans) - 1) if both else sentence.at
        return cls(sentence, first, last)

    @property
    def article(self) -> str:
        return self.best.source.passage.article_id

    @property
    def span(self) -> Span:
        return self.best.spans[self.first][0], self.best.spans[self.last][1]

    def touches(self, other: _Window) -> bool:
        same = self.article == other.article and self.best.spans == other.best.spans
        return same and other.first <= self.last + 1 and self.first <= other.last + 1

    def copies(self, other: _Window) -> bool:
        """Whether another article's window says the same: a copy is no second source."""
        return self.article != other.article and says_the_same(self.best.text, other.best.text)

    def beyond(self, homes: Sequence[_Window]) -> str:
        """The sentences of this window that are in none of the others."""
        known = {at for home in homes for at in range(home.first, home.last + 1)}
        fresh = (at for at in range(self.first, self.last + 1) if at not in known)
        return " ".join(self.best.between(*self.best.spans[at]) for at in fresh)

    def joined(self, others: Sequence[_Window]) -> _Window:
        """This window and those that it touches as one, around the best sentence of all."""
        every = [*others, self]
        best = max(every, key=lambda window: window.best.score).best
        return _Window(best, min(w.first for w in every), max(w.last for w in every))


def single_sentences(sentences: Sequence[RankedSentence]) -> list[Evidence]:
    """Return each sentence as a window of its own, numbered in the order given."""
    return [
        _evidence(at, _Window(sentence, sentence.at, sentence.at))
        for at, sentence in enumerate(sentences, 1)
    ]


def _numbered(windows: Sequence[_Window], *, latest: bool, first: int = 1) -> list[Evidence]:
    """Number the windows: the best article first, those of one article in its text's order.

    Where the newest state is asked for, the newest article comes first: models hold to the first.
    """
    ranked = sorted(windows, key=lambda window: -window.best.score)
    if latest:
        ranked.sort(key=lambda window: recency_key(window.best.source.date), reverse=True)
    order: dict[str, list[_Window]] = {}
    for window in ranked:
        order.setdefault(window.article, []).append(window)
    grouped = [w for group in order.values() for w in sorted(group, key=lambda w: w.span)]
    return [_evidence(number, window) for number, window in enumerate(grouped, first)]


def _evidence(number: int, window: _Window) -> Evidence:
    found = window.best.source
    start, end = window.span
    commands = not asserts(found.headline)  # then it is no more evidence than such a sentence
    return Evidence(
        number=number,
        article=replace(found.article, headline="") if commands else found.article,
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
            when = f" ({format_day(item.date)})" if item.date else ""
            lines.append(f"\n# {item.headline}{when}".rstrip())
            article = item.article_id
        lines.append(" ".join(item.text.split())[:_LONGEST])
    return "\n".join(lines).strip()
