"""Answers and passages as plain values, for `--json` and the endpoints."""

# No `from __future__ import annotations` here: Gradio documents an endpoint by its return type
# as it stands, and a postponed one stands as text.

from typing import TypedDict

from rag.types import Answer, RetrievedPassage


class CitationJson(TypedDict):
    """An exact quote: `article.text[start:end] == quote`, offsets in code points."""

    article_id: str
    headline: str
    date: str | None
    quote: str
    start: int
    end: int


class AnswerJson(TypedDict):
    """What `/ask` returns, and `python -m rag --json` prints."""

    question: str
    answer: str
    outcome: str
    abstained: bool
    reason: str
    missing: str
    citations: list[CitationJson]
    timings: dict[str, float]


class PassageJson(TypedDict):
    """A passage with its article's headline and date, and its offsets in the article."""

    article_id: str
    headline: str
    date: str | None
    source: str | None
    url: str | None
    text: str
    start: int
    end: int
    score: float


class SearchJson(TypedDict):
    """What `/search` returns: passages, best first."""

    question: str
    passages: list[PassageJson]


def answer_json(answer: Answer) -> AnswerJson:
    """Return an answer as plain values."""
    return AnswerJson(
        question=answer.question,
        answer=answer.text,
        outcome=answer.outcome.value,
        abstained=answer.abstained,
        reason=answer.reason.value,
        missing=answer.missing,
        citations=[
            CitationJson(
                article_id=one.article_id,
                headline=one.headline,
                date=one.date.isoformat() if one.date else None,
                quote=one.quote,
                start=one.start,
                end=one.end,
            )
            for one in answer.citations
        ],
        timings=dict(answer.timings),
    )


def passage_json(found: RetrievedPassage) -> PassageJson:
    """Return a passage as plain values."""
    return PassageJson(
        article_id=found.passage.article_id,
        headline=found.headline,
        date=found.date.isoformat() if found.date else None,
        source=found.source,
        url=found.url,
        text=found.passage.text,
        start=found.passage.start,
        end=found.passage.end,
        score=found.score,
    )
