"""Rankings made one, counted by hand, and near-duplicates made one source."""

import pytest

from index.types import ArticleRef, Passage
from rag.retrieval.retriever import collapse_near_duplicates, reciprocal_rank_fusion
from rag.types import RetrievedPassage

STORY = (
    "Mr Qin greeted Mr Blinken at the Diaoyutai State Guest House on Sunday, a walled park where "
    "China's leaders have received a long line of foreign visitors."
)


def found(article_id: str, text: str, *also_in: str) -> RetrievedPassage:
    passage = Passage(article_id, 0, len(text), text)
    return RetrievedPassage(
        passage, ArticleRef(passage.article_id, "Headline"), 1.0, also_in=also_in
    )


def test_scores_are_weighted_sums_of_reciprocal_ranks() -> None:
    scores = reciprocal_rank_fusion({"words": [7, 8], "meaning": [8]}, {"meaning": 0.5})
    assert scores[7] == pytest.approx(1 / 61)
    assert scores[8] == pytest.approx(1 / 62 + 0.5 / 61)
    assert list(scores) == [8, 7]


def test_a_heavier_ranking_wins() -> None:
    rankings = {"words": [1, 2], "meaning": [2, 1]}
    assert list(reciprocal_rank_fusion(rankings, {"words": 1.0, "meaning": 0.7})) == [1, 2]
    assert list(reciprocal_rank_fusion(rankings, {"words": 0.7, "meaning": 1.0})) == [2, 1]


def test_nothing_fuses_to_nothing() -> None:
    assert reciprocal_rank_fusion({"words": []}, {}) == {}


def test_a_reprint_is_named_beside_the_first() -> None:
    reprint = STORY.replace("a walled", "the walled") + " Photographs were taken."
    kept = collapse_near_duplicates([found("a.txt", STORY), found("b.txt", reprint)], 9)
    assert [item.passage.article_id for item in kept] == ["a.txt"]
    assert kept[0].also_in == ("b.txt",)


def test_what_a_reprint_knew_of_goes_along() -> None:
    kept = collapse_near_duplicates(
        [found("a.txt", STORY, "c.txt"), found("b.txt", STORY, "a.txt", "d.txt")], 9
    )
    assert kept[0].also_in == ("c.txt", "b.txt", "d.txt")


def test_other_news_of_the_same_subject_stays() -> None:
    other = "Mr Blinken met Wang Yi on Monday and flew to London in the evening."
    assert len(collapse_near_duplicates([found("a.txt", STORY), found("b.txt", other)], 9)) == 2


def test_overlapping_passages_of_one_article_stay() -> None:
    kept = collapse_near_duplicates([found("a.txt", STORY), found("a.txt", STORY + " More.")], 9)
    assert len(kept) == 2
    assert kept[0].also_in == ()


def test_a_reprint_with_another_figure_or_name_stays() -> None:
    first = "At least 36 people were killed by the fires, Governor Josh Green told reporters."
    other = "At least 96 people were killed by the fires, Governor Josh Green told reporters."
    named = "At least 36 people were killed by the fires, Governor Ann Brown told reporters."
    passages = [found("a.txt", first), found("b.txt", other), found("c.txt", named)]
    assert len(collapse_near_duplicates(passages, 9)) == 3


def test_reprints_do_not_count_towards_the_limit() -> None:
    other = "Mr Blinken met Wang Yi on Monday and flew to London in the evening."
    passages = [found("a.txt", STORY), found("b.txt", STORY), found("c.txt", other)]
    kept = collapse_near_duplicates([*passages, found("d.txt", "No news.")], 2)
    assert [item.passage.article_id for item in kept] == ["a.txt", "c.txt"]
