"""Files and folders -> articles: each file by the reader of its format.

Knows nothing of the index; whether a file changed is asked of the caller.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from index.errors import ArticleError
from index.readers import html, markdown, records, text
from index.readers.decoding import clean
from index.readers.fields import shorten
from index.readers.walk import (
    SUFFIXES,
    Found,
    format_of,
    found_or_skipped,
    printable,
    reason_of,
    walk,
)
from index.types import Article, Skipped, Unchanged

_LOG = logging.getLogger(__name__)

_READERS: dict[str, Callable[[Path, str], Iterator[Article | Skipped]]] = {
    "text": text.read,
    "markdown": markdown.read,
    "records": records.read,
    "html": html.read,
}

Known = Callable[[Path, os.stat_result], bool]
"""Says of a file, by its path and state, whether it is as it was when last read."""


def read_articles(
    paths: Iterable[Path], *, unchanged: Known | None = None
) -> Iterator[Article | Skipped | Unchanged]:
    """Return the articles of these files and folders, in a fixed order, one at a time.

    Args:
        paths: Folders, read with all below them, and single files, named by their own name.
        unchanged: Where it says True of a file, the file is not opened and `Unchanged` is
            yielded for it.

    Raises:
        ArticleError: one of the paths does not exist; nothing has been read then.
    """
    return read_files(find_files(paths, unchanged=unchanged))


def find_files(
    paths: Iterable[Path], *, unchanged: Known | None = None
) -> Iterator[Found | Skipped | Unchanged]:
    """Return the article files that `read_articles` reads, without opening any."""
    given = [path.expanduser() for path in paths]
    for path in given:
        if not path.exists():
            raise ArticleError(f"{printable(path)}: no such file or folder")
    return _find_all(given, unchanged)


def read_files(
    files: Iterable[Found | Skipped | Unchanged],
) -> Iterator[Article | Skipped | Unchanged]:
    """Yield the articles of files that were found; all else is passed on."""
    for file in files:
        if isinstance(file, Found):
            yield from _read(file)
        else:
            yield file


def _find_all(given: list[Path], unchanged: Known | None) -> Iterator[Found | Skipped | Unchanged]:
    for path in dict.fromkeys(in_full(path) for path in given):
        for found in walk(path) if path.is_dir() else _single(path):
            if (
                isinstance(found, Found)
                and unchanged is not None
                and unchanged(found.path, found.stat)
            ):
                yield Unchanged(str(found.path))
            else:
                yield found


def in_full(path: Path) -> Path:
    """Make a path absolute: a folder without links, a file by its own name in its folder."""
    return path.resolve() if path.is_dir() else path.parent.resolve() / path.name


def _single(path: Path) -> Iterator[Found | Skipped]:
    form = format_of(path.name)
    if form is None:
        known = " ".join(suffix for suffix in SUFFIXES if suffix)
        yield Skipped(printable(path), f"unknown kind of file; expected one of {known}")
    else:
        yield found_or_skipped(path, path.name, form)


def _read(found: Found) -> Iterator[Article | Skipped]:
    try:
        yield from _READERS[found.format](found.path, found.name)
    except ArticleError as error:
        yield Skipped(str(found.path), error.reason, error.line)
    except OSError as error:
        yield Skipped(str(found.path), reason_of(error))
    except Exception as error:  # what parsers raise over odd files is not to stop the others
        _LOG.info("%s cannot be read", found.path, exc_info=True)
        yield Skipped(str(found.path), _unforeseen(error))


def _unforeseen(error: Exception) -> str:
    kind, said = type(error).__name__, shorten(clean(str(error)))
    return f"cannot be read: {kind}: {said}" if said else f"cannot be read: {kind}"
