"""The process that computes: one continuous-batching OpenVINO pipeline, many generations.

Reads commands from standard input and writes events to standard output, a line of JSON each (see
`rag.engine`). It ends when its input ends, so it never outlives the program that started it.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

from rag.conversion import heads_in
from rag.genai import import_genai
from rag.heads import reading_of
from rag.memory import release_mapped
from rag.token_text import TokenText

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


if __name__ == "__main__":
    _main(*sys.argv[1:])
