"""The whole way from a question to a checked answer, readable from top to bottom.

Each stage takes what the one above returned; a question holds one snapshot to its end.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import date

from langchain_core.language_models.chat_models import BaseChatModel

from index.days import spoken
from index.embedder import MiniLMEmbeddings
from index.errors import BroadsheetError
from index.settings import Settings
from index.snapshot import IndexReader, Snapshot
from index.types import Article, Bounds, Coverage
from index.vectors import VectorsMissing
from rag import answering, writing
from rag.abstention import calibration, is_abstention, signals_of
from rag.answering import Found
from rag.chat_model import ModelLoader, ModelStatus, ReadyModel
from rag.citing import statements_in
from rag.evidence import select_evidence
from rag.examples import example_questions
from rag.grounding import Grounded, ground
from rag.listing import list_articles, listed_subject
from rag.question import Understood, understand
from rag.ranking import RankedSentence, best_passages, rank_sentences, word_weights
from rag.retrieval import retrieve
from rag.types import Answer, Event, Progress, Question, Reason, Retrieved, RetrievedPassage, Token


class Pipeline:
    """Answers questions over one index with one embedder and one chat model."""

    def __init__(
        self,
        reader: IndexReader,
        embeddings: MiniLMEmbeddings,
        models: ModelLoader | ReadyModel,
        settings: Settings,
    ) -> None:
        """Keep the parts.

        Args:
            reader: Opens snapshots of the index.
            embeddings: The embedder that the index was made with.
            models: Has the model; while it has none, answers are evidence only.
            settings: How much is searched and shown.
        """
        self._reader = reader
        self._embeddings = embeddings
        self._models = models
        self._settings = settings

    def ask(self, question: Question) -> Answer:
        """Return the checked answer; raises as `stream` does."""
        *_, last = self.stream(question)
        assert isinstance(last, Answer)
        return last

    def stream(self, question: Question, cancel: threading.Event | None = None) -> Iterator[Event]:
        """Yield the evidence, then a draft as it is written, and last the checked answer.

        Args:
            question: What is asked, with the bounds that its asker set.
            cancel: When set, the model stops and the answer is of reason `stopped`.

        Raises:
            QuestionError: it is empty, too long, or its bounds contradict each other.
            IndexMissing, IndexMismatch: there is no index that can be read.
            ModelUnavailable: the model does not respond.
        """
        begun = time.perf_counter()
        timings: dict[str, float] = {}
        yield Progress("searching")
        subject = listed_subject(question.text)
        if subject:
            yield from self._listed(question, subject, begun)
            return
        found = self._find(question, begun, timings)
        yield Retrieved(found.evidence, found.asked.standalone, found.coverage, found.notices)
        answer: Answer | None = None
        for event in self._answer(found, cancel):
            if isinstance(event, Answer):
                answer = event
            else:
                if isinstance(event, Token):
                    timings.setdefault("first_token", time.perf_counter() - begun)
                yield event
        timings["total"] = time.perf_counter() - begun
        assert answer is not None
        yield replace(answer, timings=timings)

    # 1. find

    def _find(self, question: Question, begun: float, timings: dict[str, float]) -> Found:
        while True:
            try:
                with self._reader.snapshot() as snapshot:
                    asked = self._understand(question, snapshot)
                    weights = word_weights(asked.standalone, snapshot.frequency)
                    sentences, vector, notices = self._retrieve(snapshot, asked, weights)
                    timings["retrieval"] = time.perf_counter() - begun
                    evidence = select_evidence(
                        sentences,
                        vector,
                        self._embeddings,
                        self._settings.evidence_tokens,
                        latest=asked.latest,
                    )
                    timings["evidence"] = time.perf_counter() - begun
                    coverage = snapshot.coverage(asked.bounds)
                    return Found(asked, tuple(evidence), weights, coverage, notices)
            except VectorsMissing:
                continue  # a clean-up came between: the next snapshot names what there is

    def _understand(self, question: Question, snapshot: Snapshot) -> Understood:
        newest = snapshot.newest(date.today()) or snapshot.coverage().last
        return understand(question, newest, self._settings.max_question)

    def _retrieve(
        self, snapshot: Snapshot, asked: Understood, weights: Mapping[str, float], least: int = 0
    ) -> tuple[list[RankedSentence], list[float], tuple[str, ...]]:
        """Return the sentences of what was found, the question's embedding, and notices."""
        vector = self._embeddings.embed_query(asked.standalone)
        hint, notices = self._window(snapshot, asked)
        found = retrieve(
            snapshot,
            asked.standalone,
            vector,
            max(least, self._settings.passages),
            asked.bounds,
            window=hint,
            latest=asked.latest,
        )
        return rank_sentences(asked.standalone, found, weights), vector, notices

    def _window(
        self, snapshot: Snapshot, asked: Understood
    ) -> tuple[Bounds | None, tuple[str, ...]]:
        """Return the dates that the question implies, and what must be said of dates."""
        notices: list[str] = []
        left_out = snapshot.coverage().undated
        if asked.bounds.dated and left_out:
            notices.append(f"{left_out} articles without a date were left out.")
        if asked.window is None:
            return None, tuple(notices)
        first = _latest(asked.window.first, asked.bounds.date_from)
        last = _earliest(asked.window.last, asked.bounds.date_to)
        hint = Bounds(first, last, asked.bounds.sources, undated=False)
        if snapshot.coverage(hint).articles == 0:
            notices.append(f"No article is from {asked.window.words}; all dates were searched.")
            return None, tuple(notices)
        notices.append(f"Articles from {_span(first, last)} were preferred.")
        return hint, tuple(notices)

    # 2. write, 3. check

    def _answer(
        self, found: Found, cancel: threading.Event | None
    ) -> Iterator[Progress | Token | Answer]:
        if not found.evidence:
            outside = found.coverage.articles == 0
            yield answering.abstained(
                found, Reason.OUTSIDE_DATES if outside else Reason.NOTHING_FOUND
            )
            return
        model = self._models.get()
        if model is None:
            yield answering.evidence_only(found, "No language model is at work: quotes only.")
            return
        asked, evidence = found.asked, found.evidence
        yield Progress("reading")
        draft: list[Token] = []
        for event in writing.write(model, asked, evidence, cancel):
            if isinstance(event, Token):
                draft.append(event)
            yield event
        if cancel is not None and cancel.is_set():
            yield answering.stopped(found)
            return
        yield Progress("checking")
        yield self._checked(model, found, draft)

    def _checked(self, model: BaseChatModel, found: Found, tokens: Sequence[Token]) -> Answer:
        """Return the answer that the draft's supported statements make, or the abstention."""
        asked, evidence = found.asked, found.evidence
        draft = "".join(token.text for token in tokens)
        prompt = writing.answer_prompt().version
        if is_abstention(draft):
            return answering.abstained(found, Reason.NOT_STATED, prompt=prompt)
        checked = [ground(text, asked.standalone, evidence) for text in statements_in(draft)]
        kept = [grounded for grounded in checked if grounded.supported]
        if not kept:
            return answering.abstained(found, Reason.NOT_STATED, checked, prompt)
        doubts = writing.doubts(model, asked, evidence, _joined(kept), tokens)
        signals = signals_of(asked.standalone, found.weights, evidence, kept, doubts)
        if calibration().probability(signals) < calibration().threshold:
            answer = answering.abstained(found, Reason.NOT_STATED, checked, prompt)
        else:
            answer = answering.answered(found, checked, prompt)
        return replace(answer, signals=asdict(signals))

    def _listed(self, question: Question, subject: str, begun: float) -> Iterator[Event]:
        """Count and list articles; the dates that the question names are bounds here."""
        with self._reader.snapshot() as snapshot:
            asked = self._understand(question, snapshot)
            hint, notices = self._window(snapshot, asked)
            bounds = hint or asked.bounds
            listing = list_articles(snapshot, subject, bounds)
            coverage = snapshot.coverage(bounds)
        found = Found(asked, listing.evidence, {}, coverage, notices)
        yield Retrieved(found.evidence, asked.standalone, coverage, notices)
        timings = {"total": time.perf_counter() - begun}
        yield replace(answering.listed(found, listing), timings=timings)

    # what the page and the command line also need

    def search(self, question: Question, limit: int = 10) -> list[RetrievedPassage]:
        """Return the best passages without asking the model; raises as `stream` does."""
        with self._reader.snapshot() as snapshot:
            asked = self._understand(question, snapshot)
            weights = word_weights(asked.standalone, snapshot.frequency)
            return best_passages(self._retrieve(snapshot, asked, weights, limit)[0], limit)

    def article(self, article_id: str) -> Article | None:
        """Return an article of the live generation."""
        with self._reader.snapshot() as snapshot:
            return snapshot.article(article_id)

    def coverage(self) -> Coverage:
        """Return what the archive holds."""
        with self._reader.snapshot() as snapshot:
            return snapshot.coverage()

    def sources(self) -> list[str]:
        """Return the publishers in the archive."""
        with self._reader.snapshot() as snapshot:
            return snapshot.sources()

    def model_status(self) -> ModelStatus:
        """Return how far the model is."""
        return self._models.status()

    def examples(self, limit: int = 4) -> list[str]:
        """Return questions that the archive can answer, made from its articles."""
        try:
            with self._reader.snapshot() as snapshot:
                return example_questions(snapshot, limit)
        except BroadsheetError:
            return []


def _joined(grounded: list[Grounded]) -> str:
    return " ".join(item.text for item in grounded)


def _latest(one: date | None, other: date | None) -> date | None:
    return max((day for day in (one, other) if day), default=None)


def _earliest(one: date | None, other: date | None) -> date | None:
    return min((day for day in (one, other) if day), default=None)


def _span(first: date | None, last: date | None) -> str:
    if first and last:
        return spoken(first) if first == last else f"{spoken(first)} to {spoken(last)}"
    return f"{spoken(first)} on" if first else f"up to {spoken(last)}" if last else "all dates"
