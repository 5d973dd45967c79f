"""The processes below one, and their memory, read from `/proc` (Linux only)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

_PROC = Path("/proc")
_FIELD = re.compile(r"(\w+):\s+(\d+) kB")
_MAPPING = re.compile(r"[0-9a-f]+-[0-9a-f]+ \S+ \S+ \S+ \d+\s*(.*)")


def family(root: int) -> dict[int, str]:
    """Return process id and command line of a process and of all below it."""
    parents: dict[int, int] = {}
    for entry in _PROC.iterdir():
        if entry.name.isdigit():
            status = _text(entry / "stat").rpartition(")")[2].split()
            if status:
                parents[int(entry.name)] = int(status[1])
    members = [root] if root in parents else []
    for process in members:  # grows while it is walked
        members += [child for child, parent in parents.items() if parent == process]
    return {process: command_line(process) for process in members}


def command_line(process: int) -> str:
    """Return the arguments of a process, empty once it has ended."""
    return _text(_PROC / str(process) / "cmdline").replace("\0", " ").strip()


def memory(process: int) -> dict[str, int]:
    """Return bytes of a process: `Rss`, `Pss`, `Anonymous`, `Peak` (of Rss); empty if ended.

    Pss divides what is shared among those who share it, so that it may be added up.
    """
    folder = _PROC / str(process)
    fields = dict(_FIELD.findall(_text(folder / "smaps_rollup")))
    fields["Peak"] = dict(_FIELD.findall(_text(folder / "status"))).get("VmHWM", "0")
    names = ("Rss", "Pss", "Anonymous", "Peak")
    return {name: 1024 * int(fields[name]) for name in names} if "Pss" in fields else {}


def by_mapping(process: int, kinds: Mapping[str, str]) -> Counter[str]:
    """Return bytes (Pss) of a process by what is mapped.

    Args:
        process: Its id.
        kinds: Name of a kind by a regular expression for the mapped file's path, tried in order;
            what no expression matches is `anonymous` or `other files`.
    """
    found: Counter[str] = Counter()
    kind = "anonymous"
    for line in _text(_PROC / str(process) / "smaps").splitlines():
        if mapping := _MAPPING.fullmatch(line):
            kind = _kind_of(mapping[1], kinds)
        elif line.startswith("Pss:"):
            found[kind] += 1024 * int(line.split()[1])
    return found


def _kind_of(path: str, kinds: Mapping[str, str]) -> str:
    if not path or path.startswith("["):
        return "anonymous"
    matching = (name for pattern, name in kinds.items() if re.search(pattern, path))
    return next(matching, "other files")


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:  # it ended while we read
        return ""
