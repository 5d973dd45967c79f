"""Names how an index is made: another embedder, chunker, template or schema, another name."""

from __future__ import annotations

from index.embedder import EMBEDDER_DIGEST
from index.passages import MAX_TOKENS, OVERLAP_SENTENCES, TEMPLATE_VERSION

_SCHEMA_VERSION = "1"


def current_recipe() -> str:
    """Return the recipe of this version; every generation is of one recipe."""
    parts = (_SCHEMA_VERSION, EMBEDDER_DIGEST, MAX_TOKENS, OVERLAP_SENTENCES, TEMPLATE_VERSION)
    return "-".join(str(part) for part in parts)
