"""Answers, passages and articles as plain values, for `--json`, the endpoints and the tools."""

# No `from __future__ import annotations` here: Gradio documents an endpoint by its return type
# as it stands, and a postponed one stands as text.

from typing_extensions import TypedDict  # Python 3.11's own is not enough for the tools' schemas

from index.store.catalogue import CataloguePage
from index.types import Article
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
    """What `python -m rag --json` prints."""

    question: str
    answer: str
    outcome: str
    abstained: bool
    reason: str
    missing: str
    confidence: float | None
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


class ArticleJson(TypedDict):
    """A whole article; the offsets of citations and passages are code points of `text`."""

    article_id: str
    headline: str
    date: str | None
    source: str | None
    url: str | None
    text: str


class ListedJson(TypedDict):
    """An article of a list, without its text."""

    article_id: str
    headline: str
    date: str | None
    source: str | None


class ListJson(TypedDict):
    """A page of a list of articles, and how many the whole list has."""

    total: int
    articles: list[ListedJson]


def answer_json(answer: Answer) -> AnswerJson:
    """Return an answer as plain values."""
    return AnswerJson(
        question=answer.question,
        answer=answer.text,
        outcome=answer.outcome.value,
        abstained=answer.abstained,
        reason=answer.reason.value,
        missing=answer.missing,
        confidence=answer.confidence,
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


def article_json(article: Article) -> ArticleJson:
    """Return an article as plain values."""
    return ArticleJson(
        article_id=article.id,
        headline=article.headline,
        date=article.date.isoformat() if article.date else None,
        source=article.source,
        url=article.url,
        text=article.text,
    )


def list_json(page: CataloguePage) -> ListJson:
    """Return a page of a list as plain values."""
    return ListJson(
        total=page.total,
        articles=[
            ListedJson(
                article_id=one.article_id,
                headline=one.headline,
                date=one.date.isoformat() if one.date else None,
                source=one.source,
            )
            for one in page.articles
        ],
    )
