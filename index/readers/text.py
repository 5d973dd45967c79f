"""What the formats share: the file to read, its bytes as clean text, headlines.

And plain text, whose first line may begin `date YYYY-MM-DD ` or be a day alone: without that, it
has no date.
"""

from __future__ import annotations

import gzip
import io
import lzma
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import BinaryIO, cast

from typing_extensions import Buffer

from index.errors import ArticleError
from index.readers.days import Stated, read_day, read_day_alone
from index.readers.encodings import decode
from index.text.sentences import sentence_spans
from index.types import Article

MAX_BYTES = 20_000_000
"""Largest text, Markdown or HTML file that is read, in bytes."""

MOST_PACKED = 100
"""How many times its size a packed file may be once unpacked; of texts it is 4 to 10 times."""

_ALWAYS_UNPACKED = 5_000_000  # bytes that are unpacked whatever the packed size
_PIECE = 1 << 18

# Figures in three parts were meant as a date; "date 2023 was set" and "date palms" were not.
_DATE_LINE = re.compile(r"\s*date:?[ \t]+(\d+([-/.])\d+\2\d+)(?=\s|\Z)[ \t]*", re.IGNORECASE)

_LINE_ENDS = re.compile(r"\r\n?|[\x0b\x0c]")
# Controls, and the overrides of writing direction, which can make a text read as another.
_UNWANTED = re.compile(r"[\x00-\x08\x0e-\x1f\x7f\ufeff\u202a-\u202e\u2066-\u2069]")
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_FIRST_BLANKS = re.compile(r"\A(?:[^\S\n]*\n)+")
_PARAGRAPH = re.compile(r"\S[^\n]*")
_CREDIT = re.compile(r"\s\|\s[^|]+\Z")  # a photo's credit: "… in Beijing | Jo Bloggs, Agency"
_SITE_AT_END = re.compile(r"(.+\S)\s+[-–—|:·»•]\s+(.{2,60}?)")
_LONGEST_LEAD = 200
_LONGEST_HEADLINE = 160

Columns = tuple[tuple[str, str], ...]
"""Fields, each with the column or name that a person said holds it."""


def _unknown_order() -> None:
    return None


@dataclass(frozen=True, slots=True)
class Found:
    """A file to read: where it lies, its name below the folder, its format and its state.

    Attributes:
        day_first: Whether 03/04/2023 is 3 April; None where only other days can tell.
        columns: What a person said of the columns or fields of its records.
        order_in_folder: Says the same as `day_first`, by the other files of the folder.
    """

    path: Path
    name: str
    format: str
    stat: os.stat_result = os.stat_result((0,) * 10)  # noqa: RUF009 - frozen
    day_first: bool | None = None
    columns: Columns = ()
    order_in_folder: Callable[[], bool | None] = _unknown_order


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
    elif "\n" in text and (alone := read_day_alone(text.partition("\n")[0].strip())).day:
        day, text = alone, clean(text.partition("\n")[2])
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
    most = max(_ALWAYS_UNPACKED, MOST_PACKED * path.stat().st_size)
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


def one_line(text: str) -> str:
    """Return the text with every run of white space as one space."""
    return " ".join(text.split())


def shorten(text: str, width: int = _LONGEST_HEADLINE) -> str:
    """Cut a line of more than `width` characters at a word and end it with an ellipsis."""
    line = one_line(text)
    if len(line) <= width:
        return line
    cut = line.rfind(" ", width // 2, width)
    return line[: cut if cut > 0 else width - 1].rstrip(" ,;:-–—") + "…"


def lead_headline(text: str) -> str:
    """Return a headline for a text without a title: its lead line, or a sentence of it.

    A lead that is a photo's caption with a credit is passed over for the paragraph below it.
    """
    lines = [found[0].rstrip() for found in islice(_PARAGRAPH.finditer(text), 3)]
    if not lines:
        return ""
    lead = next((line for line in lines if not _CREDIT.search(line)), None)
    if lead is None:
        lead = _CREDIT.sub("", lines[0])
    if lead is lines[0] and len(lead) <= _LONGEST_LEAD:
        return one_line(lead)
    start, end = sentence_spans(lead[:2000])[0]
    return shorten(lead[start:end])


def strip_site(title: str, site: str | None) -> str:
    """Return a headline without the publisher's name at its end: "Mill sold - Corvale Echo"."""
    found = _SITE_AT_END.fullmatch(one_line(title)) if site else None
    same = found and site and _site_key(found[2]) == _site_key(site)
    return found[1] if found and same else title


def _site_key(site: str) -> str:
    return re.sub(r"\W", "", site.lower().removeprefix("the "))


def headline_and_text(title: str, body: str) -> tuple[str, str]:
    """Return headline and text of an article: the text begins with its title.

    Without a title the first sentence serves as the headline.
    """
    title = one_line(title)
    if not title:
        return lead_headline(body), body
    if body.lstrip().startswith(title):
        return title, body
    return title, f"{title}\n\n{body}"
