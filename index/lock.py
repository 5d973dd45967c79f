"""One writer at a time: a lock beside the index, and a note of who holds it.

Whatever keeps a writer from writing is told in words here, since every writer comes this way.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from os import getpid

from filelock import FileLock, Timeout

from index.errors import BroadsheetError, IndexLocked
from index.settings import Settings
from index.store.database import unwritable


@contextmanager
def writing(settings: Settings, wait: float = 0.0) -> Iterator[None]:
    """Hold the writer's lock, waiting for it so many seconds, or without end where below 0.

    Raises:
        IndexLocked: another process holds it; the message says which.
        IndexUnwritable: the disk is full, or the folder may not be written to.
    """
    try:
        with _lock(settings, wait):
            yield
    except BroadsheetError:
        raise
    except Exception as error:
        if told := unwritable(error, settings.index_dir):
            raise told from error
        raise


@contextmanager
def _lock(settings: Settings, wait: float) -> Iterator[None]:
    settings.index_dir.mkdir(parents=True, exist_ok=True)
    holder = settings.index_dir / "writer"
    lock = FileLock(settings.index_dir / "lock", timeout=wait)
    try:
        lock.acquire()
    except Timeout:
        who = holder.read_text(encoding="utf-8") if holder.is_file() else ""
        raise IndexLocked(who or "another process") from None
    try:
        holder.write_text(f"process {getpid()}", encoding="utf-8")
        yield
    finally:
        holder.unlink(missing_ok=True)
        lock.release()
