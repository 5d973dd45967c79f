"""Opens the index's SQLite file, for the one writer and for many readers."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

from index.errors import IndexMissing, IndexUnwritable
from index.text.days import number_day
from index.types import Article

_FILE = "index.sqlite"
LIVE = "a.added <= :generation AND (a.removed IS NULL OR a.removed > :generation)"
"""The condition of SQL that an article `a` is visible in a generation."""


def database_path(index_dir: Path) -> Path:
    """Where the database of an index lies."""
    return index_dir / _FILE


def open_writer(index_dir: Path) -> sqlite3.Connection:
    """Open the database for writing, making it where there is none."""
    index_dir.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(database_path(index_dir), timeout=30, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")
    connection.executescript(_schema())
    return connection


def open_reader(index_dir: Path) -> sqlite3.Connection:
    """Open the database for reading, in one read transaction that no build changes.

    Raises:
        IndexMissing: nothing has been indexed there.
        IndexUnwritable: the disk is full, and SQLite needs a little room even to read.
    """
    path = database_path(index_dir)
    missing = IndexMissing(
        f"there is no index in {index_dir}; make one with `python -m index build FOLDER`"
    )
    if not path.is_file():
        raise missing
    try:
        return _open(path)
    except sqlite3.OperationalError as error:
        if _is_frozen(path):
            return _open(path, "&immutable=1")
        raise unwritable(error, index_dir) or missing from error


def content_article(sql: sqlite3.Connection, key: int) -> Article:
    """Return a content as an article without a place."""
    headline, day, source, url, text = sql.execute(
        "SELECT headline, day, source, url, text FROM contents WHERE key = ?", (key,)
    ).fetchone()
    return Article("", "", headline, text, number_day(day) if day else None, source, url)


def open_empty() -> sqlite3.Connection:
    """Return an index in memory that holds nothing."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.executescript(_schema())
    return connection


def _open(path: Path, options: str = "") -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"{path.resolve().as_uri()}?mode=ro{options}",
        uri=True,
        timeout=30,
        isolation_level=None,
        check_same_thread=False,
    )
    connection.create_function("casefold", 1, _casefold, deterministic=True)
    try:
        connection.execute("BEGIN")
        connection.execute("SELECT count(*) FROM meta").fetchone()  # pins the snapshot
    except BaseException:
        connection.close()
        raise
    return connection


def _casefold(text: str | None) -> str | None:
    return None if text is None else text.casefold()


def _is_frozen(path: Path) -> bool:
    """Whether nobody can write where the database lies, and nothing waits to be written into it.

    SQLite makes a file beside a database that it reads, unless it is told that none can change it.
    """
    waiting = path.with_name(f"{path.name}-wal")
    return not os.access(path.parent, os.W_OK) and not waiting.exists()


def _schema() -> str:
    return Path(__file__).with_name("schema.sql").read_text(encoding="utf-8")


_FULL = ("no space left", "disk is full", "quota exceeded")
_NO_ROOM_TO_READ = "SQLITE_IOERR_SHMSIZE"
"""SQLite maps a small file beside a database even to read it; where no other process has it open
already, it makes that file."""
_REFUSED = (
    "read-only file system",
    "readonlyfilesystem",
    "readonly database",
    "permission denied",
    "permissiondenied",
    "not permitted",
)


def unwritable(error: Exception, index_dir: Path) -> IndexUnwritable | None:
    """Return what a person is to be told, if the disk is full or the folder is read-only."""
    said = str(error).lower()
    shm = getattr(error, "sqlite_errorname", "") == _NO_ROOM_TO_READ
    if shm or any(words in said for words in _FULL):
        return IndexUnwritable(
            f"the disk with {index_dir} is full; make room and run the same command again, which "
            "goes on from here. What is indexed is served meanwhile"
        )
    if any(words in said for words in _REFUSED):
        return IndexUnwritable(
            f"cannot write in {index_dir}: {error}; set BROADSHEET_DATA_DIR to a folder that you "
            "may write to (an index cannot be searched in a read-only one either: copy it)"
        )
    return None
