"""One answer being written by the engine, as those who wait for it see it.

Knows nothing of how or in which process it is written.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from queue import Empty, SimpleQueue

from index.errors import ModelUnavailable

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


@dataclass(frozen=True, slots=True)
class Limits:
    """How one generation ends; each token is the likeliest.

    Attributes:
        max_tokens: Longest answer, in tokens.
        stop: The answer ends before the first of these strings.
    """

    max_tokens: int
    stop: tuple[str, ...] = ()


class Generation:
    """An answer being written: iterate it for its pieces; leaving the loop cancels it.

    Attributes:
        position: Place in the queue; 0 once it is being read or written.
        finish_reason: `stop`, `length` or `cancelled`; empty while it runs.
        prompt_tokens: Length of the prompt, once its turn came.
        completion_tokens: Tokens written so far.
    """

    def __init__(
        self, limits: Limits, cancel: Callable[[], None], stop: threading.Event | None = None
    ) -> None:
        """Made by `Engine.submit` only; `cancel` asks the engine to stop, as setting `stop` does.

        `stop` is looked at while this is iterated.
        """
        self.limits = limits
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

    def take(self, event: Piece | Waiting | ModelUnavailable) -> None:
        """Called by the engine when something happened."""
        if isinstance(event, Waiting):
            self.position = event.position
        elif isinstance(event, Piece):
            self.completion_tokens += 1
        self._events.put(event)

    def begin(self, prompt_tokens: int) -> None:
        """Called by the engine when the generation's turn comes."""
        self.position = 0
        self.prompt_tokens = prompt_tokens

    def end(self, reason: str, rest: str) -> None:
        """Called by the engine when all is written; `rest` is text that was held back."""
        self.finish_reason = reason
        if rest:
            self._events.put(Piece(rest))
        self._events.put(None)
