"""Counts what a chat model reads and writes."""

from __future__ import annotations

from typing import Any

from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.messages import AIMessage
from langchain_core.outputs import ChatGeneration, LLMResult


class ReadTokens(BaseCallbackHandler):
    """Collects (prompt tokens, written tokens) of each call of a chat model, in order of end."""

    def __init__(self) -> None:
        """Begin with none."""
        self._calls: list[tuple[int, int]] = []

    def take(self) -> list[tuple[int, int]]:
        """Return the calls since the last `take`."""
        taken, self._calls = self._calls, []
        return taken

    def first(self) -> tuple[int, int]:
        """Return the first call since the last `take`, zeros without one, and forget the rest."""
        return next(iter(self.take()), (0, 0))

    def on_llm_end(self, response: LLMResult, **kwargs: Any) -> None:
        """Note one call."""
        generation = response.generations[0][0]
        message = generation.message if isinstance(generation, ChatGeneration) else None
        usage = message.usage_metadata if isinstance(message, AIMessage) else None
        if usage:
            self._calls.append((usage["input_tokens"], usage["output_tokens"]))
