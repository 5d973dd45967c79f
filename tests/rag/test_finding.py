"""What a question meets where the index is damaged."""

from __future__ import annotations

from pathlib import Path

import pytest

from index.errors import BroadsheetError
from index.models.embedder import MiniLMEmbeddings
from index.settings import Settings
from index.store.vectors import VectorStore
from index.upkeep import repair
from rag.types import Question
from tests.rag.newsroom import newsroom

WHO = "Who is China's foreign minister?"


def test_missing_vectors_are_told_with_what_mends_them(
    settings: Settings, embeddings: MiniLMEmbeddings, tmp_path: Path
) -> None:
    pipeline = newsroom(settings, embeddings, tmp_path / "articles", None)
    (name,) = VectorStore(settings).names()
    VectorStore(settings).drop(name)
    with pytest.raises(BroadsheetError, match="python -m index verify --repair"):
        pipeline.ask(Question(WHO))
    for _ in repair(settings, embeddings):
        pass
    assert pipeline.ask(Question(WHO)).citations
