"""What every benchmark shares: the machine described, tables printed, results written.

Results hold numbers, settings and ids; never a text of an article or a question.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks" / "results"
BENCH = ROOT / ".data" / "bench"
"""What benchmarks write lies here, apart from the index of the person who runs them."""

_FLAGS = ("avx2", "avx512f", "avx512_bf16", "amx_bf16")  # what speeds of models depend on

console = Console()
progress_console = Console(stderr=True)


def describe() -> dict[str, object]:
    """Return the processor, its cores, the memory, the load before, and the versions."""
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    return {
        "cpu": _cpu_model(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None,
        "memory_gb": _memory_gb(),
        "load_before": load,
        "system": platform.platform(),
        "python": platform.python_version(),
    }


def commit() -> str:
    """Return the short commit, with `-dirty` where tracked files differ from it."""
    try:
        name = _git("rev-parse", "--short", "HEAD")
        changed = _git("status", "--porcelain", "-uno", "--", ".", ":!benchmarks/results")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return f"{name}-dirty" if changed else name


def write_result(
    name: str,
    machine: Mapping[str, object],
    settings: Mapping[str, object],
    numbers: Mapping[str, object],
    *,
    trial: bool = False,
) -> Path:
    """Write `benchmarks/results/<name>-<commit>.json` and say so; returns its path.

    Args:
        name: The benchmark's.
        machine: `describe()`, taken before the run.
        settings: What the run was asked to do.
        numbers: What it measured; seconds and bytes unless a name says otherwise.
        trial: Whether too little was measured to be kept; then it goes below `.data/bench`.
    """
    at = commit()
    folder = BENCH / "trials" if trial else RESULTS
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}-{at}.json"
    result = {
        "benchmark": name,
        "commit": at,
        "when": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine,
        "settings": settings,
        "numbers": numbers,
    }
    path.write_text(json.dumps(result, indent=1, default=str) + "\n", encoding="utf-8")
    console.print(f"written: {path.relative_to(ROOT)}", markup=False)
    return path


def show(title: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table; the first column is text, the others are figures."""
    table = Table(title=title, title_justify="left")
    for at, column in enumerate(columns):
        table.add_column(column, justify="right" if at else "left")
    for row in rows:
        table.add_row(*row)
    console.print(table)


def headline(text: str) -> None:
    """Print the one figure of a benchmark."""
    console.print(text, style="bold", markup=False, highlight=False)


def say(text: str) -> None:
    """Tell what is being done, on the terminal's error stream."""
    progress_console.print(text, markup=False, highlight=False)


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def _cpu_model() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    found = {
        key.strip(): value.strip() for key, _, value in (line.partition(":") for line in lines)
    }
    family = ", ".join(f"{name} {found[name]}" for name in ("cpu family", "model") if name in found)
    had = found.get("flags", "").split()
    flags = " ".join(flag for flag in _FLAGS if flag in had)
    return f"{found.get('model name', platform.processor())} ({family}; {flags})"


def _memory_gb() -> float | None:
    try:
        return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1)
    except (AttributeError, ValueError, OSError):
        return None
