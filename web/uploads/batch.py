"""Files that were brought through the page and are not added yet, in a folder of their own.

Names and zip archives come from outside: nothing is written but below that folder.
"""

from __future__ import annotations

import errno
import mimetypes
import re
import shutil
import time
import uuid
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from index.errors import ArticleError
from index.readers.kinds import SUFFIXES, format_of
from index.readers.packed import members
from index.types import Skipped

LARGEST = 500_000_000  # bytes that one zip archive may hold, unpacked
MOST = 50_000  # files in it, or in one drop
_ODD = re.compile(r"[^\w .()+,&'’-]+")
_SUFFIXES = {*SUFFIXES, ".xz", ".gz"}


class Batch:
    """What one drop of files brought; `refused` is what of it could not be taken, and why.

    `expected` is how many seconds adding it should take; 0 where unknown.
    """

    def __init__(self, parent: Path, files: Sequence[Path]) -> None:
        """Take files, and what zip archives among them hold, into a new folder below `parent`."""
        self._folder = parent / uuid.uuid4().hex
        self.files = self._folder / "files"
        self.files.mkdir(parents=True)
        self._replaced = self._folder / "replaced"
        self._placed: list[Path] = []
        self._numbers: dict[Path, int] = {}  # by place: the last number of a file of that name
        self.refused: list[Skipped] = []
        self.expected = 0.0
        for number, file in enumerate(files):
            try:
                if number >= MOST:
                    raise ValueError(f"at most {MOST:,} files are taken at once")
                if file.suffix.lower() == ".zip":
                    self._unpack(file)
                elif target := self._place(file.name):
                    _take(file, target)
            except (OSError, ValueError, ArticleError) as error:
                self.refused.append(Skipped(file.name, f"cannot be taken: {in_words(error)}"))

    @property
    def placed(self) -> bool:
        """Whether its files were moved to where they are added from."""
        return bool(self._placed)

    @property
    def gone(self) -> bool:
        """Whether its folder was deleted."""
        return not self.files.is_dir()

    def move_to(self, folder: Path) -> None:
        """Move the files to `folder`; those of the same names there are put aside.

        Raises:
            OSError: a file cannot be moved; `take_back` undoes what was.
        """
        for file in sorted(path for path in self.files.rglob("*") if path.is_file()):
            name = file.relative_to(self.files)
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            if target.is_dir():  # `move` would put the file into it
                raise IsADirectoryError(f"{name} is a folder there")
            if target.is_file():
                aside = self._replaced / name
                aside.parent.mkdir(parents=True, exist_ok=True)
                shutil.move(target, aside)
            self._placed.append(name)
            shutil.move(file, target)

    def take_back(self, folder: Path) -> None:
        """Undo `move_to`."""
        for name in self._placed:
            if (folder / name).is_file():
                shutil.move(folder / name, self.files / name)
            if (self._replaced / name).is_file():
                shutil.move(self._replaced / name, folder / name)
        self._placed.clear()

    def discard(self) -> None:
        """Delete what is left in the batch's folder."""
        self._placed.clear()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _place(self, name: str) -> Path | None:
        """Where a file of this name, or path in an archive, is kept: never outside the folder.

        None for the kinds of files that hold no articles; those that are named as such are
        refused, and what systems add to archives unseen is passed over. Of two files of one name
        the second gets a number.
        """
        parts = PurePosixPath(name.replace("\\", "/")).parts
        clean = [_ODD.sub("_", part).strip(" .") for part in parts]
        kept = [part[-120:] for part in clean if part][-8:]
        if not kept:
            raise ValueError("it has no name")
        if any(_hidden(part) for part in parts):
            return None
        if format_of(kept[-1]) is None:
            self.refused.append(Skipped(name, _unread(name)))
            return None
        target = self.files.joinpath(*kept)
        target.parent.mkdir(parents=True, exist_ok=True)
        return self._free(target)

    def _free(self, target: Path) -> Path:
        free = target
        while free.exists():
            self._numbers[target] = number = self._numbers.get(target, 1) + 1
            free = target.with_name(_numbered(target.name, number))
        return free

    def _unpack(self, file: Path) -> None:
        written: list[Path] = []
        try:
            with TemporaryDirectory(dir=self._folder) as folder:
                for name, member in members(file, Path(folder), MOST, LARGEST):
                    if isinstance(member, ArticleError):
                        raise member
                    if target := self._place(name):
                        written.append(target)
                        member.rename(target)
        except BaseException:
            for path in written:  # half an archive would pass for the whole
                path.unlink(missing_ok=True)
            raise


def in_words(error: Exception) -> str:
    """Return why files cannot be kept; of a full disk what to do."""
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "the disk is full; make room, and choose the files again"
    return str(error)


def _take(file: Path, target: Path) -> None:
    try:
        shutil.copyfile(file, target)
    except BaseException:
        target.unlink(missing_ok=True)  # half a file would pass for the whole
        raise


def _numbered(name: str, number: int) -> str:
    """Put a number before the suffixes of the format: `feed (2).jsonl.xz`."""
    stem, suffix = name, ""
    while (last := PurePosixPath(stem).suffix) and last.lower() in _SUFFIXES:
        stem, suffix = stem.removesuffix(last), last + suffix
    return f"{stem} ({number}){suffix}"


def delete_dropped(folder: Path, age: float) -> None:
    """Delete what programs that were killed left of files dropped on the page, after some seconds.

    Gradio deletes only those of its own program, and another may run on this folder.
    """
    for path in sorted(folder.rglob("*"), reverse=True):  # what a folder holds comes before it
        with suppress(OSError):
            if time.time() - path.lstat().st_ctime > age:
                path.rmdir() if path.is_dir() else path.unlink()


def _unread(name: str) -> str:
    """Why a file of another kind is left out, and what to bring instead."""
    kind = (mimetypes.guess_type(name)[0] or "").partition("/")[0]
    what = {"image": "pictures are", "audio": "recordings are", "video": "films are"}
    refused = what.get(kind, "files of this kind are")
    return f"{refused} not read; add text, PDF, Word, web pages or tables"


def _hidden(part: str) -> bool:
    return part == "__MACOSX" or (part.startswith(".") and part.strip(".") != "")
