"""An embedded language model as a LangChain chat model, over an engine of this process.

Speaks to it by its own template (`rag.llm.template`). Knows nothing of articles or prompts.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from typing import Any

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import LangSmithParams
from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.messages import (
    AIMessage,
    AIMessageChunk,
    BaseMessage,
    HumanMessage,
    SystemMessage,
)
from langchain_core.messages.ai import UsageMetadata
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from pydantic import ConfigDict, Field, SkipValidation

from rag.llm.engine import Engine, Piece, Reply
from rag.llm.judge import Judge
from rag.llm.template import Spoken, Template


def estimated_tokens(text: str) -> int:
    """A text's tokens at four characters each, a little more than English has."""
    return -(-len(text) // 4)


class OpenVinoChat(BaseChatModel):
    """A chat model that runs in this process; threads share it, generations run side by side.

    It takes the likeliest token each time. `max_tokens` may also be given to a call, or with
    `bind`. Where the model has a judge's heads, `response_metadata["readings"]` is the list of what
    they read, first before the answer, then at each of its tokens (`rag.llm.judge`). While a stream
    waits for a free slot it yields empty chunks whose `response_metadata["queue"]` is a list with
    the place in the queue.
    """

    engine: SkipValidation[Engine] = Field(exclude=True, repr=False)
    template: SkipValidation[Template] = Field(exclude=True, repr=False)
    model_name: str = "embedded"
    max_tokens: int = Field(default=256, ge=1)
    stop: list[str] | None = None
    judge: SkipValidation[Judge | None] = Field(default=None, exclude=True, repr=False)
    cancel: SkipValidation[threading.Event | None] = Field(default=None, exclude=True, repr=False)

    model_config = ConfigDict(arbitrary_types_allowed=True)

    @property
    def _llm_type(self) -> str:
        return "openvino"

    @property
    def _identifying_params(self) -> dict[str, Any]:
        return {"model_name": self.model_name}

    def _get_ls_params(self, stop: list[str] | None = None, **kwargs: Any) -> LangSmithParams:
        """Name the model to LangChain's callbacks, in its own terms."""
        return LangSmithParams(
            ls_provider="openvino",
            ls_model_name=kwargs.get("model", self.model_name),
            ls_model_type="chat",
            ls_max_tokens=self.max_tokens,
            ls_stop=stop or self.stop or [],
        )

    def stopped_by(self, cancel: threading.Event) -> OpenVinoChat:
        """Return this model for one asker: setting `cancel` ends what it does for them.

        What waits for a slot or is being read ends too, within a step of the engine; the answer
        is then what was written, and its finish reason `cancelled`.
        """
        return self.model_copy(update={"cancel": cancel})

    def prompt(self, messages: Sequence[BaseMessage]) -> str:
        """Return messages as this model reads them, ready to answer."""
        return self.template.prompt(messages)

    def warm_up(self, system_text: str) -> None:
        """Compile the engine's kernels and keep this system message in its prefix cache.

        The first generation after a load takes 8 to 15 s; this one is it.

        Raises:
            ModelUnavailable: the engine failed.
        """
        prompt = self.prompt([SystemMessage(system_text), HumanMessage("")])
        for _ in self.engine.submit(prompt, max_tokens=2):
            pass

    def get_num_tokens(self, text: str) -> int:
        """Estimate a text's tokens; the engine is not asked."""
        return estimated_tokens(text)

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        generation = self._submit(messages, stop, kwargs)
        pieces = [piece for piece in generation if isinstance(piece, Piece)]
        spoken = Spoken()
        said = spoken.feed("".join(piece.text for piece in pieces)) + spoken.flush()
        message = AIMessage(
            content=said,
            response_metadata=self._ending(generation) | _readings(pieces),
            usage_metadata=_usage(generation),
        )
        return ChatResult(generations=[ChatGeneration(message=message)])

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        generation, spoken = self._submit(messages, stop, kwargs), Spoken()
        try:
            for event in generation:
                if isinstance(event, Piece):
                    said, read = spoken.feed(event.text), _readings([event])
                    chunk = AIMessageChunk(content=said, response_metadata=read)
                else:
                    chunk = AIMessageChunk(
                        content="", response_metadata={"queue": [event.position]}
                    )
                result = ChatGenerationChunk(message=chunk)
                if run_manager and chunk.content:
                    run_manager.on_llm_new_token(str(chunk.content), chunk=result)
                yield result
        finally:
            if not generation.finish_reason:
                generation.cancel()
        last = AIMessageChunk(
            content=spoken.flush(),
            response_metadata=self._ending(generation),
            usage_metadata=_usage(generation),
            chunk_position="last",
        )
        yield ChatGenerationChunk(message=last)

    def _submit(
        self, messages: list[BaseMessage], stop: list[str] | None, options: dict[str, Any]
    ) -> Reply:
        """Queue a conversation; `options` are what LangChain passes on from a call or `bind`."""
        return self.engine.submit(
            self.prompt(messages),
            max_tokens=int(options.get("max_tokens") or self.max_tokens),
            stop=[self.template.end, *(stop or self.stop or [])],
            cancel=self.cancel,
        )

    def _ending(self, generation: Reply) -> dict[str, Any]:
        return {
            "finish_reason": generation.finish_reason,
            "model_name": self.model_name,
            "model_provider": "openvino",
        }


def _readings(pieces: Sequence[Piece]) -> dict[str, Any]:
    known = [piece.reading for piece in pieces if piece.reading is not None]
    return {"readings": known} if known else {}


def _usage(generation: Reply) -> UsageMetadata:
    read, written = generation.prompt_tokens, generation.completion_tokens
    return UsageMetadata(input_tokens=read, output_tokens=written, total_tokens=read + written)
