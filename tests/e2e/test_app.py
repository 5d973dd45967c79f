"""`python app.py` as a person starts it, without the language model."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from mcp import Client

from tests.conftest import MODELS
from tests.index.archive import write

ROOT = Path(__file__).parents[2]
OWN = {"bridge.txt": "date 2024-02-01 A bridge opens\n\nThe bridge over the Foyle opened.\n"}

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def start(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    environment = os.environ | {
        "BROADSHEET_DATA_DIR": str(folder),
        "BROADSHEET_MODEL_DIR": str(MODELS),
        "BROADSHEET_LLM": "none",
        "BROADSHEET_LOG_FORMAT": "json",
    }
    command = [sys.executable, "app.py", *arguments]
    heard = subprocess.PIPE
    with log_of(folder).open("a") as log:
        return subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=heard,
            text=True,
        )


def log_of(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder / "app.log"


@contextmanager
def running(folder: Path, *arguments: str) -> Iterator[tuple[str, list[str]]]:
    """The page's address and what was said until it was up; ended as Ctrl-C does."""
    app = start(folder, "--port", str(free_port()), *arguments)
    said: list[str] = []
    try:
        for line in app.stderr:
            said.append(line)
            if found := re.search(r"http://\S+", line):
                yield found[0], said
                break
        else:
            pytest.fail("".join(said))
    finally:
        app.send_signal(signal.SIGINT)
        began = time.monotonic()
        rest = app.communicate(timeout=60)[1]
    assert app.returncode == 0, rest
    assert time.monotonic() - began < 15
    assert "Traceback" not in rest


def articles_in(folder: Path) -> int:
    from index.settings import Settings
    from index.status import index_status

    return index_status(Settings(data_dir=folder)).articles


def test_the_sample_comes_first_and_gives_way(tmp_path: Path) -> None:
    data, own = tmp_path / "data", write(tmp_path / "own", OWN)
    (own / "empty.txt").touch()
    with running(data) as (page, said):
        assert b"Broadsheet" in urllib.request.urlopen(page, timeout=30).read()
        assert any(re.match(r"embedding: (\d+) of \1 articles", line) for line in said)
    with running(data, "--articles", str(own)) as (_, said):
        assert any(re.match(r"skipped .*empty\.txt: ", line) for line in said)
        assert "The sample articles were taken out of the index.\n" in said
    with running(data) as (_, said):
        assert len(said) == 1, "nothing was to be indexed"
    assert articles_in(data) == 1


async def test_what_is_asked_through_the_tools_is_answered_counted_and_logged(tmp_path) -> None:
    own = write(tmp_path / "own", OWN)
    with running(tmp_path / "data", "--mcp", "--articles", str(own)) as (page, _):
        async with Client(f"{page}/mcp") as client:
            told = await client.call_tool("ask", {"question": "What opened over the Foyle?"})
        answer = told.structured_content
        assert answer["outcome"] == "evidence_only"
        assert answer["citations"][0]["quote"] == "The bridge over the Foyle opened."
        with urllib.request.urlopen(f"{page}/metrics", timeout=30) as measured:
            counted = measured.read().decode()
        assert 'broadsheet_questions_total{outcome="evidence_only"} 1.0\n' in counted
        assert "broadsheet_index_articles 1.0\n" in counted
        with urllib.request.urlopen(f"{page}/healthz", timeout=30) as health:
            assert json.load(health)["model"] == "off"
    (line,) = log_of(tmp_path / "data").read_text().splitlines()
    assert json.loads(line)["request_id"] == answer["request_id"]
    assert "Foyle" not in line


def test_a_port_in_use_is_said_at_once(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        app = start(tmp_path, "--port", str(taken.getsockname()[1]))
        said = app.communicate(timeout=60)[1]
    assert app.returncode == 2
    assert "Name another with --port" in said
    assert "Traceback" not in said


def test_a_folder_without_articles_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "nothing").mkdir()
    app = start(
        tmp_path / "data", "--port", str(free_port()), "--articles", str(tmp_path / "nothing")
    )
    said = app.communicate(timeout=60)[1]
    assert app.returncode == 2
    assert "--articles" in said
    assert "Traceback" not in said
