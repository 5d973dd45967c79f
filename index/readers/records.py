"""JSON Lines, JSON arrays and single JSON objects, also compressed with xz or gzip.

A record that is no article is named with its line, and the others go on.
"""

from __future__ import annotations

import codecs
import gzip
import hashlib
import json
import lzma
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO, cast

from index.errors import ArticleError
from index.readers.fields import one_line, parse_day, under_title
from index.readers.text import MAX_BYTES, clean, decode
from index.types import STDIN, Article, Skipped

MAX_ARRAY_BYTES = 500_000_000
"""Largest JSON array that is read, in bytes once unpacked; JSON Lines have no such bound."""

_TITLE = ("title", "headline")
_BODY = ("body", "text", "content")
_DATE = ("published_at", "date", "publish_date")
_SOURCE = ("source", "publisher")
_DECODER = json.JSONDecoder(strict=False)

Numbered = tuple[int, str | object]
"""Line (1-based) and what stands there: a value, or an `ArticleError` saying why none does."""


def read(path: Path, name: str) -> Iterator[Article | Skipped]:
    """Yield the articles of a file in its order, and what had to be skipped.

    Raises:
        ArticleError: the file as a whole is not JSON.
        OSError: it cannot be read or unpacked.
    """
    empty = True
    try:
        with _open(path) as file:
            for item in _articles(_values(file, path), path, name):
                empty = False
                yield item
    except (EOFError, lzma.LZMAError, zlib.error) as error:
        raise ArticleError(f"damaged archive: {error}") from error
    if empty:
        raise ArticleError("empty")


def read_stream(file: BinaryIO) -> Iterator[Article | Skipped]:
    """Yield the articles of a stream of JSON Lines in its order, and what had to be skipped."""
    return _articles(_from_lines(file, "; expected one JSON object a line"), Path(STDIN), STDIN)


def _articles(values: Iterable[Numbered], path: Path, name: str) -> Iterator[Article | Skipped]:
    """Make an article of each record, or say with its line why it is none.

    An id or a location is given once: a record without an id is located by its line, which may be
    the id of another. A record of a stream has no line that lasts, and is named by its content.
    """
    seen: set[str] = set()
    for line, value in values:
        try:
            article = _article(value, line, path, name)
        except ArticleError as error:
            yield Skipped(str(path), error.reason, line)
            continue
        if article.id == f"{STDIN}#{line}":
            article = _named_by_content(article)
            if article.id in seen:
                continue
        if article.id in seen:
            yield Skipped(str(path), f"id {article.id!r} stands in this file already", line)
        elif article.location in seen:
            reason = "its id or line number names another record of this file already"
            yield Skipped(str(path), reason, line)
        else:
            seen.update((article.id, article.location))
            yield article


def _open(path: Path) -> BinaryIO:
    suffix = path.suffix.lower()
    if suffix == ".xz":
        return cast(BinaryIO, lzma.open(path))
    if suffix == ".gz":
        return cast(BinaryIO, gzip.open(path))
    return path.open("rb")


def _values(file: BinaryIO, path: Path) -> Iterator[Numbered]:
    """Read lines one by one, unless the file's name or its beginning says that it is one value."""
    head = file.read(4096)
    file.seek(0)
    utf16 = head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))  # no lines of bytes
    if b"\0" in head and not utf16:
        raise ArticleError("binary: expected JSON")
    array = head.removeprefix(codecs.BOM_UTF8).lstrip().startswith(b"[")
    whole = ".json" in (suffix.lower() for suffix in path.suffixes[-2:])
    if not head or not (utf16 or array or whole):
        yield from _from_lines(file)
        return
    raw = file.read(MAX_ARRAY_BYTES + 1)
    if len(raw) > MAX_ARRAY_BYTES:
        limit = f"{MAX_ARRAY_BYTES // 1_000_000} MB"
        raise ArticleError(f"too large: more than {limit} of JSON; write it as JSON Lines")
    yield from _from_whole(decode(raw).removeprefix("\ufeff"))


def _from_whole(text: str) -> Iterator[Numbered]:
    """Read an array, one object over many lines, or else lines of objects."""
    if text.lstrip().startswith("["):
        yield from _from_array(text)
        return
    try:
        yield 1, json.loads(text, strict=False)
        return
    except (ValueError, RecursionError) as error:
        whole = _not_json(error)
    lines = [(number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
    values = [(number, _parse(line)) for number, line in lines]
    if not any(isinstance(value, dict) for _, value in values):
        raise whole
    yield from values


def _from_array(text: str) -> Iterator[Numbered]:
    """Read element by element, so that what stands before an error is kept."""
    at = _skip_space(text, text.index("[") + 1)
    line, counted = 1, 0
    while at < len(text) and text[at] != "]":
        line, counted = line + text.count("\n", counted, at), at
        try:
            value, at = _DECODER.raw_decode(text, at)
        except (ValueError, RecursionError) as error:
            at_line = error.lineno if isinstance(error, json.JSONDecodeError) else line
            yield at_line, _not_json(error)
            return
        yield line, value
        at = _skip_space(text, at)
        if text[at : at + 1] == ",":
            at = _skip_space(text, at + 1)
        elif text[at : at + 1] != "]":
            yield text.count("\n", 0, at) + 1, ArticleError("not JSON: expected ',' or ']'")
            return


def _skip_space(text: str, at: int) -> int:
    while at < len(text) and text[at] in " \t\r\n":
        at += 1
    return at


def _from_lines(file: BinaryIO, hint: str = "") -> Iterator[Numbered]:
    """Read what stands in each line that is not blank; errors end with a hint."""
    number = 0
    while raw := file.readline(MAX_BYTES + 1):
        number += 1
        if len(raw) > MAX_BYTES:
            yield number, ArticleError(f"too large: more than {MAX_BYTES // 1_000_000} MB{hint}")
            while raw and not raw.endswith(b"\n"):
                raw = file.readline(MAX_BYTES)
        elif raw.strip():
            try:
                value = _parse(decode(raw))
            except ArticleError as error:
                value = error
            yield number, ArticleError(f"{value}{hint}") if isinstance(value, Exception) else value


def _parse(line: str) -> object:
    try:
        return json.loads(line, strict=False)
    except (ValueError, RecursionError) as error:
        return _not_json(error)


def _not_json(error: Exception) -> ArticleError:
    if isinstance(error, json.JSONDecodeError):
        return ArticleError(f"not JSON: {error.msg} (column {error.colno})", error.lineno)
    return ArticleError(f"not JSON: {error}")


def _article(value: object, line: int, path: Path, name: str) -> Article:
    if isinstance(value, ArticleError):
        raise value
    if not isinstance(value, dict):
        raise ArticleError("not an article: expected an object with title, body and date")
    body = clean(_field(value, _BODY))
    if not body.strip():
        raise ArticleError("no text: expected a body")
    headline, text = under_title(clean(_field(value, _TITLE)), body)
    day = parse_day(_field(value, _DATE))
    url = one_line(clean(_field(value, ("url",)))) or None
    own = one_line(clean(_field(value, ("id",)))) or url
    source = one_line(clean(_field(value, _SOURCE))) or None
    location = f"{path}#{own or line}"
    return Article(own or f"{name}#{line}", location, headline, text, day, source, url)


def _field(record: dict[str, object], names: tuple[str, ...]) -> str:
    """Return the first of these fields that is filled; numbers as they are written."""
    for name in names:
        value = record.get(name)
        if isinstance(value, dict):  # {"source": {"name": …}}, as some news services write
            value = value.get("name")
        if value is None or value == "":
            continue
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise ArticleError(f"field {name!r}: expected text")
        return str(value)
    return ""


def _named_by_content(article: Article) -> Article:
    day = article.date.isoformat() if article.date else None
    content = json.dumps([article.headline, article.text, day, article.source])
    name = f"{STDIN}#{hashlib.sha256(content.encode()).hexdigest()[:16]}"
    return replace(article, id=name, location=name)
