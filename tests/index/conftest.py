"""An embedder without a network of neurons, for tests in which meaning does not matter."""

from __future__ import annotations

import pytest

from index.model_files import ensure_embedder
from index.settings import Settings
from tests.conftest import MODELS
from tests.index.archive import HashedEmbeddings


@pytest.fixture(scope="session")
def hashed() -> HashedEmbeddings:
    return HashedEmbeddings(lambda: ensure_embedder(Settings(model_dir=MODELS)))
