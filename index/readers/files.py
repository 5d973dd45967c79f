"""Files and folders to articles: each file by the reader of its format.

The caller says which files have not changed since they were last read.
"""

from __future__ import annotations

import logging
import lzma
import os
import stat
import unicodedata
import zlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from functools import partial
from itertools import chain, islice
from pathlib import Path, PurePath
from tempfile import TemporaryDirectory

from index.errors import ArticleError
from index.readers import (
    books,
    crawls,
    documents,
    exports,
    feeds,
    html,
    mails,
    markdown,
    packed,
    records,
    tables,
    text,
)
from index.readers.days import (
    BY_ADDRESS,
    BY_FOLDER,
    BY_NAME,
    AmbiguousDay,
    day_in_path,
    noting_orders,
)
from index.readers.encodings import decode
from index.readers.kinds import (
    HIDDEN,
    LINK,
    MANY,
    UNKNOWN,
    format_of,
    format_of_bytes,
    kind_of,
    part_of,
)
from index.readers.text import Columns, Found, shorten
from index.types import Article, IsUnchanged, Skipped, Unchanged

_NAME_IT = {
    form: f"give it a name that ends in {suffix}"
    for form, suffix in dict(feed=".xml", mailbox=".mbox", records=".json", table=".csv").items()
}
_MOST_FILES, _MOST_RECORDS = 200, 2000  # of a folder, read to tell its order
_HEAD = 4096  # bytes that show what a file is
TOO_LARGE = "it takes more memory to read than a file may have"
_LOG = logging.getLogger(__name__)


ColumnsOf = Callable[[Path], Columns]
"""Says what a person said of the columns of a file."""


def find_files(
    paths: Iterable[Path],
    *,
    unchanged: IsUnchanged | None = None,
    date_order: str = "",
    columns_of: ColumnsOf | None = None,
) -> Iterator[Found | Skipped | Unchanged]:
    """Return the article files of these files and folders, in a fixed order, without opening any.

    Args:
        paths: Folders, searched with all below them, and single files, named by their own name.
        unchanged: Where it says True of a file, `Unchanged` is yielded for it.
        date_order: Whether 03/04/2023 is read day first (`dmy`) or month first (`mdy`).
        columns_of: What a person said of the columns of each file of records.

    Raises:
        ArticleError: one of the paths does not exist.
    """
    given = [path.expanduser() for path in paths]
    for path in given:
        if not path.exists():
            raise ArticleError(f"{printable(path)}: no such file or folder")
    day_first = date_order == "dmy" if date_order else None

    def as_asked(file: Found | Skipped) -> Found | Skipped | Unchanged:
        if isinstance(file, Skipped):
            return file
        if unchanged is not None and unchanged(file.path, file.stat):
            return Unchanged(str(file.path))
        columns = columns_of(file.path) if columns_of else ()
        return replace(file, day_first=day_first, columns=columns)

    folders = dict.fromkeys(map(absolute_path, given))
    return map(as_asked, chain.from_iterable(map(_files_of, folders)))


def read_file(file: Found, orders: Orders) -> Iterator[Article | Skipped]:
    """Yield the articles of a file, and why it or a part of it could not be read.

    What is found of how folders write days in figures is noted in `orders`.
    """
    file = replace(file, order_in_folder=partial(_order_in_folder, file, orders))
    try:
        yield from _read(file)
    except AmbiguousDay as error:  # of a file of one article
        order = file.order_in_folder()
        if order is None:
            yield Skipped(str(file.path), error.reason, error.line)
            return
        for item in _read(replace(file, day_first=order)):
            if isinstance(item, Article):
                yield replace(item, day_note=item.day_note or BY_FOLDER)
            else:
                yield item


def _order_in_folder(file: Found, orders: Orders) -> bool | None:
    """Return how the files beside one write days in figures: day first, or not; None if open."""
    place = file.path.parent, file.format
    if place not in orders:
        orders[place] = None  # no file asks while these are read
        with os.scandir(file.path.parent) as scan:
            names = sorted(one.name for one in scan if one.is_file() and one.name[0] != ".")
        alike = [name for name in names if format_of(name) == file.format]
        with noting_orders() as seen:
            for name in alike[:: len(alike) // _MOST_FILES + 1]:
                path = file.path.with_name(name)
                found = replace(file, path=path, name=name, stat=path.stat(), day_first=None)
                with suppress(AmbiguousDay):
                    deque(islice(_read(found), _MOST_RECORDS), 0)
        orders[place] = seen.pop() if len(seen) == 1 else None
    return orders[place]


def _read(file: Found) -> Iterator[Article | Skipped]:
    """Yield what a file holds.

    Raises:
        AmbiguousDay: its one article has such a day.
    """
    try:
        for item in _READERS[file.format](file):
            if isinstance(item, Article) and item.date is None:
                item = _date_from_place(item, file)
            yield item
    except AmbiguousDay:
        raise
    except ArticleError as error:
        yield Skipped(str(file.path), error.reason, error.line)
    except (EOFError, lzma.LZMAError, zlib.error) as error:
        yield Skipped(str(file.path), f"damaged archive: {error}")
    except OSError as error:
        yield Skipped(str(file.path), _reason(error))
    except MemoryError:
        yield Skipped(str(file.path), TOO_LARGE)
    except Exception as error:  # what parsers raise over odd files is not to stop the others
        _LOG.info("%s cannot be read", file.path, exc_info=True)
        message = shorten(text.clean(f"{type(error).__name__}: {error}")).removesuffix(":")
        yield Skipped(str(file.path), f"cannot be read: {message}")


def _read_text(file: Found) -> Iterator[Article | Skipped]:
    """Read plain text, or whatever the first bytes of a file of that name show."""
    raw = text.read_bytes(file.path)
    if form := format_of_bytes(raw[:_HEAD]):
        if form in MANY and not file.path.suffix:
            raise ArticleError(f"a file of many articles ({form}); {_NAME_IT[form]}")
        shown = replace(file, format=form)
        yield from _READERS[form](
            replace(shown, order_in_folder=partial(_order_in_folder, shown, {}))
        )
    else:
        many = exports.documents(text.clean(decode(raw))) if exports.is_export(raw) else []
        yield from exports.split(many, file) or [text.article(raw, file)]


def _read_archive(archive: Found) -> Iterator[Article | Skipped]:
    """Read the files in an archive, each as if it lay in a folder of the archive's name."""
    with TemporaryDirectory() as folder:
        for member, file in packed.members(archive.path, Path(folder)):
            location = f"{archive.path}#{member}"
            form = format_of(PurePath(member).name)
            hidden = any(part.startswith((".", "__MACOSX")) for part in PurePath(member).parts)
            if isinstance(file, ArticleError):
                yield Skipped(location, file.reason)
            elif hidden or form is None or form == "archive":
                kind = HIDDEN if hidden else kind_of(PurePath(member).name)
                yield Skipped(location, f"not read: {kind}", kind=kind)
            else:
                name = f"{archive.name}/{member}"
                found = replace(archive, path=file, name=name, format=form, stat=file.stat())
                for item in read_file(found, {}):
                    inner = item.location.removeprefix(str(file))
                    yield replace(item, location=location + inner)


_READERS: dict[str, Callable[[Found], Iterator[Article | Skipped]]] = {
    "text": _read_text,
    "markdown": markdown.read,
    "html": html.read,
    "feed": feeds.read,
    "mail": mails.read,
    "mailbox": mails.read_box,
    "word": documents.read_word,
    "rtf": documents.read_rtf,
    "book": books.read,
    "pdf": documents.read_pdf,
    "crawl": crawls.read,
    "records": records.read,
    "table": tables.read,
    "sheets": tables.read_sheets,
    "parquet": tables.read_parquet,
    "archive": _read_archive,
}
"""What reads each format: it yields articles, and what of the file had to be skipped.

It raises `ArticleError` where the file as a whole cannot be read, or what reads it is not
installed, and `OSError` where the file cannot be opened or unpacked.
"""

MAPPED = ("records", "table", "sheets", "parquet", "archive")
"""Formats of records whose fields a person can name."""

Orders = dict[tuple[Path, str], bool | None]


def _date_from_place(article: Article, file: Found) -> Article:
    """Give an article without a stated day that of its address, or of its file's name."""
    if article.url and (day := day_in_path(article.url)):
        return replace(article, date=day, day_note=BY_ADDRESS)
    if article.location == str(file.path) and (day := day_in_path(file.name)):
        return replace(article, date=day, day_note=BY_NAME)
    return article


def absolute_path(path: Path) -> Path:
    """Make a path absolute: a folder without links, a file by its own name in its folder."""
    return path.resolve() if path.is_dir() else path.parent.resolve() / path.name


def printable(path: Path) -> str:
    """Return the path as text that can be shown, whatever bytes its name has."""
    return os.fsencode(path).decode("utf-8", "replace")


def _reason(error: OSError) -> str:
    return f"unreadable: {(error.strerror or str(error)).lower()}"


def _files_of(path: Path) -> Iterator[Found | Skipped]:
    """Yield a file, or the article files below a folder, sorted by name, links last.

    Hidden names and files of other kinds are named by their kind. A link is followed only where
    it leads to what the folder holds and would not show otherwise, so nothing is read twice.
    """
    if not path.is_dir():
        known = format_of(path.name) is not None
        yield _file(path, path.name) if known else Skipped(printable(path), UNKNOWN)
        return
    links: list[Path] = []
    yield from _walk(path, path, links)
    followed: list[Path] = []
    while links:
        yield from _follow(links.pop(0), path, links, followed)


def _not_read(path: Path, kind: str) -> Skipped:
    return Skipped(printable(path), f"not read: {kind}", kind=kind)


def _file(path: Path, name: str) -> Found | Skipped:
    """Return a file with its state, or why it cannot be read."""
    form, location = format_of(path.name), printable(path)
    if form is None:
        return _not_read(path, kind_of(path.name))
    if location != str(path):
        return Skipped(location, "the file's name is not UTF-8")
    try:
        state = path.stat()
    except OSError as error:
        return Skipped(location, _reason(error))
    if stat.S_ISREG(state.st_mode):
        return Found(path, unicodedata.normalize("NFC", name), form, state)
    return Skipped(location, "not a plain file")


def _walk(folder: Path, root: Path, links: list[Path]) -> Iterator[Found | Skipped]:
    """Yield the files below a folder; links that are met are added to `links`."""
    waiting = [(folder, True, "")]
    while waiting:
        path, is_folder, kind = waiting.pop()
        if not is_folder:
            yield _not_read(path, kind) if kind else _file(path, path.relative_to(root).as_posix())
            continue
        try:
            with os.scandir(path) as scan:
                entries = sorted(scan, key=lambda entry: entry.name, reverse=True)
        except OSError as error:
            yield Skipped(printable(path), _reason(error))
            continue
        met: list[Path] = []
        for entry in entries:
            inner = path / entry.name
            passed_over = kind or (HIDDEN if entry.name.startswith(".") else "")
            if not entry.is_symlink():
                is_folder = entry.is_dir()
                if is_folder and not passed_over:
                    passed_over = part_of(inner)
                waiting.append((inner, is_folder, passed_over))
            elif not passed_over:
                met.append(inner)
        links += reversed(met)


def _follow(
    link: Path, root: Path, links: list[Path], followed: list[Path]
) -> Iterator[Found | Skipped]:
    try:
        target = link.resolve(strict=True)
    except (OSError, RuntimeError):
        yield Skipped(printable(link), "a symbolic link that leads nowhere")
        return
    if not target.is_relative_to(root):
        yield Skipped(printable(link), "a symbolic link that leaves the folder")
        return
    if _is_shown(target, root) or any(target.is_relative_to(path) for path in followed):
        if not target.is_dir():
            yield _not_read(link, LINK)
        return
    followed.append(target)
    if target.is_dir():
        yield from _walk(target, root, links)
    else:
        yield _file(link, link.relative_to(root).as_posix())


def _is_shown(target: Path, root: Path) -> bool:
    """Whether the walk meets the target at its own place."""
    hidden = any(part.startswith(".") for part in target.relative_to(root).parts)
    return not hidden and (target.is_dir() or format_of(target.name) is not None)
