"""The product asks no host for anything, and writes nothing but its own two folders.

Shown in a network of its own, in which there is nothing but the loopback.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from index.models.download import ensure_llm
from index.models.embedder import MiniLMEmbeddings
from index.settings import Settings
from rag.llm.conversion import convert, converted_folder
from tests.conftest import MODELS

ROOT = Path(__file__).parents[2]
LISTENING = Path(__file__).with_name("listening")
OURS = ("127.0.0.1", "localhost", "::1", "0.0.0.0")
PARTS = ("broadsheet", "index", "rag", "web", "prompts", "articles", "tests/e2e")

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


def unshared() -> list[str]:
    """Return the command that makes a world without a network; skip where there is none."""
    if not sys.platform.startswith("linux") or not shutil.which("unshare"):
        pytest.skip("network namespaces are Linux's (unshare)")
    for rights in ([], ["--map-root-user"]):
        command = ["unshare", "--net", "--mount", *rights]
        tried = subprocess.run([*command, "mount", "--make-rprivate", "/"], capture_output=True)
        if tried.returncode == 0:
            return command
    pytest.skip(f"no right to make a network namespace: {tried.stderr.decode().strip()}")


def tree(folder: Path) -> set[str]:
    found: set[str] = set()
    for place, folders, files in os.walk(folder):
        found |= {str(Path(place, name).relative_to(folder)) for name in files + folders}
    return found


@pytest.fixture(scope="module")
def alone(
    tmp_path_factory: pytest.TempPathFactory, embeddings: MiniLMEmbeddings
) -> dict[str, object]:
    """What happened when the product ran without a network."""
    command = unshared()
    settings = Settings(model_dir=MODELS)
    embeddings.load()  # the models are fetched and prepared with a network, and only once
    gguf = ensure_llm(settings)
    convert(gguf, converted_folder(gguf, settings))
    folder = tmp_path_factory.mktemp("alone")
    for name in ("home", "tmp"):
        (folder / name).mkdir()
    clone = folder / "clone"
    for name in PARTS:
        shutil.copytree(ROOT / name, clone / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "app.py", clone)
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "LANG")}
    environment = kept | {
        "HOME": str(folder / "home"),
        "TMPDIR": str(folder / "tmp"),
        "PYTHONPATH": f"{LISTENING}{os.pathsep}{clone}",
        "PYTHONDONTWRITEBYTECODE": "1",
        "LISTENING_FILE": str(folder / "heard.jsonl"),
        "BROADSHEET_DATA_DIR": str(folder / "data"),
        "BROADSHEET_MODEL_DIR": str(MODELS),
    }
    before = tree(clone)
    ended = subprocess.run(
        [*command, sys.executable, "-m", "tests.e2e.alone", str(folder)],
        cwd=clone,
        env=environment,
        capture_output=True,
        text=True,
        timeout=800,
    )
    log = folder / "app.log"
    said = ended.stderr + (log.read_text() if log.exists() else "")
    assert ended.returncode == 0, said
    heard = [json.loads(line) for line in (folder / "heard.jsonl").read_text().splitlines()]
    report = json.loads((folder / "report.json").read_text())
    return report | {
        "heard": heard,
        "log": said,
        "left": tree(folder / "home") | tree(folder / "tmp") | (tree(clone) - before),
    }


def test_a_question_is_answered_without_a_network(alone) -> None:
    assert alone["answer"]["outcome"] in ("answered", "partly"), alone["answer"]
    assert "Carmona" in alone["answer"]["citations"][0]["quote"]


def test_no_name_is_looked_up(alone) -> None:
    assert alone["names"] == []


def test_no_host_is_called(alone) -> None:
    heard = alone["heard"]
    assert heard, "the listening itself did not work"
    away = [one for one in heard if one["said"] and not is_ours(one["said"])]
    assert away == []


def is_ours(said: list[str]) -> bool:
    """Whether the address is the loopback's, or a file's (a socket of this machine)."""
    return any(host in said[0] for host in OURS) or said[0].startswith(("'/", "b'/", "b'\\x00"))


def test_nothing_is_written_elsewhere(alone) -> None:
    assert alone["left"] == set()


def test_the_end_is_quick_and_clean(alone) -> None:
    assert alone["code"] == 0, alone["log"]
    assert alone["seconds_to_end"] < 10
    assert "Traceback" not in alone["log"]
