"""Archives as folders of text files, unpacked once, so that all sides read the same bytes."""

from __future__ import annotations

import json
import lzma
import os
import shutil
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from benchmarks.machine import BENCH, say
from evals.archives import unpack
from evals.machine import ROOT

BBC = ROOT.parent / "shared" / "corpora" / "bbc-news-2225.tar.xz"
SAMPLE = ROOT / "articles"


def open_archive(archive: Path | None, limit: int = 0) -> Path:
    """Return a folder of text files.

    Args:
        archive: A folder; a `.tar.xz` of text files; or JSON Lines (`.jsonl`, `.jsonl.xz`). None
            takes the BBC archive, or the sample where that is absent.
        limit: Most records taken of JSON Lines; 0 takes all. Others are taken whole.

    Raises:
        SystemExit: there is no such archive.
    """
    if archive is None and not BBC.exists():
        say(f"{BBC} is absent: the sample archive is taken; its figures say little")
    chosen = archive or (BBC if BBC.exists() else SAMPLE)
    if chosen.is_dir():
        return chosen.resolve()
    if not chosen.is_file():
        raise SystemExit(f"there is no archive {chosen}")
    if ".tar" in chosen.name:
        return unpack(chosen, BENCH / "archives")
    target = BENCH / "archives" / (chosen.name.split(".")[0] + (f"-{limit}" if limit else ""))
    if not target.exists():
        say(f"unpacking {chosen.name}")
        partial = target.with_name(f"{target.name}.partial")
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        _unpack(chosen, partial, limit)
        partial.rename(target)
    return target


def text_files(folder: Path, limit: int = 0) -> list[Path]:
    """Return the folder's `.txt` files in order; with a limit, that many, evenly spaced.

    Raises:
        SystemExit: there are none.
    """
    files = sorted(folder.rglob("*.txt"))
    if not files:
        raise SystemExit(f"{folder} holds no .txt files")
    if not limit or limit >= len(files):
        return files
    return [files[at * len(files) // limit] for at in range(limit)]


def copy_out(files: Sequence[Path], folder: Path, target: Path) -> list[Path]:
    """Make `target` hold exactly these files of `folder`; returns their paths there."""
    shutil.rmtree(target, ignore_errors=True)
    copies = [target / file.relative_to(folder) for file in files]
    for file, copy in zip(files, copies, strict=True):
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(file, copy)
    return copies


def _unpack(archive: Path, target: Path, limit: int) -> None:
    for number, line in enumerate(islice(_lines(archive), limit or None)):
        record = json.loads(line)
        day = record.get("published_at") or record.get("date") or ""
        head = f"date {day[:10]} " if day else ""
        text = f"{head}{record.get('title', '')}\n\n{record.get('body', '')}\n"
        file = target / f"{number // 1000:03}" / f"{number:06}.txt"
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8")


def _lines(archive: Path) -> Iterator[str]:
    opener = lzma.open if archive.suffix == ".xz" else open
    with opener(os.fspath(archive), "rt", encoding="utf-8") as lines:
        yield from lines
