"""What one drop of files brings: nothing is lost in silence, and damage stays where it is."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import pytest

from index.readers.kinds import format_of
from web.uploads.batch import Batch, delete_dropped


def _zip(path: Path, *files: tuple[str, str]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files:
            archive.writestr(name, text)
    return path


def _file(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def _held(batch: Batch) -> dict[str, str]:
    files = [path for path in batch.files.rglob("*") if path.is_file()]
    return {path.relative_to(batch.files).as_posix(): path.read_text() for path in files}


def test_files_of_one_name_are_numbered(tmp_path):
    one = _file(tmp_path / "a" / "001.txt", "May.")
    june = _zip(tmp_path / "june.zip", ("001.txt", "June."), ("d/001.txt", "Deep."))
    july = _zip(tmp_path / "july.zip", ("001.txt", "July."), ("Who won?.txt", "?"))
    more = _zip(
        tmp_path / "more.zip", ("Who won!.txt", "!"), ("f?.jsonl.xz", "1"), ("f!.jsonl.xz", "2")
    )
    batch = Batch(tmp_path / "waiting", [one, june, july, more])
    assert _held(batch) == {
        "001.txt": "May.",
        "001 (2).txt": "June.",
        "d/001.txt": "Deep.",
        "001 (3).txt": "July.",
        "Who won_.txt": "?",
        "Who won_ (2).txt": "!",
        "f_.jsonl.xz": "1",
        "f_ (2).jsonl.xz": "2",
    }
    assert batch.refused == []


def test_a_number_leaves_the_kind_of_file_as_it_is(tmp_path):
    names = ["Mr. Smith goes", "REPORT", "a.b.md", "x" * 200 + ".html"]
    files = [_file(tmp_path / place / name, place) for place in "ab" for name in names]
    held = _held(Batch(tmp_path / "waiting", files))
    assert len(held) == 8
    assert {"Mr. Smith goes (2)", "REPORT (2)", "a.b (2).md"} <= held.keys()
    assert sorted(map(str, map(format_of, held))) == ["html"] * 2 + ["markdown"] * 2 + ["text"] * 4


@pytest.mark.parametrize("packing", [zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2])
def test_a_damaged_archive_is_named_and_the_others_stay(tmp_path, packing):
    good = _zip(tmp_path / "good.zip", ("001.txt", "June."))
    broken = tmp_path / "broken.zip"
    with zipfile.ZipFile(broken, "w", packing) as archive:
        archive.writestr("001.txt", "July.")
        archive.writestr("002.txt", os.urandom(4000).hex())
        start = archive.infolist()[1].header_offset + 30 + len("002.txt")
    raw = bytearray(broken.read_bytes())
    raw[start : start + 1000] = b"\xff" * 1000
    broken.write_bytes(raw)
    last = _zip(tmp_path / "last.zip", ("001.txt", "August."))
    batch = Batch(tmp_path / "waiting", [good, broken, last])
    assert sorted(_held(batch).values()) == ["August.", "June."]
    assert _held(batch)["001.txt"] == "June."
    (refused,) = batch.refused
    assert str(refused).startswith("broken.zip: cannot be taken: ")


def test_what_killed_programs_left_is_deleted_once_it_is_old(tmp_path):
    left = _file(tmp_path / "page" / "hash" / "a.txt", "Left.")
    delete_dropped(tmp_path / "page", 3600)
    assert left.exists()
    delete_dropped(tmp_path / "page", -1)
    assert list((tmp_path / "page").iterdir()) == []
    delete_dropped(tmp_path / "none", -1)
