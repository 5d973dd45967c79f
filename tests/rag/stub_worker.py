"""The real worker process over a pipeline of no model: `python -m tests.rag.stub_worker FOLDER …`.

It writes a letter every few milliseconds, for as long as it is asked to.
"""

from __future__ import annotations

import sys
import time
from types import SimpleNamespace
from typing import Any

from rag.llm import worker
from tests.rag.test_engine_worker import REASON, STATUS, Batches, Tokenizer

PACE = 0.02


class Endless:
    """A generation that goes on until it is cancelled or has its tokens."""

    def __init__(self, limit: int) -> None:
        self.left = limit
        self.due = 0
        self.status = STATUS.RUNNING

    def can_read(self) -> bool:
        return self.due > 0

    def read(self) -> dict[int, Any]:
        self.due -= 1
        self.left -= 1
        if not self.left:
            self.status = STATUS.FINISHED
        ended = REASON.STOP if not self.left else None
        return {0: SimpleNamespace(
            finish_reason=ended, generated_ids=[ord("a")], generated_log_probs=[-1.0]
        )}  # fmt: skip

    def get_status(self) -> str:
        return self.status

    def cancel(self) -> None:
        self.status = STATUS.FINISHED


class Slow(Batches):
    def __init__(self, *_: object) -> None:
        self.running: list[Endless] = []

    def get_tokenizer(self) -> Tokenizer:
        return Tokenizer()

    def add_request(self, number: int, tokens: object, config: Any) -> Endless:
        self.running.append(Endless(config.max_new_tokens))
        return self.running[-1]

    def step(self) -> None:
        time.sleep(PACE)
        for one in self.running:
            one.due = int(one.status == STATUS.RUNNING)


if __name__ == "__main__":
    module = SimpleNamespace(
        SchedulerConfig=SimpleNamespace, GenerationConfig=SimpleNamespace,
        ContinuousBatchingPipeline=Slow, GenerationStatus=STATUS, GenerationFinishReason=REASON,
    )  # fmt: skip
    worker.import_genai = lambda: module
    worker._main(*sys.argv[1:])
