"""Says in one way what SQLite, Chroma, tantivy and the system say of a disk in many.

Knows nothing of what was being written.
"""

from __future__ import annotations

from pathlib import Path

from index.errors import IndexUnwritable

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
