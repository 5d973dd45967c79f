"""A folder of articles, an embedder without a network of neurons, and a Chroma server."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from index.models.download import ensure_embedder
from index.settings import Settings
from tests.conftest import MODELS
from tests.index.archive import HashedEmbeddings, write

CHROMA = Path(sys.executable).with_name("chroma")


@pytest.fixture(scope="session")
def hashed() -> HashedEmbeddings:
    return HashedEmbeddings(lambda: ensure_embedder(Settings(model_dir=MODELS)))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the four stories."""
    return write(tmp_path / "news")


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        assert process.poll() is None, "chroma run ended"
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.1)
    pytest.fail("chroma run did not answer within a minute")


@pytest.fixture
def chroma_server(tmp_path: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    port = free_port()
    words = ["run", "--path", str(tmp_path / "chroma"), "--host", "127.0.0.1", "--port", str(port)]
    process = subprocess.Popen(
        [str(CHROMA), *words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=tmp_path
    )
    try:
        wait_for(port, process)
        yield f"http://127.0.0.1:{port}", process
    finally:
        process.terminate()
        process.wait(10)
