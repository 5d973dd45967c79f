"""Answers, passages and articles as plain values, for `--json`, the endpoints and the tools."""

# No `from __future__ import annotations` here: Gradio documents an endpoint by its return type
# as it stands, and a postponed one stands as text.

from datetime import date
from enum import StrEnum
from typing import TypeVar

from typing_extensions import TypedDict  # Python 3.11's own is not enough for the tools' schemas

from index.store.catalogue import CataloguePage
from index.types import Article
from rag.types import Answer, RetrievedPassage

_Shape = TypeVar("_Shape")


class DetailsJson(TypedDict):
    """What an article states of itself; `withdrawn` is the day on which its feed left it out.

    `notes` are its reader's: where its day comes from if no field states it, damaged characters.
    """

    authors: list[str]
    section: str | None
    tags: list[str]
    language: str | None
    withdrawn: str | None
    modified: str | None
    notes: list[str]


class CitationJson(DetailsJson):
    """An exact quote: `article.text[start:end] == quote`, offsets in code points."""

    article_id: str
    headline: str
    date: str | None
    quote: str
    start: int
    end: int


class AnswerJson(TypedDict):
    """What `broadsheet ask --json` prints."""

    question: str
    answer: str
    outcome: str
    abstained: bool
    reason: str
    missing: str
    confidence: float | None
    citations: list[CitationJson]
    timings: dict[str, float]


class ListedJson(TypedDict):
    """An article of a list, without its text."""

    article_id: str
    headline: str
    date: str | None
    source: str | None


class ArticleJson(ListedJson, DetailsJson):
    """A whole article; the offsets of citations and passages are code points of `text`."""

    url: str | None
    text: str


class PassageJson(ArticleJson):
    """A passage with its article's headline and date, and its offsets in the article."""

    start: int
    end: int
    score: float


class SearchJson(TypedDict):
    """What `/search` returns: passages, best first."""

    question: str
    passages: list[PassageJson]


class ListJson(TypedDict):
    """A page of a list of articles, and how many the whole list has."""

    total: int
    articles: list[ListedJson]


def answer_json(answer: Answer) -> AnswerJson:
    """Return an answer as plain values."""
    citations = [
        _plain(CitationJson, citation, **citation.details._asdict())
        for citation in answer.citations
    ]
    values = {"answer": answer.text, "citations": citations, "timings": dict(answer.timings)}
    return _plain(AnswerJson, answer, **values)


def passage_json(found: RetrievedPassage) -> PassageJson:
    """Return a passage as plain values."""
    passage = found.passage
    where = {"article_id": passage.article_id, "start": passage.start, "end": passage.end}
    return _plain(PassageJson, found, text=passage.text, **where, **found.details._asdict())


def article_json(article: Article) -> ArticleJson:
    """Return an article as plain values."""
    details = article.details._asdict()
    return _plain(ArticleJson, article, article_id=article.id, **details)


def list_json(page: CataloguePage) -> ListJson:
    """Return a page of a list as plain values."""
    return ListJson(
        total=page.total, articles=[_plain(ListedJson, article) for article in page.articles]
    )


def _plain(shape: type[_Shape], item: object, **values: object) -> _Shape:
    """Return a shape with these values, else the item's own of the same name, days as text."""
    plain = {}
    for name in sorted(shape.__annotations__, key=DetailsJson.__annotations__.__contains__):
        value = values[name] if name in values else getattr(item, name)
        if isinstance(value, date):
            value = value.isoformat()
        value = list(value) if isinstance(value, tuple) else value
        plain[name] = value.value if isinstance(value, StrEnum) else value
    return shape(**plain)
