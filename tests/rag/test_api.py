"""The public face: four ways to ask, one answer."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from dataclasses import fields, replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from langchain_core.runnables import RunnableLambda
from pydantic import SecretStr

import rag
from index.errors import ModelFileError, ModelUnavailable, QuestionError
from index.settings import Settings
from rag import Answer, Outcome, Retrieved, Token, aask, answer_runnable, api, ask, astream, stream
from rag.llm import loader as loaders
from tests.rag.newsroom import ScriptedChat

WHO = "Who is China's foreign minister?"
QIN = "Qin Gang is China's Foreign Minister."


@pytest.fixture
def scripted(indexed: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[ScriptedChat]:
    """The model that every new pipeline of this process gets."""
    model = ScriptedChat(drafts=[QIN] * 4)
    monkeypatch.setattr(api, "_models", {})
    monkeypatch.setattr(loaders, "LOOK", 0.05)
    monkeypatch.setattr(loaders, "load_chat_model", lambda *_, **__: model)
    yield model
    for one in api._models.values():
        one.loader.close()


def untimed(answer: Answer) -> Answer:
    return replace(answer, timings={})


def test_every_public_name_is_there_and_listed() -> None:
    assert rag.__all__ == sorted(rag.__all__, key=lambda name: (name[0].islower(), name))
    for name in rag.__all__:
        assert getattr(rag, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        rag.nothing  # noqa: B018


async def test_the_four_ways_to_ask_agree(indexed: Settings, scripted: ScriptedChat) -> None:
    plain = ask(WHO, settings=indexed)
    assert plain.outcome is Outcome.ANSWERED
    assert plain.text == "Qin Gang is China's Foreign Minister [1]."
    *events, last = stream(WHO, settings=indexed)
    assert isinstance(last, Answer) and untimed(last) == untimed(plain)
    assert untimed(await aask(WHO, settings=indexed)) == untimed(plain)
    *later, end = [event async for event in astream(WHO, settings=indexed)]
    assert isinstance(end, Answer) and untimed(end) == untimed(plain)
    assert later == events
    assert isinstance(events[1], Retrieved)
    assert len(scripted.prompts) == 4


PUBLIC_TYPES = (
    rag.Answer, rag.Article, rag.Citation, rag.Conflict, rag.Coverage, rag.Evidence, rag.Progress,
    rag.Retrieved, rag.Statement, rag.Token,
)  # fmt: skip


def test_the_reference_names_every_function_option_field_value_and_error() -> None:
    written = (Path(__file__).parents[2] / "docs" / "interfaces.md").read_text(encoding="utf-8")
    reference = written.partition("## Python\n")[2].partition("\n## ")[0]
    names = set(rag.__all__) - {"Event", "Reason", "RetrievedPassage"}
    names |= set(api.AskOptions.__annotations__)
    names |= {field.name for public in PUBLIC_TYPES for field in fields(public)} - {"article"}
    names |= {f"Outcome.{outcome.name}" for outcome in rag.Outcome}
    names |= {f"Reason.{reason.name}" for reason in rag.Reason}
    named = " ".join(re.findall(r"`([^`\n]+)`", reference))
    assert {name for name in names if not re.search(rf"\b{name}\b", named)} == set()


def test_the_article_of_a_citation_holds_its_quote(
    indexed: Settings, scripted: ScriptedChat
) -> None:
    (citation,) = ask(WHO, settings=indexed).citations
    article = rag.article(citation.article_id, settings=indexed)
    assert article is not None and article.headline == citation.headline
    assert article.text[citation.start : citation.end] == citation.quote
    assert rag.article("no such article", settings=indexed) is None


def test_errors_can_be_caught_by_their_public_names(settings: Settings) -> None:
    with pytest.raises(rag.IndexMissing):
        rag.article("anything", settings=settings)
    assert issubclass(rag.IndexMissing, rag.BroadsheetError)


async def test_leaving_an_async_stream_stops_the_model(
    indexed: Settings, scripted: ScriptedChat
) -> None:
    scripted.drafts[0] = " ".join(["word"] * 100_000)
    events = astream(WHO, settings=indexed)
    async for event in events:
        if isinstance(event, Token):
            break
    await events.aclose()
    assert scripted.closed == 1


async def test_an_async_stream_raises_what_went_wrong(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise QuestionError("no")

    monkeypatch.setattr(api, "open_pipeline", fail)
    with pytest.raises(QuestionError, match="no"):
        [event async for event in astream(WHO, settings=settings)]


def test_a_stream_can_be_stopped(indexed: Settings, scripted: ScriptedChat) -> None:
    cancel = threading.Event()
    cancel.set()
    *_, answer = stream(WHO, settings=indexed, cancel=cancel)
    assert isinstance(answer, Answer) and answer.reason is rag.Reason.STOPPED


def test_days_may_be_text_or_dates(indexed: Settings, scripted: ScriptedChat) -> None:
    written = ask(WHO, as_of="2023-06-20", date_from="2023-06", settings=indexed)
    given = ask(WHO, as_of=date(2023, 6, 20), date_from=date(2023, 6, 1), settings=indexed)
    assert untimed(written) == untimed(given)
    assert written.as_of == date(2023, 6, 20)
    moment = datetime(2023, 6, 20, 12, 30, tzinfo=UTC)
    assert untimed(ask(WHO, as_of=moment, date_from="2023-06", settings=indexed)) == untimed(given)


def test_a_publisher_may_be_given_by_itself(indexed: Settings, scripted: ScriptedChat) -> None:
    asked = "When did the strike in Hollywood end?"
    alone = ask(asked, sources="Gazette", settings=indexed)
    assert {one.article.id for one in alone.evidence} == {"w-2"}
    assert alone.evidence == ask(asked, sources=["Gazette"], settings=indexed).evidence


def test_history_is_pairs(indexed: Settings, scripted: ScriptedChat) -> None:
    history = [("Who did Antony Blinken meet?", "Blinken met Qin Gang [1].")]
    answer = ask("And who is he?", history=history, settings=indexed)
    assert "Antony Blinken" in answer.standalone
    assert "Earlier answer: Blinken met Qin Gang" in scripted.prompts[0]


def test_half_a_character_reaches_neither_embedder_nor_model(
    indexed: Settings, scripted: ScriptedChat
) -> None:
    history = [("Who did Antony Blinken meet \ud83d?", "Qin Gang \ud83d [1].")]
    answer = ask("And who is he \ud83d?", history=history, settings=indexed)
    assert answer.question == "And who is he ??"
    assert "Earlier answer: Qin Gang ? [1]." in scripted.prompts[0]
    assert "\ud83d" not in "".join(scripted.prompts)


def test_bad_days_are_refused_before_anything_is_loaded(settings: Settings) -> None:
    with pytest.raises(QuestionError, match="As of"):
        ask(WHO, as_of="2023-02-30", settings=settings)


def test_an_option_that_is_none_is_named(settings: Settings) -> None:
    with pytest.raises(TypeError, match="no option until; there are as_of, date_from"):
        ask(WHO, until="2023", settings=settings)  # type: ignore[call-arg]


def test_the_runnable_composes(indexed: Settings, scripted: ScriptedChat) -> None:
    chain = answer_runnable(indexed) | RunnableLambda(lambda answer: answer.text)
    assert chain.invoke(WHO) == "Qin Gang is China's Foreign Minister [1]."
    piped = answer_runnable(indexed) | (lambda answer: answer.citations[0].article_id)
    assert piped.batch([WHO, WHO]) == ["beijing.txt", "beijing.txt"]


def test_one_pipeline_serves_the_same_settings(indexed: Settings, scripted: ScriptedChat) -> None:
    assert api.open_pipeline(indexed) is api.open_pipeline(indexed.model_copy())


@pytest.mark.parametrize("name", ["llm_api_key", "chroma_token"])
def test_another_key_is_another_pipeline(
    indexed: Settings, scripted: ScriptedChat, name: str
) -> None:
    first, second = (indexed.model_copy(update={name: SecretStr(key)}) for key in ("a1", "b2"))
    assert api.open_pipeline(first) is not api.open_pipeline(second)
    assert api.open_pipeline(second) is api.open_pipeline(second.model_copy())


def test_settings_that_name_the_same_model_share_it(
    indexed: Settings, tmp_path: Path, scripted: ScriptedChat, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded: list[str] = []

    def load(settings: Settings, **_: object) -> ScriptedChat:
        loaded.append(settings.llm)
        return scripted

    monkeypatch.setattr(loaders, "load_chat_model", load)
    ask(WHO, settings=indexed)
    for other in ({"max_question": 300}, {"data_dir": tmp_path}, {"passages": 30}):
        api.open_pipeline(indexed.model_copy(update=other))
    assert len(loaded) == 1
    with pytest.raises(QuestionError, match="at most 20 "):
        ask(WHO, settings=indexed.model_copy(update={"max_question": 20}))


def test_a_model_that_cannot_be_had_is_tried_again(
    indexed: Settings, scripted: ScriptedChat, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ModelFileError("no network")

    with monkeypatch.context() as offline:
        offline.setattr(loaders, "load_chat_model", fail)
        for _ in range(2):
            with pytest.raises(ModelUnavailable, match="no network"):
                ask(WHO, settings=indexed)
    assert ask(WHO, settings=indexed).outcome is Outcome.ANSWERED
