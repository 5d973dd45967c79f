"""Questions to try: of each kind one, made from the articles, and each is answered."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from index.models.embedder import MiniLMEmbeddings
from index.settings import Settings
from index.types import Article
from rag.examples import _stories
from rag.pipeline import Pipeline
from rag.types import Example, ExampleKind, Question
from tests.rag.newsroom import newsroom

_OF_THE_QUAKE = (
    "A strong quake struck Karelia at night, and many houses fell.",
    "Rescuers in Karelia found more survivors of the quake.",
    "Aid for Karelia after the quake has arrived by train.",
)
STORIES = {
    f"quake-{day}.txt": f"date 2023-03-0{day} Quake in Karelia, day {day}\n\n{text}\n"
    for day, text in enumerate(_OF_THE_QUAKE, start=1)
} | {
    "cup.txt": "date 2023-05-02 A cup is won\n\nThe Rovers have won the Northern Cup in Oulu.\n",
    "vote.txt": "date 2023-06-02 A vote\n\nMinister Eino Salo said the vote would be repeated.\n",
}


@pytest.fixture
def pipeline(settings: Settings, embeddings: MiniLMEmbeddings, tmp_path: Path) -> Pipeline:
    return newsroom(settings, embeddings, tmp_path / "articles", None, STORIES)


def by_kind(pipeline: Pipeline) -> dict[ExampleKind, Example]:
    return {one.kind: one for one in pipeline.examples()}


def test_there_is_one_of_each_kind(pipeline: Pipeline) -> None:
    made = by_kind(pipeline)
    assert set(made) == set(ExampleKind)
    assert made[ExampleKind.FACT].question == "Who won the Northern Cup?"
    story = "What happened with Karelia between 1 and 3 March 2023?"
    assert made[ExampleKind.STORY].question == story
    assert made[ExampleKind.SAID].question == "What did Minister Eino Salo say?"


def test_a_name_keeps_the_article_that_every_headline_gives_it() -> None:
    def told(*headlines: str) -> str:
        articles = [
            Article(str(day), str(day), line, "It was read.", date(2023, 3, day))
            for day, line in enumerate(headlines, start=1)
        ]
        return _stories(articles)[0].question

    ship = "What happened with the Kalevala between 1 and 3 March 2023?"
    assert told("Fire on the Kalevala", "Tugs tow the Kalevala", "Crew leaves the Kalevala") == ship
    bare = "What happened with Kalevala between 1 and 3 March 2023?"
    assert told("Fire on the Kalevala", "Tugs tow Kalevala", "Crew leaves the Kalevala") == bare


def test_each_is_answered_from_its_article(pipeline: Pipeline) -> None:
    for kind, one in by_kind(pipeline).items():
        answer = pipeline.ask(Question(one.question, as_of=one.as_of))
        assert not answer.abstained
        if one.article_id:
            assert answer.citations[0].article_id == one.article_id
            assert answer.citations[0].quote == one.quote
        if kind is ExampleKind.STORY:
            assert len(answer.citations) == 3
        if one.as_of:
            assert all(cited.date <= one.as_of for cited in answer.citations if cited.date)


def test_what_a_search_does_not_find_is_not_offered(pipeline: Pipeline, monkeypatch) -> None:
    lost = Example(ExampleKind.FACT, "Who won the Southern Cup?", None, "cup.txt", "Nobody did.")
    made = {ExampleKind.FACT: [lost]}
    monkeypatch.setattr("rag.pipeline.example_questions", lambda snapshot: made)
    assert pipeline.examples() == []
