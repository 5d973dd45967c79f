"""Finds the article files of a folder, in sorted order, and never leaves it.

Knows nothing of what is inside a file.
"""

from __future__ import annotations

import os
import stat
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from index.types import Skipped

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
