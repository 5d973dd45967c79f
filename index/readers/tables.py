"""Tables with a header line (CSV, TSV): an article a row, its columns by their names."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from index.errors import ArticleError
from index.readers.encodings import MOST_DAMAGED, stream_encoding
from index.readers.named import BODY, key
from index.readers.records import Numbered, articles
from index.readers.text import MAX_BYTES, unpacked
from index.types import Article, Skipped

_MARKS = "\t;|,"


def read(path: Path, name: str, day_first: bool | None = None) -> Iterator[Article | Skipped]:
    """Yield an article of each row, and what had to be skipped.

    Raises:
        ArticleError: no column is known to hold texts.
        OSError: the file cannot be read or unpacked.
    """

    def rows() -> Iterator[Numbered]:
        with unpacked(path) as file:
            yield from _rows(file)

    return articles(rows, path, name, day_first)


def _rows(file: BinaryIO) -> Iterator[Numbered]:
    csv.field_size_limit(MAX_BYTES)
    encoding = stream_encoding(file)
    with io.TextIOWrapper(file, encoding, errors="replace", newline="") as text:
        header = text.readline().strip("\ufeff")
        mark = max(_MARKS, key=header.count)
        columns = [column.strip() for column in next(csv.reader([header], delimiter=mark), [])]
        if not any(key(column) in BODY for column in columns):
            expected = "expected one called text or body"
            raise ArticleError(f"no column of texts: {expected}; found {', '.join(columns)[:200]}")
        yield from _below(csv.reader(text, delimiter=mark), columns)


def _below(reader: Any, columns: list[str]) -> Iterator[Numbered]:
    line = 2
    try:
        for row in reader:
            if len(row) > len(columns):
                yield line, ArticleError(f"{len(row)} fields; expected {len(columns)}")
            elif any(cell.count("\ufffd") > MOST_DAMAGED for cell in row):
                yield line, ArticleError("damaged text, or in another encoding than the rest")
            elif any(row):
                yield line, dict(zip(columns, row, strict=False))
            line = reader.line_num + 2
    except csv.Error as error:
        yield line, ArticleError(f"not a table: {error}; the rest is not read")
