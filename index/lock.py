"""One writer at a time: a lock beside the index, and a note of who holds it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from os import getpid

from filelock import FileLock, Timeout

from index.errors import IndexLocked
from index.settings import Settings


@contextmanager
def writing(settings: Settings, wait: float = 0.0) -> Iterator[None]:
    """Hold the writer's lock, waiting for it so many seconds, or without end where below 0.

    Raises:
        IndexLocked: another process holds it; the message says which.
    """
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
