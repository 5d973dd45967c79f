"""Files that were made of model files: damage is seen, and they are made anew."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from index.models import encoder
from index.models.checksum import damaged_folders, seal, seal_holds, unseal
from index.models.embedder import MiniLMEmbeddings

SIZE = 3_000_000


@pytest.fixture
def made(tmp_path: Path) -> Path:
    folder = tmp_path / "model" / "openvino"
    folder.mkdir(parents=True)
    (folder / "encoder.bin").write_bytes(os.urandom(SIZE))
    (folder / "encoder.xml").write_text("<net/>")
    seal(folder)
    return folder


def flip(path: Path, at: int, *, unseen: bool = False) -> None:
    """Change a byte; `unseen`: as a disk does it, without a time of change."""
    before = path.stat()
    with path.open("r+b") as file:
        file.seek(at)
        byte = file.read(1)
        file.seek(at)
        file.write(bytes([byte[0] ^ 1]))
    times = (before.st_atime_ns, before.st_mtime_ns + (0 if unseen else 1))
    os.utime(path, ns=times)


def test_whole_files_are_taken(made: Path) -> None:
    assert seal_holds(made) and seal_holds(made, whole=True)
    os.utime(made / "encoder.bin", ns=(1, 1))
    assert seal_holds(made), "the same bytes, copied"
    shutil.copytree(made, made.with_name("copy"))
    assert seal_holds(made.with_name("copy"))


@pytest.mark.parametrize("at", [0, 100_000, SIZE - 1])
def test_a_byte_that_was_changed_is_seen(made: Path, at: int) -> None:
    flip(made / "encoder.bin", at)
    assert not seal_holds(made)


def test_what_no_sample_shows_is_found_by_reading_all(made: Path) -> None:
    flip(made / "encoder.bin", 100_000, unseen=True)
    assert seal_holds(made)
    assert damaged_folders(made.parents[1]) == [made]
    unseal(made)
    assert list(made.iterdir()) == []


@pytest.mark.parametrize("name", ["encoder.bin", "encoder.xml"])
def test_a_file_that_is_cut_short_or_gone_is_seen(made: Path, name: str) -> None:
    path = made / name
    path.write_bytes(path.read_bytes()[:-2])
    assert not seal_holds(made)
    path.unlink()
    assert not seal_holds(made)


def test_a_folder_of_before_is_sealed_as_it_is(made: Path) -> None:
    for note in made.glob("*.sha256"):
        note.unlink()
    assert seal_holds(made)
    flip(made / "encoder.xml", 2)
    assert not seal_holds(made)


def test_a_damaged_network_is_made_anew(
    made: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    flip(made / "encoder.bin", 5)

    def run(command: list[str], **_: object) -> object:
        made.mkdir()
        (made / "encoder.xml").write_text("<anew/>")
        return type("Done", (), {"returncode": 0})

    monkeypatch.setattr(encoder.subprocess, "run", run)
    found = encoder.prepare(made / "encoder.xml", "the embedder", "nothing")
    assert found.read_text() == "<anew/>"
    assert not (made / "encoder.bin").exists()
    assert "is damaged and made anew" in caplog.text


@pytest.mark.slow
def test_the_real_embedder_heals(embeddings: MiniLMEmbeddings, tmp_path: Path) -> None:
    folder = shutil.copytree(embeddings.files, tmp_path / "model")
    before = encoder.Encoder(folder)
    del before
    flip(folder / "openvino" / "encoder.bin", 1_000_000)
    encoder.Encoder(folder)
    assert seal_holds(folder / "openvino", whole=True)
