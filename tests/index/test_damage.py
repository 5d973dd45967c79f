"""Files of the index are truncated, overwritten, held or deleted under a running program."""

from __future__ import annotations

import re
import resource
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from index.errors import BroadsheetError, IndexDamaged, IndexMissing
from index.settings import Settings
from index.store import database
from index.store.snapshot import IndexReader
from index.upkeep import Kind, repair, verify
from tests.index.archive import QUESTIONS, command, execute, found, live_ids, run_build, sound

Spoil = Callable[[Path], None]


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2 + 100])


def overwrite(path: Path) -> None:
    path.write_bytes(b"not what was written here " * 1000)


def settle(settings: Settings) -> Path:
    """Have all of the database in its one file, as after a clean end; return its path."""
    path = database.database_path(settings.index_dir)
    with closing(sqlite3.connect(path)) as sql:
        sql.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return path


@pytest.mark.parametrize("spoil", [truncate, overwrite])
def test_a_damaged_database_is_one_plain_line_and_made_anew(
    settings, hashed, folder, spoil: Spoil
) -> None:
    run_build(settings, hashed, folder)
    running = IndexReader(settings)
    before = [found(running, hashed, question) for question in QUESTIONS]
    spoil(settle(settings))
    with pytest.raises(IndexDamaged, match="type `broadsheet index build FOLDER`") as caught:
        live_ids(settings)
        found(running, hashed, QUESTIONS[0])
    assert "\n" not in str(caught.value)
    with pytest.raises(IndexDamaged):
        verify(settings)
    try:
        report = run_build(settings, hashed, folder)
    except IndexDamaged as error:  # what is wrong lies further behind
        assert re.search(r"lies in .*damaged-.* now; run the same command", str(error))
        report = run_build(settings, hashed, folder)
    assert report.added == 4
    assert sound(settings)
    assert [found(running, hashed, question) for question in QUESTIONS] == before
    assert any(settings.index_dir.glob("index.sqlite.damaged-*"))


@contextmanager
def failing_writes(kilobytes: int = 64) -> Iterator[None]:
    """Have the system refuse each write past so much of a file, as a disk that fails does."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (kilobytes * 1024, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_disk_that_fails_is_no_damage_and_costs_no_article(settings, hashed, folder) -> None:
    run_build(settings, hashed, folder)
    before = live_ids(settings)
    (folder / "long.txt").write_text("date 2023-09-01 Long\n\n" + "Rain fell on Derna. " * 9000)
    for _ in range(2):
        with failing_writes(), pytest.raises(BroadsheetError, match="I/O error") as caught:
            run_build(settings, hashed, folder)
        assert not isinstance(caught.value, IndexDamaged)
    assert live_ids(settings) == before
    assert not list(settings.index_dir.glob("*.damaged*"))
    assert run_build(settings, hashed, folder).added == 1


def test_each_damaged_database_is_kept(settings, hashed, folder) -> None:
    for _ in range(2):
        run_build(settings, hashed, folder)
        overwrite(settle(settings))
    run_build(settings, hashed, folder)
    assert len(list(settings.index_dir.glob("index.sqlite.damaged-*"))) == 2


def test_a_database_that_stays_damaged_is_tried_once_more(
    settings, hashed, folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_build(settings, hashed, folder)
    kept = settle(settings).read_bytes()
    monkeypatch.setattr(database, "_schema", lambda: "SELECT * FROM json_each('{')")
    with pytest.raises(BroadsheetError, match="malformed JSON"):  # the words alone say nothing
        run_build(settings, hashed, folder)
    assert settle(settings).read_bytes() == kept
    error = sqlite3.DatabaseError("database disk image is malformed")
    error.sqlite_errorname = "SQLITE_CORRUPT"

    def damaged() -> str:
        raise error

    monkeypatch.setattr(database, "_schema", damaged)
    with pytest.raises(IndexDamaged):
        run_build(settings, hashed, folder)
    aside = sorted(settings.index_dir.glob("index.sqlite.damaged-*"))
    assert kept in [path.read_bytes() for path in aside]


def test_the_command_says_it_in_one_line(settings, hashed, folder) -> None:
    run_build(settings, hashed, folder)
    overwrite(settle(settings))
    done = command(settings, "status", cwd=folder)
    assert done.returncode == 2
    assert "is damaged (file is not a database)" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_deleted_database_is_made_anew_without_the_words_of_before(
    settings, hashed, folder
) -> None:
    run_build(settings, hashed, folder)
    running = IndexReader(settings)
    before = [found(running, hashed, question) for question in QUESTIONS]
    settle(settings).unlink()
    with pytest.raises(IndexMissing, match="index build FOLDER"):
        found(running, hashed, QUESTIONS[0])
    (folder / "beijing.txt").unlink()
    (folder / "beijing.txt.txt").write_text("date 2023-06-18 Other\n\nSomething else.\n")
    run_build(settings, hashed, folder)
    assert sound(settings)
    assert found(running, hashed, QUESTIONS[0])[1] == before[0][1]
    assert found(running, hashed, "Diaoyutai")[1] == []
    assert found(running, hashed, "something else")[1] == ["beijing.txt.txt"]


def test_a_database_that_another_program_holds_is_named(
    settings, hashed, folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "_PATIENCE", 0.1)
    run_build(settings, hashed, folder)
    with closing(sqlite3.connect(settle(settings), isolation_level=None)) as other:
        other.execute("PRAGMA journal_mode=DELETE")
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(BroadsheetError, match=r"another program holds .*index\.sqlite"):
            live_ids(settings)
    assert len(live_ids(settings)) == 4


@pytest.mark.parametrize("spoil", [truncate, overwrite])
def test_damaged_vectors_are_named_and_mended(settings, hashed, folder, spoil: Spoil) -> None:
    run_build(settings, hashed, folder)
    before = [found(IndexReader(settings), hashed, question) for question in QUESTIONS]
    settle(settings)
    spoil(settings.index_dir / "vectors" / "chroma.sqlite3")
    done = command(settings, "verify", cwd=folder)
    assert done.returncode == 1
    assert "cannot be read" in done.stdout and "verify --repair" in done.stdout
    *_, mended = repair(settings, hashed)
    assert {one.kind for one in mended.mended} == {Kind.VECTORS}
    assert sound(settings)
    assert [found(IndexReader(settings), hashed, question) for question in QUESTIONS] == before


def test_damaged_words_are_named_and_found_again_after_a_repair(settings, hashed, folder) -> None:
    run_build(settings, hashed, folder)
    running = IndexReader(settings)
    before = found(running, hashed, QUESTIONS[0])
    (settings.index_dir / "words" / "meta.json").write_text("{")
    with pytest.raises(IndexDamaged, match=r"words cannot be read .*verify --repair"):
        found(IndexReader(settings), hashed, QUESTIONS[0])
    *_, mended = repair(settings, hashed)
    assert mended.mended
    assert found(running, hashed, QUESTIONS[0]) == before


def test_an_altered_text_is_found_and_read_again(settings, hashed, folder) -> None:
    run_build(settings, hashed, folder)
    altered = "UPDATE contents SET text = replace(text, 'Spain', 'Wales'), headline = 'x' "
    execute(settings, f"{altered} WHERE text LIKE '%Olga Carmona%'")
    execute(settings, "UPDATE contents SET day = 20200101 WHERE text LIKE '%Lahaina%'")
    findings = verify(settings)
    assert {one.kind for one in findings} == {Kind.TEXTS}
    assert [one.what.partition(":")[0] for one in findings] == ["maui.txt", "sydney.txt"]
    (folder / "maui.txt").rename(folder.parent / "elsewhere.txt")
    *_, done = repair(settings, hashed)
    with IndexReader(settings).snapshot() as snapshot:
        assert snapshot.article("sydney.txt").headline.startswith("Spain win")
    left = [one for one in done.left if one.kind is not Kind.NOTE]
    assert [one.what.partition(":")[0] for one in left] == ["maui.txt"], "its file is not there"
