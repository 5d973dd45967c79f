"""A chat model behind a server: any `provider:model` of LangChain, with errors for people."""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from queue import Empty, SimpleQueue
from typing import Any

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.messages import AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from pydantic import ConfigDict, Field, SkipValidation

from index.errors import ModelUnavailable
from index.settings import Settings, redacted, secrets_of
from rag.llm.chat_model import OpenVinoChat, estimated_tokens, stoppable
from rag.llm.engine import SECONDS_BETWEEN_LOOKS, Piece, Reply
from rag.llm.judge import Judge
from rag.llm.template import Spoken

_ENDINGS = ("finish_reason", "stop_reason", "done_reason")
"""Under which names providers say why an answer ended."""
ADDRESS_FIELDS = ("openai_api_base", "base_url", "anthropic_api_url", "endpoint")


_TOKEN_LIKE = re.compile(r"<(?=[|｜]|[/!]?[\w▁:.-]+[|｜]?>)|\[(?=\||/?[a-z]?[A-Z_]{2,}\])")


class RemoteChat(BaseChatModel):
    """Passes everything on to a provider's model; what fails there is a `ModelUnavailable`.

    An answer must be whole: one that breaks off, or takes longer than `seconds`, has failed.
    """

    inner: BaseChatModel
    name_of_model: str
    address: str
    own_server: bool = False
    max_tokens: int = 256
    seconds: float = 60.0
    secrets: tuple[str, ...] = Field(default=(), repr=False)
    cancel: SkipValidation[threading.Event | None] = Field(default=None, exclude=True, repr=False)

    model_config = ConfigDict(arbitrary_types_allowed=True)

    @property
    def _llm_type(self) -> str:
        return self.inner._llm_type

    def stopped_by(self, cancel: threading.Event) -> RemoteChat:
        """Return this model for one asker: setting `cancel` closes the connection."""
        return self.model_copy(update={"cancel": cancel})

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
        options = self._with_max_tokens(kwargs)

        async def once() -> AsyncIterator[BaseMessage]:
            yield await self.inner.ainvoke(escape_special_tokens(messages), stop=stop, **options)

        with self._wrap_errors():
            for message in self._with_deadline(once()):
                spoken = Spoken()
                text = spoken.feed(str(message.text)) + spoken.flush()
                visible = message.model_copy(update={"content": text})
                return ChatResult(generations=[ChatGeneration(message=visible)])
            raise ConnectionError("the question was stopped")

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        asked = self.inner.astream(
            escape_special_tokens(messages), stop=stop, **self._with_max_tokens(kwargs)
        )
        ended, spoken = False, Spoken()
        with self._wrap_errors():
            for chunk in self._with_deadline(asked):
                ended = ended or any(chunk.response_metadata.get(name) for name in _ENDINGS)
                text = spoken.feed(str(chunk.text))
                yield _as_generation(chunk.model_copy(update={"content": text}))
            if rest := spoken.flush():
                yield _as_generation(AIMessageChunk(content=rest))
            if not ended and not (self.cancel and self.cancel.is_set()):
                raise ConnectionError("it broke off in the middle of an answer")

    def _with_deadline(self, chunks: AsyncIterator[BaseMessage]) -> Iterator[BaseMessage]:
        """Yield what a server sends until the question is stopped; `seconds` bound all of it.

        A task reads it, since only a task can be cancelled while it waits for the server: that
        closes the connection at once.
        """
        came: SimpleQueue[BaseMessage | BaseException | None] = SimpleQueue()

        async def read() -> None:
            try:
                async with asyncio.timeout(self.seconds):
                    async for chunk in chunks:
                        came.put(chunk)
                came.put(None)
            except TimeoutError:
                came.put(TimeoutError(f"no whole answer came in {self.seconds:g} s"))
            except Exception as error:
                came.put(error)

        reading = asyncio.run_coroutine_threadsafe(read(), _loop())
        try:
            while not (self.cancel and self.cancel.is_set()):
                with suppress(Empty):
                    item = came.get(timeout=SECONDS_BETWEEN_LOOKS)
                    if isinstance(item, BaseException):
                        raise item
                    if item is None:
                        return
                    yield item
        finally:
            reading.cancel()

    def _with_max_tokens(self, options: dict[str, Any]) -> dict[str, Any]:
        """Add the longest answer, by the name that the provider's client has for it."""
        options = dict(options)
        limit = int(options.pop("max_tokens", None) or self.max_tokens)
        provider = self.name_of_model.partition(":")[0]
        if provider == "ollama":
            return options  # its client was told when it was made
        if provider == "openai" and self.own_server:
            # The client would say `max_completion_tokens`, which not all such servers know.
            return options | {"extra_body": {"max_tokens": limit}}
        return options | {"max_tokens": limit}

    @contextmanager
    def _wrap_errors(self) -> Iterator[None]:
        """Raise any failure of the provider as `ModelUnavailable`, with server and message."""
        try:
            yield
        except Exception as error:  # providers share no base class of errors
            reason = str(error).strip().splitlines() or [type(error).__name__]
            message = f"{self.name_of_model} at {self.address} does not answer: {reason[0]}"
            raise ModelUnavailable(
                f"the model {redacted(message, self.secrets)}. "
                "Check BROADSHEET_LLM and BROADSHEET_LLM_BASE_URL, and that its server runs"
            ) from None  # the provider's own error may hold the key


@cache
def _loop() -> asyncio.AbstractEventLoop:
    """The one loop in which servers are read: a client's connections belong to their loop."""
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="model-servers", daemon=True).start()
    return loop


def escape_special_tokens(messages: Sequence[BaseMessage]) -> list[BaseMessage]:
    """Return messages in which whatever looks like a special token is read as plain words.

    A server's tokenizer is not known here, but special tokens look alike: `<|end|>`,
    `</s>`, `[INST]`.
    """
    return [
        message.model_copy(update={"content": _TOKEN_LIKE.sub(r"\g<0> ", str(message.text))})
        for message in messages
    ]


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
        message = redacted(str(error), secrets_of(settings))
        raise ModelUnavailable(f"BROADSHEET_LLM={settings.llm}: {message}") from None
    return RemoteChat(
        inner=inner,
        name_of_model=settings.llm,
        address=settings.llm_base_url or _address(inner),
        own_server=bool(settings.llm_base_url),
        max_tokens=settings.answer_tokens,
        seconds=settings.llm_timeout,
        secrets=secrets_of(settings),
    )


def _options(settings: Settings) -> dict[str, Any]:
    """Options in the words that the provider uses for them."""
    key = settings.llm_api_key.get_secret_value()
    provider = settings.llm.partition(":")[0]
    options: dict[str, Any] = {"temperature": 0.0}
    if provider == "ollama":
        options["client_kwargs"] = {"timeout": settings.llm_timeout}
        options["num_predict"] = settings.answer_tokens
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
        """Return this model for one asker: setting `cancel` ends the writing and the reading."""
        writer, reader = stoppable(self.writer, cancel), self.reader.stopped_by(cancel)
        return self.model_copy(update={"writer": writer, "reader": reader})

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
        prompt = self.reader.prompt(messages)
        before = self._read(prompt)
        written: list[str] = []
        try:
            for chunk in self.writer.stream(messages, stop=stop, **kwargs):
                written.append(str(chunk.text))
                if chunk.text:
                    yield ChatGenerationChunk(message=AIMessageChunk(content=str(chunk.text)))
            read = {"readings": _readings(before)}
            template = self.reader.template
            draft = template.literal("".join(written))
            read["end"] = _readings(self._read(f"{prompt}{draft}{template.end}"))
        finally:
            before.cancel()
        last = AIMessageChunk(content="", response_metadata=read, chunk_position="last")
        yield ChatGenerationChunk(message=last)

    def _read(self, prompt: str) -> Reply:
        return self.reader.engine.submit(prompt, max_tokens=1, cancel=self.reader.cancel)


def _readings(generation: Reply) -> list[float]:
    pieces = (event for event in generation if isinstance(event, Piece))
    return [piece.reading for piece in pieces if piece.reading is not None]
