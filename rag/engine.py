"""One continuous-batching OpenVINO engine for the whole process: many generations at once.

One thread owns the pipeline, adds requests and steps; everything else talks to it through
`Generation` objects. Knows nothing of messages, prompts or LangChain.
"""

from __future__ import annotations

import atexit
import logging
import sys
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from index.errors import ModelUnavailable
from rag.token_text import TokenText

READ_AT_ONCE = 256
"""Prompt tokens read in one step: a cancelled generation holds its slot for one step at most."""
CACHE_GIGABYTES = 1
"""Memory for what was read, in GiB, taken as it is needed: 28 KB a token, so 37,000 tokens."""

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Piece:
    """One token of an answer.

    Attributes:
        text: Text that this token settles; empty while a character or a stop string is open.
        token: The token's own text; empty unless log-probabilities were asked for.
        logprob: Natural logarithm of its probability; 0 unless asked for.
    """

    text: str
    token: str = ""
    logprob: float = 0.0


@dataclass(frozen=True, slots=True)
class Waiting:
    """All slots are taken; `position` is the place in the queue, from 1."""

    position: int


@dataclass(frozen=True, slots=True)
class Limits:
    """How one generation ends, and how it chooses.

    Attributes:
        max_tokens: Longest answer, in tokens.
        stop: The answer ends before the first of these strings.
        temperature: 0 takes the likeliest token each time.
        logprobs: Whether pieces carry log-probabilities.
    """

    max_tokens: int
    stop: tuple[str, ...] = ()
    temperature: float = 0.0
    logprobs: bool = False


class Generation:
    """An answer being written: iterate it for its pieces; leaving the loop cancels it.

    Attributes:
        finish_reason: `stop`, `length` or `cancelled`; empty while it runs.
        prompt_tokens: Length of the prompt, once it was read.
        completion_tokens: Tokens written so far.
    """

    def __init__(self, engine: Engine, prompt: str, limits: Limits) -> None:
        """Made by `Engine.submit` only."""
        self.prompt = prompt
        self.limits = limits
        self.finish_reason = ""
        self.prompt_tokens = 0
        self.completion_tokens = 0
        self.cancelled = False
        self.told_position = 0
        self._engine = engine
        self._events: SimpleQueue[Piece | Waiting | BaseException | None] = SimpleQueue()

    @property
    def position(self) -> int:
        """Place in the queue; 0 once it is being read or written."""
        return self._engine.position_of(self)

    def cancel(self) -> None:
        """Stop at once; the slot is free after the step that is under way."""
        self.cancelled = True
        self._engine.wake()

    def __iter__(self) -> Iterator[Piece | Waiting]:
        """Yield pieces, and the place in the queue whenever it changes.

        Raises:
            ModelUnavailable: the engine failed or was closed.
        """
        try:
            while (event := self._events.get()) is not None:
                if isinstance(event, BaseException):
                    raise ModelUnavailable(f"the language model failed: {event}") from event
                yield event
        finally:
            if not self.finish_reason:
                self.cancel()

    def tell(self, event: Piece | Waiting | BaseException | None) -> None:
        """Called by the engine's thread; None ends the iteration."""
        self._events.put(event)


class Engine:
    """The engine over one model folder; load it once and share it."""

    def __init__(self, folder: Path, *, threads: int = 0, parallel: int = 4) -> None:
        """Load the model, which takes seconds.

        Args:
            folder: Holds `openvino_model.xml` and the tokenizers (see `rag.conversion`).
            threads: Threads to compute with; 0 leaves it to OpenVINO: one a core.
            parallel: Generations written at the same time; others wait in order.

        Raises:
            ModelUnavailable: the folder does not hold a model that OpenVINO can load.
        """
        self._genai = import_genai()
        self._parallel = parallel
        self._pipeline = self._load(folder, threads)
        self._tokenizer = self._pipeline.get_tokenizer()
        self._changed = threading.Condition()
        self._waiting: deque[Generation] = deque()
        self._running: list[_Slot] = []
        self._closing = False
        self._failure: BaseException | None = None
        self._next_id = 0
        self._thread = threading.Thread(target=self._run, name="language-model", daemon=True)
        self._thread.start()
        atexit.register(self.close)

    def submit(
        self,
        prompt: str,
        *,
        max_tokens: int,
        stop: Sequence[str] = (),
        temperature: float = 0.0,
        logprobs: bool = False,
    ) -> Generation:
        """Queue a prompt, template and all; returns at once.

        Raises:
            ModelUnavailable: the engine failed or was closed.
        """
        limits = Limits(max_tokens, tuple(stop), temperature, logprobs)
        generation = Generation(self, prompt, limits)
        with self._changed:
            if self._failure is not None or self._closing:
                raise ModelUnavailable(f"the language model stopped: {self._failure or 'closed'}")
            self._waiting.append(generation)
            self._changed.notify_all()
        return generation

    def count_tokens(self, text: str) -> int:
        """Length of a text in tokens."""
        return int(self._tokenizer.encode(text, add_special_tokens=False).input_ids.shape[1])

    @property
    def active(self) -> int:
        """Generations that hold a slot now."""
        return len(self._running)

    def position_of(self, generation: Generation) -> int:
        """Place of a generation in the queue, 0 if it does not wait."""
        with self._changed:
            return self._waiting.index(generation) + 1 if generation in self._waiting else 0

    def wake(self) -> None:
        """Let the engine's thread look at what was cancelled."""
        with self._changed:
            self._changed.notify_all()

    def close(self) -> None:
        """End all generations and the thread; the engine cannot be used afterwards."""
        atexit.unregister(self.close)
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        if threading.current_thread() is not self._thread:
            self._thread.join()

    def _load(self, folder: Path, threads: int) -> Any:
        scheduler = self._genai.SchedulerConfig()
        scheduler.enable_prefix_caching = True
        scheduler.cache_size = CACHE_GIGABYTES
        scheduler.max_num_seqs = self._parallel
        scheduler.max_num_batched_tokens = READ_AT_ONCE
        properties = {"INFERENCE_NUM_THREADS": threads} if threads else {}
        try:
            return self._genai.ContinuousBatchingPipeline(str(folder), scheduler, "CPU", properties)
        except RuntimeError as error:
            raise ModelUnavailable(f"cannot load the model in {folder}: {error}") from error

    def _run(self) -> None:
        ended: BaseException = ModelUnavailable("it was closed")
        try:
            while self._await_work():
                self._admit()
                self._drop_cancelled()
                self._pipeline.step()
                for slot in list(self._running):
                    self._collect(slot)
        except Exception as error:  # whatever the engine raises, those who wait must hear of it
            _LOG.exception("the engine's thread failed")
            ended = error
        with self._changed:
            self._failure = ended
            left = [slot.generation for slot in self._running] + list(self._waiting)
            self._running.clear()
            self._waiting.clear()
        for generation in left:
            generation.tell(ended)

    def _await_work(self) -> bool:
        """Sleep until there is something to do; False once the engine is closed."""
        with self._changed:
            while not (self._closing or self._waiting or self._running):
                if self._pipeline.has_non_finished_requests():
                    break  # one more step frees what was cancelled
                self._changed.wait()
            return not self._closing

    def _admit(self) -> None:
        """Give free slots to those who wait, in order; tell the others their new place."""
        moved: list[Generation] = []
        with self._changed:
            for generation in [one for one in self._waiting if one.cancelled]:
                self._waiting.remove(generation)
                _finish(generation, "cancelled")
            while self._waiting and len(self._running) + len(moved) < self._parallel:
                moved.append(self._waiting.popleft())
            places = list(enumerate(self._waiting, start=1))
        for generation in moved:
            try:
                self._running.append(self._start(generation))
            except (RuntimeError, ValueError) as error:  # this prompt's fault, not the engine's
                generation.tell(error)
        for place, generation in places:
            if generation.told_position != place:
                generation.told_position = place
                generation.tell(Waiting(place))

    def _start(self, generation: Generation) -> _Slot:
        limits = generation.limits
        config = self._genai.GenerationConfig()
        config.apply_chat_template = False
        config.max_new_tokens = limits.max_tokens
        config.logprobs = int(limits.logprobs)
        config.do_sample = limits.temperature > 0
        if config.do_sample:
            config.temperature = limits.temperature
        tokens = self._tokenizer.encode(generation.prompt, add_special_tokens=False).input_ids
        generation.prompt_tokens = int(tokens.shape[1])
        handle = self._pipeline.add_request(self._next_id, tokens, config)
        self._next_id += 1
        return _Slot(generation, handle, TokenText(self._tokenizer.decode, limits.stop))

    def _drop_cancelled(self) -> None:
        for slot in [slot for slot in self._running if slot.generation.cancelled]:
            self._end(slot, "cancelled")

    def _collect(self, slot: _Slot) -> None:
        """Pass on what the last step wrote, and end what is complete."""
        status = slot.handle.get_status()
        reason = ""
        while slot.handle.can_read():
            for output in slot.handle.read().values():
                for token, logprob in zip(
                    output.generated_ids, output.generated_log_probs, strict=True
                ):
                    if not slot.text.stopped:
                        self._pass_on(slot, token, logprob)
                finish = self._genai.GenerationFinishReason
                reason = "length" if output.finish_reason == finish.LENGTH else "stop"
        if slot.text.stopped:
            self._end(slot, "stop")
        elif status == self._genai.GenerationStatus.IGNORED:
            self._running.remove(slot)
            slot.generation.tell(ModelUnavailable("the prompt is longer than its memory"))
        elif status != self._genai.GenerationStatus.RUNNING:
            self._end(slot, reason or "stop")

    def _pass_on(self, slot: _Slot, token: int, logprob: float) -> None:
        slot.generation.completion_tokens += 1
        wanted = slot.generation.limits.logprobs
        own = self._tokenizer.decode([token]) if wanted else ""
        slot.generation.tell(Piece(slot.text.feed(token), own, logprob if wanted else 0.0))

    def _end(self, slot: _Slot, reason: str) -> None:
        self._running.remove(slot)
        if slot.handle.get_status() == self._genai.GenerationStatus.RUNNING:
            slot.handle.cancel()
        if rest := slot.text.flush():
            slot.generation.tell(Piece(rest))
        _finish(slot.generation, reason)


@dataclass(slots=True, eq=False)
class _Slot:
    """A running generation, the pipeline's handle for it, and its text so far."""

    generation: Generation
    handle: Any
    text: TokenText


def _finish(generation: Generation, reason: str) -> None:
    generation.finish_reason = reason
    generation.tell(None)


def import_genai() -> Any:
    """Import OpenVINO GenAI without its telemetry, which would look up a host.

    Raises:
        ModelUnavailable: it is not installed.
    """
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
    try:
        import openvino_genai
    except ImportError as error:
        raise ModelUnavailable(
            "the embedded model needs OpenVINO: pip install openvino-genai"
        ) from error
    return openvino_genai
