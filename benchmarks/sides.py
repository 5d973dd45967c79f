"""One question asked of our pipeline, or of the stock chain, with its times."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from langchain_core.documents import Document

from benchmarks.questions import Asked
from evals.metrics import is_correct, says_unknown
from evals.stock import StockIndex
from evals.usage import ReadTokens
from rag.pipeline import Pipeline
from rag.types import Answer, Question


@dataclass(frozen=True, slots=True)
class Row:
    """One answer, measured; seconds since the question was asked.

    Attributes:
        retrieval: The passages are found.
        evidence: What the model will read is chosen; None for the stock chain, which takes all.
        first_token: None where the model was not needed.
        prompt_tokens: Of the call that writes the answer.
        calls: Of the model, checks included.
        correct: By strings; None for questions that the archive does not answer.
    """

    id: str
    type: str
    side: str
    retrieval: float
    evidence: float | None
    first_token: float | None
    total: float
    prompt_tokens: int
    written_tokens: int
    calls: int
    abstained: bool
    correct: bool | None


def ask_ours(pipeline: Pipeline, asked: Asked, tokens: ReadTokens) -> Row:
    """Ask our pipeline."""
    *_, answer = pipeline.stream(Question(asked.text))
    assert isinstance(answer, Answer)
    text = " ".join(statement.text for statement in answer.statements)
    times = answer.timings
    return _row(
        asked,
        "ours",
        (times["retrieval"], times["evidence"], times.get("first_token"), times["total"]),
        tokens,
        text,
        answer.abstained,
    )


def ask_stock(
    index: StockIndex,
    write: Callable[[str, Sequence[Document]], Iterator[str]],
    asked: Asked,
    tokens: ReadTokens,
) -> Row:
    """Ask the stock chain."""
    begun = time.perf_counter()
    chunks = index.search(asked.text)
    retrieval = time.perf_counter() - begun
    first: float | None = None
    pieces: list[str] = []
    for piece in write(asked.text, chunks):
        if piece and first is None:
            first = time.perf_counter() - begun
        pieces.append(piece)
    total = time.perf_counter() - begun
    text = "".join(pieces)
    return _row(asked, "stock", (retrieval, None, first, total), tokens, text, says_unknown(text))


def _row(
    asked: Asked,
    side: str,
    times: tuple[float, float | None, float | None, float],
    tokens: ReadTokens,
    text: str,
    abstained: bool,
) -> Row:
    calls = tokens.take()
    prompt, written = calls[0] if calls else (0, 0)
    retrieval, evidence, first, total = times
    return Row(
        id=asked.id,
        type=asked.type,
        side=side,
        retrieval=retrieval,
        evidence=evidence,
        first_token=first,
        total=total,
        prompt_tokens=prompt,
        written_tokens=written,
        calls=len(calls),
        abstained=abstained,
        correct=is_correct(text, asked.answers, abstained=abstained) if asked.answers else None,
    )
