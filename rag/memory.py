"""Gives back memory that holds a second copy of the model's weights.

OpenVINO maps the weights' file and packs the weights anew for the processor; the mapped pages
(1 GB of the default model) are not read again. They are the file's own, so the system can drop
them at any time: here they are dropped at once. Linux only; elsewhere nothing is done.
"""

from __future__ import annotations

import ctypes
import sys
from pathlib import Path

MADV_PAGEOUT = 21
"""`man 2 madvise`: drop these pages; they are read from the file again if they are touched."""


def release_mapped(file: Path) -> int:
    """Drop this process's resident pages of a mapped file.

    Returns:
        Bytes of address space that were given back; 0 where the system cannot do it.
    """
    maps = Path("/proc/self/maps")
    if not sys.platform.startswith("linux") or not maps.exists():
        return 0
    libc = ctypes.CDLL(None)
    released = 0
    for line in maps.read_text(encoding="utf-8", errors="replace").splitlines():
        if not line.endswith(str(file.resolve())):
            continue
        start, end = (int(part, 16) for part in line.split()[0].split("-"))
        length = end - start
        if libc.madvise(ctypes.c_void_p(start), ctypes.c_size_t(length), MADV_PAGEOUT) == 0:
            released += length
    return released
