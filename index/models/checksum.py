"""SHA-256 of files, remembered beside a large file so that it is not read again at each start."""

from __future__ import annotations

import hashlib
from pathlib import Path

from index.errors import ModelFileError

REMEMBERED_FROM = 1_000_000
"""Smallest size, in bytes, of a file whose hash is remembered; smaller ones are read again."""


def verified(path: Path, sha256: str, size: int) -> bool:
    """Whether the file is there and has this size and this SHA-256 (hexadecimal).

    A file whose size and time of change are those of the last check is not read again.
    """
    try:
        if path.stat().st_size != size:
            return False
        if size >= REMEMBERED_FROM and (sidecar := _sidecar(path)).exists():
            if sidecar.read_text(encoding="ascii", errors="replace") == _note(path, sha256):
                return True
        with path.open("rb") as opened:
            same = hashlib.file_digest(opened, "sha256").hexdigest() == sha256
    except OSError:
        return False
    if same:
        remember(path, sha256, size)
    return same


def intact(path: Path, sha256: str) -> Path:
    """Return the path of a file that comes with the program, once its SHA-256 is as written down.

    Raises:
        ModelFileError: it is missing, or not the file that it should be.
    """
    try:
        found = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise ModelFileError(f"{path}: {error.strerror}; install Broadsheet again") from None
    if found != sha256:
        raise ModelFileError(
            f"{path} is not the file that it should be (SHA-256 {found[:12]}…, expected "
            f"{sha256[:12]}…); install Broadsheet again"
        )
    return path


def remember(path: Path, sha256: str, size: int) -> None:
    """Write down beside a large file that its hash was checked; a read-only folder is no error."""
    if size < REMEMBERED_FROM or path.suffix == ".partial":
        return
    try:
        _sidecar(path).write_text(_note(path, sha256), encoding="ascii")
    except OSError:
        return


def _note(path: Path, sha256: str) -> str:
    found = path.stat()
    return f"{sha256} {found.st_size} {found.st_mtime_ns}\n"


def _sidecar(path: Path) -> Path:
    return path.with_name(path.name + ".sha256")
