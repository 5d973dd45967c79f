"""The files in an archive (ZIP, TAR), unpacked one at a time and within bounds."""

from __future__ import annotations

import lzma
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path, PurePosixPath
from typing import IO

from index.errors import ArticleError

MOST_FILES = 200_000
"""Files in an archive that are read."""

LARGEST = 20_000_000_000
"""Bytes of all files of an archive, once unpacked."""

LARGEST_FILE = 500_000_000
"""Bytes of one file, once unpacked."""

_PIECE = 1 << 20
_DAMAGED = (
    zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, EOFError,
    NotImplementedError, RuntimeError,
)  # fmt: skip


def members(
    path: Path, folder: Path, most: int = MOST_FILES, largest: int = LARGEST
) -> Iterator[tuple[str, Path | ArticleError]]:
    """Yield each file's name and where in `folder` it lies until the next is asked for.

    At most `most` files are unpacked, of `largest` bytes together.

    Raises:
        ArticleError: the archive is damaged, encrypted, or holds more than is read.
    """
    try:
        left = largest
        for number, (name, opened) in enumerate(_open_members(path)):
            if number >= most:
                raise ArticleError(f"it holds more than {most:,} files")
            target = folder / f"member{''.join(PurePosixPath(name).suffixes[-2:])[-40:]}"
            with opened, target.open("wb") as out:
                size = _copy(opened, out)
            left -= size
            if left < 0:
                raise ArticleError(f"it unpacks to more than {largest:,} bytes")
            if size > LARGEST_FILE:
                yield name, ArticleError(f"too large: more than {LARGEST_FILE // 1_000_000} MB")
            else:
                yield name, target
            target.unlink(missing_ok=True)
    except _DAMAGED as error:
        raise ArticleError(f"damaged or encrypted archive: {error}") from error


def _open_members(path: Path) -> Iterator[tuple[str, IO[bytes]]]:
    with ExitStack() as stack:
        if path.suffix.lower() == ".zip":
            packed = stack.enter_context(zipfile.ZipFile(path))
            for info in packed.infolist():
                if not info.is_dir():
                    yield info.filename, packed.open(info)
            return
        tar = stack.enter_context(tarfile.open(path, "r|*"))
        for member in tar:
            if member.isfile() and (opened := tar.extractfile(member)):
                yield member.name, opened


def _copy(source: IO[bytes], out: IO[bytes]) -> int:
    """Copy at most a little more than the largest file; sizes in headers may be wrong."""
    size = 0
    while size <= LARGEST_FILE and (piece := source.read(_PIECE)):
        size += out.write(piece)
    return size
