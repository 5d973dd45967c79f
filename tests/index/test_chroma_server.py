"""A Chroma server by setting: built by one process, searched by another, and named when down."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from index.errors import BroadsheetError
from index.settings import Settings, load_settings
from index.store.snapshot import IndexReader
from index.store.vectors import open_client
from index.upkeep import Kind, verify
from tests.conftest import MODELS
from tests.index.archive import command, found, run_build, write
from tests.index.conftest import free_port


def settings_for(url: str, tmp_path: Path) -> Settings:
    return load_settings(data_dir=tmp_path / "data", model_dir=MODELS, chroma_url=url)


@pytest.mark.slow
def test_built_in_one_process_and_searched_in_another(chroma_server, embeddings, tmp_path):
    url, process = chroma_server
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


def test_token_tenant_and_database_are_named_to_the_server(tmp_path):
    asked: list[tuple[str, str, str]] = []

    class Refusing(BaseHTTPRequestHandler):
        def do_GET(self):
            names = ("Authorization", "X-Chroma-Token")
            asked.append((self.path, *(self.headers.get(name, "") for name in names)))
            self.send_error(401)

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Refusing) as refusing:
        threading.Thread(target=refusing.serve_forever, daemon=True).start()
        settings = load_settings(
            data_dir=tmp_path / "data",
            chroma_url=f"http://127.0.0.1:{refusing.server_port}",
            chroma_token="hush",
            chroma_tenant="paper",
            chroma_database="news",
        )
        with pytest.raises(BroadsheetError, match=r"does not answer") as raised:
            open_client(settings)
        refusing.shutdown()
    assert asked
    assert {one[1:] for one in asked} == {("Bearer hush", "hush")}
    assert "hush" not in str(raised.value)


def test_server_that_is_down_is_named_with_what_to_do(settings, hashed, tmp_path):
    url = f"http://127.0.0.1:{free_port()}"
    down = settings_for(url, tmp_path)
    with pytest.raises(BroadsheetError, match=f"{url} does not answer.*chroma run"):
        run_build(down, hashed, write(tmp_path / "news"))


def test_a_server_below_a_path_is_refused_with_the_setting_named(tmp_path):
    with pytest.raises(BroadsheetError, match=r"BROADSHEET_CHROMA_URL.*expected http://host:port"):
        open_client(settings_for("http://gateway.example/chroma", tmp_path))
