"""Archives as folders of text files, unpacked once, so that all sides read the same bytes."""

from __future__ import annotations

import json
import lzma
import os
import shutil
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Annotated

import typer

from benchmarks.results import BENCH, say
from evals.archives import unpack
from evals.results import ROOT

BBC = ROOT.parent / "shared" / "corpora" / "bbc-news-2225.tar.xz"
Articles = Annotated[
    Path | None, typer.Option(help="A folder, .tar.xz, .jsonl or .jsonl.xz; else the BBC's.")
]


def open_archive(archive: Path | None, limit: int = 0) -> Path:
    """Return a folder of text files, unpacked from a `.tar.xz` or from JSON Lines.

    None takes the BBC archive, or the sample where that is absent. The limit is of the records
    taken of JSON Lines; 0 takes all.

    Raises:
        SystemExit: there is no such archive.
    """
    if archive is None and not BBC.exists():
        say(f"{BBC} is absent: the sample archive is taken; its figures say little")
    chosen = archive or (BBC if BBC.exists() else ROOT / "articles")
    if chosen.is_dir():
        return chosen.resolve()
    if not chosen.is_file():
        raise SystemExit(f"there is no archive {chosen}")
    if ".tar" in chosen.name:
        return unpack(chosen, BENCH / "archives")
    target = BENCH / "archives" / (chosen.name.split(".")[0] + (f"-{limit}" if limit else ""))
    if not target.exists():
        say(f"unpacking {chosen.name}")
        partial = empty_folder(target.with_name(f"{target.name}.partial"))
        _unpack(chosen, partial, limit)
        partial.rename(target)
    return target


def text_files(folder: Path, limit: int = 0) -> list[Path]:
    """Return the folder's `.txt` files in order; with a limit, that many, evenly spaced."""
    files = sorted(folder.rglob("*.txt"))
    if not files:
        raise SystemExit(f"{folder} holds no .txt files")
    if not limit or limit >= len(files):
        return files
    return [files[at * len(files) // limit] for at in range(limit)]


def copy_out(files: Sequence[Path], folder: Path, target: Path) -> list[Path]:
    """Make `target` hold exactly these files of `folder`; returns their paths there."""
    empty_folder(target)
    copies = [target / file.relative_to(folder) for file in files]
    for file, copy in zip(files, copies, strict=True):
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(file, copy)
    return copies


def empty_folder(folder: Path) -> Path:
    """Return the folder, emptied or made; for before anything in it is opened."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def _unpack(archive: Path, target: Path, limit: int) -> None:
    opener = lzma.open if archive.suffix == ".xz" else open
    with opener(os.fspath(archive), "rt", encoding="utf-8") as lines:
        for number, line in enumerate(islice(lines, limit or None)):
            record = json.loads(line)
            day = record.get("published_at") or record.get("date") or ""
            head = f"date {day[:10]} " if day else ""
            text = f"{head}{record.get('title', '')}\n\n{record.get('body', '')}\n"
            file = target / f"{number // 1000:03}" / f"{number:06}.txt"
            file.parent.mkdir(exist_ok=True)
            file.write_text(text, encoding="utf-8")
