"""Tables with a header: CSV and TSV, sheets of Excel and Calc, Parquet; an article a row."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path, PurePath
from typing import Any

from index.errors import ArticleError
from index.readers.documents import library, refuse_large
from index.readers.encodings import MOST_DAMAGED, decode, stream_encoding
from index.readers.named import BODY, DATE, FIELDS, key
from index.readers.records import Numbered, articles
from index.readers.text import MAX_BYTES, Columns, Found, read_bytes, unpacked
from index.types import Article, Skipped

_MARKS = "\t;|,"
_BATCH = 500  # rows of Parquet at once: their texts are held in memory

_Rows = Callable[[Path, Columns], Iterator[Numbered]]


def _read(rows: _Rows, file: Found) -> Iterator[Article | Skipped]:
    """Yield an article of each row, and what had to be skipped."""
    return articles(partial(rows, file.path, file.columns), file)


def _csv_rows(path: Path, columns: Columns) -> Iterator[Numbered]:
    """Yield the rows of CSV and TSV."""
    csv.field_size_limit(MAX_BYTES)
    with unpacked(path) as file:
        encoding = stream_encoding(file)
        with io.TextIOWrapper(file, encoding, errors="replace", newline="") as text:
            header, first = text.readline().strip("\ufeff"), 2
            while header and (not header.strip() or header.startswith("sep=")):  # of Excel
                header, first = text.readline(), first + 1
            mark = max(_MARKS, key=header.count)
            names = next(csv.reader([header], delimiter=mark), [])
            pages = path.with_name("posts") if "post_id" in names else None  # of Substack
            if pages and not pages.is_dir():
                pages = None
            header_names = _header([*names, "html"] if pages else names, columns)
            yield from _data_rows(csv.reader(text, delimiter=mark), header_names, first, pages)


def _data_rows(reader: Any, names: list[str], first: int, pages: Path | None) -> Iterator[Numbered]:
    """Yield the rows below a header; the text of each may lie in a page beside the table."""
    line = first
    try:
        for row in reader:
            if len(row) > len(names) and any(row[len(names) :]):
                yield line, ArticleError(f"{len(row)} fields; expected {len(names)}")
            elif any(cell.count("\ufffd") > MOST_DAMAGED for cell in row):
                yield line, ArticleError("damaged text, or in another encoding than the rest")
            elif any(row):
                values = dict(zip(names, row, strict=False))
                if pages and (name := PurePath(values["post_id"]).name):
                    with suppress(OSError, ArticleError):  # without a text it is said to have none
                        values["html"] = decode(read_bytes(pages / f"{name}.html"))
                yield line, values
            line = reader.line_num + first
    except csv.Error as error:
        yield line, ArticleError(f"not a table: {error}; the rest is not read")


def _header(names: Sequence[object], columns: Columns) -> list[str]:
    """Return the names of columns.

    Raises:
        ArticleError: none is known to hold texts, or one that a person named is not there.
    """
    header = [str(name).strip() for name in names]
    keys, found = {key(name) for name in header}, f"found {', '.join(header)[:200]}"
    for field, column in columns:
        needed = FIELDS[field] in (BODY, DATE)
        if needed and key(column) not in keys and keys.isdisjoint(FIELDS[field]):
            raise ArticleError(f"no column {column!r} for `--map {field}={column}`; {found}")
    named = {key(column) for field, column in columns if FIELDS[field] is BODY}
    if keys.isdisjoint({*BODY, *named}):
        expected = "expected one called text or body, or `--map text=COLUMN`"
        raise ArticleError(f"no column of texts: {expected}; {found}")
    return header


def _sheet_rows(path: Path, columns: Columns) -> Iterator[Numbered]:
    """Yield the rows of all sheets that have texts; rows of a second sheet are counted on."""
    calamine = library("python_calamine", "python-calamine")
    refuse_large(path, packed=path.suffix.lower() != ".xls")
    try:
        book = calamine.load_workbook(str(path))
    except calamine.CalamineError as error:
        raise ArticleError(f"a damaged or encrypted table: {error}") from error
    line, refused, read = 0, [], False
    for name in book.sheet_names:
        names: list[str] = []
        for row in book.get_sheet_by_name(name).iter_rows():
            line += 1
            cells = [_plain_cell(cell) for cell in row]
            if names and any(cell not in ("", None) for cell in cells):
                yield line, dict(zip(names, cells, strict=False))
            elif not names and sum(isinstance(cell, str) and cell != "" for cell in cells) > 1:
                try:
                    names, read = _header(cells, columns), True
                except ArticleError as error:
                    refused.append(ArticleError(f"sheet {name!r}: {error.reason}"))
                    break
    if refused and not read:
        raise refused[0]
    yield from ((line, error) for error in refused)


def _parquet_rows(path: Path, columns: Columns) -> Iterator[Numbered]:
    """Yield the rows of a Parquet file, some hundred at once."""
    # Among no extra's packages: pandas loads it wherever it is there, and the page loads pandas.
    arrow = library("pyarrow", "pyarrow", "pyarrow")
    parquet = library("pyarrow.parquet", "pyarrow", "pyarrow")
    try:
        with parquet.ParquetFile(path) as file:
            _header(file.schema_arrow.names, columns)
            line = 0
            for batch in file.iter_batches(_BATCH, use_threads=False):
                for row in batch.to_pylist():
                    line += 1
                    yield line, {name: _plain_cell(value) for name, value in row.items()}
    except (arrow.ArrowException, arrow.ArrowInvalid) as error:
        raise ArticleError(f"damaged, or no Parquet: {error}") from error


def _plain_cell(cell: object) -> object:
    """Return days and times as they are written, and whole numbers without a point."""
    if isinstance(cell, float) and cell.is_integer():
        return int(cell)
    return cell if isinstance(cell, str | int | float | list | dict | None) else str(cell)


read = partial(_read, _csv_rows)
read_sheets = partial(_read, _sheet_rows)
read_parquet = partial(_read, _parquet_rows)
