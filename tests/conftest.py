"""What all tests share: a clean environment, settings in a folder of their own, the embedder."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from index.models.download import ensure_embedder
from index.models.embedder import MiniLMEmbeddings
from index.settings import PREFIX, Settings, load_settings

# The model folder is the person's own, also where it was named in the environment.
MODELS = Path(os.environ.get(f"{PREFIX}MODEL_DIR", "~/.cache/broadsheet/models")).expanduser()
SHARED = Path(__file__).parents[1].parent / "shared"


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take the person's settings away."""
    for name in [name for name in os.environ if name.upper().startswith(PREFIX)]:
        monkeypatch.delenv(name)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings whose data folder is this test's own."""
    return load_settings(data_dir=tmp_path / "data", model_dir=MODELS)


@pytest.fixture(scope="session")
def embeddings() -> MiniLMEmbeddings:
    """The real embedder, loaded once."""
    return MiniLMEmbeddings(lambda: ensure_embedder(Settings(model_dir=MODELS)))
