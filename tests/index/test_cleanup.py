"""What is deleted for good, and a build that is killed or fails while it deletes."""

from __future__ import annotations

import logging
import sqlite3

import pytest

import index.build
from index.status import index_status
from index.store import writer
from index.store.database import open_writer
from index.store.lexical import LexicalStore
from index.store.snapshot import IndexReader
from index.store.writer import Store
from tests.index.archive import STORIES, execute, found, live_ids, run_build, write


@pytest.fixture
def expiring(settings, hashed, tmp_path, monkeypatch):
    """An archive whose next build deletes the text about Maui."""
    folder = write(tmp_path / "news")
    run_build(settings, hashed, folder)
    (folder / "maui.txt").unlink()
    run_build(settings, hashed, folder)
    monkeypatch.setattr(writer, "GRACE_SECONDS", -1.0)
    monkeypatch.setattr(writer, "UNFINISHED_SECONDS", -1.0)
    write(folder, {"derna.txt": "date 2023-09-11 Dams break"})
    return folder


def test_text_that_comes_back_after_a_kill_is_found_by_words(
    settings, hashed, expiring, monkeypatch
):
    delete = LexicalStore.delete

    def killed(*words: object) -> None:
        delete(*words)
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(LexicalStore, "delete", killed)
        with pytest.raises(KeyboardInterrupt):
            run_build(settings, hashed, expiring)
    write(expiring, {"maui.txt": STORIES["maui.txt"]})
    report = run_build(settings, hashed, expiring)
    assert (report.added, report.embedded) == (1, 0)
    assert found(IndexReader(settings), hashed, "wildfire in Lahaina")[1] == ["maui.txt"]


def test_a_build_that_cannot_clean_up_is_done(settings, hashed, expiring, monkeypatch, caplog):
    def full(*_: object) -> None:
        raise OSError("no space left on device")

    with monkeypatch.context() as patched, caplog.at_level(logging.WARNING):
        patched.setattr(index.build, "clean_up", full)
        report = run_build(settings, hashed, expiring)
    assert report.added == 1
    assert "derna.txt" in live_ids(settings)
    assert "cleaning up failed; the next build does it" in caplog.text
    assert index_status(settings).builds[0].error == ""
    run_build(settings, hashed, expiring)
    texts = [text for (text,) in execute(settings, "SELECT text FROM contents")]
    assert not any("Lahaina" in text for text in texts)


def test_what_ends_a_transaction_is_raised_though_sqlite_undid_it(settings):
    open_writer(settings.index_dir).close()
    full = pytest.raises(sqlite3.OperationalError, match="disk is full")
    with Store(settings.index_dir, "recipe") as store, full, store.transaction():
        store.connection.execute("ROLLBACK")  # as SQLite does where a commit finds no room
        raise sqlite3.OperationalError("database or disk is full")
