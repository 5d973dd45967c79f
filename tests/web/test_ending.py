"""The real program is asked to end while it answers: the answer comes, and nothing new is begun."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from index.settings import Settings
from tests.index.archive import environment, write
from tests.rag.newsroom import STORIES
from tests.rag.test_chat_model import Server, server
from tests.waiting import until

__all__ = ["server"]
ROOT = Path(__file__).parents[2]

pytestmark = [pytest.mark.slow, pytest.mark.skipif(os.name == "nt", reason="signals of POSIX")]


def test_an_answer_under_way_is_waited_for(
    server: Server, settings: Settings, tmp_path: Path
) -> None:
    server.pieces = ["Olga", " Carmona", " scored", " the", " only", " goal", " in", " Sydney."]
    server.pause = 0.4
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    surroundings = environment(
        settings, BROADSHEET_LLM="openai:tiny", BROADSHEET_LLM_BASE_URL=server.url,
        BROADSHEET_JUDGE="none",
    )  # fmt: skip
    articles = write(tmp_path / "news", STORIES)
    command = [sys.executable, "app.py", "--port", str(port), "--articles", str(articles)]
    log = tmp_path / "log"
    with log.open("w") as lines:
        app = subprocess.Popen(command, cwd=ROOT, env=surroundings, stdout=lines, stderr=lines)
    try:
        url = f"http://127.0.0.1:{port}"
        until(lambda: "openai:tiny answers" in log.read_text(), 60)
        body = {"data": ["Where did Olga Carmona score?", "", "", "", [], []]}
        event = httpx.post(f"{url}/gradio_api/call/ask", json=body).json()["event_id"]
        with httpx.stream("GET", f"{url}/gradio_api/call/ask/{event}", timeout=30) as stream:
            until(lambda: bool(server.asked), 20)
            app.send_signal(signal.SIGTERM)
            until(lambda: "Waiting up to 20 s for 1 question" in log.read_text(), 5)
            refused = httpx.post(f"{url}/gradio_api/call/ask", json=body)
            assert refused.status_code == 503 and refused.headers["Retry-After"]
            said = stream.read().decode()
        answer = json.loads(said.split("event: complete\ndata: ", 1)[1].splitlines()[0])[0]
        assert answer["answer"].startswith("Olga Carmona scored the only goal in Sydney")
        assert app.wait(20) == 0
        assert "All are answered." in log.read_text()
    finally:
        app.kill()
        app.wait()
