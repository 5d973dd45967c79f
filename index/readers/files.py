"""Files and folders -> articles: each file by the reader of its format.

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
from index.readers.decoding import clean
from index.readers.fields import shorten
from index.types import Article, IsUnchanged, Skipped, Unchanged

_LOG = logging.getLogger(__name__)

_READERS: dict[str, Callable[[Path, str], Iterator[Article | Skipped]]] = {
    "text": text.read,
    "markdown": markdown.read,
    "records": records.read,
    "html": html.read,
}


def read_articles(
    paths: Iterable[Path], *, unchanged: IsUnchanged | None = None
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
    paths: Iterable[Path], *, unchanged: IsUnchanged | None = None
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


def _find_all(
    given: list[Path], unchanged: IsUnchanged | None
) -> Iterator[Found | Skipped | Unchanged]:
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


def format_of(name: str) -> str | None:
    """Return the format that a file's name tells, None where it is no article's."""
    path = Path(name.lower())
    packed = path.suffix in (".xz", ".gz")
    suffix = Path(path.stem).suffix if packed else path.suffix
    if " " in suffix:  # "Mr. Smith goes to Washington" has no suffix
        suffix = ""
    form = SUFFIXES.get(suffix)
    return None if name.endswith("~") or (packed and form != "records") else form


def walk(root: Path) -> Iterator[Found | Skipped]:
    """Yield the article files below a resolved folder, sorted by name, links last.

    Hidden names and files of other kinds are passed over. A link is followed only where it
    leads to what the folder holds and would not show otherwise, so nothing is read twice.
    """
    links: list[Path] = []
    yield from _walk_real(root, root, links)
    followed: list[Path] = []
    while links:
        yield from _follow(links.pop(0), root, links, followed)


def found_or_skipped(path: Path, name: str, form: str) -> Found | Skipped:
    """Return the file with its state, or why it cannot be read."""
    location = printable(path)
    if location != str(path):
        return Skipped(location, "the file's name is not UTF-8")
    try:
        state = path.stat()
    except OSError as error:
        return Skipped(location, reason_of(error))
    if not stat.S_ISREG(state.st_mode):
        return Skipped(location, "not a plain file")
    return Found(path, unicodedata.normalize("NFC", name), form, state)


def printable(path: Path) -> str:
    """Return the path as text that can be shown, whatever bytes its name has."""
    return os.fsencode(path).decode("utf-8", "replace")


def reason_of(error: OSError) -> str:
    """Say in words why the system refused a file."""
    return f"unreadable: {(error.strerror or str(error)).lower()}"


def _walk_real(folder: Path, root: Path, links: list[Path]) -> Iterator[Found | Skipped]:
    waiting = [(folder, True)]
    while waiting:
        path, is_folder = waiting.pop()
        if not is_folder:
            form = format_of(path.name)
            if form is not None:
                yield found_or_skipped(path, path.relative_to(root).as_posix(), form)
            continue
        try:
            entries = _entries(path, links)
        except OSError as error:
            yield Skipped(printable(path), reason_of(error))
        else:
            waiting.extend(reversed(entries))


def _entries(folder: Path, links: list[Path]) -> list[tuple[Path, bool]]:
    """List a folder by name, each with whether it is a folder itself; links go to `links`."""
    with os.scandir(folder) as scan:
        entries = sorted((e for e in scan if not e.name.startswith(".")), key=lambda e: e.name)
    links.extend(folder / entry.name for entry in entries if entry.is_symlink())
    return [
        (folder / entry.name, entry.is_dir(follow_symlinks=False))
        for entry in entries
        if not entry.is_symlink()
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
        yield from _walk_real(target, root, links)
    elif (form := format_of(link.name)) is not None:
        yield found_or_skipped(link, link.relative_to(root).as_posix(), form)


def _is_shown(target: Path, root: Path) -> bool:
    """Whether the walk meets the target at its own place."""
    hidden = any(part.startswith(".") for part in target.relative_to(root).parts)
    return not hidden and (target.is_dir() or format_of(target.name) is not None)
