"""The worker over a pipeline that writes at once: what it does where a prompt is bad."""

from __future__ import annotations

from pathlib import Path
from queue import SimpleQueue
from types import SimpleNamespace
from typing import Any

import pytest

from rag.llm import worker as engine_worker
from rag.llm.worker import Command, Worker

OPTIONS = {"max_tokens": 4, "stop": []}
STATUS = SimpleNamespace(RUNNING="running", IGNORED="ignored", FINISHED="finished")
REASON = SimpleNamespace(LENGTH="length", STOP="stop")


class Tokenizer:
    """A character a token; refuses, as OpenVINO's bindings do, what no Unicode text may hold."""

    def encode(self, prompt: str, *, add_special_tokens: bool) -> SimpleNamespace:
        try:
            prompt.encode("utf-8")
        except UnicodeEncodeError:
            raise TypeError(f"encode(): incompatible function arguments: {prompt}") from None
        return SimpleNamespace(input_ids=SimpleNamespace(shape=(1, len(prompt))))

    def decode(self, tokens: list[int]) -> str:
        return "".join(map(chr, tokens))


class Handle:
    """A generation that has written "ok"."""

    def __init__(self) -> None:
        self.unread = [SimpleNamespace(
            finish_reason=REASON.STOP, generated_ids=list(map(ord, "ok")),
            generated_log_probs=[0.0, 0.0],
        )]  # fmt: skip

    def can_read(self) -> bool:
        return bool(self.unread)

    def read(self) -> dict[int, Any]:
        return {0: self.unread.pop()}

    def get_status(self) -> str:
        return STATUS.FINISHED


class Batches:
    """Stands for `ContinuousBatchingPipeline`."""

    def __init__(self, *_: object) -> None:
        return

    def get_config(self) -> SimpleNamespace:
        return SimpleNamespace(stop_token_ids={2})

    def get_tokenizer(self) -> Tokenizer:
        return Tokenizer()

    def add_request(self, *_: object) -> Handle:
        return Handle()

    def has_non_finished_requests(self) -> bool:
        return False

    def step(self) -> None:
        return


@pytest.fixture
def genai(monkeypatch: pytest.MonkeyPatch) -> None:
    module = SimpleNamespace(
        SchedulerConfig=SimpleNamespace, GenerationConfig=SimpleNamespace,
        ContinuousBatchingPipeline=Batches, GenerationStatus=STATUS,
        GenerationFinishReason=REASON,
    )  # fmt: skip
    monkeypatch.setattr(engine_worker, "import_genai", lambda: module)


def test_a_bad_prompt_fails_alone(genai: None, tmp_path: Path) -> None:
    commands: SimpleQueue[Command | None] = SimpleQueue()
    events: list[dict[str, Any]] = []

    def send(event: dict[str, Any]) -> None:
        events.append(event)
        if event["kind"] == "end":
            commands.put(None)

    for number, prompt in enumerate(["bad \ud83d" * 1000, "good"]):
        commands.put({"kind": "submit", "id": number, "prompt": prompt} | OPTIONS)
    Worker(tmp_path, 1, 2, send).run(commands)
    error, *rest = events
    assert (error["kind"], error["id"]) == ("error", 0)
    assert error["message"].startswith("encode(): incompatible")
    assert len(error["message"]) <= engine_worker.LONGEST_MESSAGE
    assert {event["id"] for event in rest} == {1}
    assert "".join(event.get("text", "") + event.get("rest", "") for event in rest) == "ok"
