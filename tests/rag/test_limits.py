"""Questions within an author, a section, a tag or a language."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import rag
from index.errors import QuestionError
from index.models.embedder import MiniLMEmbeddings
from index.settings import Settings
from rag.payloads import answer_json, article_json, passage_json
from rag.question.understand import make_question
from tests.rag.newsroom import newsroom

STORY = "The ferry to Ostrey carried {} people on Friday."
STORIES = {
    "feed.jsonl": "\n".join(
        json.dumps({"id": name, "title": f"Ferry {name}", "body": STORY.format(count), **fields})
        for name, count, fields in (
            ("a", 120, {"author": "Ada Pell", "section": "Local", "date": "2023-06-18"}),
            ("b", 340, {"author": "Jo Marsh", "tags": ["ferries"], "withdrawn": "2023-06-20"}),
        )
    )
}
ASKED = "How many people did the ferry to Ostrey carry?"


@pytest.mark.parametrize(
    ("text", "sources", "found"),
    [
        (ASKED, (), {"a", "b"}),
        (f"{ASKED} author:pell", (), {"a"}),
        (ASKED, ("author:Ada Pell",), {"a"}),
        (f'author:"jo marsh" {ASKED}', (), {"b"}),
        (f"{ASKED} section:local", (), {"a"}),
        (f"{ASKED} tag:ferries", (), {"b"}),
        (f"{ASKED} author:pell", ("tag:ferries",), set()),
    ],
)
def test_only_what_is_within_the_limits_is_found_and_cited(
    settings: Settings,
    embeddings: MiniLMEmbeddings,
    tmp_path: Path,
    text: str,
    sources: tuple[str, ...],
    found: set[str],
) -> None:
    pipeline = newsroom(settings, embeddings, tmp_path / "news", None, STORIES)
    question = make_question(text, max_question=200, sources=sources)
    assert question.text == ASKED
    hits = [passage_json(one) for one in pipeline.search(question, 5)]
    assert {one["article_id"] for one in hits} == found
    answer = pipeline.ask(question)
    cited = answer_json(answer)["citations"]
    assert {one["article_id"] for one in cited} == found
    authors = {"a": ["Ada Pell"], "b": ["Jo Marsh"]}
    assert all(one["authors"] == authors[one["article_id"]] for one in (*hits, *cited))
    told = any("Withdrawn" in one and "Ferry b" in one for one in answer.notices)
    assert told == ("b" in found)


def test_an_article_states_its_author_and_its_section(
    settings: Settings, embeddings: MiniLMEmbeddings, tmp_path: Path
) -> None:
    pipeline = newsroom(settings, embeddings, tmp_path / "news", None, STORIES)
    article = pipeline.article("a")
    assert article
    stated = article_json(article)
    assert (stated["authors"], stated["section"], stated["tags"]) == (["Ada Pell"], "Local", [])
    assert (stated["language"], stated["withdrawn"]) == (None, None)


def test_limits_alone_are_no_question(settings: Settings) -> None:
    with pytest.raises(QuestionError, match="Write a question"):
        rag.ask("author:pell", settings=settings)
