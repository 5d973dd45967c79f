"""SHA-256 of files, remembered beside a large file so that it is not read again at each start."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from pathlib import Path

from index.errors import ModelFileError

REMEMBERED_FROM = 1_000_000
"""Smallest size, in bytes, of a file whose hash is remembered; smaller ones are read again."""

_OF_NETWORK = (".bin", ".xml")  # ends of the files of a network in OpenVINO's form


def matches_hash(path: Path, sha256: str, size: int) -> bool:
    """Whether the file is there and has this size and this SHA-256 (hexadecimal).

    A file whose size and time of change are those of the last check is not read again.
    """
    try:
        if path.stat().st_size != size:
            return False
        if size >= REMEMBERED_FROM and (sidecar := _sidecar(path)).exists():
            if sidecar.read_text(encoding="ascii", errors="replace") == _note(path, sha256):
                return True
        same = _digest(path) == sha256
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
        found = _digest(path)
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
    if size >= REMEMBERED_FROM and path.suffix != ".partial":
        _write_note(path, sha256)


def seal(folder: Path) -> None:
    """Write down what the files of a network are, to tell later whether they still are."""
    for suffix in _OF_NETWORK:
        for path in folder.glob(f"*{suffix}"):
            _write_note(path, _digest(path))


def seal_holds(folder: Path, *, whole: bool = False) -> bool:
    """Whether the files of a network are as they were made; one without a seal is given one.

    Files are read where their time of change is another, or where `whole` is asked for.
    """
    notes = _seals(folder)
    if not notes:
        seal(folder)
    try:
        for note in notes:
            path, (sha256, size, _) = note.with_suffix(""), note.read_text("ascii").split()
            if not (_digest(path) == sha256 if whole else matches_hash(path, sha256, int(size))):
                return False
    except (OSError, ValueError):
        return False
    return True


def unseal(folder: Path) -> None:
    """Delete the sealed files, which are made anew when they are needed next."""
    for note in _seals(folder):
        note.with_suffix("").unlink(missing_ok=True)
        note.unlink()


def damaged_folders(models: Path) -> list[Path]:
    """Return the folders below one whose sealed files are not as they were made."""
    folders = sorted({note.parent for note in _seals(models, "**/")})
    return [folder for folder in folders if not seal_holds(folder, whole=True)]


def _seals(folder: Path, below: str = "") -> list[Path]:
    return [note for end in _OF_NETWORK for note in folder.glob(f"{below}*{end}.sha256")]


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _note(path: Path, sha256: str) -> str:
    found = path.stat()
    return f"{sha256} {found.st_size} {found.st_mtime_ns}\n"


def _write_note(path: Path, sha256: str) -> None:
    with suppress(OSError):
        _sidecar(path).write_text(_note(path, sha256), encoding="ascii")


def _sidecar(path: Path) -> Path:
    return path.with_name(path.name + ".sha256")
