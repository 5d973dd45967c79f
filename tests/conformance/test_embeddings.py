"""MiniLMEmbeddings is what LangChain calls embeddings, by LangChain's own tests."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import pytest
from langchain_tests.integration_tests import EmbeddingsIntegrationTests
from langchain_tests.unit_tests import EmbeddingsUnitTests

from index.models.download import ensure_embedder
from index.models.embedder import MiniLMEmbeddings
from index.settings import Settings
from tests.conftest import MODELS

PARAMETERS = {"folder": lambda: ensure_embedder(Settings(model_dir=MODELS))}


class TestUnit(EmbeddingsUnitTests):
    embeddings_class = MiniLMEmbeddings
    embedding_model_params: ClassVar[dict] = PARAMETERS


class TestIntegration(EmbeddingsIntegrationTests):
    embeddings_class = MiniLMEmbeddings
    embedding_model_params: ClassVar[dict] = PARAMETERS

    @pytest.fixture
    def model(self, embeddings: MiniLMEmbeddings) -> MiniLMEmbeddings:
        return embeddings  # loaded once


def test_vectors_have_length_one_whatever_else_is_in_the_batch(embeddings):
    texts = ["The minister arrived.", "x " * 400, "", "北京"]
    together = embeddings.embed(texts)
    assert np.allclose(np.linalg.norm(together, axis=1), 1.0, atol=1e-5)
    alone = np.array([embeddings.embed_query(text) for text in texts])
    assert (together * alone).sum(axis=1).min() > 0.9999


def test_meaning_is_near(embeddings):
    question = np.array(embeddings.embed_query("Who won the football tournament?"))
    near, far = embeddings.embed(["Spain won the World Cup.", "Bread is baked for an hour."])
    assert question @ near > question @ far + 0.2
