"""Files and folders to articles: each file by the reader of its format.

Knows nothing of the index; whether a file changed is asked of the caller.
"""

from __future__ import annotations

import logging
import os
import stat
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from index.errors import ArticleError
from index.readers import html, markdown, records, text
from index.readers.fields import shorten
from index.types import Article, IsUnchanged, Item, Skipped, Unchanged

_LOG = logging.getLogger(__name__)

_READERS: dict[str, Callable[[Path, str], Iterator[Article | Skipped]]] = {
    "text": text.read,
    "markdown": markdown.read,
    "records": records.read,
    "html": html.read,
}

SUFFIXES = {
    "": "text",
    ".txt": "text",
    ".text": "text",
    ".md": "markdown",
    ".markdown": "markdown",
    ".jsonl": "records",
    ".ndjson": "records",
    ".json": "records",
    ".html": "html",
    ".htm": "html",
    ".xhtml": "html",
}
"""Format by suffix; records may also be packed (`.xz`, `.gz`)."""


@dataclass(frozen=True, slots=True)
class Found:
    """A file to read: where it lies, its name below the folder, its format and its state."""

    path: Path
    name: str
    format: str
    stat: os.stat_result


def read_articles(paths: Iterable[Path], *, unchanged: IsUnchanged | None = None) -> Iterator[Item]:
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
    paths: Iterable[Path], *, unchanged: IsUnchanged | None = None
) -> Iterator[Found | Skipped | Unchanged]:
    """Return the article files that `read_articles` reads, without opening any."""
    given = [path.expanduser() for path in paths]
    for path in given:
        if not path.exists():
            raise ArticleError(f"{printable(path)}: no such file or folder")
    files = (file for path in dict.fromkeys(map(in_full, given)) for file in _files_of(path))
    return (
        Unchanged(str(file.path))
        if isinstance(file, Found) and unchanged is not None and unchanged(file.path, file.stat)
        else file
        for file in files
    )


def read_files(files: Iterable[Found | Skipped | Unchanged]) -> Iterator[Item]:
    """Yield the articles of files that were found; all else is passed on."""
    for file in files:
        if isinstance(file, Found):
            yield from _read(file)
        else:
            yield file


def _read(file: Found) -> Iterator[Article | Skipped]:
    try:
        yield from _READERS[file.format](file.path, file.name)
    except ArticleError as error:
        yield Skipped(str(file.path), error.reason, error.line)
    except OSError as error:
        yield Skipped(str(file.path), _refusal(error))
    except Exception as error:  # what parsers raise over odd files is not to stop the others
        _LOG.info("%s cannot be read", file.path, exc_info=True)
        message = shorten(text.clean(f"{type(error).__name__}: {error}")).removesuffix(":")
        yield Skipped(str(file.path), f"cannot be read: {message}")


def in_full(path: Path) -> Path:
    """Make a path absolute: a folder without links, a file by its own name in its folder."""
    return path.resolve() if path.is_dir() else path.parent.resolve() / path.name


def format_of(name: str) -> str | None:
    """Return the format that a file's name indicates, None where it is no article's."""
    path = Path(name.lower())
    packed = path.suffix in (".xz", ".gz")
    suffix = Path(path.stem).suffix if packed else path.suffix
    if " " in suffix:  # "Mr. Smith goes to Washington" has no suffix
        suffix = ""
    form = SUFFIXES.get(suffix)
    return None if name.endswith("~") or (packed and form != "records") else form


def printable(path: Path) -> str:
    """Return the path as text that can be shown, whatever bytes its name has."""
    return os.fsencode(path).decode("utf-8", "replace")


def _refusal(error: OSError) -> str:
    return f"unreadable: {(error.strerror or str(error)).lower()}"


def _files_of(path: Path) -> Iterator[Found | Skipped]:
    """Yield a file, or the article files below a folder, sorted by name, links last.

    Hidden names and files of other kinds are passed over. A link is followed only where it
    leads to what the folder holds and would not show otherwise, so nothing is read twice.
    """
    if not path.is_dir():
        known = " ".join(suffix for suffix in SUFFIXES if suffix)
        unknown = Skipped(printable(path), f"unknown kind of file; expected one of {known}")
        yield next(_file(path, path.name), unknown)
        return
    links: list[Path] = []
    yield from _walk(path, path, links)
    followed: list[Path] = []
    while links:
        yield from _follow(links.pop(0), path, links, followed)


def _file(path: Path, name: str) -> Iterator[Found | Skipped]:
    """Yield a file with its state, or why it cannot be read; nothing if it is no article's."""
    form, location = format_of(path.name), printable(path)
    if form is None:
        return
    if location != str(path):
        yield Skipped(location, "the file's name is not UTF-8")
        return
    try:
        state = path.stat()
    except OSError as error:
        yield Skipped(location, _refusal(error))
        return
    if stat.S_ISREG(state.st_mode):
        yield Found(path, unicodedata.normalize("NFC", name), form, state)
    else:
        yield Skipped(location, "not a plain file")


def _walk(folder: Path, root: Path, links: list[Path]) -> Iterator[Found | Skipped]:
    """Yield the files below a folder; links that are met are added to `links`."""
    waiting = [(folder, True)]
    while waiting:
        path, is_folder = waiting.pop()
        if not is_folder:
            yield from _file(path, path.relative_to(root).as_posix())
            continue
        try:
            with os.scandir(path) as scan:
                entries = sorted(scan, key=lambda entry: entry.name, reverse=True)
        except OSError as error:
            yield Skipped(printable(path), _refusal(error))
            continue
        shown = [entry for entry in entries if not entry.name.startswith(".")]
        links += [path / entry.name for entry in reversed(shown) if entry.is_symlink()]
        waiting += [
            (path / entry.name, entry.is_dir()) for entry in shown if not entry.is_symlink()
        ]


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
        return
    followed.append(target)
    if target.is_dir():
        yield from _walk(target, root, links)
    else:
        yield from _file(link, link.relative_to(root).as_posix())


def _is_shown(target: Path, root: Path) -> bool:
    """Whether the walk meets the target at its own place."""
    hidden = any(part.startswith(".") for part in target.relative_to(root).parts)
    return not hidden and (target.is_dir() or format_of(target.name) is not None)
