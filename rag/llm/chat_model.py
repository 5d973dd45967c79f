"""The embedded language model as a LangChain chat model: the client of its worker process.

Prompts are made by the model's own chat template (`rag.llm.template`).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models.chat_models import BaseChatModel, generate_from_stream
from langchain_core.messages import AIMessageChunk, BaseMessage, HumanMessage, SystemMessage
from langchain_core.messages.ai import UsageMetadata
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from pydantic import ConfigDict, Field, SkipValidation

from rag.llm.engine import Engine, Piece
from rag.llm.judge import Judge
from rag.llm.template import Spoken, Template


def estimated_tokens(text: str) -> int:
    """A text's tokens at four characters each, a little more than English has."""
    return -(-len(text) // 4)


def stoppable(model: BaseChatModel, cancel: threading.Event) -> BaseChatModel:
    """Return the model such that setting `cancel` ends its work at once, in the queue too.

    A model that is none of ours is left after its next piece, see `rag.generation.stream_draft`.
    """
    stopped_by: Callable[[threading.Event], BaseChatModel] | None
    stopped_by = getattr(model, "stopped_by", None)
    return stopped_by(cancel) if stopped_by else model


class OpenVinoChat(BaseChatModel):
    """Client for the model's worker process; thread-safe, and generations run side by side.

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
        return generate_from_stream(self._stream(messages, stop, **kwargs))

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        spoken = Spoken()
        generation = self.engine.submit(
            self.prompt(messages),
            max_tokens=int(kwargs.get("max_tokens") or self.max_tokens),
            stop=[self.template.end, *(stop or self.stop or [])],
            cancel=self.cancel,
        )
        try:
            for event in generation:
                if isinstance(event, Piece):
                    told = {} if event.reading is None else {"readings": [event.reading]}
                    chunk = AIMessageChunk(content=spoken.feed(event.text), response_metadata=told)
                else:
                    chunk = AIMessageChunk(
                        content="", response_metadata={"queue": [event.position]}
                    )
                result = ChatGenerationChunk(message=chunk)
                if run_manager and chunk.content:
                    run_manager.on_llm_new_token(str(chunk.content), chunk=result)
                yield result
        finally:
            generation.cancel()
        last = AIMessageChunk(
            content=spoken.flush(),
            response_metadata={
                "finish_reason": generation.finish_reason,
                "model_name": self.model_name,
                "model_provider": "openvino",
            },
            usage_metadata=UsageMetadata(
                input_tokens=generation.prompt_tokens,
                output_tokens=generation.completion_tokens,
                total_tokens=generation.prompt_tokens + generation.completion_tokens,
            ),
            chunk_position="last",
        )
        yield ChatGenerationChunk(message=last)
