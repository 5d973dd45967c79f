"""Results as files: rows with what they were made by; and the rows of a run under way.

A result holds ids, places and outcomes; never a text of a question, an answer or an article. Of
a closed set, whose rows nobody reads, it names no question and no article.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from evals.archives import HOME
from evals.questions import is_closed
from evals.rows import Row
from evals.summary import figures
from index.models.catalogue import EMBEDDER, LLM
from index.settings import Settings
from rag.generation import answer_prompt
from rag.llm.catalogue import machine

ROOT = Path(__file__).resolve().parents[1]
_FLAGS = ("avx2", "avx512f", "avx512_bf16", "amx_bf16")  # what speeds of models depend on
_CODE = ("index", "rag", "prompts")  # what an answer is made by
_SETTINGS = ("llm", "passages", "evidence_tokens", "answer_tokens")


def made_by(settings: Settings) -> dict[str, Any]:
    """Return what the answers of this run depend on."""
    return {
        "commit": commit(),
        "code": code_digest(),
        "settings": {name: getattr(settings, name) for name in _SETTINGS},
        "prompts": [answer_prompt().version],
        "models": {
            model.hub_name: max(model.files, key=lambda file: file.size).sha256
            for model in (EMBEDDER, LLM)
        },
    }  # fmt: skip


def kept_id(set_name: str, question_id: str) -> str:
    """Return the id under which a row is kept: of a closed set a hash, else the question's own."""
    if not is_closed(set_name):
        return question_id
    return hashlib.sha256(f"{set_name}{question_id}".encode()).hexdigest()[:16]


def kept_row(set_name: str, row: Row) -> Row:
    """Return a row as it is kept: of a closed set without id, kind, reason and cited articles."""
    if not is_closed(set_name):
        return row
    return replace(row, id=kept_id(set_name, row.id), kind="", reason="", cited=())


class Run:
    """The rows of one run, appended one by one so that an interrupted run goes on.

    A run is the same if question set, archive, side and all that answers depend on are.
    """

    def __init__(self, key: Mapping[str, Any]) -> None:
        """Open the run of this key, with the rows that it has."""
        digest = hashlib.sha256(json.dumps(key, sort_keys=True, default=str).encode())
        self._file = HOME / "runs" / f"{digest.hexdigest()[:16]}.jsonl"
        self._set = str(key["set"])
        self._rows: dict[str, Row] = {}
        if self._file.exists():
            for line in self._file.read_text(encoding="utf-8").splitlines():
                row = Row.read(json.loads(line))
                self._rows[row.id] = row

    def kept(self, question_id: str) -> Row | None:
        """Return the row of a question, if it was asked."""
        return self._rows.get(kept_id(self._set, question_id))

    def add(self, row: Row) -> Row:
        """Keep a row, in memory and on disk; returns it as it is kept."""
        row = kept_row(self._set, row)
        self._rows[row.id] = row
        self._file.parent.mkdir(parents=True, exist_ok=True)
        with self._file.open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(row)) + "\n")
        return row


def write_result(path: Path, about: Mapping[str, Any], rows: Sequence[Row]) -> None:
    """Write a result: what it is about, its figures and its rows."""
    result = {
        **about,
        "when": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": describe(),
        "figures": [asdict(figure) for figure in figures(rows)],
        "rows": [asdict(row) for row in rows],
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(result, indent=1, default=str) + "\n", encoding="utf-8")


def read_result(path: Path) -> tuple[dict[str, Any], list[Row]]:
    """Return what a result is about, and its rows.

    Raises:
        ValueError: the file is no result.
    """
    try:
        result = json.loads(path.read_text(encoding="utf-8"))
        return result, [Row.read(record) for record in result["rows"]]
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{path} is not a result of `python -m evals run`: {error!r}") from error


def describe() -> dict[str, object]:
    """Return the processor, its cores, the memory, the load before, and the versions."""
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    memory, cores = machine()
    return {
        "cpu": _cpu_model(),
        "cores": cores,
        "memory_gb": memory or None,
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
