"""Questions that compare two things: both are asked and cited, and the difference is told."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from index.models.embedder import MiniLMEmbeddings
from index.settings import Settings, load_settings
from rag.question.parts import compared, difference
from rag.types import ABSTENTION, Answer, Outcome, Question
from tests.conftest import MODELS
from tests.rag.newsroom import ScriptedChat, newsroom

STORIES = {
    "miners.txt": "date 2023-03-10 The strike of the miners ends\n\n"
    "The strike of the miners in Hull ended on Thursday, after 148 days. "
    "It cost the mines about $1.5bn.\n",
    "dockers.txt": "date 2023-06-02 The strike of the dockers ends\n\n"
    "The strike of the dockers in Dover was over on Friday after 35 days. "
    "It cost the port 300m Swiss francs.\n",
    "fair.txt": "date 2023-07-10 The fair of Leeds opens\n\n"
    "The fair of Leeds was opened on 8 July 2023 by the mayor.\n",
    "vote.txt": "date 2023-07-20 The vote in Hull\n\nThe vote in Hull was held on 18 July 2023.\n",
}
MINERS = "The strike of the miners lasted 148 days."
DOCKERS = "The strike of the dockers lasted 35 days."
LONGER = "Which lasted longer, the strike of the dockers or the strike of the miners?"


@pytest.mark.parametrize(
    ("question", "parts"),
    [
        (
            "Which lasted longer, the strike of the dockers or the strike of the miners?",
            (
                "The strike of the dockers lasted how long?",
                "The strike of the miners lasted how long?",
            ),
        ),
        ("Who is older, Ann Bell or Bob Cole?", ("How old is Ann Bell?", "How old is Bob Cole?")),
        (
            "Which party won more seats, the Greens or Labour?",
            ("How many seats were won by the Greens?", "How many seats were won by Labour?"),
        ),
        (
            "How many more votes did Ann Bell get than Bob Cole?",
            ("How many votes did Ann Bell get?", "How many votes did Bob Cole get?"),
        ),
        (
            "How many members do Acme and Hull Bricks have in total?",
            ("How many members do Acme have?", "How many members do Hull Bricks have?"),
        ),
        (
            "How many days passed between the fair and the vote?",
            ("When was the fair?", "When was the vote?"),
        ),
        (
            "Which came first, the fair or the vote?",
            ("When was the fair?", "When was the vote?"),
        ),
    ],
)
def test_each_of_two_compared_things_is_asked_for(question: str, parts: tuple[str, str]) -> None:
    assert compared(question) == list(parts)


@pytest.mark.parametrize(
    "question",
    [
        "Who is the oldest mayor of Hull?",
        "Which lasted longer?",
        "Is the party likely to win or lose?",
        "What was decided between May and June?",
        "Who said that it would take longer, and why?",
    ],
)
def test_what_compares_nothing_stays_whole(question: str) -> None:
    assert compared(question) == []


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory, embeddings: MiniLMEmbeddings):
    home = tmp_path_factory.mktemp("comparison")
    settings: Settings = load_settings(data_dir=home / "data", model_dir=MODELS, llm="none")
    newsroom(settings, embeddings, home / "articles", None, STORIES)

    def asked(question: str, *drafts: str) -> Answer:
        model = ScriptedChat(drafts=list(drafts))
        pipeline = newsroom(settings, embeddings, Path(home / "articles"), model, STORIES)
        answer = pipeline.ask(Question(question))
        assert not model.drafts, "each part is asked"
        return answer

    return asked


def test_both_values_are_cited_and_their_difference_is_told(archive) -> None:
    answer = archive(LONGER, DOCKERS, MINERS)
    assert answer.outcome is Outcome.ANSWERED
    assert answer.text == (
        "The strike of the dockers lasted 35 days [1]. The strike of the miners lasted 148 days "
        "[2]. The difference is 113 days [1] [2]."
    )
    assert not answer.conflicts


def test_days_are_counted_between_two_cited_days(archive) -> None:
    answer = archive(
        "How many days passed between the fair of Leeds and the vote in Hull?",
        "The fair of Leeds was opened on 8 July 2023.",
        "The vote in Hull was held on 18 July 2023.",
    )
    assert answer.statements[-1].text == "The difference is 10 days."


def test_values_of_two_units_have_no_difference(archive) -> None:
    answer = archive(LONGER, "The strike of the dockers cost 300m francs.", MINERS)
    assert len(answer.statements) == 2 and "difference" not in answer.text


def test_a_value_that_may_be_wrong_has_no_difference(archive) -> None:
    answer = archive(LONGER, DOCKERS, MINERS)
    parts = [
        replace(answer, statements=(one,), citations=(answer.citations[at],), quoted=quoted)
        for at, (one, quoted) in enumerate(zip(answer.statements[:2], (False, True), strict=True))
    ]
    parts[1] = replace(parts[1], statements=(replace(parts[1].statements[0], citations=(0,)),))
    sure = [replace(one, quoted=False) for one in parts]
    assert difference(compared(LONGER), sure)[0] == "The difference is 113 days."
    assert difference(compared(LONGER), parts) == ("", ())


def test_where_one_of_the_two_is_not_found_the_other_stands(archive) -> None:
    answer = archive(LONGER, DOCKERS, ABSTENTION)
    assert answer.outcome is Outcome.PARTLY
    assert answer.text == "The strike of the dockers lasted 35 days [1]."
