"""Asks every question of a set, of ours or of the stock chain, and keeps what came of it."""

from __future__ import annotations

import hashlib
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.documents import Document
from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.messages import AIMessage
from langchain_core.outputs import ChatGeneration, LLMResult

from evals.archives import HOME, write_passages
from evals.metrics import says_unknown
from evals.questions import FIRST, EvalQuestion
from evals.rows import Row, fields_of_answer, row_of_search
from evals.stock import NEAREST, StockIndex, Writer, stock_writer
from index.build import build_index
from index.models.embedder import MiniLMEmbeddings
from index.progress import Meter
from index.settings import Settings
from index.store.snapshot import IndexReader
from index.types import ArticleRef, BuildEvent, Passage
from rag.llm.loader import ReadyModel
from rag.pipeline import Pipeline
from rag.types import Outcome, RetrievedPassage, Turn

FOUND = 20  # passages looked at: more than 10 distinct articles' worth
Ask = Callable[[EvalQuestion], Row]


class ReadTokens(BaseCallbackHandler):
    """Collects (prompt tokens, written tokens) of each call of a chat model, in order of end."""

    def __init__(self) -> None:
        """Begin with none."""
        self._calls: list[tuple[int, int]] = []

    def take(self) -> list[tuple[int, int]]:
        """Return the calls since the last `take`."""
        taken, self._calls = self._calls, []
        return taken

    def first(self) -> tuple[int, int]:
        """Return the first call since the last `take`, zeros without one, and forget the rest."""
        return next(iter(self.take()), (0, 0))

    def on_llm_end(self, response: LLMResult, **kwargs: Any) -> None:
        """Note one call."""
        generation = response.generations[0][0]
        message = generation.message if isinstance(generation, ChatGeneration) else None
        usage = message.usage_metadata if isinstance(message, AIMessage) else None
        if usage:
            self._calls.append((usage["input_tokens"], usage["output_tokens"]))


def index_archive(
    archive: Path, settings: Settings, embeddings: MiniLMEmbeddings, meter: Meter | None
) -> None:
    """Build the index of an archive, or bring it in line; what is unchanged costs nothing."""
    for event in build_index([archive], settings, embeddings):
        if meter and isinstance(event, BuildEvent):
            meter.reached(event)


@contextmanager
def our_side(
    settings: Settings, embeddings: MiniLMEmbeddings, model: BaseChatModel | None
) -> Iterator[Ask]:
    """Yield a function that asks our pipeline; without a model it only searches.

    A turn of a conversation is asked with its earlier turns as a user would have them: with our
    own answers, right or wrong. A search has none, so there they are the shortest right ones.
    """
    tokens = ReadTokens()
    if model is not None:
        model.callbacks = [tokens]
    told: dict[str, tuple[Turn, ...]] = {}  # of each conversation, in memory alone
    pipeline = Pipeline(IndexReader(settings), embeddings, ReadyModel(model), settings)

    def ask(question: EvalQuestion) -> Row:
        if question.conversation:
            before = () if question.type == FIRST else told[question.conversation]
            asked = replace(question, history=before)
            row, answer = _ask_ours(pipeline, asked, model is not None, tokens)
            told[question.conversation] = (*before, Turn(question.text, answer))
            return row
        if not question.passages:
            return _ask_ours(pipeline, question, model is not None, tokens)[0]
        with _folder_of(question) as home:
            own = settings.model_copy(update={"data_dir": home})
            index_archive(write_passages(question, home / "articles"), own, embeddings, None)
            other = Pipeline(IndexReader(own), embeddings, ReadyModel(model), own)
            return _ask_ours(other, question, model is not None, tokens)[0]

    yield ask


@contextmanager
def _folder_of(question: EvalQuestion) -> Iterator[Path]:
    """A folder for a question's own index; no two share a path, for Chroma keeps what it opened."""
    home = HOME / "own" / hashlib.sha256(question.id.encode()).hexdigest()[:16]
    shutil.rmtree(home, ignore_errors=True)
    try:
        yield home
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _ask_ours(
    pipeline: Pipeline, question: EvalQuestion, whole: bool, tokens: ReadTokens
) -> tuple[Row, str]:
    row = row_of_search(question, pipeline.search(question.asked, FOUND))
    if not whole:
        return row, question.expected
    fields, answer = ask_pipeline(pipeline, question, tokens)
    return replace(row, **fields), answer


def ask_pipeline(
    pipeline: Pipeline, question: EvalQuestion, tokens: ReadTokens
) -> tuple[dict[str, Any], str]:
    """Ask our pipeline; returns the fields of a row, and the answer's text."""
    tokens.take()
    answer = pipeline.ask(question.asked)
    fields = fields_of_answer(question, answer, pipeline.article)
    return {**fields, "tokens": tokens.first()}, answer.text


def stock_side(index: StockIndex, model: BaseChatModel | None) -> Ask:
    """Return a function that asks the stock chain; without a model it only searches."""
    tokens = ReadTokens()
    if model is not None:
        model.callbacks = [tokens]
    write = stock_writer(model) if model is not None else None

    def ask(question: EvalQuestion) -> Row:
        row = row_of_search(question, _as_found(index.search(question.text, FOUND)))
        return replace(row, **ask_stock(index, write, question, tokens)) if write else row

    return ask


def ask_stock(
    index: StockIndex, write: Writer, question: EvalQuestion, tokens: ReadTokens
) -> dict[str, Any]:
    """Ask the stock chain; returns the fields of a row."""
    tokens.take()
    begun = time.perf_counter()
    chunks = index.search(question.text, NEAREST)
    seconds = {"retrieval": time.perf_counter() - begun}
    pieces: list[str] = []
    for piece in write(question.text, chunks):
        if piece:
            seconds.setdefault("first_token", time.perf_counter() - begun)
        pieces.append(piece)
    seconds["total"] = time.perf_counter() - begun
    fields = _fields_of_text(question, "".join(pieces))
    return {**fields, "seconds": seconds, "tokens": tokens.first()}


def _fields_of_text(question: EvalQuestion, text: str) -> dict[str, Any]:
    unknown = says_unknown(text)
    outcome = Outcome.ABSTAINED if unknown else Outcome.ANSWERED
    return {"outcome": outcome.value, "correct": question.scored(text, abstained=unknown)}


def _as_found(chunks: Sequence[Document]) -> list[RetrievedPassage]:
    return [
        RetrievedPassage(
            Passage(chunk.metadata["source"], 0, len(chunk.page_content), chunk.page_content),
            ArticleRef(chunk.metadata["source"], ""),
            score=-float(rank),
        )
        for rank, chunk in enumerate(chunks)
    ]
