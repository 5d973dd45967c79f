"""A chat model behind a server: any `provider:model` of LangChain, with errors for people.

Knows nothing of the embedded engine.
"""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.messages import AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult

from index.errors import ModelUnavailable
from index.settings import Settings
from rag.llm.chat_model import END, OpenVinoChat, chatml, estimated_tokens, literal
from rag.llm.engine import Generation, Piece
from rag.llm.judge import Judge

_REFUSED = {"ollama": frozenset({"max_tokens"})}
"""Options that a provider's client refuses, by provider."""
ADDRESS_FIELDS = ("openai_api_base", "base_url", "anthropic_api_url", "endpoint")


class RemoteChat(BaseChatModel):
    """Passes everything on to a provider's model; what fails there is a `ModelUnavailable`."""

    inner: BaseChatModel
    name_of_model: str
    address: str

    @property
    def _llm_type(self) -> str:
        return self.inner._llm_type

    def get_num_tokens(self, text: str) -> int:
        """Estimate a text's tokens; servers are not asked for it."""
        return estimated_tokens(text)

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        with self._explained():
            message = self.inner.invoke(messages, stop=stop, **self._admitted(kwargs))
        return ChatResult(generations=[ChatGeneration(message=message)])

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        with self._explained():
            message = await self.inner.ainvoke(messages, stop=stop, **self._admitted(kwargs))
        return ChatResult(generations=[ChatGeneration(message=message)])

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        with self._explained():
            for chunk in self.inner.stream(messages, stop=stop, **self._admitted(kwargs)):
                yield _as_generation(chunk)

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        with self._explained():
            async for chunk in self.inner.astream(messages, stop=stop, **self._admitted(kwargs)):
                yield _as_generation(chunk)

    def _admitted(self, options: dict[str, Any]) -> dict[str, Any]:
        """Leave out what the provider's own interface refuses."""
        refused = _REFUSED.get(self.name_of_model.partition(":")[0], frozenset())
        return {name: value for name, value in options.items() if name not in refused}

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Turn any failure of the provider into one that says which server, and what it said."""
        try:
            yield
        except Exception as error:  # providers share no base class of errors
            reason = str(error).strip().splitlines() or [type(error).__name__]
            raise ModelUnavailable(
                f"the model {self.name_of_model} at {self.address} does not answer: {reason[0]}. "
                "Check BROADSHEET_LLM and BROADSHEET_LLM_BASE_URL, and that its server runs"
            ) from error


def connect(settings: Settings) -> RemoteChat:
    """Return the chat model that `settings.llm` names; its server is not asked yet.

    Raises:
        ModelUnavailable: the provider is unknown, its package or its key is missing; the message
            says what to type.
    """
    from langchain.chat_models import init_chat_model

    try:
        inner = init_chat_model(settings.llm, **_options(settings))
    except Exception as error:  # ImportError, ValueError, or the provider's own
        raise ModelUnavailable(f"BROADSHEET_LLM={settings.llm}: {error}") from error
    address = settings.llm_base_url or _address(inner)
    return RemoteChat(inner=inner, name_of_model=settings.llm, address=address)


def _options(settings: Settings) -> dict[str, Any]:
    """Options in the words that the provider uses for them."""
    key = settings.llm_api_key.get_secret_value()
    provider = settings.llm.partition(":")[0]
    options: dict[str, Any] = {"temperature": 0.0}
    if provider == "ollama":
        options["client_kwargs"] = {"timeout": settings.llm_timeout}
    else:
        options |= {"timeout": settings.llm_timeout, "max_retries": 1}
    if settings.llm_base_url:
        options["base_url"] = settings.llm_base_url
        if provider == "openai" and not key:
            key = "none"  # servers of one's own want no key, but the client wants one
    if key:
        options["api_key"] = key
    return options


def _address(model: BaseChatModel) -> str:
    found = (getattr(model, name, None) for name in ADDRESS_FIELDS)
    return str(next((address for address in found if address), "its provider's server"))


def _as_generation(chunk: BaseMessage) -> ChatGenerationChunk:
    if not isinstance(chunk, AIMessageChunk):
        chunk = AIMessageChunk(content=chunk.content)
    return ChatGenerationChunk(message=chunk)


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
