"""The Python API: ask the archive, and get its articles. See docs/interfaces.md.

Names are imported when they are first used, so that `import rag` costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from index.errors import (
        BroadsheetError,
        IndexDamaged,
        IndexMismatch,
        IndexMissing,
        ModelFileError,
        ModelUnavailable,
        QuestionError,
        SettingsError,
    )
    from index.settings import Settings, load_settings
    from index.types import Article, Coverage
    from rag.api import aask, answer_runnable, article, ask, astream, stream
    from rag.types import (
        ABSTENTION,
        Answer,
        Citation,
        Conflict,
        Event,
        Evidence,
        Example,
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
    "ABSTENTION", "Answer", "Article", "BroadsheetError", "Citation", "Conflict", "Coverage",
    "Event", "Evidence", "Example", "IndexDamaged", "IndexMismatch", "IndexMissing",
    "ModelFileError", "ModelUnavailable", "Outcome", "Progress", "Question", "QuestionError",
    "Reason", "Retrieved", "RetrievedPassage", "Settings", "SettingsError", "Statement", "Token",
    "Turn",
    "aask", "answer_runnable", "article", "ask", "astream", "load_settings", "stream",
]  # fmt: skip

_HOMES = ("rag.types", "index.types", "index.errors", "index.settings", "rag.api")
"""Where the names are found, the costliest to import last."""


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    modules = map(import_module, _HOMES)
    value: object = next(getattr(module, name) for module in modules if hasattr(module, name))
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
