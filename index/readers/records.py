"""JSON Lines, JSON arrays and single JSON objects, also compressed with xz or gzip.

A record that is no article is named with its line, and the others go on.
"""

from __future__ import annotations

import codecs
import hashlib
import json
import re
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

from index.errors import ArticleError
from index.readers.days import BY_FOLDER, AmbiguousDay, common_order
from index.readers.encodings import decode
from index.readers.named import BODY, DATE, TITLE, URL, article_of, by_name, date_values, key
from index.readers.text import MAX_BYTES, Columns, Found, unpacked
from index.types import STDIN, Article, Skipped

MAX_ARRAY_BYTES = 500_000_000
"""Largest JSON array that is read, in bytes once unpacked; JSON Lines have no such bound."""

_PIECE = 1_000_000
_IN_MEMORY = 50_000  # locations of a file's records

_LISTS = (
    "articles", "results", "response", "docs", "items", "posts", "hits", "messages", "data",
    "documents", "entries", "stories", "news", "records", "rows", "value", "toots", "db", "feed",
    "entry", "rss", "channel", "item", "payload", "result", "nodes", "edges", "list",
    "ordereditems",
)  # fmt: skip
_ABOUT = {"description", "summary"}  # of what settings are for
_MORE = {*BODY, *DATE, *URL} - _ABOUT  # which articles have beside it
_FEED = re.compile(r"jsonfeed\.org|channel\Z")  # JSON Feed, Telegram
_LINES = {".jsonl", ".ndjson"}
_DECODER = json.JSONDecoder(strict=False)

Numbered = tuple[int, object]
"""Line (1-based) and what stands there: a value, or an `ArticleError` saying why none does."""

Again = Callable[[], Iterator[Numbered]]
"""Reads the same values once more, from the first."""


def read(file: Found) -> Iterator[Article | Skipped]:
    """Yield the articles of a file in its order, and what had to be skipped."""

    def values() -> Iterator[Numbered]:
        with unpacked(file.path) as opened:
            yield from _parse_file(opened, file.path)

    return articles(values, file)


def read_stream(
    file: BinaryIO, date_order: str = "", columns: Columns = ()
) -> Iterator[Article | Skipped]:
    """Yield the articles of a stream of JSON Lines in its order, and what had to be skipped."""

    def values() -> Iterator[Numbered]:
        if file.seekable():
            file.seek(0)
        return _parse_lines(file, "; expected one JSON object a line")

    day_first = date_order == "dmy" if date_order else None
    stdin = Found(Path(STDIN), STDIN, "records", day_first=day_first, columns=columns)
    return _articles(values, stdin)


def articles(values: Again, file: Found) -> Iterator[Article | Skipped]:
    """Yield the articles of a file of many records, and what had to be skipped.

    Raises:
        ArticleError: there is none.
    """
    empty = True
    for item in _articles(values, file):
        empty = False
        yield item
    if empty:
        raise ArticleError("empty")


def _articles(again: Again, file: Found) -> Iterator[Article | Skipped]:
    """Make an article of each record, or say with its line why it is none.

    Of two records with one id the later takes the place of the earlier, which is named. A location
    is given once: a record without an id is located by its line, which may be the id of another. A
    record of a stream has no line that lasts, and is named by its content.
    Days in figures are read as all of them can be, for which the file is read twice.
    """
    given = _SeenLocations()
    reading, is_stream = _RecordReader(again, file), file.path == Path(STDIN)
    last, part = 0, 0
    for line, value in again():
        part = part + 1 if line == last else 1
        last = line
        number = f"{line}.{part}" if part > 1 else str(line)
        try:
            article = reading.article(value, number)
        except ArticleError as error:
            yield Skipped(str(file.path), error.reason, line)
            continue
        unnamed = article.id == f"{file.name}#{number}"
        if unnamed and is_stream:
            article = _with_content_id(article)
        place = hash(article.location)
        earlier = given.get(place)
        if earlier is not None and is_stream and unnamed:
            continue
        if earlier is not None and (unnamed or earlier < 0):
            reason = "its id or line number names another record of this file already"
            yield Skipped(str(file.path), reason, line)
            continue
        if earlier is not None:
            reason = f"{article.id!r} stands again in line {line}, which is taken in its place"
            yield Skipped(str(file.path), reason, earlier)
        given.put(place, -line if unnamed else line)
        yield article


class _SeenLocations:
    """Lines by the hash of a location, below zero where no id names it; on disk once they are many.

    A dictionary would take 150 bytes of memory for each record of a file that has no end.
    """

    def __init__(self) -> None:
        self._last: dict[int, int] = {}
        self._disk: sqlite3.Connection | None = None

    def get(self, place: int) -> int | None:
        line = self._last.get(place)
        if line is None and self._disk:
            row = self._disk.execute("SELECT line FROM given WHERE place = ?", (place,)).fetchone()
            line = row[0] if row else None
        return line

    def put(self, place: int, line: int) -> None:
        self._last[place] = line
        if len(self._last) == _IN_MEMORY:
            if self._disk is None:
                self._disk = sqlite3.connect("", check_same_thread=False)  # gone when it is closed
                self._disk.execute("PRAGMA journal_mode = OFF")
                self._disk.execute("CREATE TABLE given (place INTEGER PRIMARY KEY, line INTEGER)")
            rows = sorted(self._last.items())
            self._disk.executemany("INSERT OR REPLACE INTO given VALUES (?, ?)", rows)
            self._last.clear()


@dataclass
class _RecordReader:
    """A file while its records become articles: how its days in figures are read is found once."""

    again: Again
    file: Found
    folder_order: bool | None = None  # of the files beside it
    order_sought: bool = False

    def article(self, value: object, number: str) -> Article:
        try:
            return _article(value, number, self.file)
        except AmbiguousDay:
            self._find_order()
            if self.file.day_first is not None:
                return _article(value, number, self.file)
            if self.folder_order is None:
                raise
        article = _article(value, number, replace(self.file, day_first=self.folder_order))
        return replace(article, day_note=article.day_note or BY_FOLDER)

    def _find_order(self) -> None:
        """Find how all days of these records can be read, else those of the files beside."""
        if not self.order_sought and self.file.path != Path(STDIN):
            self.order_sought = True
            records = (value for _, value in self.again() if isinstance(value, dict))
            rows = (by_name(record, self.file.columns) for record in records)
            order = common_order(day for row in rows for day in date_values(row))
            self.file = replace(self.file, day_first=order)
            self.folder_order = self.file.order_in_folder() if order is None else None


def _article(value: object, number: str, file: Found) -> Article:
    if isinstance(value, ArticleError):
        raise value
    if not isinstance(value, dict):
        raise ArticleError("not an article: expected an object with title, body and date")
    return article_of(by_name(value, file.columns), file, numbered=number)


def _parse_file(file: BinaryIO, path: Path) -> Iterator[Numbered]:
    """Read lines one by one, unless the file's name or its beginning says that it is one value."""
    head = file.read(4096)
    file.seek(0)
    utf16 = head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))  # no lines of bytes
    if b"\0" in head and not utf16:
        raise ArticleError("binary: expected JSON")
    array = head.removeprefix(codecs.BOM_UTF8).lstrip().startswith(b"[")
    whole = _LINES.isdisjoint(suffix.lower() for suffix in path.suffixes[-2:])
    if not head or not (utf16 or array or whole):
        yield from _parse_lines(file)
        return
    pieces = iter(lambda: file.read(_PIECE), b"")  # one `read` would take all that memory at once
    raw = b"".join(islice(pieces, MAX_ARRAY_BYTES // _PIECE + 1))
    if len(raw) > MAX_ARRAY_BYTES:
        limit = f"{MAX_ARRAY_BYTES // 1_000_000} MB"
        raise ArticleError(f"too large: more than {limit} of JSON; write it as JSON Lines")
    yield from _parse_whole(decode(raw).removeprefix("\ufeff"))


def _parse_whole(text: str) -> Iterator[Numbered]:
    """Read an array, one object over many lines, or else lines of objects."""
    if text.lstrip().startswith("["):
        yield from _parse_array(text)
        return
    try:
        value = json.loads(text, strict=False)
        records = _records(value)
        if isinstance(value, dict) and records == [value] and _MORE.isdisjoint(by_name(value)):
            records = [{name: each for name, each in value.items() if key(name) not in _ABOUT}]
        yield from ((1, record) for record in records)
        return
    except (ValueError, RecursionError) as error:
        whole = _not_json(error)
    lines = [(number, line) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
    values = [(number, _parse(line)) for number, line in lines]
    if not any(isinstance(value, dict) for _, value in values):
        raise whole
    yield from values


def _records(value: Any, depth: int = 0) -> list[Any]:
    """Return the records of an answer or an export, whatever they are wrapped in."""
    if not isinstance(value, dict) or depth > 3:
        return [value]
    named = by_name(value)
    if any(isinstance(named.get(name), str) for name in BODY[:8]):
        return [value]
    if isinstance(named.get("columns"), list) and isinstance(named.get("data"), list):
        return [dict(zip(named["columns"], row, strict=False)) for row in named["data"]]
    if depth == 0 and len(value) > 1 and all(isinstance(each, dict) for each in value.values()):
        if records := _keyed_records(value):
            return records
    for name in _LISTS:
        inner = named.get(name)
        if isinstance(inner, list) and inner and all(isinstance(one, dict) for one in inner):
            wrapped = len(inner) == 1 and by_name(inner[0]).keys().isdisjoint((*TITLE, *BODY))
            is_feed = _FEED.search(f"{named.get('version')} {named.get('type')}")
            inner = feed_items(named, inner) if is_feed else inner
            return _records(inner[0], depth + 1) if wrapped else inner
        if isinstance(inner, dict):
            return _records(inner, depth + 1)
    lists = list(value.values())
    if all(isinstance(one, list) and all(isinstance(each, dict) for each in one) for one in lists):
        return [each for one in lists for each in one]
    return [value]


def feed_items(feed: Mapping[str, Any], items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return items with what their JSON Feed, or a channel of Telegram, states of all of them."""
    about = {"source": feed.get("title") or feed.get("name"), "language": feed.get("language")}
    about["authors"] = feed.get("authors") or feed.get("author")
    return [{name: each for name, each in about.items() if each} | one for one in items]


def _keyed_records(value: dict[str, dict[str, Any]]) -> list[Any]:
    """Return records that stand under their ids, or as columns of pandas; none of another kind."""
    if all(not set(BODY).isdisjoint(by_name(each)) for each in value.values()):
        return [{"id": name, **each} for name, each in value.items()]
    columns = {name: column for name, column in value.items() if column}
    rows = dict.fromkeys(row for column in columns.values() for row in column)
    if not columns or any(isinstance(each, dict) for each in next(iter(columns.values())).values()):
        return []
    return [{name: column.get(row) for name, column in columns.items()} for row in rows]


def _parse_array(text: str) -> Iterator[Numbered]:
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


def _parse_lines(file: BinaryIO, hint: str = "") -> Iterator[Numbered]:
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


def _with_content_id(article: Article) -> Article:
    day = article.date.isoformat() if article.date else None
    content = json.dumps([article.headline, article.text, day, article.source])
    name = f"{STDIN}#{hashlib.sha256(content.encode()).hexdigest()[:16]}"
    return replace(article, id=name, location=name)
