"""From a question to its evidence: one snapshot, searched, its sentences weighed and chosen.

Asks no model.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import zip_longest
from typing import TypeVar

from index.models.embedder import MiniLMEmbeddings
from index.settings import Settings
from index.store.snapshot import IndexReader, Snapshot
from index.store.vectors import ServerSilent, VectorsDamaged, VectorsMissing
from index.text.days import format_day
from index.text.words import content_stems, stems
from index.types import Bounds, Coverage
from rag.english.temporal import shifted
from rag.question.parts import compared, split_coordinated_names, split_question
from rag.question.understand import Understood, foreign_language, understand
from rag.retrieval.evidence import rerank, select_evidence, single_sentences
from rag.retrieval.overviews import list_articles, newest_articles, timeline_of
from rag.retrieval.reranker import Reranker
from rag.retrieval.retriever import rank_found, retrieve
from rag.retrieval.sentences import RankedSentence, best_passages
from rag.types import Evidence, Question, RetrievedPassage, Turn

_LOG = logging.getLogger(__name__)
_FRESH = 14  # days before the one that an answer is for
_FAR = 0.8  # words and nearness, below which a search found nothing: see docs/quality.md
_OF_A_STORY = 60  # passages looked at for a story
_TRIES = 3  # of one generation whose vectors are missing
_PAUSE = 0.1  # seconds between them
_GONE = "vectors of the index are missing; run `broadsheet index verify --repair` to make them anew"
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Context:
    """What an answer may be generated from: the question as understood, and its evidence.

    Attributes:
        coverage: What the archive holds within the question's bounds.
        notices: What the reader must know of dates and languages.
        further: The next windows, read where the evidence was not enough.
        far: Whether all of it is far from the question, so that there is nothing to quote; known
            only where it was asked for.
    """

    asked: Understood
    evidence: tuple[Evidence, ...]
    coverage: Coverage
    notices: tuple[str, ...]
    further: tuple[Evidence, ...] = ()
    far: bool = False


@dataclass(frozen=True, slots=True)
class Searched:
    """What a search gave for one question.

    Attributes:
        sentences: Every sentence of what was found, the likeliest first.
        notices: What the reader must know of dates.
    """

    asked: Understood
    sentences: list[RankedSentence]
    notices: tuple[str, ...]


class Finder:
    """Finds evidence in one index with one embedder."""

    def __init__(
        self, reader: IndexReader, embeddings: MiniLMEmbeddings, settings: Settings
    ) -> None:
        """Keep the parts; `settings` say how much is searched and shown."""
        self._reader = reader
        self._embeddings = embeddings
        self._reranker = Reranker(embeddings)
        self._settings = settings

    def load(self) -> None:
        """Load the embedder and the reranker, so that the first question need not wait."""
        self._embeddings.load()
        self._reranker.load()

    def find(
        self,
        question: Question,
        timings: dict[str, float],
        tokens: int = 0,
        *,
        to_quote: bool = False,
    ) -> list[Context]:
        """Return what was found for each part of a question; most have one.

        Args:
            question: What is asked.
            timings: Noted here: seconds until all was searched, and all evidence chosen.
            tokens: Of evidence; 0: as the settings say.
            to_quote: Whether no model reads it, so that what is `far` must be known.

        Raises:
            QuestionError, IndexMissing, IndexMismatch: see `rag.pipeline`.
        """
        begun = time.perf_counter()
        parts = parts_of(question)

        def found_in(snapshot: Snapshot) -> list[Context]:
            searched = [self.search(snapshot, part) for part in parts]
            timings["retrieval"] = time.perf_counter() - begun
            contexts = [self.choose(snapshot, search, tokens) for search in searched]
            if not to_quote:
                return contexts
            return [
                replace(context, far=self._is_far(snapshot, search))
                for context, search in zip(contexts, searched, strict=True)
            ]

        found = self._retry_on_missing_vectors(found_in)
        timings["evidence"] = time.perf_counter() - begun
        return found

    def listing(self, question: Question, subject: str) -> tuple[Context, int]:
        """Return articles as evidence, and their count; the question's dates are bounds here."""
        with self._reader.snapshot() as snapshot:
            asked, bounds, notices = self._bounded(snapshot, question)
            count, evidence = list_articles(snapshot, subject, bounds)
            notices = _with_notices(snapshot, notices, evidence)
            return Context(asked, tuple(evidence), snapshot.coverage(bounds), notices), count

    def about(self, question: Question, newest: int) -> tuple[Context, list[str]]:
        """Return what the archive is, with its newest articles as evidence, and its publishers."""
        with self._reader.snapshot() as snapshot:
            asked, bounds, notices = self._bounded(snapshot, question)
            evidence = newest_articles(snapshot, bounds, newest) if newest else []
            coverage = snapshot.coverage_of_sources(bounds)
            context = Context(asked, tuple(evidence), coverage, notices)
            return context, snapshot.sources(bounds.sources)

    def timeline(self, question: Question, subject: str) -> Context:
        """Return the dated sentences that tell a story; the question's dates are bounds here."""

        def found_in(snapshot: Snapshot) -> Context:
            asked, bounds, notices = self._bounded(snapshot, question)
            vector = self._embeddings.embed_query(subject)
            passages = retrieve(snapshot, subject, vector, _OF_A_STORY, bounds)
            ranked = rank_found(snapshot, subject, passages)
            evidence = single_sentences(timeline_of(ranked))
            notices = _with_notices(snapshot, notices, evidence)
            return Context(asked, tuple(evidence), snapshot.coverage(bounds), notices)

        return self._retry_on_missing_vectors(found_in)

    def passages(self, question: Question, limit: int) -> list[RetrievedPassage]:
        """Return the best passages in the order of their best sentence, by turns of its parts."""
        parts = parts_of(question)

        def searched(snapshot: Snapshot) -> list[list[RetrievedPassage]]:
            found = [self.search(snapshot, part, limit) for part in parts]
            return [best_passages(search.sentences, limit) for search in found]

        return _interleave(self._retry_on_missing_vectors(searched))[:limit]

    def _retry_on_missing_vectors(self, work: Callable[[Snapshot], T]) -> T:
        """Do some work on one snapshot; again on a newer one where a clean-up deleted its vectors.

        Where that does not help, words alone are searched, and a notice says so.
        """
        missed: Counter[int] = Counter()
        while True:
            with self._reader.snapshot() as snapshot:
                try:
                    return work(snapshot)
                except VectorsMissing:  # a newer snapshot names what there is
                    missed[snapshot.generation] += 1
                    if missed[snapshot.generation] == _TRIES:
                        return _lexical_only(work, snapshot, _GONE)
                except (ServerSilent, VectorsDamaged) as error:
                    return _lexical_only(work, snapshot, str(error))
            time.sleep(_PAUSE)

    def _understand(self, snapshot: Snapshot, question: Question) -> Understood:
        newest = snapshot.newest(date.today()) or snapshot.coverage().last
        return understand(question, newest, self._settings.max_question)

    def _bounded(
        self, snapshot: Snapshot, question: Question
    ) -> tuple[Understood, Bounds, tuple[str, ...]]:
        """Understand a question whose dates, asked or implied, bound what is searched."""
        asked = self._understand(snapshot, question)
        hint, notices = _window(snapshot, asked, only=True)
        return asked, hint or asked.bounds, notices

    def search(self, snapshot: Snapshot, question: Question, least: int = 0) -> Searched:
        """Search one part of a question; the sentences of at least so many passages are ranked."""
        asked = self._understand(snapshot, question)
        vector = self._embeddings.embed_query(asked.standalone)
        hint, notices = _window(snapshot, asked)
        passages = retrieve(
            snapshot,
            asked.standalone,
            vector,
            max(least, self._settings.passages),
            asked.bounds,
            window=hint,
            fresh=None if hint else _fresh(question, asked),
            latest=asked.latest,
        )
        return Searched(asked, rank_found(snapshot, asked.standalone, passages), notices)

    def _is_far(self, snapshot: Snapshot, searched: Searched) -> bool:
        """Whether neither words nor meaning of what was found are near to the question."""
        asked = searched.asked
        held = _words_held(asked.standalone, searched.sentences)
        if held >= _FAR:
            return False
        vector = self._embeddings.embed_query(asked.standalone)
        nearest = snapshot.dense(vector, 1, asked.bounds)
        return bool(nearest) and held + nearest[0].score < _FAR

    def choose(self, snapshot: Snapshot, searched: Searched, tokens: int = 0) -> Context:
        """Choose the windows to be read from what a search gave, and those for a second look."""
        tokens = tokens or self._settings.evidence_tokens
        rerank(searched.sentences, searched.asked.standalone, self._reranker)
        latest = searched.asked.latest
        evidence, further = select_evidence(
            searched.sentences, self._embeddings, tokens, latest=latest
        )
        coverage = snapshot.coverage(searched.asked.bounds)
        notices = _with_notices(snapshot, searched.notices, evidence)
        unread = sorted({foreign for item in evidence if (foreign := foreign_language(item.text))})
        if unread:
            notices += (f"Some evidence is in {', '.join(unread)}; the models read English only.",)
        return Context(searched.asked, tuple(evidence), coverage, notices, tuple(further))


def _lexical_only(work: Callable[[Snapshot], T], snapshot: Snapshot, reason: str) -> T:
    _LOG.warning("searched by words only: %s", reason)
    snapshot.lost = reason
    return work(snapshot)


def _with_notices(
    snapshot: Snapshot, notices: Sequence[str], evidence: Sequence[Evidence]
) -> tuple[str, ...]:
    """Add notices on missing vectors and on articles withdrawn or dated after today."""
    lost = [f"Searched by words only: {snapshot.lost}."] if snapshot.lost else []
    withdrawn = [
        f"Withdrawn by its publisher’s feed: “{item.headline or item.article_id}”."
        for item in evidence
        if item.details.withdrawn
    ]
    ahead = [
        f"Dated after today: “{item.headline or item.article_id}”."
        for item in evidence
        if item.article.ahead
    ]
    return tuple(dict.fromkeys((*notices, *lost, *withdrawn, *ahead)))


def parts_of(question: Question) -> list[Question]:
    """The question's parts; a later one continues the one before, as in a conversation."""
    if each := compared(question.text) or split_coordinated_names(question.text):
        return [replace(question, text=text) for text in each]
    parts: list[Question] = []
    history = question.history
    for text in split_question(question.text):
        parts.append(replace(question, text=text, history=history))
        history = (*history, Turn(text, ""))
    return parts


def _interleave(rankings: Sequence[Sequence[RetrievedPassage]]) -> list[RetrievedPassage]:
    """Interleave rankings: the best of each, then the second of each; every passage once."""
    turns = (found for row in zip_longest(*rankings) for found in row if found)
    return list(
        {(passage.passage.article_id, passage.passage.start): passage for passage in turns}.values()
    )


def _window(
    snapshot: Snapshot, asked: Understood, *, only: bool = False
) -> tuple[Bounds | None, tuple[str, ...]]:
    """Return the dates that the question implies, and what the reader must know of them.

    `only` says whether nothing else is searched, or these are preferred where there are any.
    """
    notices: list[str] = []
    left_out = snapshot.coverage().undated
    if asked.bounds.dated and left_out:
        named = "1 article" if left_out == 1 else f"{left_out:,} articles"
        verb = "was" if left_out == 1 else "were"
        notices.append(f"{named} without a date {verb} left out.")
    if asked.window is None:
        return None, tuple(notices)
    first = _latest(asked.window.first, asked.bounds.date_from)
    last = _earliest(asked.window.last, asked.bounds.date_to)
    hint = Bounds(first, last, asked.bounds.sources, undated=False)
    if snapshot.coverage(hint).articles == 0:
        none = f"No article is of that time ({asked.window.words})"
        dates = "the dates that you set" if asked.bounds.dated else "all dates"
        notices.append(f"{none}." if only else f"{none}; {dates} were searched.")
        return hint if only else None, tuple(notices)
    days = _span(first, last)
    notices.append(
        f"Only articles {days} were searched." if only else f"Articles {days} were preferred."
    )
    return hint, tuple(notices)


def _fresh(question: Question, asked: Understood) -> Bounds | None:
    """Return the two weeks before a day that the asker set: their news is likelier meant."""
    if question.as_of is None:
        return None
    first = _latest(shifted(question.as_of, -_FRESH), asked.bounds.date_from)
    return Bounds(first, asked.bounds.date_to, asked.bounds.sources, undated=False)


def _latest(one: date | None, other: date | None) -> date | None:
    return max((day for day in (one, other) if day), default=None)


def _earliest(one: date | None, other: date | None) -> date | None:
    return min((day for day in (one, other) if day), default=None)


def _words_held(question: str, sentences: Sequence[RankedSentence]) -> float:
    """Return the share of the question's words that a sentence holds, by weight or by number.

    By weight alone one word that a small archive lacks would count for more than all others.
    """
    asked = set(content_stems(question))
    shares = (len(asked & set(stems(one.text))) / max(1, len(asked)) for one in sentences)
    return max((*shares, *(one.words for one in sentences)), default=0.0)


def _span(first: date | None, last: date | None) -> str:
    if first and last:
        return f"from {format_day(first)}" + (f" to {format_day(last)}" if last > first else "")
    if first:
        return f"from {format_day(first)} on"
    return f"up to {format_day(last)}" if last else "of all dates"
