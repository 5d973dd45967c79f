"""The model's process is killed: questions get quotes, and a new process is up soon."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from pathlib import Path

import pytest
from langchain_core.messages import HumanMessage

from index.errors import ModelUnavailable
from index.settings import Settings
from rag import api, ask, astream
from rag.llm import engine as engines
from rag.llm import loader as loaders
from rag.llm.chat_model import OpenVinoChat
from rag.llm.engine import Engine
from rag.llm.loader import ModelLoader, ModelState
from rag.pipeline import Pipeline
from rag.types import Answer, Event, Outcome, Question, Reason, Token
from tests.index.archive import environment
from tests.rag.newsroom import TEMPLATE
from tests.waiting import until
from web.http.health import health

ROOT = Path(__file__).parents[2]


def start_stub(folder: Path, threads: int, parallel: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.rag.stub_worker", str(folder), "1", str(parallel)]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, text=True, encoding="utf-8")


@pytest.fixture
def stubbed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The engine's process is real; what it computes is a letter again and again."""
    monkeypatch.setattr(engines, "_start", start_stub)


@pytest.fixture
def loader(
    stubbed: None, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[ModelLoader]:
    def load(settings: Settings, note: object, system_text: str) -> OpenVinoChat:
        return OpenVinoChat(template=TEMPLATE, engine=Engine(tmp_path), max_tokens=2000)

    monkeypatch.setattr(loaders, "_load_embedded", load)
    loader = ModelLoader(settings.model_copy(update={"llm": "embedded"}))
    loader.start()
    assert loader.wait(30).state is ModelState.READY
    yield loader
    loader.close()


def kill(loader: ModelLoader) -> None:
    os.kill(loader.get().engine.process_id, signal.SIGKILL)


def until_ready_again(loader: ModelLoader, old: object) -> float:
    begun = time.monotonic()
    until(lambda: loader.get() not in (None, old), 60)
    return time.monotonic() - begun


def test_a_killed_process_costs_an_answer_and_no_more(
    loader: ModelLoader, reader, embeddings, indexed: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    pipeline = Pipeline(reader, embeddings, loader, indexed)
    old = loader.get()
    events = pipeline.stream(Question("Where did Olga Carmona score?"))
    answer = None
    for event in events:
        if isinstance(event, Token) and loader.get() is old:
            kill(loader)
        answer = event
    assert isinstance(answer, Answer)
    assert (answer.outcome, answer.reason) == (Outcome.EVIDENCE_ONLY, Reason.NO_MODEL)
    assert answer.citations and "“" in answer.text
    assert "the language model's process ended" in answer.notices[-1]
    until(lambda: health(pipeline)[1]["model"] == "loading", 10)
    assert health(pipeline)[0] == 200
    assert "A new language model is being started" in caplog.text
    assert until_ready_again(loader, old) < 60
    until(lambda: health(pipeline)[1]["model"] == "ready", 5)
    assert loader.get().invoke([HumanMessage("more")], max_tokens=3).text == "aaa"


def test_a_process_that_ends_again_and_again_is_given_up(
    loader: ModelLoader, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(loaders.QUICK_ENDS - 1):
        old = loader.get()
        kill(loader)
        until_ready_again(loader, old)
    kill(loader)
    until(lambda: loader.status().state is ModelState.FAILED, 30)
    assert "3 times one after the other; start the program again" in loader.status().message
    assert loader.get() is None


@pytest.fixture
def asking(
    stubbed: None, indexed: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Settings]:
    """Settings with which `ask` has the stub of a model."""

    def load(settings: Settings, note: object, system_text: str) -> OpenVinoChat:
        return OpenVinoChat(
            template=TEMPLATE, engine=Engine(tmp_path), max_tokens=settings.answer_tokens
        )

    monkeypatch.setattr(loaders, "_load_embedded", load)
    monkeypatch.setattr(api, "_models", {})
    yield indexed.model_copy(update={"llm": "embedded", "answer_tokens": 20})
    for models in api._models.values():
        models.loader.close()


def models_of(settings: Settings) -> ModelLoader:
    api.open_pipeline(settings)
    (models,) = api._models.values()
    return models.loader


def test_ask_recovers_from_a_killed_process(asking: Settings) -> None:
    question = "Where did Olga Carmona score?"
    assert ask(question, settings=asking).reason is not Reason.NO_MODEL
    old = models_of(asking).get()
    kill(models_of(asking))
    until(lambda: models_of(asking).get() is not old, 20)
    assert ask(question, settings=asking).reason is not Reason.NO_MODEL


async def test_leaving_an_async_stream_leaves_the_model_free(asking: Settings) -> None:
    question = "Where did Olga Carmona score?"
    asking = asking.model_copy(update={"answer_tokens": 1000})
    engine = (await asyncio.to_thread(models_of, asking)).get().engine

    async def free() -> None:
        end = time.monotonic() + 1.5
        while engine.busy and time.monotonic() < end:
            await asyncio.sleep(0.01)
        assert not engine.busy

    async def leave(events: AsyncIterator[Event]) -> None:
        async for event in events:
            if isinstance(event, Token):
                assert engine.busy
                return

    async with aclosing(astream(question, settings=asking)) as events:
        await leave(events)
    await free()
    await leave(astream(question, settings=asking))  # nothing refers to it any more
    gc.collect()
    await free()
    kept = astream(question, settings=asking)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(1):
            async for _ in kept:
                pass
    await free()


ONE_QUESTION = """
import sys
from pathlib import Path
from index.settings import load_settings
from rag import ask
from rag.llm import engine, loader
from rag.llm.chat_model import OpenVinoChat
from tests.index.archive import environment
from tests.rag.newsroom import TEMPLATE
from tests.rag.test_healing import start_stub
engine._start = start_stub
loader._load_embedded = lambda *_: OpenVinoChat(
    template=TEMPLATE, engine=engine.Engine(Path(".")), max_tokens=20)
settings = load_settings(data_dir=Path(sys.argv[1]))
print(ask("Where did Olga Carmona score?", settings=settings).reason)
"""


def test_a_program_that_asks_once_ends(indexed: Settings) -> None:
    command = [sys.executable, "-W", "error", "-c", ONE_QUESTION, str(indexed.data_dir)]
    env = environment(indexed)
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.strip() != "no_model"


def test_half_a_line_of_a_killed_process_is_its_end(stubbed: None, tmp_path: Path) -> None:
    engine = Engine(tmp_path)
    real = engine._worker.stdout

    class Torn:
        def readline(self) -> str:
            return real.readline()[:20]

        def close(self) -> None:
            real.close()

    engine._worker.stdout = Torn()
    generation = engine.submit("go on", max_tokens=2000)
    told: list[str] = []

    def read() -> None:
        with pytest.raises(ModelUnavailable) as caught:
            list(generation)
        told.append(str(caught.value))

    reader = threading.Thread(target=read)
    reader.start()
    os.kill(engine.process_id, signal.SIGKILL)
    reader.join(20)
    assert told and "process ended" in told[0]
    engine.close()
