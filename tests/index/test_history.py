"""The record of the last builds."""

from __future__ import annotations

from io import BytesIO
from unittest.mock import patch

import pytest

from index.build import build_index, remove_articles
from index.errors import ArticleError
from index.readers import read_stream
from index.status import index_status
from index.store import history as builds
from index.store.writer import Store
from index.types import Stage
from index.upkeep import repair, roll_back
from tests.index.archive import HashedEmbeddings, execute, run_build, write


def test_every_build_is_noted_with_what_it_did(settings, hashed, folder):
    run_build(settings, hashed, folder)
    (folder / "maui.txt").unlink()
    (folder / "empty.txt").write_text("")
    run_build(settings, hashed, folder)
    run_build(settings, hashed, folder, prune=False)
    remove_articles(["sydney.txt"], settings)
    removal, add, second, first = index_status(settings).builds
    assert (first.command, first.paths, first.added) == ("build", (str(folder),), 4)
    assert (second.removed, second.unchanged, second.skipped, second.generation) == (1, 3, 1, 2)
    assert (add.command, add.unchanged, add.generation) == ("add", 3, 2)
    assert (removal.command, removal.removed, removal.generation) == ("remove", 1, 3)
    assert first.began <= second.began
    shown = f", build {folder}: 1 removed, 3 unchanged, 1 skipped, {second.seconds:.1f} s"
    assert str(second).endswith(shown)


def test_a_build_that_fails_is_noted_with_its_error(settings, hashed, folder, monkeypatch):
    run_build(settings, hashed, folder)
    with pytest.raises(ArticleError):
        run_build(settings, hashed, folder / "absent")

    def broken(*_: object) -> None:
        raise RuntimeError("no memory")

    (folder / "new.txt").write_text("News.")
    with monkeypatch.context() as patched, pytest.raises(RuntimeError):
        patched.setattr(HashedEmbeddings, "embed", broken)
        run_build(settings, hashed, folder)
    crashed, missing, first = index_status(settings).builds
    assert crashed.error == "RuntimeError: no memory"
    assert missing.error.endswith("absent: no such file or folder")
    assert (crashed.generation, missing.generation, first.error) == (1, 1, "")


def test_a_build_that_is_stopped_leaves_the_old_state(settings, hashed, folder):
    run_build(settings, hashed, folder)
    (folder / "new.txt").write_text("News.")
    events = build_index([folder], settings, hashed)
    next(event for event in events if event.stage is Stage.SWITCHING)
    events.close()
    found = index_status(settings)
    assert (found.articles, found.builds[0].error) == (4, "stopped")
    assert run_build(settings, hashed, folder).added == 1


def test_what_looks_after_an_index_is_noted_too(settings, hashed, folder):
    run_build(settings, hashed, folder)
    remove_articles(["maui.txt"], settings)
    roll_back(settings)
    execute(settings, "DELETE FROM passages WHERE key = 2")
    list(repair(settings, hashed))
    piped = read_stream(BytesIO(b'{"title": "Dams break", "body": "The flood took homes."}'))
    run_build(settings, hashed, prune=False, stream=piped)
    add, mended, back, removal, _ = index_status(settings).builds
    assert (back.command, back.paths, back.added, back.generation) == ("rollback", (), 1, 3)
    assert (mended.command, mended.paths, mended.changed) == ("repair", (), 1)
    assert (add.command, add.paths, add.added) == ("add", ("stdin",), 1)
    assert ", add stdin: 1 added, " in str(add)
    assert removal.removed == 1


def test_a_repair_that_fails_is_noted(settings, hashed, folder):
    run_build(settings, hashed, folder)
    failing = patch.object(Store, "switch", side_effect=RuntimeError("no memory"))
    with failing, pytest.raises(RuntimeError):
        list(repair(settings, hashed))
    last = index_status(settings).builds[0]
    assert (last.command, last.error) == ("repair", "RuntimeError: no memory")


def test_batches_of_a_watched_folder_that_change_nothing_are_noted_once(settings, hashed, folder):
    def batch() -> None:
        run_build(settings, hashed, folder, command="watch")

    for _ in range(3):
        batch()
    with patch.object(Store, "switch", side_effect=RuntimeError("no memory")):
        for _ in range(3):
            with pytest.raises(RuntimeError):
                batch()
    for _ in range(3):
        batch()
    write(folder, {"new.txt": "News."})
    batch()
    builds = index_status(settings).builds
    shown = [(one.command, one.added, one.error) for one in reversed(builds)]
    failed = ("watch", 0, "RuntimeError: no memory")
    assert shown == [("watch", 4, ""), failed, ("watch", 0, ""), ("watch", 1, "")]


def test_only_the_last_builds_are_kept(settings, hashed, folder, monkeypatch):
    monkeypatch.setattr(builds, "KEPT", 3)
    for number in range(5):
        write(folder, {f"{number}.txt": f"News {number}."})
        run_build(settings, hashed, folder)
    assert [one.generation for one in index_status(settings).builds] == [5, 4, 3]


def test_an_index_of_an_older_version_has_no_record(settings, hashed, folder):
    run_build(settings, hashed, folder)
    execute(settings, "DROP TABLE builds")
    assert index_status(settings).builds == ()
    run_build(settings, hashed, folder)
    assert len(index_status(settings).builds) == 1
