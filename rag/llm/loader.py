"""Loads the chat model that the settings name, in the background if need be."""

from __future__ import annotations

import atexit
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import cast

from langchain_core.language_models.chat_models import BaseChatModel

from index.errors import BroadsheetError, ModelFileError, ModelUnavailable
from index.models.download import Fetch, OnProgress, ensure_llm, ensure_model
from index.settings import Settings
from rag.llm.catalogue import DEFAULT, chosen, entry_of, evidence_for, who_answers
from rag.llm.chat_model import OpenVinoChat
from rag.llm.conversion import convert, converted_folder, is_converted
from rag.llm.engine import Engine
from rag.llm.judge import Judge, judge_of
from rag.llm.remote import JudgedChat, connect
from rag.llm.template import read_template

_LOG = logging.getLogger(__name__)
STEADY = 60.0
"""Seconds after which a model's process that ends is no sign that the next will end too."""
QUICK_ENDS = 3
"""Ends before that, one after the other, after which no new one is started."""
LOOK = 1.0
"""Seconds between two looks at which model is chosen."""
QUIET = 5.0
"""Seconds without a generation after which no question is under way with an old model."""


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

    def __init__(self, model: BaseChatModel | None, context: int = 0) -> None:
        """Keep the model, and the tokens of evidence that it is shown; 0: as many as any."""
        self._model = model
        self.context = context

    def status(self) -> ModelStatus:
        """Ready, or off."""
        return _status(ModelState.READY if self._model else ModelState.OFF)

    def get(self) -> BaseChatModel | None:
        """The model, or None if there is none."""
        return self._model


class ModelLoader:
    """Brings the model of the settings to readiness beside whatever else the program does."""

    def __init__(self, settings: Settings, *, system_text: str = "", follow: bool = True) -> None:
        """Nothing happens before `start`.

        Args:
            settings: Name the model.
            system_text: System message to keep in the embedded model's prefix cache.
            follow: Whether the model that `broadsheet model use` chooses takes its place.
        """
        self._settings = settings
        self._choose = chosen if follow else lambda settings: settings
        self._system_text = system_text
        self._model: BaseChatModel | None = None
        self._status = _status(ModelState.MISSING)
        self._settled = threading.Event()
        self._wanted = settings
        self._asked = _name_of(settings)
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

    @property
    def context(self) -> int:
        """Tokens of evidence that the model is shown; 0: as many as any."""
        return evidence_for(self._wanted)

    def close(self) -> None:
        """Free the model's memory; a fetch under way is left where it can be resumed."""
        self._closing = True
        atexit.unregister(self.close)
        _close(self._model)
        self._model = None
        self._settled.set()

    def _run(self) -> None:
        """Load the model; again whenever its process ends, or another is chosen."""
        quick = 0  # times that it ended soon, one after the other
        again = False
        while not self._closing:
            wanted = self._choose(self._settings)
            self._asked = _name_of(wanted)
            self._load(wanted, again=again)
            again = True
            begun = time.monotonic()
            reason = self._watch()
            if not reason or self._closing:
                continue
            old, self._model = self._model, None
            self._settled.clear()
            message = f"A new language model is being started: {reason}."
            _LOG.warning("%s", message)
            self._status = ModelStatus(ModelState.LOADING, message=message)
            _close(old)
            quick = quick + 1 if time.monotonic() - begun < STEADY else 0
            if quick == QUICK_ENDS:
                message = f"{reason}, {quick} times one after the other; start the program again"
                self._status = ModelStatus(ModelState.FAILED, message=message)
                _LOG.error("%s", message)
                self._settled.set()
                return

    def _watch(self) -> str:
        """Wait until an engine of the model ends, and return why; empty if another is chosen."""
        engines = _engines_of(self._model)
        while not self._closing and _name_of(self._choose(self._settings)) == self._asked:
            for engine in engines:
                if reason := engine.wait(LOOK / len(engines)):
                    return reason
            if not engines:
                time.sleep(LOOK)
        return ""

    def _load(self, wanted: Settings, *, again: bool = False) -> None:
        """Load a model; one that is there answers until it is ready, and if it cannot be had."""
        old = self._model
        try:
            model = load_chat_model(
                wanted,
                on_status=None if again else self._note,
                system_text=self._system_text,
                default=_default_in(old, self._wanted),
            )
            if self._closing:
                _close(model)
                return
            atexit.unregister(self.close)
            atexit.register(self.close)  # after its engines': a program that ends closes it first
            self._model, self._wanted = model, wanted
            self._status = _ready(wanted) if model else _status(ModelState.OFF)
            for engine in _engines_of(old):
                if engine not in _engines_of(model):
                    threading.Thread(target=_retire, args=(engine,), daemon=True).start()
        except _Abandoned:
            self._status = _status(ModelState.MISSING)
        except BroadsheetError as error:
            self._failed(wanted, str(error))
        except Exception as error:
            _LOG.exception("loading the language model failed")
            self._failed(wanted, f"{type(error).__name__}: {error}")
        finally:
            self._settled.set()

    def _failed(self, wanted: Settings, reason: str) -> None:
        """Say why a model cannot be had; in place of one that was chosen the settings' answers."""
        if self._model is None and wanted.llm != self._settings.llm:
            self._load(self._settings)
        if self._model is None:
            self._status = ModelStatus(ModelState.FAILED, message=reason)
            return
        message = f"{wanted.llm} could not be loaded ({reason}). {who_answers(self._wanted)}"
        _LOG.error("%s", message)
        self._status = ModelStatus(ModelState.READY, message=message)

    def _note(self, status: ModelStatus) -> None:
        if self._closing:
            raise _Abandoned
        self._status = status


def get_chat_model(settings: Settings) -> BaseChatModel:
    """Return the model of the settings, ready to answer; waits for all that it takes.

    Raises:
        ModelUnavailable: it cannot be had, or `BROADSHEET_LLM=none`.
        ModelFileError: its file cannot be fetched.
    """
    model = load_chat_model(settings)
    if model is None:
        raise ModelUnavailable(MESSAGES[ModelState.OFF])
    return model


def load_chat_model(
    settings: Settings,
    *,
    on_status: OnStatus | None = None,
    system_text: str = "",
    default: OpenVinoChat | None = None,
) -> BaseChatModel | None:
    """Return the model of the settings, or None where it is `none`.

    Args:
        settings: Name the model, and say where files lie.
        on_status: Told of each step, from this thread.
        system_text: System message to keep in the embedded model's prefix cache.
        default: The default model, where it is at work already.

    Raises:
        ModelUnavailable: it cannot be had.
        ModelFileError: its file cannot be fetched.
    """
    if settings.llm == "none":
        return None
    note = on_status or (lambda _: None)
    if settings.llm == DEFAULT:
        return default or _load_embedded(settings, note, system_text)
    if entry_of(settings.llm):
        own = _load_embedded(settings, note, system_text)
        if own.judge or settings.judge == "none":
            return own
        writer: BaseChatModel = own
    else:
        writer = connect(settings)
        if settings.judge == "none":
            return writer
    try:  # the judge belongs to the default
        plain = settings.model_copy(update={"llm": DEFAULT, "llm_file": None})
        reader = default or _load_embedded(plain, note, system_text)
        return JudgedChat(writer=writer, reader=reader)
    except (ModelUnavailable, ModelFileError) as error:
        _LOG.warning("nobody judges the answers of %s: %s", settings.llm, error)
        return writer


def _load_embedded(settings: Settings, note: OnStatus, system_text: str) -> OpenVinoChat:
    path = model_files(settings, lambda fetch: note(_fetching(fetch)))
    folder, judge = _prepared(path, settings, note)
    note(_status(ModelState.LOADING))
    engine = Engine(folder, threads=settings.llm_threads, parallel=settings.llm_parallel)
    model = OpenVinoChat(
        engine=engine,
        template=read_template(path),
        judge=judge,
        model_name=path.stem,
        max_tokens=settings.answer_tokens,
    )
    model.warm_up(system_text)
    return model


def model_files(settings: Settings, on_progress: OnProgress | None = None) -> Path:
    """Return the GGUF file of the embedded model that the settings name, or its folder.

    Raises:
        ModelFileError: it cannot be fetched.
    """
    if settings.llm == DEFAULT:
        return ensure_llm(settings, on_progress)
    entry = entry_of(settings.llm)
    assert entry is not None
    folder = ensure_model(entry.model(settings), settings, on_progress)
    return folder / entry.files[0] if entry.form == "gguf" else folder


def _prepared(path: Path, settings: Settings, note: OnStatus) -> tuple[Path, Judge | None]:
    """Return the folder that the engine loads, and the judge whose heads are in it."""
    if path.is_dir():
        return path, None
    folder, judge = converted_folder(path, settings), judge_of(path)
    if not is_converted(folder, judge.sha256 if judge else ""):
        note(_status(ModelState.CONVERTING))
        convert(path, folder, judge)
    return folder, judge


def _fetching(fetch: Fetch) -> ModelStatus:
    message = MESSAGES[ModelState.FETCHING]
    return ModelStatus(ModelState.FETCHING, fetch.done, fetch.total, fetch.rate, fetch.eta, message)


def _status(state: ModelState) -> ModelStatus:
    return ModelStatus(state, message=MESSAGES[state])


def _ready(settings: Settings) -> ModelStatus:
    """Ready; any model but the default is named, with what it was measured to be worth."""
    default = settings.llm == DEFAULT
    message = MESSAGES[ModelState.READY] if default else who_answers(settings)
    return ModelStatus(ModelState.READY, message=message)


def _name_of(settings: Settings) -> tuple[str, int]:
    return settings.llm, settings.llm_context


def _engines_of(model: BaseChatModel | None) -> list[Engine]:
    """The engines that write for a model, and read for it; none where a server does both."""
    parts = (model, getattr(model, "writer", None), getattr(model, "reader", None))
    found = (getattr(part, "engine", None) for part in parts)
    return [engine for engine in found if engine is not None]


def _default_in(model: BaseChatModel | None, settings: Settings) -> OpenVinoChat | None:
    """The default model, where it is at work as the model or as its judge."""
    found = model if settings.llm == DEFAULT else getattr(model, "reader", None)
    return cast(OpenVinoChat | None, found)


def _retire(engine: Engine) -> None:
    """Close an engine once the questions under way have ended with it."""
    quiet = 0.0
    while quiet < QUIET:
        time.sleep(LOOK)
        quiet = 0.0 if engine.busy else quiet + LOOK
    engine.close()


def _close(model: BaseChatModel | None) -> None:
    for engine in _engines_of(model):
        engine.close()


class _Abandoned(Exception):
    """The loader was closed while it fetched."""
