"""Rollback shows the generation before again, whole, and the next build mends what it undid."""

from __future__ import annotations

import shutil
from datetime import datetime
from pathlib import Path

import pytest

from index.build import remove_articles
from index.errors import IndexLocked, IndexMissing, NothingEarlier
from index.store import writer
from index.store.database import writer_lock
from index.store.snapshot import IndexReader
from index.upkeep import roll_back
from tests.index.archive import STORIES, found, ids_in, live_ids, run_build, sound, write


def change(folder: Path) -> None:
    """Take one story out, write another anew, and add one."""
    (folder / "maui.txt").unlink()
    write(folder, {"sydney.txt": "date 2023-08-21 Spain celebrate in Madrid"})
    write(folder, {"derna.txt": "date 2023-09-11 Dams break above Derna"})


def test_articles_are_as_before_and_a_build_brings_them_in_line(settings, hashed, folder):
    run_build(settings, hashed, folder)
    change(folder)
    run_build(settings, hashed, folder)
    back = roll_back(settings)
    report = back.report
    assert (report.added, report.changed, report.removed) == (1, 1, 1)
    assert (back.generation, report.generation, report.articles) == (1, 3, 4)
    assert abs((datetime.now().astimezone() - back.made).total_seconds()) < 600
    assert live_ids(settings) == set(STORIES)
    reader = IndexReader(settings)
    assert found(reader, hashed, "wildfire in Lahaina")[1] == ["maui.txt"]
    assert found(reader, hashed, "Olga Carmona scored in the final")[0][0] == "sydney.txt"
    assert found(reader, hashed, "Madrid")[1] == []
    assert sound(settings)
    report = run_build(settings, hashed, folder)
    assert (report.added, report.changed, report.removed, report.embedded) == (1, 1, 1, 0)
    assert live_ids(settings) == {*STORIES, "derna.txt"} - {"maui.txt"}
    assert sound(settings)


def test_second_rollback_undoes_the_first(settings, hashed, folder):
    run_build(settings, hashed, folder)
    change(folder)
    run_build(settings, hashed, folder)
    after = live_ids(settings)
    roll_back(settings)
    back = roll_back(settings)
    assert (back.generation, back.report.generation) == (2, 4)
    assert live_ids(settings) == after
    assert found(IndexReader(settings), hashed, "Spain celebrate in Madrid")[0][0] == "sydney.txt"
    assert roll_back(settings).report.articles == 4
    assert live_ids(settings) == set(STORIES)
    assert sound(settings)


def test_removal_is_undone(settings, hashed, folder):
    run_build(settings, hashed, folder)
    remove_articles(["maui.txt", "recipe.txt"], settings)
    assert roll_back(settings).report.added == 2
    assert live_ids(settings) == set(STORIES)
    assert run_build(settings, hashed, folder).unchanged == 4


def test_build_that_changed_nothing_is_not_gone_back_to(settings, hashed, folder):
    run_build(settings, hashed, folder)
    change(folder)
    run_build(settings, hashed, folder)
    run_build(settings, hashed, folder)
    roll_back(settings)
    assert live_ids(settings) == set(STORIES)


def test_what_the_earlier_generation_needs_is_kept(settings, hashed, folder, monkeypatch):
    monkeypatch.setattr(writer, "GRACE_SECONDS", -1.0)
    monkeypatch.setattr(writer, "UNFINISHED_SECONDS", -1.0)
    run_build(settings, hashed, folder)
    for number in range(9):  # enough collections to be merged
        write(folder, {f"more{number}.txt": f"date 2022-01-01 Zebra {number} escapes"})
        run_build(settings, hashed, folder)
    before = live_ids(settings)
    shutil.rmtree(folder)
    write(folder, {"derna.txt": "date 2023-09-11 Dams break"})
    run_build(settings, hashed, folder)
    run_build(settings, hashed, folder)
    roll_back(settings)
    assert live_ids(settings) == before
    assert sound(settings)
    dense, lexical = found(IndexReader(settings), hashed, "zebra escapes")
    assert set(dense) == before
    assert set(lexical) == before - set(STORIES)


def test_snapshot_keeps_what_it_shows(settings, hashed, folder):
    run_build(settings, hashed, folder)
    change(folder)
    run_build(settings, hashed, folder)
    with IndexReader(settings).snapshot() as held:
        names = ids_in(held)
        roll_back(settings)
        assert ids_in(held) == names != live_ids(settings)


def test_nothing_to_go_back_to_is_an_error(settings, hashed, folder):
    with pytest.raises(IndexMissing, match="broadsheet index build"):
        roll_back(settings)
    assert not settings.index_dir.exists()
    run_build(settings, hashed, folder)
    with pytest.raises(NothingEarlier, match="one build so far"):
        roll_back(settings)
    change(folder)
    run_build(settings, hashed, folder)
    run_build(settings, hashed, again=True)
    with pytest.raises(NothingEarlier, match="made anew"):
        roll_back(settings)


def test_running_build_is_not_disturbed(settings, hashed, folder):
    run_build(settings, hashed, folder)
    with writer_lock(settings), pytest.raises(IndexLocked):
        roll_back(settings)
