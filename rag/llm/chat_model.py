"""The embedded language model as a LangChain chat model, over the one engine of the process.

Applies the ChatML template itself, with template tokens inside messages made literal. Knows
nothing of articles or prompts.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from typing import Any

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import LangSmithParams
from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.messages.ai import UsageMetadata
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from pydantic import ConfigDict, Field, SkipValidation

from rag.llm.engine import Engine, Piece, Reply
from rag.llm.judge import Judge

END = "<|im_end|>"
ROLES = {"system": "system", "human": "user", "ai": "assistant"}


def literal(text: str, special: Sequence[str] = ()) -> str:
    """Return the text with template tokens taken apart, so that the model reads them as words.

    Args:
        text: What somebody wrote.
        special: The tokenizer's own tokens, besides those that begin as ChatML's do.
    """
    text = text.replace("<|", "< |")
    for token in special:
        text = text.replace(token, f"{token[0]} {token[1:]}")
    return text


def chatml(
    messages: Sequence[BaseMessage], special: Sequence[str] = (), *, open_answer: bool = True
) -> str:
    """Write messages in the ChatML template, ready for the model to answer.

    Args:
        messages: The conversation; roles other than system and AI speak as the user.
        special: The tokenizer's own tokens; see `literal`.
        open_answer: Whether to end where the model's answer begins.
    """
    turns = [
        f"<|im_start|>{ROLES.get(message.type, 'user')}\n"
        f"{literal(str(message.text), special)}{END}\n"
        for message in messages
    ]
    return "".join(turns) + ("<|im_start|>assistant\n" if open_answer else "")


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
    model_name: str = "embedded"
    max_tokens: int = Field(default=256, ge=1)
    stop: list[str] | None = None
    special: tuple[str, ...] = Field(default=(), repr=False)
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

    def literal(self, text: str) -> str:
        """Return the text with this model's tokens taken apart."""
        return literal(text, self.special)

    def prompt(self, messages: Sequence[BaseMessage]) -> str:
        """Return messages as this model reads them, ready to answer."""
        return chatml(messages, self.special)

    def warm_up(self, system_text: str) -> None:
        """Compile the engine's kernels and keep this system message in its prefix cache.

        The first generation after a load takes 8 to 15 s; this one is it.

        Raises:
            ModelUnavailable: the engine failed.
        """
        prompt = f"<|im_start|>system\n{self.literal(system_text)}{END}\n<|im_start|>user\n"
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
        message = AIMessage(
            content="".join(piece.text for piece in pieces),
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
        generation = self._submit(messages, stop, kwargs)
        try:
            for event in generation:
                if isinstance(event, Piece):
                    read = _readings([event])
                    chunk = AIMessageChunk(content=event.text, response_metadata=read)
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
            content="",
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
            stop=[END, *(stop or self.stop or [])],
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
