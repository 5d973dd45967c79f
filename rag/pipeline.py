"""The whole way from a question to a checked answer, readable from top to bottom.

Each stage takes what the one above returned; a question holds one snapshot to its end.
"""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date

from langchain_core.language_models.chat_models import BaseChatModel

from index.errors import BroadsheetError, ModelUnavailable
from index.models.embedder import MiniLMEmbeddings
from index.settings import Settings
from index.store.catalogue import CataloguePage, Wanted
from index.store.snapshot import IndexReader
from index.types import Article, Coverage, Generation
from rag.answer import (
    build_about,
    build_answer,
    build_list,
    build_quote,
    build_stopped,
    build_timeline,
    explain_refusal,
    join_answers,
    join_contexts,
    quote_cited,
    quote_evidence,
    refuse,
)
from rag.checking.attribution import best_first, split_statements
from rag.checking.support import ground, may_count_something_else
from rag.english.answer_type import asks_yes_or_no
from rag.english.temporal import wants_latest
from rag.examples import example_questions
from rag.generation import (
    Draft,
    answer_messages,
    answer_prompt,
    denies_premise,
    draft_answer,
    gives_no_reason,
    is_abstention,
    judge_in,
    stream_draft,
)
from rag.llm.chat_model import OpenVinoChat, stoppable
from rag.llm.judge import Judge
from rag.llm.loader import ModelLoader, ModelStatus, ReadyModel
from rag.question.parts import premise_of
from rag.question.understand import foreign_language
from rag.retrieval.overviews import About, about_archive, list_subject, timeline_subject
from rag.retrieval.search import Context, Finder
from rag.types import (
    SURE,
    WITHOUT_MODEL,
    Answer,
    Event,
    Example,
    ExampleKind,
    Progress,
    Question,
    Reason,
    Retrieved,
    RetrievedPassage,
    Token,
)

_LOG = logging.getLogger(__name__)
_NEWEST = 5  # articles
_TRIED = 6  # examples of a kind
_UNJUDGED = "No judge read this answer: check it against its sources."


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
        self._finder = Finder(reader, embeddings, settings)
        self._models = models
        self._examples: tuple[int, list[Example]] = (0, [])  # by generation

    def load(self) -> None:
        """Load what searches, so that the first question need not wait for it."""
        self._finder.load()
        self.examples()

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
        """
        begun = time.perf_counter()
        cancel = cancel or threading.Event()
        timings: dict[str, float] = {}
        yield Progress("searching")
        direct = self._without_model(question)
        if direct:
            found, answer = direct
            yield _retrieved(found)
            yield replace(answer, timings={"total": time.perf_counter() - begun})
            return
        to_quote = self._models.get() is None
        parts = self._finder.find(question, timings, self._models.context, to_quote=to_quote)
        whole = join_contexts(question.text, parts)
        yield _retrieved(whole)
        answers: list[Answer] = []
        for event in self._answers(parts, cancel):
            if isinstance(event, Answer):
                answers.append(event)
                continue
            if isinstance(event, Token):
                timings.setdefault("first_token", time.perf_counter() - begun)
            yield event
        timings["total"] = time.perf_counter() - begun
        yield replace(join_answers(whole, answers), timings=timings)

    def _answers(
        self, parts: Sequence[Context], cancel: threading.Event
    ) -> Iterator[Progress | Token | Answer]:
        """Answer each part; those that are left when the asker stops are `stopped`."""
        for at, part in enumerate(parts):
            if cancel.is_set():
                yield build_stopped(part)
                continue
            if at:
                yield Token(" ")
            yield from self._answer(part, cancel)

    def _answer(
        self, found: Context, cancel: threading.Event
    ) -> Iterator[Progress | Token | Answer]:
        if not found.evidence:
            outside = found.asked.bounds.dated and found.coverage.articles == 0
            yield refuse(found, Reason.OUTSIDE_DATES if outside else Reason.NOTHING_FOUND)
            return
        language = foreign_language(found.asked.text)
        if language:
            notice = f"The question seems to be {language}; the models read English: quotes only."
            yield quote_evidence(found, Reason.FOREIGN_LANGUAGE, notice)
            return
        model = self._models.get()
        if model is None:
            if found.far:
                told = replace(found, notices=(*found.notices, WITHOUT_MODEL))
                yield refuse(told, Reason.NOTHING_FOUND)
            else:
                yield quote_evidence(found, Reason.NO_MODEL, WITHOUT_MODEL)
            return
        try:
            judge, model = judge_in(model), stoppable(model, cancel)
            if judge and isinstance(model, OpenVinoChat) and asks_yes_or_no(found.asked.standalone):
                yield from _quoted(model, judge, found, cancel)
            else:
                yield from _written(model, found, cancel)
        except ModelUnavailable as error:
            _LOG.warning("answered with quotes: %s", error)
            yield quote_evidence(found, Reason.NO_MODEL, f"Quotes only: {error}.")

    def _without_model(self, question: Question) -> tuple[Context, Answer] | None:
        """Answer what needs no model: about the archive itself, lists, counts and timelines."""
        about = about_archive(question.text, continues=bool(question.history))
        if about:
            newest = _NEWEST if about is About.NEWEST else 0
            context, publishers = self._finder.about(question, newest)
            if newest and not context.evidence:
                limited = question.sources and not context.asked.bounds.dated
                why = Reason.NOTHING_FOUND if limited else Reason.OUTSIDE_DATES
                return context, refuse(context, why)
            examples = self.examples() if about is About.HELP else []
            return context, build_about(context, about, publishers, examples)
        subject = list_subject(question.text)
        if subject:
            found, count = self._finder.listing(question, subject)
            return found, build_list(found, subject, count)
        subject = timeline_subject(question.text)
        timeline = self._finder.timeline(question, subject) if subject else None
        if timeline and not timeline.coverage.articles:
            return timeline, refuse(timeline, Reason.OUTSIDE_DATES)
        if timeline and len(timeline.evidence) > 1:
            return timeline, build_timeline(timeline)
        return None

    # what the page and the command line also need

    def search(self, question: Question, limit: int = 10) -> list[RetrievedPassage]:
        """Return the best passages without asking the model; raises as `stream` does."""
        return self._finder.passages(question, limit)

    def article(self, article_id: str) -> Article | None:
        """Return an article of the live generation."""
        with self._reader.snapshot() as snapshot:
            return snapshot.article(article_id)

    def catalogue(
        self, wanted: Wanted, limit: int, offset: int = 0
    ) -> tuple[CataloguePage, Mapping[date, int]]:
        """Return a page of the archive's list, and how many articles there are by month."""
        with self._reader.snapshot() as snapshot:
            catalogue = snapshot.catalogue()
            return catalogue.page(wanted, limit, offset), catalogue.months()

    def coverage(self) -> Coverage:
        """Return what the archive holds."""
        with self._reader.snapshot() as snapshot:
            return snapshot.coverage()

    def generation(self) -> Generation:
        """Return the live generation of the index."""
        return self._reader.live()

    def newest(self) -> date | None:
        """Return the newest article's date that is not after today."""
        with self._reader.snapshot() as snapshot:
            return snapshot.newest(date.today())

    def sources(self) -> list[str]:
        """Return the publishers in the archive."""
        with self._reader.snapshot() as snapshot:
            return snapshot.sources()

    def model_status(self) -> ModelStatus:
        """Return how far the model is."""
        return self._models.status()

    def examples(self) -> list[Example]:
        """Return a question of each kind that the archive answers, made from its articles.

        They are kept until the archive changes. Of what the model is to answer, the sentence that
        a question was made from must be what a search finds first.
        """
        try:
            live = self.generation().number
            if self._examples[0] != live:
                with self._reader.snapshot() as snapshot:
                    made = example_questions(snapshot)
                first = (next(filter(self._holds, of[:_TRIED]), None) for of in made.values())
                self._examples = live, [one for one in first if one]
        except BroadsheetError:
            return []
        return self._examples[1]

    def _holds(self, example: Example) -> bool:
        question = Question(example.question, as_of=example.as_of)
        if example.kind in (ExampleKind.STORY, ExampleKind.DAY):
            direct = self._without_model(question)
            return direct is not None and len(direct[1].citations) > 1
        found = self._finder.find(question, {})[0].evidence
        best = next(iter(best_first(found)), None)
        return (
            best is not None
            and best.article_id == example.article_id
            and example.quote in best.text
        )


def _quoted(
    model: BaseChatModel, judge: Judge, found: Context, cancel: threading.Event
) -> Iterator[Progress | Token | Answer]:
    """Answer a question for Yes or No with the sentence that tells.

    A small model says Yes too easily, and the judge cannot tell that from right; whether the
    evidence answers the question it can tell before a word is written (docs/quality.md).
    """
    yield Progress("reading")
    messages = answer_messages(found.asked, found.evidence)
    draft = yield from stream_draft(model, messages, cancel, least=math.inf, visible=False)
    before, prompt = draft.readings.before, answer_prompt().version
    if cancel.is_set():
        yield build_stopped(found)
    elif before is not None and before < judge.hopeless:
        yield refuse(found, Reason.NOT_STATED, (), prompt)
    else:
        yield build_quote(found, prompt)


def _written(
    model: BaseChatModel, found: Context, cancel: threading.Event
) -> Iterator[Progress | Token | Answer]:
    yield Progress("reading")
    draft = yield from draft_answer(model, found.asked, found.evidence, cancel)
    yield Progress("checking")
    answer = _check(model, found, draft)
    if answer.abstained and found.further and not draft.stopped_early and not cancel.is_set():
        answer = yield from _read_further(model, found, answer, cancel)
    if answer.abstained and not cancel.is_set():
        answer = _explain(model, found, answer)
    # What is stopped while it is checked has not passed the check.
    yield build_stopped(found) if cancel.is_set() else answer


def _read_further(
    model: BaseChatModel, found: Context, first: Answer, cancel: threading.Event
) -> Generator[Progress | Token, None, Answer]:
    """Read the next windows too; return what they give, or the first refusal."""
    yield Progress("reading on")
    wider = replace(found, evidence=(*found.evidence, *found.further))
    draft = yield from draft_answer(model, wider.asked, wider.evidence, cancel, visible=False)
    second = _check(model, wider, draft)
    return first if second.abstained else second


def _explain(model: BaseChatModel, found: Context, refused: Answer) -> Answer:
    """Quote what the articles do say where they deny what a question takes for granted."""
    premise = premise_of(found.asked.standalone)
    if not premise or not denies_premise(model, found.asked, found.evidence, premise):
        return refused
    return explain_refusal(found, premise, refused)


def _check(model: BaseChatModel, found: Context, draft: Draft) -> Answer:
    """Return the answer that the draft's supported statements make, or the abstention.

    The judge decides whether the draft may stand; the check in code, which of its statements.
    The sentences that it cites are quoted in its place where the judge is not sure of it, where its
    number or day may be of something else, and where the newest state is asked for, which no
    sentence can vouch for.
    """
    prompt = answer_prompt().version
    statements = [] if is_abstention(draft.text) else split_statements(draft.text)
    checked = [ground(text, found.asked.standalone, found.evidence) for text in statements]
    judge = judge_in(model)
    confidence = judge.confidence(draft.readings) if judge else None
    unlikely = judge is not None and confidence is not None and confidence < judge.threshold
    if unlikely or not any(grounded.supported for grounded in checked):
        removed = [grounded for grounded in checked if not gives_no_reason(grounded.text)]
        answer = refuse(found, Reason.NOT_STATED, removed, prompt)
    else:
        answer = build_answer(found, checked, prompt)
        unsure = (confidence is not None and confidence < SURE) or may_count_something_else(
            found.asked.standalone, answer.citations
        )
        newest = wants_latest(found.asked.text)
        if unsure or newest:
            answer = quote_cited(answer, unsure=unsure, newest=newest)
    if confidence is None and not answer.abstained:
        answer = replace(answer, notices=(*answer.notices, _UNJUDGED))
    return replace(answer, confidence=confidence)


def _retrieved(found: Context) -> Retrieved:
    return Retrieved(found.evidence, found.asked.standalone, found.coverage, found.notices)
