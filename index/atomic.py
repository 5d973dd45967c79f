"""Writes small files in one step."""

from __future__ import annotations

from pathlib import Path


def write_whole(path: Path, text: str) -> None:
    """Write via a temporary file and a rename, so that no reader sees half of it.

    A killed process may leave the temporary file, `.NAME.new`.
    """
    draft = path.with_name(f".{path.name}.new")
    draft.write_text(text, encoding="utf-8")
    draft.replace(path)
