"""A Chroma server by setting: built by one process, searched by another, and told when down."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from index.errors import BroadsheetError
from index.settings import Settings, load_settings
from index.snapshot import IndexReader
from index.verify import Kind, verify
from tests.conftest import MODELS
from tests.index.archive import command, found, run_build, write

CHROMA = Path(sys.executable).with_name("chroma")


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
def server(tmp_path: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
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


def settings_for(url: str, tmp_path: Path) -> Settings:
    return load_settings(data_dir=tmp_path / "data", model_dir=MODELS, chroma_url=url)


@pytest.mark.slow
def test_built_in_one_process_and_searched_in_another(server, embeddings, tmp_path):
    url, process = server
    settings = settings_for(url, tmp_path)
    folder = write(tmp_path / "news")
    done = command(settings, "build", folder, cwd=tmp_path, BROADSHEET_CHROMA_URL=url)
    assert done.returncode == 0, done.stderr
    assert not (settings.index_dir / "vectors").exists()
    reader = IndexReader(settings)
    assert found(reader, embeddings, "Who scored in the final?")[0][0] == "sydney.txt"
    write(folder, {"derna.txt": "date 2023-09-11 Dams break above Derna\n\nThe flood took homes."})
    assert run_build(settings, embeddings, folder).embedded == 1
    assert found(reader, embeddings, "a flood after a dam collapsed")[0][0] == "derna.txt"
    assert all(finding.kind is Kind.NOTE for finding in verify(settings))
    process.terminate()
    process.wait(10)
    with pytest.raises(BroadsheetError, match=f"{url} does not answer"):
        found(reader, embeddings, "anything")


def test_server_that_is_down_is_named_with_what_to_do(settings, hashed, tmp_path):
    url = f"http://127.0.0.1:{free_port()}"
    down = settings_for(url, tmp_path)
    with pytest.raises(BroadsheetError, match=f"{url} does not answer.*chroma run"):
        run_build(down, hashed, write(tmp_path / "news"))
