"""The index's SQLite file: opened by many readers and, under a lock, by one writer."""

from __future__ import annotations

import json
import logging
import os
import re
import shutil
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from index.errors import BroadsheetError, IndexDamaged, IndexLocked, IndexMissing, IndexUnwritable
from index.settings import Settings
from index.text.days import number_day
from index.types import Article, Details, admits

_LOG = logging.getLogger(__name__)
REBUILD = "broadsheet index build FOLDER"
REPAIR = "broadsheet index verify --repair"
LIVE = "a.added <= :generation AND (a.removed IS NULL OR a.removed > :generation)"
"""SQL condition: article `a` is visible in a generation."""
ADMITTED = " AND admits(c.source, a.details)"
"""SQL condition: `admit_by` admits article `a` with its content `c`."""
BELOW = "(file = :root OR substr(file, 1, length(:below)) = :below)"
"""SQL condition: `file` is a path or lies below it; its values come from `below`."""


_PATIENCE = 5.0  # seconds that a question waits for a program that holds the database


def below(root: str | Path) -> dict[str, str]:
    """Return the values that `BELOW` needs."""
    return {"root": str(root), "below": str(root).rstrip(os.sep) + os.sep}


def database_path(index_dir: Path) -> Path:
    """Where the database of an index lies."""
    return index_dir / "index.sqlite"


def open_writer(index_dir: Path) -> sqlite3.Connection:
    """Open the database for writing, making it where there is none or a damaged one."""
    index_dir.mkdir(parents=True, exist_ok=True)
    try:
        return _open_writer(index_dir)
    except sqlite3.Error as error:
        if not _is_damage(error):
            raise
        _LOG.warning("the index was damaged (%s) and lies in %s", error, _set_aside(index_dir))
    return _open_writer(index_dir)


def _open_writer(index_dir: Path) -> sqlite3.Connection:
    if not database_path(index_dir).exists():
        # The words of passages whose numbers a new database gives to others.
        shutil.rmtree(index_dir / "words", ignore_errors=True)
    connection = sqlite3.connect(database_path(index_dir), timeout=30, isolation_level=None)
    try:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.executescript(_schema())
        _add_details(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def open_reader(index_dir: Path) -> sqlite3.Connection:
    """Open the database for reading, in one read transaction that no build changes.

    Raises:
        IndexMissing: nothing has been indexed there.
        IndexDamaged: the file cannot be read.
        IndexUnwritable: the disk is full, and SQLite needs a little room even to read.
    """
    path = database_path(index_dir)
    if not path.is_file():
        raise IndexMissing
    with readable_errors(index_dir):
        try:
            return _open(path)
        except sqlite3.OperationalError as error:
            if _is_frozen(path):
                return _open(path, "&immutable=1")
            if "no such table" in str(error):
                raise IndexMissing from error
            raise


@contextmanager
def readable_errors(index_dir: Path) -> Iterator[None]:
    """Turn what SQLite says of a file that it cannot read into what a person can do.

    Raises:
        IndexDamaged: the file is not what was written.
        IndexUnwritable: there is no room to read.
        BroadsheetError: another program holds it.
    """
    try:
        yield
    except sqlite3.DatabaseError as error:
        path = database_path(index_dir)
        if _is_damage(error):
            raise IndexDamaged(
                f"{path} is damaged ({error}); type `{REBUILD}` with the folder of your articles: "
                "it sets the file aside and makes it anew"
            ) from error
        if "locked" in str(error):
            raise BroadsheetError(
                f"another program holds {path}; end it and ask again ({error})"
            ) from error
        raise unwritable(error, index_dir) or BroadsheetError(f"{path}: {error}") from error


def _is_damage(error: Exception) -> bool:
    """Whether a file is not what was written; a disk that fails for a moment says another thing."""
    name = getattr(error, "sqlite_errorname", None) or ""
    return name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB"))


def _set_aside(index_dir: Path) -> Path:
    """Move a damaged database away, so that the next build makes it anew; return where it is."""
    path = database_path(index_dir)
    aside = path.with_name(f"{path.name}.damaged-{datetime.now():%Y%m%d-%H%M%S-%f}")
    for end in ("", "-wal", "-shm"):
        with suppress(FileNotFoundError):
            path.with_name(path.name + end).rename(aside.with_name(aside.name + end))
    return aside


def open_empty() -> sqlite3.Connection:
    """Return an index in memory that holds nothing."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.executescript(_schema())
    return connection


def _add_details(sql: sqlite3.Connection) -> None:
    """Add the column of authors and tags where an older version made the tables.

    All files are read again by the next build, which fills it; texts are not embedded again.
    """
    if not _has_details(sql):
        sql.execute("ALTER TABLE articles ADD COLUMN details TEXT")
        sql.execute("ALTER TABLE staged ADD COLUMN details TEXT")
        sql.execute("DELETE FROM files")


def _has_details(sql: sqlite3.Connection) -> bool:
    return any(name == "details" for _, name, *_ in sql.execute("PRAGMA table_info(articles)"))


def read_meta(sql: sqlite3.Connection) -> Mapping[str, str]:
    """Return the table `meta` of an index with a generation; raises `IndexMissing`."""
    meta = dict(sql.execute("SELECT name, value FROM meta").fetchall())
    if "generation" not in meta:
        raise IndexMissing
    return meta


def read_value(sql: sqlite3.Connection, name: str) -> str | None:
    """Return a value of the table `meta`; None where there is none of this name."""
    row = sql.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
    return None if row is None else str(row[0])


def live_notes(sql: sqlite3.Connection) -> dict[str, int]:
    """Return how many live articles have each note of their readers."""
    rows = sql.execute(
        f"SELECT n.value, count(*) FROM articles a, json_each(a.details, '$[{_NOTES}]') n "
        "WHERE a.removed IS NULL GROUP BY n.value ORDER BY count(*) DESC, n.value"
    )
    return dict(rows.fetchall())


def has_table(sql: sqlite3.Connection, name: str) -> bool:
    """Whether there is such a table: an index that an older version wrote lacks some."""
    query = "SELECT 1 FROM sqlite_master WHERE name = ?"
    return sql.execute(query, (name,)).fetchone() is not None


def content_article(sql: sqlite3.Connection, key: int) -> Article:
    """Return a content by its key, as an article without id and location."""
    row = sql.execute(
        "SELECT '', '', headline, text, day, source, url, NULL FROM contents WHERE key = ?", (key,)
    ).fetchone()
    return row_article(*row)


def row_article(
    name: str,
    location: str,
    headline: str,
    text: str,
    day: int | None,
    source: str | None,
    url: str | None,
    details: str | None,
) -> Article:
    """Make an article of columns of `articles` and `contents`."""
    when = number_day(day) if day else None
    read = load_details(details)
    return Article(name, location, headline, text, when, source, url, details=read)


def dump_details(details: Details) -> str | None:
    """Return details as they are stored."""
    return json.dumps(details, ensure_ascii=False) if any(details) else None


def load_details(written: str | None) -> Details:
    """Return details as they were stored."""
    if not written:
        return Details()
    values: list[Any] = [
        tuple(value) if isinstance(value, list) else value for value in json.loads(written)
    ]
    return Details(*values)


def admit_by(sql: sqlite3.Connection, limits: Sequence[str]) -> None:
    """Give SQL a function `admits(source, details)` for limits such as `author:Jane Doe`."""
    hints = [["", *re.findall(r"[^\W_]+", limit.casefold())][-1] for limit in limits]

    def admitted(source: str | None, details: str | None) -> bool:
        stored = f"{source} {details}".casefold()  # most rows go by this, which costs little
        return any(hint in stored for hint in hints) and admits(
            limits, source, load_details(details)
        )

    sql.create_function("admits", 2, admitted)


def _open(path: Path, options: str = "") -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"{path.resolve().as_uri()}?mode=ro{options}",
        uri=True,
        timeout=_PATIENCE,
        isolation_level=None,
        check_same_thread=False,
    )
    connection.create_function(
        "casefold", 1, lambda text: text and text.casefold(), deterministic=True
    )
    try:
        connection.execute("BEGIN")
        connection.execute("SELECT count(*) FROM meta").fetchone()  # pins the snapshot
        if not _has_details(connection):
            for view in _OLDER:
                connection.execute(view)
    except BaseException:
        connection.close()
        raise
    return connection


_NOTES = Details._fields.index("notes")
_OLDER = (
    "CREATE TEMP VIEW articles AS SELECT *, NULL AS details FROM main.articles",
    "CREATE TEMP VIEW files AS SELECT * FROM main.files WHERE 0",
)
"""Shows an index that a version without details made as this one does."""


def _is_frozen(path: Path) -> bool:
    """Whether nobody can write beside the database, and nothing waits to be written into it.

    SQLite makes a file beside a database that it reads, unless it is opened as immutable.
    """
    waiting = path.with_name(f"{path.name}-wal")
    return not os.access(path.parent, os.W_OK) and not waiting.exists()


def _schema() -> str:
    return Path(__file__).with_name("schema.sql").read_text(encoding="utf-8")


@contextmanager
def writer_lock(settings: Settings, wait: float = 0.0) -> Iterator[None]:
    """Hold the lock of the one writer, for which to wait some seconds, or forever below 0.

    Raises:
        IndexLocked: another process holds it; the message says which.
        IndexUnwritable: the disk is full, or the folder may not be written to.
    """
    folder = settings.index_dir
    try:
        with _lock(folder, wait), _damage_set_aside(folder):
            yield
    except BroadsheetError:
        raise
    except Exception as error:
        if refused := unwritable(error, folder):
            raise refused from error
        if isinstance(error, sqlite3.OperationalError):
            raise BroadsheetError(f"{database_path(folder)}: {error}; nothing is lost") from error
        raise


@contextmanager
def _damage_set_aside(index_dir: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        if not _is_damage(error):
            raise
        raise IndexDamaged(
            f"the index was damaged ({error}) and lies in {_set_aside(index_dir)} now; run the "
            f"same command again, or `{REBUILD}`, which makes it anew"
        ) from error


@contextmanager
def _lock(index_dir: Path, wait: float) -> Iterator[None]:
    index_dir.mkdir(parents=True, exist_ok=True)
    holder = index_dir / "writer"
    lock = FileLock(index_dir / "lock", timeout=wait)
    try:
        lock.acquire()
    except Timeout:
        who = holder.read_text(encoding="utf-8") if holder.is_file() else ""
        raise IndexLocked(who or "another process") from None
    try:
        holder.write_text(f"process {os.getpid()}", encoding="utf-8")
        yield
    finally:
        holder.unlink(missing_ok=True)
        lock.release()


_FULL = ("no space left", "disk is full", "quota exceeded")
# SQLite maps a small file beside a database even to read it, and makes that file if need be.
_NO_ROOM_TO_READ = "SQLITE_IOERR_SHMSIZE"
_REFUSED = (
    "read-only file system",
    "readonlyfilesystem",
    "readonly database",
    "permission denied",
    "permissiondenied",
    "not permitted",
)


def unwritable(error: Exception, index_dir: Path) -> IndexUnwritable | None:
    """Return the error to show a person, if the disk is full or the folder is read-only."""
    message = str(error).lower()
    no_room = getattr(error, "sqlite_errorname", "") == _NO_ROOM_TO_READ
    if no_room or any(words in message for words in _FULL):
        return IndexUnwritable(
            f"the disk with {index_dir} is full; make room and run the same command again, which "
            "goes on from here. What is indexed is served meanwhile"
        )
    if any(words in message for words in _REFUSED):
        return IndexUnwritable(
            f"cannot write in {index_dir}: {error}; set BROADSHEET_DATA_DIR to a folder that you "
            "may write to (an index cannot be searched in a read-only one either: copy it)"
        )
    return None
