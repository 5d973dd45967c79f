"""Question to answer: retrieve, choose evidence, generate, check. Writes no store.

Names are imported when they are first used, so that `import rag` costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rag.api import aask, answer_runnable, ask, astream, stream
    from rag.types import (
        ABSTENTION,
        Answer,
        Citation,
        Conflict,
        Event,
        Evidence,
        Outcome,
        Progress,
        Question,
        Reason,
        Retrieved,
        RetrievedPassage,
        Statement,
        Token,
        Turn,
    )

__all__ = [
    "ABSTENTION", "Answer", "Citation", "Conflict", "Event", "Evidence", "Outcome", "Progress",
    "Question", "Reason", "Retrieved", "RetrievedPassage", "Statement", "Token", "Turn",
    "aask", "answer_runnable", "ask", "astream", "stream",
]  # fmt: skip


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home = "rag.types" if name[0].isupper() else "rag.api"
    value: object = getattr(import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
