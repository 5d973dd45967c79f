"""What a result needs to be judged by: the machine, the commit and the versions of what ran."""

from __future__ import annotations

import hashlib
import os
import platform
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
_FLAGS = ("avx2", "avx512f", "avx512_bf16", "amx_bf16")  # what speeds of models depend on
_CODE = ("index", "rag", "prompts")  # what an answer is made by


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
    if not (ROOT / ".git").exists():  # installed, maybe below somebody else's repository
        return "unknown"
    try:
        name = _git("rev-parse", "--short", "HEAD")
        changed = _git("status", "--porcelain", "-uno", "--", ".", ":!*/results")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return f"{name}-dirty" if changed else name


def code_digest() -> str:
    """Return 12 digits of the SHA-256 of the code, prompts and coefficients behind an answer."""
    digest = hashlib.sha256()
    for folder in _CODE:
        for file in sorted((ROOT / folder).rglob("*")):
            if file.suffix in {".py", ".md", ".json", ".sql", ".safetensors"}:
                digest.update(file.relative_to(ROOT).as_posix().encode())
                digest.update(file.read_bytes())
    return digest.hexdigest()[:12]


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def _cpu_model() -> str:
    cpu = Path("/proc/cpuinfo")
    if not cpu.exists():
        return platform.processor()
    lines = (line.partition(":") for line in cpu.read_text(encoding="utf-8").splitlines())
    found = {key.strip(): value.strip() for key, _, value in lines}
    family = ", ".join(f"{name} {found[name]}" for name in ("cpu family", "model") if name in found)
    flags = " ".join(flag for flag in _FLAGS if flag in found.get("flags", "").split())
    return f"{found.get('model name', platform.processor())} ({family}; {flags})"


def _memory_gb() -> float | None:
    if not hasattr(os, "sysconf"):
        return None
    return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1)
