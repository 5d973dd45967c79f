"""The process that computes: one continuous-batching OpenVINO pipeline, many generations.

Reads commands from standard input and writes events to standard output, a line of JSON each (see
`rag.llm.engine`). It ends when its input ends, so it never outlives the program that started it.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import sys
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

from rag.llm.conversion import heads_in, import_genai
from rag.llm.judge import reading_of

READ_AT_ONCE = 320
"""Prompt tokens read in one step: a cancelled generation holds its slot for one step at most."""
CACHE_GIGABYTES = 1
"""Memory for what was read, in GiB, taken as it is needed."""
LONGEST_MESSAGE = 1000
"""Characters of an error that are passed on."""

Command = dict[str, Any]
Send = Callable[[dict[str, Any]], None]


@dataclass(slots=True, eq=False)
class Slot:
    """A running generation: its command, the pipeline's handle for it, and its text so far."""

    command: Command
    handle: Any
    text: TokenText


class Worker:
    """Steps the pipeline while anything is to be written."""

    def __init__(self, folder: Path, threads: int, parallel: int, send: Send) -> None:
        """Load the model of a folder; `send` passes an event on."""
        self._genai = import_genai()
        scheduler = self._genai.SchedulerConfig()
        scheduler.enable_prefix_caching = True
        scheduler.cache_size = CACHE_GIGABYTES
        scheduler.max_num_seqs = parallel
        scheduler.max_num_batched_tokens = READ_AT_ONCE
        properties = {"INFERENCE_NUM_THREADS": threads} if threads else {}
        self._pipeline = self._genai.ContinuousBatchingPipeline(
            str(folder), scheduler, "CPU", properties
        )
        self._tokenizer = self._pipeline.get_tokenizer()
        self._ends = self._pipeline.get_config().stop_token_ids  # a model may have several
        self._reads = bool(heads_in(folder))
        self._weights = folder / "openvino_model.bin"
        self._parallel = parallel
        self._send = send
        self._waiting: deque[Command] = deque()
        self._places: dict[int, int] = {}
        self._running: list[Slot] = []
        self._settled = False

    def run(self, commands: SimpleQueue[Command | None]) -> None:
        """Work until the commands end."""
        while self._take(commands):
            self._admit()
            self._pipeline.step()
            for slot in list(self._running):
                self._collect(slot)

    def _take(self, commands: SimpleQueue[Command | None]) -> bool:
        """Take the commands that are there; sleep if there is no work; False at their end."""
        busy = self._waiting or self._running or self._pipeline.has_non_finished_requests()
        try:
            command = commands.get(block=not busy)
            while command is not None:
                if command["kind"] == "submit":
                    self._waiting.append(command)
                else:
                    self._cancel(command["id"])
                command = commands.get_nowait()
        except Empty:
            return True
        return False

    def _cancel(self, number: int) -> None:
        for slot in self._running:
            if slot.command["id"] == number:
                self._end(slot, "cancelled")
                return
        for command in self._waiting:
            if command["id"] == number:
                self._waiting.remove(command)
                self._send({"kind": "end", "id": number, "reason": "cancelled", "rest": ""})
                return

    def _admit(self) -> None:
        """Give free slots to those who wait, in order; tell the others their new place."""
        while self._waiting and len(self._running) < self._parallel:
            command = self._waiting.popleft()
            try:
                self._running.append(self._start(command))
            except Exception as error:  # this prompt's fault, not the pipeline's
                message = str(error)[:LONGEST_MESSAGE]  # some repeat the whole prompt
                self._send({"kind": "error", "id": command["id"], "message": message})
        places = {command["id"]: n for n, command in enumerate(self._waiting, start=1)}
        for number, position in places.items():
            if self._places.get(number) != position:
                self._send({"kind": "waiting", "id": number, "position": position})
        self._places = places

    def _start(self, command: Command) -> Slot:
        config = self._genai.GenerationConfig()
        config.apply_chat_template = False
        config.max_new_tokens = command["max_tokens"]
        config.stop_token_ids = self._ends
        config.logprobs = int(self._reads)
        tokens = self._tokenizer.encode(command["prompt"], add_special_tokens=False).input_ids
        number = command["id"]
        handle = self._pipeline.add_request(number, tokens, config)
        self._send({"kind": "begin", "id": number, "prompt_tokens": int(tokens.shape[1])})
        return Slot(command, handle, TokenText(self._tokenizer.decode, command["stop"]))

    def _collect(self, slot: Slot) -> None:
        """Pass on what the last step wrote, and end what is complete."""
        status = slot.handle.get_status()
        reason = "stop"
        while slot.handle.can_read():
            for output in slot.handle.read().values():
                if output.finish_reason == self._genai.GenerationFinishReason.LENGTH:
                    reason = "length"
                pairs = zip(output.generated_ids, output.generated_log_probs, strict=True)
                for token, logprob in pairs:
                    self._pass_on(slot, token, logprob)
        if status == self._genai.GenerationStatus.IGNORED:
            self._running.remove(slot)
            message = "the prompt is longer than the language model's memory"
            self._send({"kind": "error", "id": slot.command["id"], "message": message})
        elif slot.text.stopped or status != self._genai.GenerationStatus.RUNNING:
            self._end(slot, "stop" if slot.text.stopped else reason)

    def _pass_on(self, slot: Slot, token: int, logprob: float) -> None:
        if slot.text.stopped:
            return
        self._send(
            {
                "kind": "piece",
                "id": slot.command["id"],
                "text": slot.text.feed(token),
                "reading": reading_of(logprob) if self._reads else None,
            }
        )

    def _end(self, slot: Slot, reason: str) -> None:
        self._running.remove(slot)
        if slot.handle.get_status() == self._genai.GenerationStatus.RUNNING:
            slot.handle.cancel()
        if not self._settled:  # the first generation has packed the weights
            self._settled = True
            release_mapped(self._weights)
        rest = slot.text.flush()
        self._send({"kind": "end", "id": slot.command["id"], "reason": reason, "rest": rest})


def _events_to(descriptor: int) -> Send:
    stream = os.fdopen(descriptor, "w", encoding="utf-8")

    def send(event: dict[str, Any]) -> None:
        stream.write(json.dumps(event) + "\n")
        stream.flush()

    return send


def _read_commands(commands: SimpleQueue[Command | None]) -> None:
    for line in sys.stdin:
        commands.put(json.loads(line))
    commands.put(None)


def _main(folder: str, threads: str, parallel: str) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the program, which ends us
    send = _events_to(os.dup(1))
    os.dup2(2, 1)  # whatever libraries print must not get among the events
    commands: SimpleQueue[Command | None] = SimpleQueue()
    threading.Thread(target=_read_commands, args=(commands,), daemon=True).start()
    try:
        worker = Worker(Path(folder), int(threads), int(parallel), send)
        send({"kind": "ready"})
        worker.run(commands)
    except BrokenPipeError:
        return
    except Exception as error:  # the program that started us must hear of it
        send({"kind": "failed", "message": f"{type(error).__name__}: {error}"})
    os._exit(0)  # OpenVINO's own threads need no farewell


REPLACEMENT = "\ufffd"
LONGEST_CHARACTER = 4
"""Bytes of the longest character in UTF-8, thus the most tokens that one can be spread over."""


class TokenText:
    """The text of one generation as it grows.

    Attributes:
        stopped: Whether a stop string was met; nothing after it is given out.
    """

    def __init__(self, decode: Callable[[list[int]], str], stop: Sequence[str] = ()) -> None:
        """Decode with `decode`; end before the first of `stop` that appears."""
        self.stopped = False
        self._decode = decode
        self._stop = tuple(text for text in stop if text)
        self._tokens: list[int] = []
        # Tokens before `_given` are decoded already; those from `_context` are decoded again with
        # what follows, since some decoders treat the first token of a run differently.
        self._context = 0
        self._given = 0
        self._held = ""

    def feed(self, token: int) -> str:
        """Take the next token; return the text that is settled by it, often empty."""
        if self.stopped:
            return ""
        self._tokens.append(token)
        return self._settle(self._complete_text())

    def flush(self) -> str:
        """Return what was held back; call it once, when no more tokens come."""
        if self.stopped:
            return ""
        rest = self._held + self._new_text().rstrip(REPLACEMENT)
        self._held = ""
        self._given = len(self._tokens)
        return rest

    def _new_text(self) -> str:
        before = self._decode(self._tokens[self._context : self._given])
        return self._decode(self._tokens[self._context :])[len(before) :]

    def _complete_text(self) -> str:
        text = self._new_text()
        pending = len(self._tokens) - self._given
        if text.endswith(REPLACEMENT) and pending < LONGEST_CHARACTER:
            return ""
        self._context, self._given = self._given, len(self._tokens)
        return text

    def _settle(self, text: str) -> str:
        """Cut at a stop string; hold back an end that might become one."""
        text = self._held + text
        found = [at for stop in self._stop if (at := text.find(stop)) >= 0]
        if found:
            self.stopped = True
            self._held = ""
            return text[: min(found)]
        keep = max((_overlap(text, stop) for stop in self._stop), default=0)
        self._held = text[len(text) - keep :]
        return text[: len(text) - keep]


def _overlap(text: str, stop: str) -> int:
    """Length of the longest end of `text` with which `stop` begins."""
    longest = min(len(text), len(stop) - 1)
    return next((size for size in range(longest, 0, -1) if text.endswith(stop[:size])), 0)


MADV_PAGEOUT = 21
"""`man 2 madvise`: drop these pages; they are read from the file again if they are touched."""


def release_mapped(file: Path) -> int:
    """Drop this process's resident pages of a mapped file.

    Returns:
        Bytes of address space that were given back; 0 where the system cannot do it.
    """
    maps = Path("/proc/self/maps")
    if not sys.platform.startswith("linux") or not maps.exists():
        return 0
    libc = ctypes.CDLL(None)
    released = 0
    for line in maps.read_text(encoding="utf-8", errors="replace").splitlines():
        if not line.endswith(str(file.resolve())):
            continue
        start, end = (int(part, 16) for part in line.split()[0].split("-"))
        length = end - start
        if libc.madvise(ctypes.c_void_p(start), ctypes.c_size_t(length), MADV_PAGEOUT) == 0:
            released += length
    return released


if __name__ == "__main__":
    _main(*sys.argv[1:])
