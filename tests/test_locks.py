"""What is installed is locked: every package, every version, every file by its hash."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import zipfile
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from docs import lock

ROOT = Path(__file__).parents[1]


def locked(kind: str = "") -> dict[str, Requirement]:
    """What a lock names, by name; each must have hashes."""
    text = (ROOT / f"requirements{kind}.lock").read_text(encoding="utf-8")
    entries = re.split(r"^(?=\w)", text, flags=re.MULTILINE)[1:]
    assert all(re.search(r"--hash=sha256:[0-9a-f]{64}\b", entry) for entry in entries)
    found = (Requirement(entry.partition(" \\")[0]) for entry in entries)
    return {canonicalize_name(one.name): one for one in found}


def test_the_locks_have_what_the_requirements_pin() -> None:
    runs = locked() | locked("-torch")
    every = runs | locked("-dev")
    for kind, lines in (("", runs), ("-formats", every), ("-dev", every)):
        text = (ROOT / f"requirements{kind}.txt").read_text(encoding="utf-8")
        pins = [Requirement(line.partition("#")[0]) for line in text.splitlines() if "==" in line]
        assert len(pins) > 4
        for pin in pins:
            assert lines[canonicalize_name(pin.name)].specifier == pin.specifier, "make lock"


@pytest.mark.parametrize("kind", ["", "-dev"])
def test_what_is_locked_needs_nothing_that_is_not(kind: str) -> None:
    """pip is told to look for nothing else, so a package that is missing would stay missing."""
    every = locked() | locked("-torch") | locked(kind)
    looked_at = 0
    for name in every:
        try:
            needs = distribution(name).requires or []
        except PackageNotFoundError:
            continue  # for another system
        looked_at += 1
        for need in map(Requirement, needs):
            if need.marker is None or need.marker.evaluate({"extra": ""}):
                there = every.get(canonicalize_name(need.name))
                assert there is not None, f"{name} needs {need}: make lock"
                (exact,) = there.specifier
                assert need.specifier.contains(exact.version, prereleases=True), (name, need)
    assert looked_at > 100


def test_torch_is_locked_with_cuda_and_without() -> None:
    with_cuda, without = locked("-torch"), locked("-torch-cpu")
    assert set(with_cuda) >= {"torch", "triton", "nvidia-cudnn-cu13"}
    assert list(without) == ["torch"]
    assert f"{with_cuda['torch']}+cpu" == str(without["torch"])
    assert not set(with_cuda) & set(locked())


def test_the_image_installs_by_hash_too() -> None:
    image = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    (command,) = re.findall(r"pip install.*(?:\\\n.*)*", image)
    assert "--require-hashes" in command
    for name in re.findall(r"-r (\S+)", command):
        assert name in image.partition(command)[0] and (ROOT / name).exists()


def test_builds_of_torch_without_a_known_hash_are_asked_for() -> None:
    with pytest.raises(SystemExit, match=r"torch 9\.9\.9\+cpu"):
        lock.cpu_builds("torch==9.9.9 \\\n    --hash=sha256:00\n")


def tiny_wheel(folder: Path) -> str:
    """Make a package of one file; return its hash."""
    told = "tinypress-1.0.dist-info"
    path = folder / "tinypress-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr("tinypress.py", "")
        wheel.writestr(f"{told}/METADATA", "Metadata-Version: 2.1\nName: tinypress\nVersion: 1.0\n")
        wheel.writestr(
            f"{told}/WHEEL",
            "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        )
        wheel.writestr(
            f"{told}/RECORD",
            f"tinypress.py,,\n{told}/METADATA,,\n{told}/WHEEL,,\n{told}/RECORD,,\n",
        )
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
def test_a_file_that_is_not_the_one_that_was_locked_is_not_installed(tmp_path: Path) -> None:
    """With the commands of the Makefile itself, in a folder of its own."""
    right = tiny_wheel(tmp_path)
    shutil.copy(ROOT / "Makefile", tmp_path)
    pins = {"-torch-cpu": f"tinypress==1.0+cpu --hash=sha256:{right}",
            "-torch": f"tinypress==1.0 --hash=sha256:{right}"}  # fmt: skip
    for name, pin in pins.items():
        (tmp_path / f"requirements{name}.lock").write_text(f"{pin}\n", encoding="utf-8")
    offline = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(tmp_path), "PIP_CONFIG_FILE": os.devnull}

    def make(pin: str) -> tuple[str, bool]:
        (tmp_path / "requirements.lock").write_text(f"{pin}\n", encoding="utf-8")
        command = ["make", ".venv/installed"]
        made = subprocess.run(
            command, cwd=tmp_path, env=os.environ | offline, capture_output=True, text=True
        )
        imported = [str(tmp_path / ".venv/bin/python"), "-c", "import tinypress"]
        done = subprocess.run(imported, capture_output=True)
        return made.stdout + made.stderr, done.returncode == 0

    told, there = make(f"tinypress==1.0 --hash=sha256:{'0' * 64}")
    assert "THESE PACKAGES DO NOT MATCH THE HASHES" in told and not there
    told, there = make("tinypress==1.0")
    assert "Hashes are required" in told and not there
    told, there = make(f"tinypress==1.0 --hash=sha256:{right}")
    assert there and "no PyTorch without CUDA; installing PyPI's" in told
