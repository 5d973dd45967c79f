"""SHA-256 of files, remembered beside a large file so that it is not read again at each start."""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
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
    with suppress(OSError):
        _sidecar(path).write_text(_note(path, sha256), encoding="ascii")


SEAL = "openvino_sums.json"
"""Holds what files that were made here must be; it lies beside them."""
_BLOCK, _BLOCKS = 65_536, 16


def seal(folder: Path) -> None:
    """Write down what the files of a folder are, to tell later whether they still are."""
    files = [path for path in sorted(folder.glob("*")) if path.suffix in (".bin", ".xml")]
    sums = {path.name: [*_glance(path), _digest(path)] for path in files}
    with suppress(OSError):  # a read-only folder is no error
        (folder / SEAL).write_text(json.dumps(sums), encoding="ascii")


def sealed(folder: Path, *, whole: bool = False) -> bool:
    """Whether the files of a folder are as they were made; one without a seal is given one.

    Sizes and some blocks of each are compared; all of it where its time of change is another, or
    `whole` is asked for.
    """
    note = folder / SEAL
    if not note.is_file():
        seal(folder)
        return True
    try:
        sums = json.loads(note.read_text(encoding="ascii"))
        for name, (size, changed, sample, digest) in sums.items():
            now = _glance(folder / name)
            if now[0] != size or now[2] != sample:
                return False
            if (whole or now[1] != changed) and _digest(folder / name) != digest:
                return False
    except (OSError, ValueError):
        return False
    return True


def unseal(folder: Path) -> None:
    """Delete the files of a seal, which are made anew when they are needed next."""
    with suppress(OSError, ValueError):
        for name in json.loads((folder / SEAL).read_text(encoding="ascii")):
            (folder / name).unlink(missing_ok=True)
    (folder / SEAL).unlink(missing_ok=True)


def spoiled(models: Path) -> list[Path]:
    """Return the folders below one whose sealed files are not as they were made."""
    folders = sorted(note.parent for note in models.rglob(SEAL))
    return [folder for folder in folders if not sealed(folder, whole=True)]


def _glance(path: Path) -> tuple[int, int, str]:
    """Size, time of change, and a hash of blocks that are spread over the file."""
    found = path.stat()
    sample = hashlib.sha256()
    with path.open("rb") as file:
        for at in range(_BLOCKS):
            file.seek(max(0, found.st_size - _BLOCK) * at // (_BLOCKS - 1))
            sample.update(file.read(_BLOCK))
    return found.st_size, found.st_mtime_ns, sample.hexdigest()


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _note(path: Path, sha256: str) -> str:
    found = path.stat()
    return f"{sha256} {found.st_size} {found.st_mtime_ns}\n"


def _sidecar(path: Path) -> Path:
    return path.with_name(path.name + ".sha256")
