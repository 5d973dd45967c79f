"""Opens the index's SQLite file, for the one writer and for many readers."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from index.errors import BroadsheetError, IndexMissing

_FILE = "index.sqlite"
LIVE = "a.added <= :generation AND (a.removed IS NULL OR a.removed > :generation)"
"""The condition of SQL that an article `a` is visible in a generation."""


def database_path(index_dir: Path) -> Path:
    """Where the database of an index lies."""
    return index_dir / _FILE


def open_writer(index_dir: Path) -> sqlite3.Connection:
    """Open the database for writing, making it where there is none.

    Raises:
        BroadsheetError: the folder cannot be written to.
    """
    try:
        index_dir.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(database_path(index_dir), timeout=30, isolation_level=None)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.executescript(_schema())
    except (OSError, sqlite3.OperationalError) as error:
        raise BroadsheetError(
            f"cannot write the index in {index_dir}: {error}; set BROADSHEET_DATA_DIR to a "
            "folder that you may write to"
        ) from error
    return connection


def open_reader(index_dir: Path) -> sqlite3.Connection:
    """Open the database for reading, in one read transaction that no build changes.

    Raises:
        IndexMissing: nothing has been indexed there.
    """
    path = database_path(index_dir)
    missing = IndexMissing(
        f"there is no index in {index_dir}; make one with `python -m index build FOLDER`"
    )
    if not path.is_file():
        raise missing
    connection = sqlite3.connect(
        f"{path.resolve().as_uri()}?mode=ro",
        uri=True,
        timeout=30,
        isolation_level=None,
        check_same_thread=False,
    )
    try:
        connection.execute("BEGIN")
        connection.execute("SELECT count(*) FROM meta").fetchone()  # pins the snapshot
    except sqlite3.OperationalError as error:
        connection.close()
        raise missing from error
    return connection


def open_empty() -> sqlite3.Connection:
    """Return an index in memory that holds nothing."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.executescript(_schema())
    return connection


def _schema() -> str:
    return Path(__file__).with_name("schema.sql").read_text(encoding="utf-8")
