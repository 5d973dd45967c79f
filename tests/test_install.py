"""The wheel: what it holds, and that it works where there is no repository."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

from index.models.embedder import MiniLMEmbeddings
from index.settings import Settings
from rag.llm.conversion import MARK
from tests.index.archive import environment, write

ROOT = Path(__file__).parents[1]
SHIPPED = ("articles", "broadsheet", "evals", "index", "prompts", "rag", "training", "web")
DATA = set(".css .html .js .jsonl .md .npz .safetensors .sql .toml .txt .woff2".split())
MEGABYTES = 10
MODEL = "qwen2.5-coder-1.5b-instruct"
QUESTION = "Who won the Women's World Cup final?"
QUOTE = "Spain won the Women's World Cup final with a 1-0 victory over England on Sunday."
ARTICLES = {
    "final.txt": f"date 2023-08-20 Spain win in Sydney\n\n{QUOTE} Olga Carmona scored the goal.\n",
    "harbour.txt": "date 2024-03-05 A harbour closes\n\nStorms closed the harbour of Larne.\n",
}

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy, as building leaves files in the folder that it builds from."""
    copy = tmp_path_factory.mktemp("source") / "broadsheet"
    left = shutil.ignore_patterns(".*", "__pycache__", "build", "dist", "*.egg-info", "images")
    shutil.copytree(ROOT, copy, ignore=left)
    target = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation"]
    command += ["--no-index", "--wheel-dir", str(target), str(copy)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    (built,) = target.iterdir()
    return built


@pytest.fixture(scope="module")
def broadsheet(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The command in a new environment, which finds what the wheel needs in the present one."""
    home = tmp_path_factory.mktemp("environment")
    venv.create(home, symlinks=os.name != "nt")
    binaries = home / ("Scripts" if os.name == "nt" else "bin")
    names = {"base": str(home), "platbase": str(home)}
    packages = Path(sysconfig.get_path("purelib", "venv", names))
    (packages / "present.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    command = [sys.executable, "-m", "pip", "--python", str(binaries / "python"), "install"]
    command += ["--no-deps", "--no-index", "--quiet", str(wheel)]
    subprocess.run(command, check=True)
    return binaries / "broadsheet"


def run(command: Path, settings: Settings, *words: str, llm: str) -> subprocess.CompletedProcess:
    """Run the command in a folder that has nothing to do with the repository."""
    surroundings = environment(settings, BROADSHEET_LLM=llm)
    surroundings.pop("PYTHONPATH", None)
    folder = settings.data_dir.parent / "elsewhere"
    folder.mkdir(exist_ok=True)
    return subprocess.run(
        [str(command), *words], cwd=folder, env=surroundings, capture_output=True, text=True
    )


def test_the_wheel_holds_all_that_runs_and_nothing_else(wheel: Path) -> None:
    wanted = {
        path.relative_to(ROOT).as_posix()
        for name in SHIPPED
        for path in (ROOT / name).rglob("*")
        if path.suffix in DATA | {".py"}
        and path.parent != ROOT / "evals" / "results"
        and path.name != "rows.npz"
    }
    with zipfile.ZipFile(wheel) as packed:
        held = {name for name in packed.namelist() if ".dist-info/" not in name}
    assert held == wanted
    assert {"prompts/answer.md", "evals/sets/sample_archive.jsonl"} <= held
    assert {Path(name).suffix for name in held} >= DATA
    assert wheel.stat().st_size <= MEGABYTES * 10**6


def test_the_wheel_needs_what_the_requirements_pin(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as packed:
        (name,) = (name for name in packed.namelist() if name.endswith("/METADATA"))
        lines = packed.read(name).decode().splitlines()
    needed = {line.partition(": ")[2] for line in lines if line.startswith("Requires-Dist: ")}
    for file, extra in (("", ""), ("-scale", '; extra == "scale"'), ("-dev", '; extra == "dev"')):
        text = (ROOT / f"requirements{file}.txt").read_text(encoding="utf-8")
        pins = {line.split()[0] for line in text.splitlines() if "==" in line}
        assert pins and {pin + extra for pin in pins} <= needed


def test_the_installed_command_indexes_and_answers(
    broadsheet: Path, settings: Settings, tmp_path: Path, embeddings: MiniLMEmbeddings
) -> None:
    embeddings.load()  # fetched and prepared, if it was not
    own = write(tmp_path / "own", ARTICLES)
    built = run(broadsheet, settings, "index", "build", str(own), llm="none")
    assert built.returncode == 0, built.stderr
    asked = run(broadsheet, settings, "ask", QUESTION, "--json", llm="none")
    assert asked.returncode == 0, asked.stderr
    answer = json.loads(asked.stdout)
    assert answer["outcome"] == "evidence_only"
    cited = answer["citations"][0]
    assert cited["article_id"] == "final.txt"
    assert cited["quote"] == QUOTE
    if (settings.models / MODEL / MARK).is_file():  # else it would be fetched: 1.1 GB
        asked = run(broadsheet, settings, "ask", QUESTION, "--json", llm="embedded")
        assert asked.returncode == 0, asked.stderr
        answer = json.loads(asked.stdout)
        assert answer["outcome"] == "answered"
        assert answer["citations"][0]["quote"] == QUOTE


def test_the_installed_command_serves_where_gradio_is_told_to(
    broadsheet: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GRADIO_SERVER_NAME", "203.0.113.9")  # an address for documentation
    monkeypatch.setenv("GRADIO_SERVER_PORT", "7999")
    served = run(broadsheet, settings, "serve", llm="none")
    assert served.returncode == 2
    assert "cannot serve on 203.0.113.9 port 7999" in served.stderr.replace("\n", " ")


@pytest.mark.parametrize("command", ["serve", "index", "ask", "eval"])
def test_help_names_the_command_that_was_typed(
    broadsheet: Path, settings: Settings, command: str
) -> None:
    shown = run(broadsheet, settings, command, "--help", llm="none")
    assert (shown.returncode, shown.stderr) == (0, "")
    assert f"Usage: broadsheet {command}" in shown.stdout
