"""Stories told by dates."""

from __future__ import annotations

from datetime import date

import pytest

from index.types import ArticleRef, Passage
from rag.pipeline import Pipeline
from rag.retrieval.overviews import timeline_of, timeline_subject
from rag.retrieval.sentences import RankedSentence
from rag.types import Outcome, Question, Reason, Retrieved, RetrievedPassage


@pytest.mark.parametrize(
    ("question", "story"),
    [
        ("How did the wildfires on Maui develop?", "the wildfires on Maui"),
        ("How has the strike of the actors unfolded since May 2023?", "the strike of the actors"),
        ("Summarise the coverage of the Women's World Cup.", "the Women's World Cup"),
        ("Please summarize the news on Qin Gang in June 2023", "Qin Gang"),
        ("Give me a timeline of the Moon landing", "the Moon landing"),
        ("What happened to the balloon between 1 and 9 February 2023?", "the balloon"),
        ("What happened in Beijing from May to July 2023?", "Beijing"),
        ("Summarise the coverage of the fire in Marseille", "the fire in Marseille"),
        ("How did the fighting in Mariupol develop?", "the fighting in Mariupol"),
        ("How  did the fighting in Mariupol\nin May develop ?", "the fighting in Mariupol"),
        ("How did the strike develop between 9 and 20 August 2023?", "the strike"),
        ("How has the strike evolved so far?", "the strike"),
        ("How has the strike evolved over the past few weeks?", "the strike"),
        ("How did the strike develop from early 2022 to May 2023?", "the strike"),
        ("How did the war develop after 2020?", "the war"),
        ("How did BioNTech develop its vaccine so fast?", None),
        ("How has the firm developed batteries since 2020?", None),
        ("How did the talks progress despite the fire in May?", None),
        ("What happened to the money between the bank and the state?", None),
        ("What happened in Beijing from the point of view of Mr Qin?", None),
        ("What happened to the balloon?", None),
        ("How did Spain win?", None),
        ("What did the summary of the report say?", None),
        ("Who developed the timeline?", None),
    ],
)
def test_what_story_is_asked_for(question: str, story: str | None) -> None:
    assert timeline_subject(question) == story


def test_a_story_is_told_by_dates_and_quotes(stories: Pipeline) -> None:
    *events, answer = stories.stream(Question("How did the wildfires on Maui develop?"))
    assert answer.outcome is Outcome.ANSWERED
    days = [one.date for one in answer.citations]
    assert days == [date(2023, 8, 10), date(2023, 8, 14), date(2023, 9, 16)]
    lines = answer.text.split("\n")
    assert lines[0].startswith("10 August 2023: “") and lines[0].endswith("[1]")
    assert next(event for event in events if isinstance(event, Retrieved)).evidence
    for statement, citation in zip(answer.statements, answer.citations, strict=True):
        assert citation.quote in statement.text
        article = stories.article(citation.article_id)
        assert article is not None
        assert article.text[citation.start : citation.end] == citation.quote


def test_dates_of_the_question_bound_the_story(stories: Pipeline) -> None:
    asked = "What happened with the wildfires on Maui between 9 and 20 August 2023?"
    answer = stories.ask(Question(asked))
    assert [one.article_id for one in answer.citations] == ["toll-36.txt", "toll-96.txt"]


def test_a_period_without_articles_has_no_story(stories: Pipeline) -> None:
    answer = stories.ask(Question("How did the wildfires on Maui develop in 1999?"))
    assert answer.reason is Reason.OUTSIDE_DATES
    assert not answer.citations
    assert answer.notices == ("No article is of that time (in 1999).",)


def test_one_article_makes_no_story(stories: Pipeline) -> None:
    answer = stories.ask(Question("How did the purchase of Credit Suisse by UBS develop?"))
    assert answer.outcome is Outcome.EVIDENCE_ONLY  # answered as any question is


def test_a_long_story_is_spread_over_its_days() -> None:
    text = "The talks went on."
    found = [
        RetrievedPassage(
            Passage(f"{day}.txt", 0, len(text), text),
            ArticleRef(f"{day}.txt", "Talks", date(2023, 1, day)),
            1.0,
        )
        for day in range(1, 30)
    ]
    sentences = [RankedSentence(one, [(0, len(text))], 0, 1.0, 1.0, 0.0, 1.0, 1.0) for one in found]
    days = [one.source.date for one in timeline_of(sentences, 4)]
    assert days == sorted(day for day in days if day)
    assert [(day.day - 1) * 4 // 29 for day in days if day] == [0, 1, 2, 3]
