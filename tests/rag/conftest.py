"""One index of the newsroom's stories for all tests that only read it."""

from __future__ import annotations

import pytest

from index.models.embedder import MiniLMEmbeddings
from index.settings import Settings, load_settings
from index.store.snapshot import IndexReader
from tests.conftest import MODELS
from tests.index.archive import run_build, write
from tests.rag.newsroom import STORIES


@pytest.fixture(scope="session")
def indexed(tmp_path_factory: pytest.TempPathFactory, embeddings: MiniLMEmbeddings) -> Settings:
    """Settings whose index holds the stories."""
    folder = tmp_path_factory.mktemp("newsroom")
    made = load_settings(data_dir=folder / "data", model_dir=MODELS, llm="none")
    articles = folder / "articles"
    articles.mkdir()
    run_build(made, embeddings, write(articles, STORIES))
    return made


@pytest.fixture(scope="session")
def reader(indexed: Settings) -> IndexReader:
    """Reads the stories' index."""
    return IndexReader(indexed)
