"""LangChain's own conformance suite, run on our retriever over a small real index."""

from __future__ import annotations

from typing import Any

import pytest
from langchain_core.retrievers import BaseRetriever
from langchain_tests.integration_tests import RetrieversIntegrationTests

from index.models.embedder import MiniLMEmbeddings
from index.settings import Settings, load_settings
from index.store.snapshot import IndexReader
from rag.retrieval.retriever import ArchiveRetriever
from tests.conftest import MODELS
from tests.index.archive import run_build, write
from tests.rag.newsroom import STORIES


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, embeddings: MiniLMEmbeddings) -> Settings:
    folder = tmp_path_factory.mktemp("retrievers")
    articles = folder / "articles"
    articles.mkdir()
    settings = load_settings(data_dir=folder / "data", model_dir=MODELS)
    run_build(settings, embeddings, write(articles, STORIES))
    return settings


class TestArchiveRetriever(RetrieversIntegrationTests):
    @pytest.fixture(autouse=True)
    def _parts(self, made: Settings, embeddings: MiniLMEmbeddings) -> None:
        self.reader = IndexReader(made)
        self.embeddings = embeddings

    @pytest.fixture
    def retriever(self, _parts: None) -> BaseRetriever:
        return self.retriever_constructor(**self.retriever_constructor_params)

    @property
    def retriever_constructor(self) -> type[BaseRetriever]:
        return ArchiveRetriever

    @property
    def retriever_constructor_params(self) -> dict[str, Any]:
        return {"reader": self.reader, "embeddings": self.embeddings}

    @property
    def retriever_query_example(self) -> str:
        return "How many people died in the wildfires on Maui, and who won in Sydney and China?"
