"""Statements tied to the sentences that support them."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from index.text.sentences import sentence_spans
from rag.checking.attribution import (
    antecedent,
    cite,
    find_support,
    sentences_of,
    split_statements,
)
from tests.rag.newsroom import window

TEXT = (
    "China's Foreign Minister Qin Gang told Mr Blinken that Beijing wanted stable relations. "
    "Mr Qin greeted Mr Blinken at the Diaoyutai State Guest House. The two shook hands. "
    "Afterwards he spoke of his hope to meet President Xi within a few months."
)


def test_a_draft_is_read_sentence_by_sentence() -> None:
    assert split_statements("Spain won. England lost.") == ["Spain won.", "England lost."]


def test_marks_that_the_model_invented_are_dropped() -> None:
    drafted = "Spain won [1]. England lost [2] [17]."
    assert split_statements(drafted) == ["Spain won.", "England lost."]
    assert split_statements(" [3] ") == []


def test_the_sentence_that_says_it_is_cited() -> None:
    evidence = [window(TEXT, start=40)]
    (best,) = find_support(
        "Qin greeted Blinken at the Diaoyutai State Guest House.", "Where did they meet?", evidence
    )
    made = cite(best)
    assert made.quote == "Mr Qin greeted Mr Blinken at the Diaoyutai State Guest House."
    assert made.start == 40 + TEXT.index("Mr Qin greeted")
    assert (made.article_id, made.headline) == ("a.txt", "Headline")


def test_what_the_question_said_decides_least() -> None:
    evidence = [
        window("Who scored the goal of the final in Sydney? Many asked so.", "a.txt"),
        window("Carmona did it with her left foot.", "b.txt"),
    ]
    question = "Who scored the goal of the final in Sydney?"
    best = find_support("Carmona scored the goal of the final in Sydney.", question, evidence)[0]
    assert best.evidence.article_id == "b.txt"


def test_a_second_sentence_is_cited_where_it_adds_a_fact() -> None:
    evidence = [
        window("Spain beat England.", "a.txt"),
        window("The stadium held 75,784 people.", "b.txt"),
    ]
    cited = find_support("Spain beat England before 75,784 people.", "Who won?", evidence)
    assert {one.text for one in cited} == {
        "Spain beat England.",
        "The stadium held 75,784 people.",
    }


def test_what_the_statement_takes_over_from_the_question_brings_no_second_sentence() -> None:
    evidence = [
        window("Acme Steel saw profits rise to 6.2m.", "a.txt"),
        window("The Brickworks of Hull reported a loss for 2004.", "b.txt"),
    ]
    question = "How much profit did Acme Steel report for 2004?"
    (only,) = find_support("Acme Steel reported profits of 6.2m for 2004.", question, evidence)
    assert only.evidence.article_id == "a.txt"


def test_what_a_sentence_speaks_of_is_cited_with_it_from_its_own_article() -> None:
    evidence = [
        replace(window("The treatment of obesity in adults had failed.", "a.txt"), start=40),
        window("Acme Steel of Hull is 90 years old.", "b.txt"),
        window("Acme Steel is in trouble.", "a.txt"),
    ]
    evidence[0] = replace(evidence[0], end=86, sentences=((40, 86),), best=(40, 86))
    question = "What was the drug of Acme Steel meant to treat?"
    cited = find_support("Acme Steel meant to treat obesity in adults.", question, evidence)
    assert [one.text for one in cited] == [
        "The treatment of obesity in adults had failed.",
        "Acme Steel is in trouble.",
    ]


def test_the_sentence_that_was_searched_for_goes_before_an_aside() -> None:
    evidence = [
        replace(window("The final was played in Sydney.", "a.txt"), score=0.9),
        replace(window("Sydney, where the final was played, is rainy.", "b.txt"), score=0.4),
    ]
    (best,) = find_support("The final was played in Sydney.", "Where was it?", evidence)
    assert best.evidence.article_id == "a.txt"


def test_one_sentence_that_says_all_is_enough() -> None:
    evidence = [
        window("Spain beat England before 75,784 people.", "a.txt"),
        window("Spain beat England, too, says this.", "b.txt"),
    ]
    cited = find_support("Spain beat England before 75,784 people.", "Who won?", evidence)
    assert [one.evidence.article_id for one in cited] == ["a.txt"]


def test_nothing_supports_a_statement_without_evidence() -> None:
    assert find_support("Spain won.", "Who won?", []) == []


def test_a_pronoun_refers_to_the_nearest_name_before_it() -> None:
    sentences = sentences_of([window(TEXT)])
    later = next(one for one in sentences if one.text.startswith("Afterwards"))
    assert antecedent(later, "Antony Blinken") == TEXT.index("Mr Qin greeted")
    assert antecedent(later, "Beijing") == 0
    assert antecedent(later, "Wang Yi") is None


def test_without_a_pronoun_nothing_is_referred_to() -> None:
    sentences = sentences_of([window("Qin Gang spoke. Spain won.")])
    assert antecedent(sentences[1], "Qin Gang") is None


def test_a_citation_may_begin_where_its_pronoun_points() -> None:
    last = sentences_of([window(TEXT, start=7)])[-1]
    start = 7 + TEXT.index("The two")
    made = cite(last, start)
    assert made.quote == TEXT[start - 7 : last.span[1] - 7]
    assert made.start == start


@given(st.text(max_size=300), st.integers(0, 5000))
def test_every_sentence_is_quoted_exactly(text: str, start: int) -> None:
    if not sentence_spans(text):
        return
    article = "·" * start + text
    for sentence in sentences_of([window(text, start=start)]):
        made = cite(sentence)
        assert article[made.start : made.end] == made.quote == sentence.text
