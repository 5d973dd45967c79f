"""What stands in files beside the code agrees with the code."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
import yaml

from index.settings import PREFIX, Settings

ROOT = Path(__file__).parents[1]
KNOWN = {PREFIX + name.upper() for name in Settings.model_fields}


@pytest.mark.parametrize("name", ["Dockerfile", "compose.yaml"])
def test_settings_that_containers_are_given_exist(name: str) -> None:
    given = set(re.findall(rf"{PREFIX}\w+", (ROOT / name).read_text(encoding="utf-8")))
    assert given and given <= KNOWN


def test_the_image_has_every_package_that_the_page_needs() -> None:
    copied = re.findall(r"^COPY.* (\w+) \1$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    assert set(copied) == {"articles", "broadsheet", "index", "prompts", "rag", "web"}
    let_in = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert {f"!{name}" for name in copied} <= set(let_in)


def test_the_app_waits_for_a_chroma_server_that_it_can_reach() -> None:
    services = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))["services"]
    assert services["app"]["depends_on"]["chroma"]["condition"] == "service_healthy"
    port = services["chroma"]["entrypoint"][-1]
    assert services["app"]["environment"]["BROADSHEET_CHROMA_URL"] == f"http://chroma:{port}"
    assert f"127.0.0.1:{port}/" in services["chroma"]["healthcheck"]["test"][-1]


def test_a_commit_is_checked_with_the_ruff_that_the_tests_use() -> None:
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    (ruff,) = hooks["repos"]
    pins = (ROOT / "requirements-dev.txt").read_text(encoding="utf-8").splitlines()
    assert f"ruff=={ruff['rev'].removeprefix('v')}" in pins


def test_continuous_integration_runs_what_a_merge_waits_for() -> None:
    text = (ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8")
    steps = yaml.safe_load(text)["jobs"]["test"]["steps"]
    assert {"run": ".ci/run"} in steps
    assert (ROOT / ".ci" / "run").stat().st_mode & 0o111


def test_the_command_imports_no_package_before_it_knows_which() -> None:
    packages = ["index", "rag", "web", "evals", "numpy", "gradio", "langchain_core"]
    script = (
        "import sys, broadsheet.__main__\n"
        f"print([name for name in {packages!r} if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_every_imported_package_is_among_the_requirements() -> None:
    """A package that another one happens to bring would be missing one day."""
    modules: set[str] = set()
    for name in ("broadsheet", "index", "rag", "web"):
        for path in (ROOT / name).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Import):
                    modules |= {alias.name.split(".")[0] for alias in node.names}
                elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                    modules.add(node.module.split(".")[0])
    own = {"broadsheet", "index", "rag", "web", "evals", "training", "benchmarks"}
    foreign = modules - own - set(sys.stdlib_module_names)
    brought = packages_distributions()
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    for extra in ("scale", "formats"):
        lines += (ROOT / f"requirements-{extra}.txt").read_text(encoding="utf-8").splitlines()
    required = {_plain(re.split(r"[=\[ #]", line)[0]) for line in lines if "==" in line}
    missing = {
        name
        for name in foreign
        if not {_plain(one) for one in brought.get(name, [name])} & required
    }
    assert not missing


def _plain(distribution: str) -> str:
    return re.sub(r"[-_.]+", "-", distribution).lower()


def test_the_licences_are_those_of_what_is_installed() -> None:
    done = subprocess.run(
        [sys.executable, "docs/licences.py"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    made = done.stdout.splitlines()
    written = (ROOT / "docs" / "licences.md").read_text(encoding="utf-8").splitlines()
    assert [line for line in made if line not in written] == [], "python docs/licences.py"
    assert len(made) > 50


def test_every_row_of_the_reliability_page_is_whole_and_names_a_test_that_there_is() -> None:
    tests = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("*.py"))
    page = (ROOT / "docs" / "reliability.md").read_text(encoding="utf-8")
    page = page.partition("\n## Load")[0]  # figures
    head = ["fault", "what a person sees", "what is logged", "what heals it", "test"]
    lines = [line.strip("| ") for line in page.splitlines() if line.startswith("|")]
    rows = [re.split(r" \| ", line) for line in lines if "---" not in line]
    assert rows.count(head) == page.count("|---|---|---|---|---|") > 5
    rows = [row for row in rows if row != head]
    assert len(rows) > 40
    for row in rows:
        assert len(row) == 5 and all(row), row
        named = re.findall(r"`(?:tests/)?([\w/]*test_\w+)(?:\.py)?`", row[-1])
        assert named, row
        for name in named:
            there = f"def {name}(" in tests or (ROOT / "tests" / f"{name}.py").exists()
            assert there, name
