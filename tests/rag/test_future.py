"""An article dated after today is named as such, and is the newest of nothing.

What is dated later than tomorrow is kept without its day; tomorrow may be a matter of time zones.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest

from index.settings import load_settings
from index.store.snapshot import IndexReader
from rag.checking.attribution import cite, sentences_of
from rag.checking.conflicts import find_conflicts
from rag.llm.loader import ReadyModel
from rag.pipeline import Pipeline
from rag.types import Answer, Question
from tests.conftest import MODELS
from tests.index.archive import run_build, write
from tests.rag.newsroom import STORIES, window

TOMORROW = date.today() + timedelta(days=1)
TOLL = "The number of people who died in the wildfires on Maui is 4,000."
LATEST = "What is the latest number of people who died in the wildfires on Maui?"


@pytest.fixture(scope="module")
def ask(tmp_path_factory, embeddings) -> Callable[[str], Answer]:
    """Asks an archive with a story of next month, without a model."""
    folder = tmp_path_factory.mktemp("ahead")
    made = load_settings(data_dir=folder / "data", model_dir=MODELS, llm="none")
    (folder / "articles").mkdir()
    ahead = {
        "ahead.txt": f"date 2999-01-01 Death toll on Maui is 4,000\n\n{TOLL}\n",
        "tomorrow.txt": f"date {TOMORROW} Toll on Maui\n\n{TOLL.replace('4', '5')}\n",
    }
    run_build(made, embeddings, write(folder / "articles", STORIES | ahead))
    pipeline = Pipeline(IndexReader(made), embeddings, ReadyModel(None), made)
    return lambda text: pipeline.ask(Question(text))


def test_it_is_told_and_what_is_known_today_comes_first(ask) -> None:
    answer = ask(LATEST)
    read = [one.article_id for one in answer.evidence]
    assert read.index("toll-97.txt") < read.index("toll-36.txt")
    for name, headline in (("ahead.txt", "Death toll on Maui is 4,000"), ("tomorrow.txt", "Toll")):
        assert read.index("toll-36.txt") < read.index(name)
        assert any(one.startswith(f"Dated after today: “{headline}") for one in answer.notices)


def test_it_is_no_news(ask) -> None:
    newest = [one.article_id for one in ask("What is new?").citations]
    assert newest[0] == "w-1" and not {"ahead.txt", "tomorrow.txt"} & set(newest)


def test_it_is_marked_in_lists_and_stories(ask) -> None:
    for question in ("Which articles mention Maui?", "How did the wildfires on Maui develop?"):
        answer = ask(question)
        assert "tomorrow.txt" in {one.article_id for one in answer.citations}
        assert any("after today" in notice for notice in answer.notices)


def test_nothing_is_said_where_all_are_of_the_past(ask) -> None:
    assert not any("today" in notice for notice in ask("Who scored in Sydney?").notices)


def test_its_value_comes_last_among_those_that_differ() -> None:
    mine = window("The wildfires on Maui killed 96 people.", "mine", published=date(2023, 8, 14))
    days = {"ahead": TOMORROW, "old": date(2023, 8, 10), "new": date(2023, 9, 1)}
    counts = {"ahead": 4000, "old": 36, "new": 97}
    others = [
        window(f"In all {counts[name]} died in the wildfires on Maui.", name, published=day)
        for name, day in days.items()
    ]
    statement, asked = "96 people died.", "How many people died in the wildfires on Maui?"
    found = find_conflicts(asked, statement, cite(sentences_of([mine])[0]), [mine, *others])
    assert [one.citation.article_id for one in found] == ["new", "old", "ahead"]
