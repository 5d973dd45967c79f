"""Closed sets: nobody reads their rows. What is kept of one names no question and no article."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from evals.questions import is_closed
from evals.rows import Row


def kept_id(set_name: str, question_id: str) -> str:
    """Return the id under which a row is kept: of a closed set a hash, else the question's own."""
    if not is_closed(set_name):
        return question_id
    return hashlib.sha256(f"{set_name}{question_id}".encode()).hexdigest()[:16]


def kept_row(set_name: str, row: Row) -> Row:
    """Return a row as it is kept: of a closed set without id, reason and cited articles."""
    if not is_closed(set_name):
        return row
    return replace(row, id=kept_id(set_name, row.id), reason="", cited=())
