"""Questions of how many articles, and which."""

from __future__ import annotations

import re
from datetime import date

import pytest

from index.store.snapshot import IndexReader
from rag.llm.loader import ReadyModel
from rag.pipeline import Pipeline
from rag.retrieval.overviews import list_subject
from rag.types import Outcome, Question, Reason
from tests.index.archive import run_build, write


@pytest.mark.parametrize(
    ("question", "subject"),
    [
        ("How many articles mention Qin Gang?", "Qin Gang"),
        ("Which articles are about the balloon?", "the balloon"),
        ("List all articles on Maui in August 2023.", "Maui"),
        ("Which stories report on “Credit Suisse”?", "Credit Suisse"),
        ("How many articles mention fighting in Mariupol?", "fighting in Mariupol"),
        ("List articles about fires in Marseille in March 2022", "fires in Marseille"),
        ("Which articles mention a wreck on Lastovo since last week?", "a wreck on Lastovo"),
        (" How many  articles\nmention Maui ?\n", "Maui"),
        ("How many articles mention strikes in this country?", "strikes in this country"),
        (
            "How many articles mention fires in March 2022 in Marseille?",
            "fires in March 2022 in Marseille",
        ),
        ("List articles about fires by May 2023", "fires"),
        ("How many people died on Maui?", None),
        ("Which articles of association did the bank change?", None),
        ("Who wrote the articles?", None),
        ("Which articles on Maui say that 97 people died?", None),
    ],
)
def test_what_is_to_be_listed(question: str, subject: str | None) -> None:
    assert list_subject(question) == subject


def test_articles_are_counted_by_the_index(stories: Pipeline) -> None:
    answer = stories.ask(Question("How many articles mention Maui?"))
    assert answer.outcome is Outcome.ANSWERED
    assert answer.text.startswith("3 articles mention “Maui”.")
    days = [citation.date for citation in answer.citations]
    assert len(days) == 3
    assert days == sorted(day for day in days if day)
    for citation in answer.citations:
        article = stories.article(citation.article_id)
        assert article is not None
        assert article.text[citation.start : citation.end] == citation.quote
        assert "Maui" in citation.quote


def test_the_very_same_article_counts_once(settings, embeddings, tmp_path) -> None:
    ferry = "date 2023-08-12 The ferry to Arran stops\n\nIts engine failed off Arran on Friday.\n"
    run_build(settings, embeddings, write(tmp_path / "news", {"a.txt": ferry, "b/a.txt": ferry}))
    pipeline = Pipeline(IndexReader(settings), embeddings, ReadyModel(None), settings)
    answer = pipeline.ask(Question("How many articles mention Arran?"))
    assert answer.text.startswith("1 article mentions “Arran”.")
    assert [len(one.also_in) for one in answer.evidence] == [1]


def test_dates_of_the_question_bound_the_list(stories: Pipeline) -> None:
    answer = stories.ask(Question("Which articles mention Maui in September 2023?"))
    assert [citation.article_id for citation in answer.citations] == ["toll-97.txt"]
    assert (
        answer.notices[-1]
        == "Only articles from 1 September 2023 to 30 September 2023 were searched."
    )


@pytest.mark.parametrize(
    ("period", "found"),
    [
        ("before 14 August 2023", {"toll-36.txt"}),
        ("until 14 August 2023", {"toll-36.txt", "toll-96.txt"}),
        ("after 14 August 2023", {"toll-97.txt"}),
        ("since 14 August 2023", {"toll-96.txt", "toll-97.txt"}),
    ],
)
def test_a_day_is_within_or_without(stories: Pipeline, period: str, found: set[str]) -> None:
    answer = stories.ask(Question(f"Which articles mention Maui {period}?"))
    assert {citation.article_id for citation in answer.citations} == found
    before = period.startswith(("before", "until"))
    assert re.search(
        r"articles up to 1\d" if before else r"articles from 1\d.* on", answer.notices[-1]
    )


def test_a_period_without_articles_bounds_the_list_too(stories: Pipeline) -> None:
    answer = stories.ask(Question("How many articles mention Maui in 1999?"))
    assert answer.text == "No articles mention “Maui”."
    assert (answer.outcome, answer.reason) == (Outcome.ABSTAINED, Reason.OUTSIDE_DATES)
    assert answer.notices == ("No article is of that time (in 1999).",)
    last = date(1999, 12, 31)
    asked = Question("How many articles mention Maui in 2023?", date_to=last)  # no day is in both
    assert stories.ask(asked).text == "No articles mention “Maui”."


def test_a_run_of_blanks_takes_no_time() -> None:
    assert list_subject(f"How many articles mention a{' ' * 100_000}b?") == "a b"


def test_a_reprint_is_counted_as_an_article(stories: Pipeline) -> None:
    answer = stories.ask(Question("How many articles mention Chandrayaan-3?"))
    assert {citation.article_id for citation in answer.citations} == {"moon.txt", "reprint.txt"}


def test_nothing_is_said_to_be_nothing(stories: Pipeline) -> None:
    answer = stories.ask(Question("How many articles mention Reykjavik?"))
    assert answer.text == "No articles mention “Reykjavik”."
    assert (answer.outcome, answer.reason) == (Outcome.ABSTAINED, Reason.NOTHING_FOUND)
    assert answer.abstained and answer.citations == ()
