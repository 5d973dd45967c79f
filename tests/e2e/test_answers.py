"""Real questions, the real embedder and the real language model: answers a reader can check."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from langchain_core.language_models.chat_models import BaseChatModel

from index.models.embedder import MiniLMEmbeddings
from index.settings import Settings, load_settings
from index.store.snapshot import IndexReader
from rag.generation import system_text
from rag.llm.chat_model import OpenVinoChat
from rag.llm.loader import ReadyModel, load_chat_model
from rag.pipeline import Pipeline
from rag.question.understand import make_question
from rag.types import ABSTENTION, Answer, Outcome, Turn
from tests.conftest import MODELS, SHARED
from tests.index.archive import ROOT, run_build

pytestmark = pytest.mark.slow
SEEDS = SHARED / "seeds"


@pytest.fixture(scope="session")
def model() -> Iterator[BaseChatModel]:
    """The embedded model, loaded once; its process ends with the tests."""
    if not (MODELS / "qwen2.5-coder-1.5b-instruct").is_dir():
        pytest.skip("the language model has not been fetched on this machine")
    loaded = load_chat_model(load_settings(model_dir=MODELS), system_text=system_text())
    assert isinstance(loaded, OpenVinoChat)
    yield loaded
    loaded.engine.close()


def opened(
    folder: Path, articles: Path, embeddings: MiniLMEmbeddings, model: BaseChatModel
) -> Pipeline:
    settings = load_settings(data_dir=folder, model_dir=MODELS)
    run_build(settings, embeddings, articles)
    return Pipeline(IndexReader(settings), embeddings, ReadyModel(model), settings)


@pytest.fixture(scope="session")
def seeds(
    tmp_path_factory: pytest.TempPathFactory, embeddings: MiniLMEmbeddings, model: BaseChatModel
) -> Pipeline:
    if not SEEDS.is_dir():
        pytest.skip("the seed articles are not on this machine")
    return opened(tmp_path_factory.mktemp("seeds"), SEEDS, embeddings, model)


@pytest.fixture(scope="session")
def sample(
    tmp_path_factory: pytest.TempPathFactory, embeddings: MiniLMEmbeddings, model: BaseChatModel
) -> Pipeline:
    return opened(tmp_path_factory.mktemp("sample"), ROOT / "articles", embeddings, model)


def put(pipeline: Pipeline, text: str, as_of: str = "", history: tuple[Turn, ...] = ()) -> Answer:
    """Ask, and check what must hold of every answer."""
    longest = Settings().max_question
    answer = pipeline.ask(make_question(text, max_question=longest, as_of=as_of, history=history))
    for one in answer.citations:
        article = pipeline.article(one.article_id)
        assert article is not None
        assert article.text[one.start : one.end] == one.quote
        assert answer.as_of is None or one.date is None or one.date <= answer.as_of
    for statement in answer.statements:
        assert statement.citations
    return answer


@pytest.mark.parametrize(
    ("question", "said", "quoted"),
    [
        ("Who is China's Foreign Minister?", "Qin Gang", "China's Foreign Minister Qin Gang told"),
        ("Why was the earlier visit postponed?", "balloon", "suspected Chinese spy balloon flew"),
        (
            "Where did Qin Gang greet Blinken?",
            "Diaoyutai State Guest House",
            "Mr Qin greeted Mr Blinken on Sunday morning at the Diaoyutai State Guest House",
        ),
        (
            "When does Blinken hope to meet Xi Jinping?",
            "next few months",
            "Later he said he hoped to meet President Xi in the next few months.",
        ),
    ],
)
def test_the_seeds_are_answered_from_the_right_sentence(
    seeds: Pipeline, question: str, said: str, quoted: str
) -> None:
    answer = put(seeds, question)
    assert answer.outcome is Outcome.ANSWERED
    assert said in answer.text and "[1]" in answer.text
    assert any(quoted in one.quote for one in answer.citations)


@pytest.mark.parametrize(
    "question", ["Who won the 2022 World Cup?", "How many soldiers does China have?"]
)
def test_the_seeds_do_not_say_everything(seeds: Pipeline, question: str) -> None:
    answer = put(seeds, question)
    assert answer.abstained
    assert (answer.text, answer.citations) == (ABSTENTION, ())
    assert answer.evidence


@pytest.mark.parametrize(
    ("question", "said", "article"),
    [
        (
            "From which cosmodrome was Luna-25 launched?",
            "Vostochny",
            "space/2023-08-20-luna-25-crashes.txt",
        ),
        (
            "Who replaced Qin Gang as foreign minister of China?",
            "Wang Yi",
            "us-china/2023-07-25-qin-gang-removed.txt",
        ),
        (
            "Which bank took over First Republic?",
            "JPMorgan",
            "banking/2023-05-01-jpmorgan-buys-first-republic.txt",
        ),
        (
            "Who won the 2023 Nobel Peace Prize?",
            "Narges Mohammadi",
            "nobel/2023-10-06-nobel-peace.txt",
        ),
        (
            "How much does the rover Pragyan weigh?",
            "26kg",
            "space/2023-08-23-chandrayaan-3-lands.txt",
        ),
        (
            "How many days did the actors' strike last?",
            "118",
            "strikes/2023-11-09-actors-strike-ends.txt",
        ),
        (
            "How old was King Charles when he was crowned?",
            "74",
            "royals/2023-05-06-king-charles-crowned.txt",
        ),
    ],
)
def test_the_sample_archive_is_answered_from_the_right_article(
    sample: Pipeline, question: str, said: str, article: str
) -> None:
    answer = put(sample, question)
    assert said in answer.text
    assert article in {one.article_id for one in answer.citations}


TOLL = "How many people died in the Maui wildfires?"


@pytest.mark.parametrize(("as_of", "toll"), [("2023-08-10", "36"), ("2023-08-15", "96")])
def test_an_answer_is_as_of_its_day(sample: Pipeline, as_of: str, toll: str) -> None:
    answer = put(sample, TOLL, as_of)
    assert toll in answer.statements[0].text


def test_articles_that_disagree_are_both_told(sample: Pipeline) -> None:
    answer = put(sample, "How many people died in the flood in Libya?")
    assert "11,300" in answer.text and "3,958" in answer.text
    days = [
        [str(answer.citations[at].date) for at in (conflict.earlier, conflict.later)]
        for conflict in answer.conflicts
    ]
    assert ["2023-09-15", "2023-09-17"] in days


def test_two_strikes_are_compared_by_two_cited_values(sample: Pipeline) -> None:
    answer = put(sample, "How many more days did the writers' strike last than the actors' strike?")
    assert "148" in answer.text and "118" in answer.text
    assert ("The difference is 30 days." in answer.text) is not answer.quoted
    assert [one.article_id for one in answer.citations] == [
        "strikes/2023-09-27-writers-strike-ends.txt",
        "strikes/2023-11-09-actors-strike-ends.txt",
    ]


def test_a_follow_up_is_understood(sample: Pipeline) -> None:
    winner = Turn(
        "Who is the Hungarian-born winner of the 2023 Nobel Prize in medicine?", "Katalin Kariko"
    )
    assert "Weissman" in put(sample, "Who else won it with her?", history=(winner,)).text


@pytest.mark.parametrize(
    "question",
    [
        "How much did the coronation of King Charles cost?",
        "Who won the 2023 Nobel Prize in physics?",
    ],
)
def test_what_the_sample_archive_lacks_is_not_invented(sample: Pipeline, question: str) -> None:
    assert put(sample, question).abstained
