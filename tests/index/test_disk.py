"""A full disk and a read-only folder: one clear line, and what is indexed goes on being served."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from multiprocessing import get_context
from pathlib import Path

import pytest

from index.errors import IndexUnwritable
from index.models.download import ensure_embedder
from index.settings import Settings, load_settings
from index.status import index_status
from index.store.database import writer_lock
from index.store.snapshot import IndexReader
from index.upkeep import Kind, verify
from tests.conftest import MODELS
from tests.index.archive import STORIES, HashedEmbeddings, found, live_ids, run_build, write

Mount = Callable[..., None]


def _go_on(settings: Settings, folder: Path) -> tuple[int, int, bool, str]:
    embeddings = HashedEmbeddings(lambda: ensure_embedder(settings))
    report = run_build(settings, embeddings, folder)
    sound = all(finding.kind is Kind.NOTE for finding in verify(settings))
    ids = found(IndexReader(settings), embeddings, "zebra7")[1]
    return report.added, report.unchanged, sound, ids[0]


@pytest.fixture
def mount() -> Iterator[Mount]:
    """Mount as the words say and unmount in the end; skip where that is not allowed."""
    mounted: list[str] = []

    def do(*words: str | Path) -> None:
        done = subprocess.run(["mount", *map(str, words)], capture_output=True, text=True)
        if done.returncode:
            pytest.skip(f"mount is not allowed here: {done.stderr.strip()}")
        if "remount" not in str(words):
            mounted.append(str(words[-1]))

    yield do
    for place in reversed(mounted):
        subprocess.run(["umount", "--lazy", place], check=True)


@pytest.mark.slow
def test_full_disk_is_named_and_the_old_index_serves(hashed, tmp_path, mount):
    disk = tmp_path / "disk"
    disk.mkdir()
    mount("-t", "tmpfs", "-o", "size=4m", "tmpfs", disk)
    settings = load_settings(data_dir=disk / "data", model_dir=MODELS)
    folder = write(tmp_path / "news")
    run_build(settings, hashed, folder)
    reader = IndexReader(settings)
    assert found(reader, hashed, "wildfire in Lahaina")[1] == ["maui.txt"]
    more = {
        f"more{n:03}.txt": f"date 2023-01-01 Story {n}\n\n" + f"zebra{n} " * 400 for n in range(150)
    }
    write(folder, more)
    for _ in range(2):
        with pytest.raises(IndexUnwritable, match=f"the disk with {settings.index_dir} is full"):
            run_build(settings, hashed, folder)
        assert live_ids(settings) == set(STORIES)
        assert found(reader, hashed, "wildfire in Lahaina")[1] == ["maui.txt"]
        assert index_status(settings).generation == 1
    mount("-o", "remount,size=64m", disk)
    # In a process of its own, as from a shell: in this one Chroma may wait for ever by now.
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        added, unchanged, sound, first = pool.submit(_go_on, settings, folder).result(timeout=120)
    assert (added, unchanged, sound, first) == (150, 4, True, "more007.txt")


@pytest.mark.slow
def test_an_index_that_cannot_be_opened_for_a_full_disk_is_not_called_missing(
    hashed, tmp_path, mount
):
    disk = tmp_path / "disk"
    disk.mkdir()
    mount("-t", "tmpfs", "-o", "size=4m", "tmpfs", disk)
    settings = load_settings(data_dir=disk / "data", model_dir=MODELS)
    run_build(settings, hashed, write(tmp_path / "news"))
    with (disk / "rest").open("wb", buffering=0) as rest, suppress(OSError):
        while rest.write(bytes(4096)):
            pass
    with pytest.raises(IndexUnwritable, match="is full; make room"):
        index_status(settings)
    (disk / "rest").unlink()
    assert found(IndexReader(settings), hashed, "wildfire in Lahaina")[1] == ["maui.txt"]


def test_read_only_folder_is_named_and_the_old_index_serves(settings, hashed, tmp_path, mount):
    folder = write(tmp_path / "news")
    run_build(settings, hashed, folder)
    view = tmp_path / "view"
    view.mkdir()
    mount("--bind", settings.data_dir, view)
    mount("-o", "remount,ro,bind", view)
    frozen = load_settings(data_dir=view, model_dir=MODELS)
    write(folder, {"derna.txt": "date 2023-09-11 Dams break above Derna"})
    with pytest.raises(IndexUnwritable, match=f"cannot write in {frozen.index_dir}: .*DATA_DIR"):
        run_build(frozen, hashed, folder)
    assert found(IndexReader(settings), hashed, "wildfire in Lahaina")[1] == ["maui.txt"]
    assert index_status(frozen).articles == 4
    with pytest.raises(IndexUnwritable, match="copy it"), IndexReader(frozen).snapshot():
        pass
    assert run_build(settings, hashed, folder).added == 1


def test_other_errors_of_a_build_stay_as_they_are(settings):
    with pytest.raises(ZeroDivisionError), writer_lock(settings):
        _ = 1 / 0
