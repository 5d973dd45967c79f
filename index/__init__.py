"""Articles to index: reading, cutting, embedding, storing.

Names are imported when they are first used, so that `import index` costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from index.build import build_index, remove_articles
    from index.errors import BroadsheetError
    from index.models.embedder import MiniLMEmbeddings
    from index.preview import Preview, preview_build
    from index.settings import Settings, load_settings
    from index.store.snapshot import IndexReader
    from index.types import Article, Bounds, BuildEvent, BuildReport, Coverage, Passage, Skipped

__all__ = [
    "Article",
    "Bounds",
    "BroadsheetError",
    "BuildEvent",
    "BuildReport",
    "Coverage",
    "IndexReader",
    "MiniLMEmbeddings",
    "Passage",
    "Preview",
    "Settings",
    "Skipped",
    "build_index",
    "load_settings",
    "preview_build",
    "remove_articles",
]

_MODULES = {
    "BroadsheetError": "errors",
    "IndexReader": "store.snapshot",
    "MiniLMEmbeddings": "models.embedder",
    "Preview": "preview",
    "Settings": "settings",
    "build_index": "build",
    "load_settings": "settings",
    "preview_build": "preview",
    "remove_articles": "build",
}


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(f"index.{_MODULES.get(name, 'types')}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
