"""One index of the newsroom's stories for all tests that only read it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from index.models.embedder import MiniLMEmbeddings
from index.settings import Settings, load_settings
from index.store.snapshot import IndexReader
from rag.llm.loader import ReadyModel
from rag.pipeline import Pipeline
from tests.conftest import MODELS
from tests.index.archive import run_build, write
from tests.rag.newsroom import STORIES, ScriptedChat

Answering = Callable[[ScriptedChat | None], Pipeline]


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


@pytest.fixture(scope="session")
def answering(indexed: Settings, reader: IndexReader, embeddings: MiniLMEmbeddings) -> Answering:
    """Makes the pipeline over the stories that a model, or none, answers."""
    return lambda model: Pipeline(reader, embeddings, ReadyModel(model), indexed)


@pytest.fixture(scope="session")
def stories(answering: Answering) -> Pipeline:
    """The stories without a model, where none is needed."""
    return answering(None)
