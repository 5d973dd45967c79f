"""Any chat model, its drafts read by the embedded model's judge: one calibration for all writers.

Knows nothing of evidence or of what the readings decide.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.messages import AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGenerationChunk, ChatResult

from rag.embedded import END, OpenVinoChat, chatml, literal
from rag.generation import Generation, Piece
from rag.judge import Judge


class JudgedChat(BaseChatModel):
    """Writes with one model and reads with another.

    The last chunk of a stream has `response_metadata["readings"]`, what the head before the draft
    read, and `["end"]`, what the head after it did. The prompt is read while the draft is written.
    """

    writer: BaseChatModel
    reader: OpenVinoChat

    @property
    def _llm_type(self) -> str:
        return self.writer._llm_type

    @property
    def judge(self) -> Judge | None:
        """The judge whose heads are in the reader."""
        return self.reader.judge

    def stopped_by(self, cancel: threading.Event) -> JudgedChat:
        """Return this model for one asker: setting `cancel` ends the reading."""
        return self.model_copy(update={"reader": self.reader.stopped_by(cancel)})

    def get_num_tokens(self, text: str) -> int:
        """Estimate a text's tokens as the writer does."""
        return self.writer.get_num_tokens(text)

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        """Only write: what is asked for in one piece is no draft."""
        return self.writer._generate(messages, stop, run_manager, **kwargs)

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        prompt = chatml(messages)
        before = self._read(prompt)
        written: list[str] = []
        try:
            for chunk in self.writer.stream(messages, stop=stop, **kwargs):
                written.append(str(chunk.text))
                if chunk.text:
                    yield ChatGenerationChunk(message=AIMessageChunk(content=str(chunk.text)))
            read = {"readings": _readings(before)}
            read["end"] = _readings(self._read(f"{prompt}{literal(''.join(written))}{END}"))
        finally:
            before.cancel()
        last = AIMessageChunk(content="", response_metadata=read, chunk_position="last")
        yield ChatGenerationChunk(message=last)

    def _read(self, prompt: str) -> Generation:
        return self.reader.engine.submit(prompt, max_tokens=1, cancel=self.reader.cancel)


def _readings(generation: Generation) -> list[float]:
    pieces = (event for event in generation if isinstance(event, Piece))
    return [piece.reading for piece in pieces if piece.reading is not None]
