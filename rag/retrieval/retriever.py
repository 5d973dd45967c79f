"""Finds passages: dense and lexical search over one snapshot, fused; also as a LangChain retriever.

Knows nothing of sentences or models.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings
from langchain_core.retrievers import BaseRetriever
from langchain_core.runnables import run_in_executor
from pydantic import ConfigDict, Field

from index.store.snapshot import IndexReader, Snapshot
from index.text.days import till_now
from index.types import Bounds, Hit
from rag.english.temporal import wants_latest
from rag.retrieval.fusion import collapse_near_duplicates, reciprocal_rank_fusion
from rag.retrieval.sentences import RankedSentence, best_passages, rank_sentences, word_weights
from rag.types import RetrievedPassage

# BM25 is the stronger half on news; see docs/quality.md for what was measured.
WEIGHTS = {"lexical": 1.0, "dense": 0.7, "window": 1.0, "fresh": 0.4, "recent": 0.5}
_CANDIDATES = 80
_RECENT_POOL = 12


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
    found = _to_passages(snapshot, scores, rankings, bounds)
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


def _to_passages(
    snapshot: Snapshot,
    scores: Mapping[int, float],
    rankings: Mapping[str, Sequence[int]],
    bounds: Bounds,
) -> list[RetrievedPassage]:
    """Look up what was found, in the order of the scores, with its rank in each ranking."""
    stored = snapshot.passages(list(scores), bounds)
    ranks = {
        name: {key: rank for rank, key in enumerate(keys, 1)} for name, keys in rankings.items()
    }
    return [
        RetrievedPassage(
            passage=stored[key].passage,
            article=stored[key].article,
            score=score,
            ranks={name: rank[key] for name, rank in ranks.items() if key in rank},
            also_in=stored[key].articles[1:],
        )
        for key, score in scores.items()
        if key in stored
    ]


def _raise_recent(found: Sequence[RetrievedPassage]) -> list[RetrievedPassage]:
    """Among the most relevant, raise the newest: "latest" is an order, not a filter."""
    pool = list(range(min(_RECENT_POOL, len(found))))
    newest = sorted(pool, key=lambda at: till_now(found[at].date), reverse=True)
    fused = reciprocal_rank_fusion(
        {"relevant": pool, "recent": newest}, {"recent": WEIGHTS["recent"]}
    )
    return [found[at] for at in fused] + list(found[len(pool) :])


def _keys(hits: Sequence[Hit]) -> list[int]:
    return [hit.key for hit in hits]


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
