"""Bytes of a file to clean text; and plain text, whose first line may begin `date YYYY-MM-DD `.

A text without a date line is an article without a date.
"""

from __future__ import annotations

import codecs
import gzip
import io
import lzma
import re
from pathlib import Path
from typing import BinaryIO, cast

from typing_extensions import Buffer

from index.errors import ArticleError
from index.readers.days import Stated, read_day
from index.readers.fields import lead_headline
from index.types import Article

MAX_BYTES = 20_000_000
"""Largest text, Markdown or HTML file that is read, in bytes."""

MOST_PACKED = 100
"""How many times its size a packed file may be once unpacked; of texts it is 4 to 10 times."""

_FEW = 5_000_000  # bytes that are unpacked whatever the packed size
_PIECE = 1 << 18

# Figures in three parts were meant as a date; "date 2023 was set" and "date palms" were not.
_DATE_LINE = re.compile(r"\s*date:?[ \t]+(\d+([-/.])\d+\2\d+)(?=\s|\Z)[ \t]*", re.IGNORECASE)

_BOMS = (  # UTF-32 first: its little-endian mark begins with that of UTF-16
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_MAGIC = (b"%PDF-", b"PK\x03\x04", b"\x89PNG", b"GIF8", b"\xff\xd8\xff", b"\x1f\x8b", b"{\\rtf")
_BROWSERS = {  # https://encoding.spec.whatwg.org/#names-and-labels, where Python means another
    **dict.fromkeys(("iso-8859-1", "iso8859-1", "latin1", "ascii", "us-ascii"), "cp1252"),
    **dict.fromkeys(("gb2312", "gbk", "x-gbk", "gb_2312-80", "chinese"), "gb18030"),
    **dict.fromkeys(("shift_jis", "shift-jis", "sjis", "x-sjis", "windows-31j"), "cp932"),
    **dict.fromkeys(("euc-kr", "ks_c_5601-1987", "korean"), "cp949"),
    **dict.fromkeys(("iso-8859-9", "latin5"), "cp1254"),
    **dict.fromkeys(("iso-8859-11", "tis-620"), "cp874"),
    **dict.fromkeys(("macintosh", "x-mac-roman"), "mac_roman"),
    **dict.fromkeys(("utf-16", "utf-16le", "utf-16be"), "utf-8"),  # of a page whose tags are ASCII
    "big5": "big5hkscs",
    "x-cp1251": "cp1251",
}
_MOST_DAMAGED = 3
_CONTROLS = bytes(set(range(32)) - set(b"\t\n\v\f\r")) + b"\x7f"
_UTF8_SEQUENCE = re.compile(
    rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}"
)
_MAC_ROMAN = re.compile(rb"[a-z]\xd5[a-z]|[ \n]\xd2[A-Za-z][^\xd2\xd3]*\xd3")  # its quotation marks
_HIGH = re.compile(rb"[\x80-\xff]")
_HIGH_SHARE = 0.25  # above it the bytes are no Western European text: French has about 0.05

_LINE_ENDS = re.compile(r"\r\n?|[\x0b\x0c]")
# Controls, and the overrides of writing direction, which can make a text read as another.
_UNWANTED = re.compile(r"[\x00-\x08\x0e-\x1f\x7f\ufeff\u202a-\u202e\u2066-\u2069]")
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_FIRST_BLANKS = re.compile(r"\A(?:[^\S\n]*\n)+")


def article(raw: bytes, path: Path, name: str, day_first: bool | None = None) -> Article:
    """Return the one article of a text file, of which all bytes are given.

    Raises:
        ArticleError: the file is empty, binary, in another encoding, or has an impossible date.
    """
    written = decode(raw)
    text, day = clean(written), Stated()
    if stated := _DATE_LINE.match(text):
        before = written[: len(written) - len(written.lstrip("\ufeff \t\r\n"))]
        line = _LINE_ENDS.sub("\n", before).count("\n") + 1
        day = read_day(stated[1], day_first=day_first, line=line)
        text = clean(text[stated.end() :])
    if not text.strip():
        raise ArticleError("empty")
    return Article(name, str(path), lead_headline(text), text, day.day, day_note=day.note)


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


def decode(raw: bytes) -> str:
    """Decode by byte order mark, else as UTF-8, else as Windows-1252 where that is plausible.

    Raises:
        ArticleError: the bytes are empty, binary, or in another encoding.
    """
    if not raw.strip():
        raise ArticleError("empty")
    for mark, encoding in _BOMS:
        if raw.startswith(mark):
            return _decode_marked(raw, encoding)
    controls = len(raw) - len(raw.translate(None, _CONTROLS))
    if raw.startswith(_MAGIC) or b"\0" in raw or controls > max(2, len(raw) // 100):
        raise ArticleError("binary: expected text")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        if controls == 0 and _is_western(raw):
            try:
                return raw.decode("cp1252")
            except UnicodeDecodeError:
                pass
        line = raw.count(b"\n", 0, error.start) + 1
        byte = f"byte 0x{raw[error.start]:02x} is not UTF-8"
        raise ArticleError(f"wrong encoding: {byte}; save the file as UTF-8", line) from error


def decode_as(raw: bytes, label: str) -> str:
    """Decode as browsers understand an encoding's label; up to three damaged bytes are marked.

    Raises:
        LookupError: the label is unknown.
        UnicodeDecodeError: more bytes are damaged than that.
    """
    encoding = _BROWSERS.get(label.lower(), label)
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError:
        text = raw.decode(encoding, "replace")
        if text.count("\ufffd") > _MOST_DAMAGED:
            raise
        return text


def _decode_marked(raw: bytes, encoding: str) -> str:
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise ArticleError(f"wrong encoding: marked as {encoding} but is not", line) from error
    if "\0" in text:
        raise ArticleError("binary: expected text")
    return text


def _is_western(raw: bytes) -> bool:
    """Whether bytes that are not UTF-8 may be Windows-1252, and not UTF-8 with damage."""
    if _MAC_ROMAN.search(raw):
        return False
    high = len(_HIGH.findall(raw))
    if 2 * sum(map(len, _UTF8_SEQUENCE.findall(raw))) >= high:
        return False
    return high < 20 or high <= _HIGH_SHARE * len(raw)


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
