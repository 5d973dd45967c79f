"""Starts the worker process that runs the embedded language model, and speaks with it.

OpenVINO's `step()` holds Python's interpreter lock for as long as it computes, seconds while a
prompt is read: within this process it would stop the page and every other thread. So
`rag.llm.worker` computes, and this class speaks with it in lines of JSON over pipes.
"""

from __future__ import annotations

import atexit
import itertools
import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

from index.errors import ModelUnavailable

SECONDS_TO_END = 5.0
"""How long a worker may take to end before it is killed."""


class Engine:
    """The engine over one model folder; load it once and share it among threads."""

    def __init__(self, folder: Path, *, threads: int = 0, parallel: int = 4) -> None:
        """Start the worker and wait until it has loaded the model, which takes seconds.

        Args:
            folder: Holds `openvino_model.xml` and the tokenizers (see `rag.llm.conversion`).
            threads: Threads to compute with; 0 leaves it to OpenVINO: one a core.
            parallel: Generations written at the same time; others wait in order.

        Raises:
            ModelUnavailable: the folder does not hold a model that OpenVINO can load.
        """
        self._lock = threading.Lock()
        self._open: dict[int, Reply] = {}
        self._ids = itertools.count()
        self._ended = ""
        self._over = threading.Event()
        self._worker = _start(folder, threads, parallel)
        atexit.register(self.close)
        first = self._receive()
        if first.get("kind") != "ready":
            self.close()
            raise ModelUnavailable(
                f"cannot load the model in {folder}: {first.get('message', self._last_words())}"
            )
        self._reader = threading.Thread(target=self._listen, name="language-model", daemon=True)
        self._reader.start()

    def submit(
        self,
        prompt: str,
        *,
        max_tokens: int,
        stop: Sequence[str] = (),
        cancel: threading.Event | None = None,
    ) -> Reply:
        """Queue a prompt, template and all; returns at once.

        Setting `cancel` ends it wherever it is, in the queue too, while it is iterated.

        Raises:
            ModelUnavailable: the engine failed or was closed.
        """
        number = next(self._ids)
        reply = Reply(lambda: self._send({"kind": "cancel", "id": number}), cancel)
        with self._lock:
            if self._ended:
                raise ModelUnavailable(self._ended)
            self._open[number] = reply
        asked = {"prompt": prompt, "max_tokens": max_tokens, "stop": list(stop)}
        self._send({"kind": "submit", "id": number, **asked})
        return reply

    @property
    def process_id(self) -> int:
        """The worker's process, whose memory holds the model."""
        return self._worker.pid

    @property
    def busy(self) -> bool:
        """Whether a generation waits, is read or is written."""
        with self._lock:
            return bool(self._open)

    def wait(self, timeout: float | None = None) -> str:
        """Return why the engine ended, once it has; empty if it did not in `timeout` seconds."""
        return self._ended if self._over.wait(timeout) else ""

    def close(self) -> None:
        """End all generations and the worker; the engine cannot be used afterwards."""
        atexit.unregister(self.close)
        self._fail("the language model was closed")
        worker = self._worker
        with suppress(OSError):
            if worker.stdin:
                worker.stdin.close()
        try:
            worker.wait(SECONDS_TO_END)
        except subprocess.TimeoutExpired:
            worker.kill()
            worker.wait()
        reader = getattr(self, "_reader", None)
        if reader is not None and reader is not threading.current_thread():
            reader.join()
        if worker.stdout:
            worker.stdout.close()

    def _send(self, command: dict[str, Any]) -> None:
        line = json.dumps(command) + "\n"
        try:
            with self._lock:
                if self._worker.stdin and not self._worker.stdin.closed:
                    self._worker.stdin.write(line)
                    self._worker.stdin.flush()
        except OSError:
            self._fail(self._last_words())

    def _receive(self) -> dict[str, Any]:
        """Read the worker's next event; empty once it has ended."""
        line = self._worker.stdout.readline() if self._worker.stdout else ""
        event: dict[str, Any] = {}
        with suppress(ValueError):  # half a line: it was killed while it wrote
            event = json.loads(line)
        return event

    def _listen(self) -> None:
        """Hand the worker's events to the generations that wait for them."""
        while event := self._receive():
            if event["kind"] == "failed":
                self._fail(f"the language model failed: {event['message']}")
                continue
            with self._lock:
                take = self._open.pop if event["kind"] in ("end", "error") else self._open.get
                reply = take(event["id"], None)
            if reply is not None:
                reply.take(event)
        self._fail(self._last_words())

    def _fail(self, reason: str) -> None:
        """Tell everyone who waits; the first reason stands."""
        with self._lock:
            self._ended = self._ended or reason
            waiting = list(self._open.values())
            self._open.clear()
        self._over.set()
        for reply in waiting:
            reply.take({"kind": "error", "message": self._ended})

    def _last_words(self) -> str:
        with suppress(subprocess.TimeoutExpired):
            self._worker.wait(SECONDS_TO_END)
        code = self._worker.returncode
        want = ", perhaps for want of memory" if code in (-9, 137) else ""
        return f"the language model's process ended (code {code}{want})"


def _start(folder: Path, threads: int, parallel: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "rag.llm.worker"]
    command += [str(folder.resolve()), str(threads), str(parallel)]
    return subprocess.Popen(
        command,
        cwd=Path(__file__).resolve().parents[2],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )


SECONDS_BETWEEN_LOOKS = 0.2
"""How often a generation that waits or is read looks whether its asker has stopped it."""


@dataclass(frozen=True, slots=True)
class Piece:
    """One token of an answer.

    Attributes:
        text: Text that this token settles; empty while a character or a stop string is open.
        reading: What the judge's head read at the token before it; None where there is none.
    """

    text: str
    reading: float | None = None


@dataclass(frozen=True, slots=True)
class Waiting:
    """All slots are taken; `position` is the place in the queue, from 1."""

    position: int


class Reply:
    """An answer being written: iterate it for its pieces; leaving the loop cancels it.

    Attributes:
        position: Place in the queue; 0 once it is being read or written.
        finish_reason: `stop`, `length` or `cancelled`; empty while it runs.
        prompt_tokens: Length of the prompt, once its turn came.
        completion_tokens: Tokens written so far.
    """

    def __init__(self, cancel: Callable[[], None], stop: threading.Event | None = None) -> None:
        """Made by `Engine.submit` only; `cancel` asks the engine to stop, as setting `stop` does.

        `stop` is looked at while this is iterated.
        """
        self.position = 0
        self.finish_reason = ""
        self.prompt_tokens = 0
        self.completion_tokens = 0
        self._cancel = cancel
        self._stop = stop
        self._events: SimpleQueue[Piece | Waiting | ModelUnavailable | None] = SimpleQueue()

    def cancel(self) -> None:
        """Stop at once; the slot is free after the step that is under way."""
        if not self.finish_reason:
            self._cancel()

    def __iter__(self) -> Iterator[Piece | Waiting]:
        """Yield pieces, and the place in the queue whenever it changes.

        Raises:
            ModelUnavailable: the engine failed or was closed.
        """
        try:
            while (event := self._next()) is not None:
                if isinstance(event, ModelUnavailable):
                    self.finish_reason = "cancelled"
                    raise event
                yield event
        finally:
            self.cancel()

    def _next(self) -> Piece | Waiting | ModelUnavailable | None:
        """Wait for what happens next, and cancel once if the asker stops meanwhile."""
        while self._stop is not None:
            if self._stop.is_set():
                self._stop = None
                self.cancel()
                break
            with suppress(Empty):
                return self._events.get(timeout=SECONDS_BETWEEN_LOOKS)
        return self._events.get()  # the engine ends a cancelled generation too

    def take(self, event: Mapping[str, Any]) -> None:
        """Called by the engine with an event of the worker."""
        match event["kind"]:
            case "waiting":
                self.position = event["position"]
                self._events.put(Waiting(self.position))
            case "begin":
                self.position, self.prompt_tokens = 0, event["prompt_tokens"]
            case "piece":
                self.completion_tokens += 1
                self._events.put(Piece(event["text"], event["reading"]))
            case "end":
                self.finish_reason = event["reason"]
                if event["rest"]:  # text that was held back
                    self._events.put(Piece(event["rest"]))
                self._events.put(None)
            case "error":
                self._events.put(ModelUnavailable(event["message"]))
