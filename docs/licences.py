"""Lists the licences of what comes along: `python docs/licences.py > docs/licences.md`.

Knows only what packages say of themselves.
"""

from __future__ import annotations

import re
import sys
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
HEAD = """# Licences

Made by `python docs/licences.py > docs/licences.md`; a test compares it with what is installed.
Broadsheet itself: Apache-2.0.

| what is fetched or comes along | licence |
|---|---|
| weights of the language model, Qwen2.5-Coder-1.5B-Instruct (GGUF) | Apache-2.0 |
| weights of the embedder, all-MiniLM-L6-v2 | Apache-2.0 |
| weights of the reranker | CC BY-SA 4.0, after their training data |
| the judge's heads | Apache-2.0, as Broadsheet |
| Source Serif 4, the page's font for reading (`web/page/static/fonts`) | OFL-1.1 |

| package | licence |
|---|---|
"""


def licence(found: Distribution) -> str:
    """Return the licence that a package states: as an expression, in a line, or by its classes."""
    told = found.metadata
    plain = told.get("License-Expression") or told.get("License") or ""
    classes = [
        line.rpartition(" :: ")[2]
        for line in told.get_all("Classifier") or []
        if line.startswith("License :: ") and not line.endswith("OSI Approved")
    ]
    if len(plain) > 60 or "\n" in plain or plain in ("", "UNKNOWN"):
        plain = "; ".join(classes)
    if not plain:
        names = sorted({Path(file).name for file in found.files or [] if "LICENSE" in str(file)})
        plain = f"see its {names[0]}" if names else "not stated"
    return plain.replace("|", "or")


def pinned() -> list[str]:
    """Return the names of the packages that Broadsheet pins, by name."""
    names: set[str] = set()
    for file in ROOT.glob("requirements*.lock"):
        lines = file.read_text(encoding="utf-8").splitlines()
        names |= {match[0] for line in lines if (match := re.match(r"[\w.-]+(?===)", line))}
    return sorted(names)


def page() -> str:
    """Return the whole page; what is pinned for another system is not installed, and left out."""
    rows = []
    for name in pinned():
        try:
            rows.append(f"| {name} | {licence(distribution(name))} |")
        except PackageNotFoundError:
            continue
    return HEAD + "\n".join(rows) + "\n"


if __name__ == "__main__":
    sys.stdout.write(page())
