"""What questions go over: a folder, a packed corpus, or passages of a question's own."""

from __future__ import annotations

import json
import shutil
import tarfile
from pathlib import Path

from evals.questions import EvalQuestion

HOME = Path(".data") / "evals"
"""What evaluations write lies here, apart from the index of the person who runs them."""


def open_archive(path: Path) -> Path:
    """Return what can be indexed: a folder, or a file of records; `.tar.xz` is unpacked once.

    Raises:
        FileNotFoundError: there is no such path.
    """
    if not path.exists():
        raise FileNotFoundError(f"there are no articles at {path}")
    return unpack(path, HOME / "archives") if ".tar" in path.name else path.resolve()


def unpack(packed: Path, home: Path) -> Path:
    """Unpack a tar archive below `home`, once; returns the folder that holds its articles."""
    target = home / packed.name.split(".")[0]
    if not target.exists():
        partial = target.with_name(f"{target.name}.partial")
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        with tarfile.open(packed) as members:
            members.extractall(partial, filter="data")
        partial.rename(target)
    inner = list(target.iterdir())
    return (inner[0] if len(inner) == 1 and inner[0].is_dir() else target).resolve()


def write_passages(question: EvalQuestion, folder: Path) -> Path:
    """Write the passages of a question as records without date or title; returns the file."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "passages.jsonl"
    records = (
        {"id": f"{question.id}-{at}", "title": "", "body": text}
        for at, text in enumerate(question.passages)
    )
    file.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    return file
