"""Bytes of a file -> clean text, or the reason why they are none.

Knows nothing of formats: what the text says is the readers' matter.
"""

from __future__ import annotations

import codecs
import re
from pathlib import Path

from index.errors import ArticleError

MAX_BYTES = 20_000_000
"""Largest text, Markdown or HTML file that is read, in bytes."""

_BOMS = (  # UTF-32 first: its little-endian mark begins with that of UTF-16
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_MAGIC = (b"%PDF-", b"PK\x03\x04", b"\x89PNG", b"GIF8", b"\xff\xd8\xff", b"\x1f\x8b", b"{\\rtf")
_CONTROLS = bytes(set(range(32)) - set(b"\t\n\v\f\r")) + b"\x7f"
_UTF8_SEQUENCE = re.compile(
    rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}"
)
_HIGH = re.compile(rb"[\x80-\xff]")
_HIGH_SHARE = 0.25  # above it the bytes are no Western European text: French has about 0.05

_LINE_ENDS = re.compile(r"\r\n?|[\x0b\x0c]")
# Controls, and the overrides of writing direction, which can make a text read as another.
_UNWANTED = re.compile(r"[\x00-\x08\x0e-\x1f\x7f\ufeff\u202a-\u202e\u2066-\u2069]")
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_FIRST_BLANKS = re.compile(r"\A(?:[^\S\n]*\n)+")


def read_bytes(path: Path) -> bytes:
    """Return what the file holds.

    Raises:
        ArticleError: it is larger than `MAX_BYTES`.
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        raw = file.read(MAX_BYTES + 1)
    if len(raw) > MAX_BYTES:
        size = path.stat().st_size
        raise ArticleError(f"too large: {size / 1e6:.1f} MB; at most {MAX_BYTES // 1_000_000} MB")
    return raw


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
        raise ArticleError(_not_utf8(raw[error.start]), line) from error


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
    high = len(_HIGH.findall(raw))
    sequences = _UTF8_SEQUENCE.findall(raw)
    if 2 * sum(map(len, sequences)) >= high:
        return False
    return high < 20 or high <= _HIGH_SHARE * len(raw)


def _not_utf8(byte: int) -> str:
    return f"wrong encoding: byte 0x{byte:02x} is not UTF-8; save the file as UTF-8"


def clean(text: str) -> str:
    r"""Return the text with `\n` line ends and without controls or outer blank lines.

    All other characters stay as they are: quotes, combining marks, tabs, emoji.
    """
    text = _UNWANTED.sub("", _LINE_ENDS.sub("\n", text))
    return _FIRST_BLANKS.sub("", _SURROGATE.sub("\ufffd", text)).rstrip()
