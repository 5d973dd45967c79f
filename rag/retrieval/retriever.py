"""Finds passages by dense and lexical search, fused; also as a LangChain retriever."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings
from langchain_core.retrievers import BaseRetriever
from langchain_core.runnables import run_in_executor
from pydantic import ConfigDict, Field

from index.store.snapshot import IndexReader, Snapshot
from index.text.days import recency_key
from index.types import Bounds, Hit
from rag.english.facts import facts
from rag.english.temporal import wants_latest
from rag.retrieval.sentences import RankedSentence, best_passages, rank_sentences, word_weights
from rag.types import RetrievedPassage

# BM25 is the stronger half on news; see docs/experiments.md.
WEIGHTS = {"lexical": 1.0, "dense": 0.7, "window": 1.0, "fresh": 0.4, "recent": 0.5}
_CANDIDATES = 80
_RECENT_POOL = 12
_FALL = 60  # how fast the weight of a rank falls; of the authors
_SHINGLE = 4  # words
_SAME = 0.6  # share of the shingles of the shorter text


def retrieve(
    snapshot: Snapshot,
    text: str,
    vector: Sequence[float],
    limit: int,
    bounds: Bounds,
    *,
    window: Bounds | None = None,
    fresh: Bounds | None = None,
    latest: bool = False,
) -> list[RetrievedPassage]:
    """Return the best passages, near-duplicates collapsed, best first.

    Args:
        snapshot: What is searched.
        text: The self-contained question.
        vector: Its embedding, of length 1.
        limit: Most passages returned.
        bounds: What must hold.
        window: Dates that the question implies: passages within are raised, none is left out.
        fresh: The same for the days before the one that the answer is for: raised a little.
        latest: Whether newer passages among the relevant ones are raised.
    """
    rankings = {
        "dense": _keys(snapshot.dense(vector, _CANDIDATES, bounds)),
        "lexical": _keys(snapshot.lexical(text, _CANDIDATES, bounds)),
    }
    for name, days in (("window", window), ("fresh", fresh)):
        if days:
            rankings[name] = _keys(snapshot.lexical(text, _CANDIDATES, days))
    scores = reciprocal_rank_fusion(rankings, WEIGHTS)
    stored = snapshot.passages(list(scores), bounds)
    found = [
        RetrievedPassage(passage.passage, passage.article, score, also_in=passage.articles[1:])
        for key, score in scores.items()
        if (passage := stored.get(key))
    ]
    if latest:
        found = _raise_recent(found)
    return collapse_near_duplicates(found, limit)


def rank_found(
    snapshot: Snapshot, text: str, found: Sequence[RetrievedPassage]
) -> list[RankedSentence]:
    """Return the sentences of found passages, likeliest first.

    The words of `text` are weighed by how rare they are in the snapshot; see `word_weights`.
    """
    return rank_sentences(text, found, word_weights(text, snapshot.frequency))


def _raise_recent(found: Sequence[RetrievedPassage]) -> list[RetrievedPassage]:
    """Among the most relevant, raise the newest: "latest" is an order, not a filter."""
    pool = list(range(min(_RECENT_POOL, len(found))))
    newest = sorted(pool, key=lambda at: recency_key(found[at].date), reverse=True)
    fused = reciprocal_rank_fusion(
        {"relevant": pool, "recent": newest}, {"recent": WEIGHTS["recent"]}
    )
    return [found[at] for at in fused] + list(found[len(pool) :])


def _keys(hits: Sequence[Hit]) -> list[int]:
    return [hit.key for hit in hits]


def reciprocal_rank_fusion(
    rankings: Mapping[str, Sequence[int]], weights: Mapping[str, float]
) -> dict[int, float]:
    """Fuse rankings by weighted reciprocal ranks (Cormack, Clarke and Büttcher 2009).

    Args:
        rankings: Keys by ranking, best first.
        weights: Weight of each ranking; one that is not named weighs 1.

    Returns:
        Score by key, best first.
    """
    scores: dict[int, float] = {}
    for name, ranking in rankings.items():
        weight = weights.get(name, 1.0)
        for rank, key in enumerate(ranking, 1):
            scores[key] = scores.get(key, 0.0) + weight / (_FALL + rank)
    return dict(sorted(scores.items(), key=lambda item: -item[1]))


def collapse_near_duplicates(
    found: Sequence[RetrievedPassage], limit: int
) -> list[RetrievedPassage]:
    """Keep the first of passages that say the same in different articles, until there are enough.

    Two are the same when they share most of their runs of four words (Broder 1997, containment
    in the shorter one) and the shorter says no name and no number that the longer does not: a
    reprint with another figure is a disagreement, which must be seen. What is dropped is named
    in `also_in` of what stays.

    Args:
        found: Passages, best first.
        limit: Most passages kept; what comes after the last of them is not looked at.
    """
    kept: list[RetrievedPassage] = []
    shingles: list[frozenset[int]] = []
    for item in found:
        if len(kept) == limit:
            break
        mine = _shingles(item.passage.text)
        alike = (at for at, other in enumerate(shingles) if _alike(mine, other))
        text = item.passage.text
        twin = next((at for at in alike if _same_facts(text, kept[at].passage.text)), None)
        if twin is None or kept[twin].passage.article_id == item.passage.article_id:
            kept.append(item)
            shingles.append(mine)
        else:
            kept[twin] = _also_in(kept[twin], item)
    return kept


def says_the_same(one: str, other: str) -> bool:
    """Whether two sentences are near-duplicates, as passages are for `collapse_near_duplicates`."""
    return _alike(_shingles(one), _shingles(other)) and _same_facts(one, other)


def _also_in(kept: RetrievedPassage, dropped: RetrievedPassage) -> RetrievedPassage:
    articles = dict.fromkeys((*kept.also_in, dropped.passage.article_id, *dropped.also_in))
    articles.pop(kept.passage.article_id, None)
    return replace(kept, also_in=tuple(articles))


def _shingles(text: str) -> frozenset[int]:
    """The text's runs of words, each as its hash; all of it where it is shorter than one."""
    words = facts(text).stems
    runs = zip(*(words[at:] for at in range(_SHINGLE)), strict=False)
    return frozenset(map(hash, runs)) or frozenset([hash(tuple(words))])


def _alike(one: frozenset[int], other: frozenset[int]) -> bool:
    return len(one & other) >= _SAME * min(len(one), len(other))


def _same_facts(one: str, other: str) -> bool:
    """Whether the shorter text gives no number, and no name, that the longer does not hold."""
    shorter, longer = map(facts, sorted((one, other), key=len))
    return shorter.values <= longer.values and all(map(longer.has_name, shorter.names))


def to_document(found: RetrievedPassage) -> Document:
    """Return a passage as LangChain's document; offsets and date are in its metadata."""
    metadata = {
        "article_id": found.passage.article_id,
        "start": found.passage.start,
        "end": found.passage.end,
        "headline": found.headline,
        "date": found.date.isoformat() if found.date else None,
        "source": found.source,
        "url": found.url,
        **found.details._asdict(),
        "score": found.score,
        "also_in": list(found.also_in),
    }
    return Document(page_content=found.passage.text, metadata=metadata, id=found.passage.id)


class ArchiveRetriever(BaseRetriever):
    """The archive's passages for LangChain: what questions are answered from, best first.

    Words and meaning are fused, near-duplicates collapsed; `pool` passages are looked at to
    choose `k`. Bounds are fields: `retriever.model_copy(update={"date_to": day})` makes another.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    reader: IndexReader
    embeddings: Embeddings
    k: int = Field(8, ge=1)
    pool: int = Field(20, ge=1)
    date_from: date | None = None
    date_to: date | None = None
    sources: tuple[str, ...] = ()

    def _get_relevant_documents(
        self, query: str, *, run_manager: CallbackManagerForRetrieverRun, k: int | None = None
    ) -> list[Document]:
        most = k or self.k
        dated = self.date_from is not None or self.date_to is not None
        bounds = Bounds(self.date_from, self.date_to, self.sources, undated=not dated)
        vector = self.embeddings.embed_query(query)
        with self.reader.snapshot() as snapshot:
            found = retrieve(
                snapshot, query, vector, max(most, self.pool), bounds, latest=wants_latest(query)
            )
            best = best_passages(rank_found(snapshot, query, found), most)
        return [to_document(passage) for passage in best]

    async def _aget_relevant_documents(
        self, query: str, *, run_manager: Any, k: int | None = None
    ) -> list[Document]:
        return await run_in_executor(
            None, self._get_relevant_documents, query, run_manager=run_manager.get_sync(), k=k
        )
