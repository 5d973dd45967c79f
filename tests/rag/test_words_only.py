"""The vectors cannot be searched: questions are answered from the words, and are told so."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable

import pytest

from index.errors import BroadsheetError
from index.settings import Settings
from index.store import vectors
from index.store.snapshot import IndexReader
from index.store.vectors import VectorStore, open_client
from index.upkeep import repair
from rag.llm.loader import ReadyModel
from rag.pipeline import Pipeline
from rag.types import Answer, Outcome, Question
from tests.index.archive import run_build, write
from tests.rag.newsroom import STORIES


def drop(settings: Settings) -> None:
    store = VectorStore(settings)
    for name in store.names():
        store.drop(name)


def overwrite(settings: Settings) -> None:
    (settings.index_dir / "vectors" / "chroma.sqlite3").write_bytes(b"no database " * 1000)
    vectors._clients.pop(str((settings.index_dir / "vectors").resolve()))
    from chromadb.api.shared_system_client import SharedSystemClient

    SharedSystemClient.clear_system_cache()


def ask(settings: Settings, embeddings) -> Answer:
    reader = IndexReader(settings)
    return Pipeline(reader, embeddings, ReadyModel(None), settings).ask(
        Question("Where did Olga Carmona score?")
    )


@pytest.mark.parametrize("lose", [drop, overwrite])
def test_without_vectors_words_are_searched_and_it_is_told(
    settings: Settings, embeddings, tmp_path, lose: Callable[[Settings], None], caplog
) -> None:
    run_build(settings, embeddings, write(tmp_path / "news", STORIES))
    assert not any("words only" in notice for notice in ask(settings, embeddings).notices)
    lose(settings)
    answer = ask(settings, embeddings)
    assert answer.outcome is Outcome.EVIDENCE_ONLY
    assert answer.citations[0].article_id == "sydney.txt"
    (told,) = [notice for notice in answer.notices if "words only" in notice]
    assert "verify --repair" in told and "\n" not in told
    assert "searched by words only" in caplog.text
    for _ in repair(settings, embeddings):
        pass
    assert not any("words only" in notice for notice in ask(settings, embeddings).notices)


@pytest.fixture
def frozen(monkeypatch: pytest.MonkeyPatch):
    """The address of a server that takes calls and never answers."""
    monkeypatch.setattr(vectors, "PATIENCE", 0.5)
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


def test_a_chroma_server_that_is_frozen_is_waited_for_briefly(
    settings: Settings, embeddings, tmp_path, frozen: str
) -> None:
    run_build(settings, embeddings, write(tmp_path / "news", STORIES))
    elsewhere = settings.model_copy(update={"chroma_url": frozen})
    with pytest.raises(BroadsheetError, match="does not answer"):
        open_client(elsewhere)
    begun = time.monotonic()
    answer = ask(elsewhere, embeddings)
    assert time.monotonic() - begun < 5
    assert answer.citations[0].article_id == "sydney.txt"
    assert any(f"{frozen} does not answer" in notice for notice in answer.notices)
