"""Bytes of a file to clean text; and plain text, whose first line may begin `date YYYY-MM-DD `.

A text without a date line is an article without a date.
"""

from __future__ import annotations

import gzip
import io
import lzma
import re
from pathlib import Path
from typing import BinaryIO, cast

from typing_extensions import Buffer

from index.errors import ArticleError
from index.readers.days import Stated, read_day
from index.readers.encodings import decode
from index.readers.fields import Found, lead_headline
from index.types import Article

MAX_BYTES = 20_000_000
"""Largest text, Markdown or HTML file that is read, in bytes."""

MOST_PACKED = 100
"""How many times its size a packed file may be once unpacked; of texts it is 4 to 10 times."""

_FEW = 5_000_000  # bytes that are unpacked whatever the packed size
_PIECE = 1 << 18

# Figures in three parts were meant as a date; "date 2023 was set" and "date palms" were not.
_DATE_LINE = re.compile(r"\s*date:?[ \t]+(\d+([-/.])\d+\2\d+)(?=\s|\Z)[ \t]*", re.IGNORECASE)

_LINE_ENDS = re.compile(r"\r\n?|[\x0b\x0c]")
# Controls, and the overrides of writing direction, which can make a text read as another.
_UNWANTED = re.compile(r"[\x00-\x08\x0e-\x1f\x7f\ufeff\u202a-\u202e\u2066-\u2069]")
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_FIRST_BLANKS = re.compile(r"\A(?:[^\S\n]*\n)+")


def article(raw: bytes, file: Found) -> Article:
    """Return the one article of a text file, of which all bytes are given.

    Raises:
        ArticleError: the file is empty, binary, in another encoding, or has an impossible date.
    """
    written = decode(raw)
    text, day = clean(written), Stated()
    if stated := _DATE_LINE.match(text):
        before = written[: len(written) - len(written.lstrip("\ufeff \t\r\n"))]
        line = _LINE_ENDS.sub("\n", before).count("\n") + 1
        day = read_day(stated[1], day_first=file.day_first, line=line)
        text = clean(text[stated.end() :])
    if not text.strip():
        raise ArticleError("empty")
    return Article(file.name, str(file.path), lead_headline(text), text, day.day, day_note=day.note)


def read_bytes(path: Path) -> bytes:
    """Return what the file holds.

    Raises:
        ArticleError: it is larger than `MAX_BYTES`.
        OSError: it cannot be read.
    """
    with unpacked(path) as file:
        raw = file.read(MAX_BYTES + 1)
    if len(raw) > MAX_BYTES:
        raise ArticleError(f"too large: more than {MAX_BYTES // 1_000_000} MB")
    return raw


def unpacked(path: Path) -> BinaryIO:
    """Open a file to read what it holds, once unpacked where its name says that it is packed."""
    packed = path.suffix[-3:].lower()
    if packed not in (".xz", ".gz"):
        return path.open("rb")
    opened = cast(BinaryIO, (lzma if packed == ".xz" else gzip).open(path))
    most = max(_FEW, MOST_PACKED * path.stat().st_size)
    return io.BufferedReader(_Unpacked(opened, most), _PIECE)


class _Unpacked(io.RawIOBase):
    """What a packed file holds, up to a size: a few bytes may stand for gigabytes."""

    def __init__(self, file: BinaryIO, most: int) -> None:
        self._file, self._most = file, most

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._file.seek(offset, whence)

    def readinto(self, buffer: Buffer) -> int:
        size = self._file.readinto(buffer)  # type: ignore[attr-defined]
        if self._file.tell() > self._most:
            raise ArticleError(f"it unpacks to more than {self._most // 1_000_000:,} MB")
        return int(size)

    def close(self) -> None:
        self._file.close()
        super().close()


def clean(text: str) -> str:
    r"""Return the text with `\n` line ends and without controls or outer blank lines.

    All other characters stay as they are: quotes, combining marks, tabs, emoji.
    """
    if "\r" in text or "\v" in text or "\f" in text:  # seeking one character is fastest
        text = _LINE_ENDS.sub("\n", text)
    text = _UNWANTED.sub("", text)
    if not text.isascii():
        text = _SURROGATE.sub("\ufffd", text)
    return _FIRST_BLANKS.sub("", text).rstrip()
