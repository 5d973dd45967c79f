"""Finding in a real index with the real embedder: the expected first result has a name."""

from __future__ import annotations

from datetime import date

import pytest

from index.models.embedder import MiniLMEmbeddings
from index.store.snapshot import IndexReader
from index.types import Bounds
from rag.retrieval.retriever import retrieve, to_document
from rag.types import RetrievedPassage


@pytest.fixture
def find(reader: IndexReader, embeddings: MiniLMEmbeddings):
    def find(text: str, bounds: Bounds = Bounds(), **options) -> list[RetrievedPassage]:  # noqa: B008
        with reader.snapshot() as snapshot:
            return retrieve(snapshot, text, embeddings.embed_query(text), 8, bounds, **options)

    return find


def ids(found: list[RetrievedPassage]) -> list[str]:
    return [item.passage.article_id for item in found]


@pytest.mark.parametrize(
    ("question", "first"),
    [
        ("Whom did Qin Gang greet at the guest house?", "beijing.txt"),
        ("Why was the visit put off?", "balloon.txt"),
        ("Who scored in the final?", "sydney.txt"),
        ("What did the Swiss bank pay for its rival?", "bank.txt"),
        ("How long did the actors strike?", "w-1"),
        ("How do I make a loaf?", "recipe.txt"),  # by meaning alone: no word is shared
    ],
)
def test_the_right_article_comes_first(find, question: str, first: str) -> None:
    assert ids(find(question))[0] == first


def test_the_passage_that_tells_comes_first(find) -> None:
    best = find("Who scored the goal of the final in Sydney?")[0]
    assert best.passage.text.startswith("Spain win") or "Carmona" in best.passage.text


def test_bounds_hold_in_both_halves(find) -> None:
    august = Bounds(date(2023, 8, 1), date(2023, 8, 31), undated=False)
    found = find("How many people died in the wildfires on Maui?", august)
    assert ids(found)[:1] == ["toll-96.txt"] or ids(found)[:1] == ["toll-36.txt"]
    assert {"toll-36.txt", "toll-96.txt"} <= set(ids(found))
    assert all(item.date and item.date.month == 8 for item in found)
    assert ids(find("How do I make a loaf?", august)) != []
    assert "recipe.txt" not in ids(find("How do I make a loaf?", august))


def test_the_last_day_is_within(find) -> None:
    found = find("wildfires on Maui", Bounds(date_to=date(2023, 8, 10), undated=False))
    assert ids(found)[0] == "toll-36.txt"
    assert "toll-96.txt" not in ids(found)


def test_nothing_is_found_where_nothing_is(find) -> None:
    assert find("wildfires", Bounds(date_to=date(2001, 1, 1), undated=False)) == []


def test_publishers_bound_the_search(find) -> None:
    assert ids(find("When did the strike end?", Bounds(sources=("Gazette",)))) == ["w-2"]
    assert find("When did the strike end?", Bounds(sources=("Nobody",))) == []


def test_a_reprint_is_one_source(find) -> None:
    found = find("Where did Chandrayaan-3 touch down?")
    both = {"moon.txt", "reprint.txt"}
    assert ids(found)[0] in both
    assert len(both & set(ids(found))) == 1
    assert set(found[0].also_in) == both - {ids(found)[0]}


def test_latest_prefers_the_newest_of_what_is_relevant(find) -> None:
    question = "How many people died in the wildfires on Maui?"
    assert ids(find(question, latest=True))[0] == "toll-97.txt"
    assert "bank.txt" not in ids(find(question, latest=True))[:3]


def test_a_window_raises_and_leaves_nothing_out(find) -> None:
    question = "How many people died in the wildfires on Maui?"
    early = Bounds(date(2023, 8, 9), date(2023, 8, 11), undated=False)
    found = ids(find(question, window=early))
    assert found[0] == "toll-36.txt"
    assert {"toll-96.txt", "toll-97.txt"} <= set(found)


def test_a_passage_is_langchains_document(find) -> None:
    found = find("Where did Chandrayaan-3 touch down?")[0]
    document = to_document(found)
    assert document.page_content == found.passage.text
    assert document.metadata["article_id"] == found.passage.article_id
    assert document.metadata["date"] == found.date.isoformat()
