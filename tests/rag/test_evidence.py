"""From passages to the few windows that the model sees."""

from __future__ import annotations

from datetime import date

import pytest

from index.models.embedder import MiniLMEmbeddings
from index.text.sentences import sentence_spans
from index.types import ArticleRef, Passage
from rag.retrieval.evidence import select_evidence, shown
from rag.retrieval.sentences import best_passages, rank_sentences, word_weights
from rag.types import Evidence, RetrievedPassage
from tests.rag.newsroom import window

VISIT = (
    "The two sides spoke of trade. China's Foreign Minister Qin Gang told Mr Blinken that "
    "Beijing wanted stable relations. US officials said he had agreed to visit Washington.\n\n"
    "The weather was warm. Mr Qin greeted Mr Blinken at the Diaoyutai State Guest House. The two "
    "shook hands. They sat down at long tables. Tea was served."
)
FINAL = "Olga Carmona scored the only goal of the final. The stadium in Sydney was full."
GREETING = "Mr Qin greeted Mr Blinken at the Diaoyutai State Guest House."


def passage(article_id: str, text: str, start: int = 0) -> RetrievedPassage:
    return RetrievedPassage(
        Passage(article_id, start, start + len(text), text),
        ArticleRef(article_id, f"Headline of {article_id}", date(2023, 6, 18)),
        1.0,
    )


def select(
    question: str, embeddings: MiniLMEmbeddings, budget: int, *passages: RetrievedPassage
) -> list[Evidence]:
    ranked = rank_sentences(question, passages, word_weights(question, lambda _: 0.1))
    return select_evidence(ranked, embeddings, budget)[0]


def test_the_sentence_comes_with_its_neighbours(embeddings: MiniLMEmbeddings) -> None:
    made = select(
        "Where did Qin greet Blinken?", embeddings, 50, passage("visit", VISIT, start=1000)
    )
    assert made[0].quote == GREETING
    assert made[0].text == f"The weather was warm. {GREETING} The two shook hands."
    at = VISIT.index("The weather")
    assert (made[0].start, made[0].end) == (1000 + at, 1000 + at + len(made[0].text))


def test_text_and_sentences_are_slices_of_the_article(embeddings: MiniLMEmbeddings) -> None:
    article = "x" * 17 + VISIT
    made = select("What did Qin tell Blinken?", embeddings, 300, passage("visit", VISIT, start=17))
    for item in made:
        assert item.text == article[item.start : item.end]
        assert item.best in item.sentences
        assert item.quote == article[slice(*item.best)]
        spans = [(17 + first, 17 + last) for first, last in sentence_spans(VISIT)]
        assert set(item.sentences) <= set(spans)
        assert (item.sentences[0][0], item.sentences[-1][1]) == (item.start, item.end)


def test_windows_that_touch_are_joined(embeddings: MiniLMEmbeddings) -> None:
    made = select("Where did Qin greet Blinken?", embeddings, 1000, passage("visit", VISIT))
    assert [item.text for item in made] == [VISIT]


@pytest.mark.parametrize("budget", [60, 90, 150])
def test_the_budget_holds(embeddings: MiniLMEmbeddings, budget: int) -> None:
    many = [passage(f"a{at}", f"{FINAL} This is story {at}.") for at in range(12)]
    made = select("Who scored the goal of the final?", embeddings, budget, *many)
    assert 1 <= len(made) < 12
    assert sum(embeddings.count_tokens([item.text for item in made])) <= budget


def test_the_best_is_shown_whatever_its_length(embeddings: MiniLMEmbeddings) -> None:
    long = "Olga Carmona scored the only goal " + "and ran on and on " * 60 + "to the end."
    made = select("Who scored the goal?", embeddings, 50, passage("long", long))
    assert [item.text for item in made] == [long]


def test_the_best_article_is_first_and_numbered(embeddings: MiniLMEmbeddings) -> None:
    made = select(
        "Who scored the goal of the final?",
        embeddings,
        300,
        passage("visit", VISIT),
        passage("final", FINAL),
    )
    assert made[0].article_id == "final"
    assert [item.number for item in made] == list(range(1, len(made) + 1))


def test_a_sentence_found_twice_is_shown_once(embeddings: MiniLMEmbeddings) -> None:
    again = passage("visit", VISIT[VISIT.index("The weather") :], VISIT.index("The weather"))
    made = select("Where did Qin greet Blinken?", embeddings, 60, passage("visit", VISIT), again)
    assert sum(GREETING in item.text for item in made) == 1


def test_nothing_found_makes_no_evidence(embeddings: MiniLMEmbeddings) -> None:
    assert select("Who won?", embeddings, 300) == []


def test_windows_of_one_article_stand_under_one_heading() -> None:
    first = window("One stands here.", headline="Heading")
    second = window("Two\n\nstands here.", headline="Heading", start=100)
    other = window("Three.", "b.txt", headline="Other", published=None)
    assert shown([first, second, other]) == (
        "# Heading (18 June 2023)\nOne stands here.\nTwo stands here.\n\n# Other\nThree."
    )


def test_passages_come_in_the_order_of_their_best_sentence() -> None:
    question = "How many people saw the final in Sydney?"
    told = "The final in Sydney was seen by 75,784 people."
    found = [passage("a", FINAL), passage("b", told), passage("c", "Tea was served.")]
    ranked = rank_sentences(question, found, word_weights(question, lambda _: 0.1))
    assert [one.passage.article_id for one in best_passages(ranked, 2)] == ["b", "a"]


def test_a_sentence_that_brings_what_is_asked_for_is_raised() -> None:
    question = "When was the summit in Johannesburg?"
    text = "The summit in Johannesburg was long. The summit in Johannesburg was in August 2023."
    ranked = rank_sentences(question, [passage("a", text)], word_weights(question, lambda _: 0.1))
    assert ranked[0].text.endswith("August 2023.")
