"""Which chat model writes: loads the one that the settings name, in the background if need be.

Knows nothing of questions or prompts.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from langchain_core.language_models.chat_models import BaseChatModel

from index.errors import BroadsheetError, ModelFileError, ModelUnavailable
from index.models.download import Fetch, ensure_llm
from index.settings import Settings

if TYPE_CHECKING:
    from rag.llm.chat_model import OpenVinoChat
    from rag.llm.engine import Engine

_LOG = logging.getLogger(__name__)
STEADY = 60.0
"""Seconds after which a model's process that ends is no sign that the next will end too."""
QUICK_ENDS = 3
"""Ends before that, one after the other, after which no new one is started."""


class ModelState(StrEnum):
    """How far a model is on its way, in order; `failed` and `off` are ends."""

    MISSING = "missing"
    FETCHING = "fetching"
    CONVERTING = "converting"
    LOADING = "loading"
    READY = "ready"
    FAILED = "failed"
    OFF = "off"


MESSAGES = {
    ModelState.MISSING: "The language model is not loaded yet.",
    ModelState.FETCHING: "Fetching the language model.",
    ModelState.CONVERTING: "Preparing the language model, once: about a minute.",
    ModelState.LOADING: "Loading the language model.",
    ModelState.READY: "The language model is ready.",
    ModelState.OFF: "No language model is used (BROADSHEET_LLM=none).",
}


@dataclass(frozen=True, slots=True)
class ModelStatus:
    """Where a model is on its way.

    Attributes:
        done: Bytes fetched; 0 outside `fetching`.
        total: Bytes to fetch.
        rate: Bytes a second.
        eta: Seconds left to fetch; None while unknown.
        message: One line for a person; for `failed`, what was tried and what to do.
    """

    state: ModelState
    done: int = 0
    total: int = 0
    rate: float = 0.0
    eta: float | None = None
    message: str = ""


OnStatus = Callable[[ModelStatus], None]


class ReadyModel:
    """A model that is there already, or None for none; offers what `ModelLoader` offers."""

    def __init__(self, model: BaseChatModel | None) -> None:
        """Keep the model."""
        self._model = model

    def status(self) -> ModelStatus:
        """Ready, or off."""
        return _status(ModelState.READY if self._model else ModelState.OFF)

    def get(self) -> BaseChatModel | None:
        """The model, or None if there is none."""
        return self._model


class ModelLoader:
    """Brings the model of the settings to readiness beside whatever else the program does."""

    def __init__(self, settings: Settings, *, system_text: str = "") -> None:
        """Nothing happens before `start`.

        Args:
            settings: Name the model.
            system_text: System message to keep in the embedded model's prefix cache.
        """
        self._settings = settings
        self._system_text = system_text
        self._model: BaseChatModel | None = None
        self._status = _status(ModelState.MISSING)
        self._settled = threading.Event()
        self._closing = False
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin in a thread of its own; a second call does nothing."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="model-loader", daemon=True)
            self._thread.start()

    def status(self) -> ModelStatus:
        """Where the model is now; cheap, may be asked at any rate."""
        return self._status

    def get(self) -> BaseChatModel | None:
        """The model, or None until it is ready, and for good if there is none."""
        return self._model

    def wait(self, timeout: float | None = None) -> ModelStatus:
        """Wait until the model is ready, failed or off, at most `timeout` seconds."""
        self._settled.wait(timeout)
        return self._status

    def close(self) -> None:
        """Free the model's memory; a fetch under way is left where it can be resumed."""
        self._closing = True
        _close(self._model)
        self._model = None

    def _run(self) -> None:
        """Load the model, and another time whenever its process ends."""
        quick = 0  # times that it ended soon, one after the other
        while self._load() and (engine := _engine_of(self._model)) is not None:
            begun = time.monotonic()
            reason = engine.wait()
            if self._closing:
                return
            self._model = None
            message = f"A new language model is being started: {reason}."
            _LOG.warning("%s", message)
            self._status = ModelStatus(ModelState.LOADING, message=message)
            engine.close()
            quick = quick + 1 if time.monotonic() - begun < STEADY else 0
            if quick == QUICK_ENDS:
                message = f"{reason}, {quick} times one after the other; start the program again"
                self._status = ModelStatus(ModelState.FAILED, message=message)
                _LOG.error("%s", message)
                return

    def _load(self) -> bool:
        """Load the model; whether there is one now."""
        again = self._settled.is_set()
        try:
            model = load_chat_model(
                self._settings,
                on_status=None if again else self._note,
                system_text=self._system_text,
            )
            if self._closing:
                _close(model)
            else:
                self._model = model
                self._status = _status(ModelState.READY if model else ModelState.OFF)
        except _Abandoned:
            self._status = _status(ModelState.MISSING)
        except BroadsheetError as error:
            self._status = ModelStatus(ModelState.FAILED, message=str(error))
        except Exception as error:
            _LOG.exception("loading the language model failed")
            self._status = ModelStatus(
                ModelState.FAILED, message=f"{type(error).__name__}: {error}"
            )
        finally:
            self._settled.set()
        return self._model is not None

    def _note(self, status: ModelStatus) -> None:
        if self._closing:
            raise _Abandoned
        self._status = status


def get_chat_model(settings: Settings, on_status: OnStatus | None = None) -> BaseChatModel:
    """Return the model of the settings, ready to answer; waits for all that it takes.

    Raises:
        ModelUnavailable: it cannot be had, or `BROADSHEET_LLM=none`.
        ModelFileError: its file cannot be fetched.
    """
    model = load_chat_model(settings, on_status=on_status)
    if model is None:
        raise ModelUnavailable(MESSAGES[ModelState.OFF])
    return model


def load_chat_model(
    settings: Settings, *, on_status: OnStatus | None = None, system_text: str = ""
) -> BaseChatModel | None:
    """Return the model of the settings, or None where it is `none`.

    Args:
        settings: Name the model, and say where files lie.
        on_status: Told of each step, from this thread.
        system_text: System message to keep in the embedded model's prefix cache.

    Raises:
        ModelUnavailable: it cannot be had.
        ModelFileError: its file cannot be fetched.
    """
    if settings.llm == "none":
        return None
    note = on_status or (lambda _: None)
    if settings.llm == "embedded":
        return _load_embedded(settings, note, system_text)
    from rag.llm.remote import JudgedChat, connect

    writer = connect(settings)
    if settings.judge == "none":
        return writer
    try:
        own = settings.model_copy(update={"llm_file": None})  # the judge belongs to the default
        return JudgedChat(writer=writer, reader=_load_embedded(own, note, system_text))
    except (ModelUnavailable, ModelFileError) as error:
        _LOG.warning("nobody judges the answers of %s: %s", settings.llm, error)
        return writer


def _load_embedded(settings: Settings, note: OnStatus, system_text: str) -> OpenVinoChat:
    from rag.llm.chat_model import OpenVinoChat
    from rag.llm.conversion import convert, converted_folder, is_converted
    from rag.llm.engine import Engine
    from rag.llm.judge import SHA256, judge_of
    from rag.llm.template import read_template

    def fetching(fetch: Fetch) -> None:
        note(_fetching(fetch))

    gguf = ensure_llm(settings, fetching)
    folder, judge = converted_folder(gguf, settings), judge_of(gguf)
    heads = SHA256 if judge else ""
    if not is_converted(folder, heads):
        note(_status(ModelState.CONVERTING))
        convert(gguf, folder, heads)
    note(_status(ModelState.LOADING))
    engine = Engine(folder, threads=settings.llm_threads, parallel=settings.llm_parallel)
    model = OpenVinoChat(
        engine=engine,
        template=read_template(gguf),
        judge=judge,
        model_name=gguf.stem,
        max_tokens=settings.answer_tokens,
    )
    model.warm_up(system_text)
    return model


def _fetching(fetch: Fetch) -> ModelStatus:
    left = "" if fetch.eta is None else f", {fetch.eta:,.0f} s left"
    message = (
        f"Fetching the language model: {fetch.done / 1e6:,.0f} of {fetch.total / 1e6:,.0f} MB, "
        f"{fetch.rate / 1e6:.1f} MB/s{left}"
    )
    return ModelStatus(ModelState.FETCHING, fetch.done, fetch.total, fetch.rate, fetch.eta, message)


def _status(state: ModelState) -> ModelStatus:
    return ModelStatus(state, message=MESSAGES[state])


def _engine_of(model: BaseChatModel | None) -> Engine | None:
    """The engine that writes for a model, or reads for it; None where a server does both."""
    engine: Engine | None = getattr(getattr(model, "reader", model), "engine", None)
    return engine


def _close(model: BaseChatModel | None) -> None:
    engine = _engine_of(model)
    if engine is not None:
        engine.close()


class _Abandoned(Exception):
    """The loader was closed while it fetched."""
