"""Pins and hashes all that is installed: `make lock`, after a change of requirements*.txt.

`requirements.lock` has what runs, but for PyTorch: `requirements-torch-cpu.lock` has its build
without CUDA, of an index of its own, `requirements-torch.lock` PyPI's with what that needs.
`requirements-dev.lock` has what `make test` needs besides. Versions stay as they are where they
fit. Needs uv, and the network; what is locked is installed by pip alone.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
HEAD = "# Made by `make lock`: every file by its SHA-256, for Linux, macOS and Windows.\n"
_TORCH = re.compile(r"(?:nvidia|cuda)-|(?:triton|torch)$")
CPU_BUILDS = {
    # Of https://download.pytorch.org/whl/cpu/torch/. The first was hashed here; the others are as
    # several public lock files have them.
    "2.13.0+cpu-cp311-x86_64": "6746dbcbeb526eb61330b76b41ff1b4eb848951103a892eeb080dfa2b264667b",
    "2.13.0+cpu-cp311-aarch64": "84453b69508ec79902f899c5ed9495acb9e2bbe9fda5f1d5d6f19e3c3842e1a7",
    "2.13.0+cpu-cp312-x86_64": "4ca4a9394b0c771238a4f73590fdbbc4debad85ed0fa63d026ae1b085da7d6e2",
    "2.13.0+cpu-cp312-aarch64": "6f307c2c32d764ffc6ff6893b801fad6d4752f3e67966cb8abf1843427c02604",
    "2.13.0+cpu-cp313-x86_64": "3fbf9c9d1f3c10c2d59d04aca426dee9ccc6ceb32d255c61e93acc3b4f75fae6",
    "2.13.0+cpu-cp313-aarch64": "0b8f7d0423027ae8b90c7977c627f3379f325363a08224dffad9b4b2d684a83d",
}


def compiled(requirements: str, versions: str) -> dict[str, str]:
    """Return the lines of each package that a file needs, with its hashes, by name.

    Args:
        requirements: Name of the file.
        versions: Lines of an older lock, whose versions are kept where they fit.
    """
    with tempfile.TemporaryDirectory() as folder:
        lock = Path(folder) / "lock"
        lock.write_text(versions, encoding="utf-8")
        command = ["uv", "pip", "compile", "--universal", "--python-version", "3.11", "--quiet"]
        command += ["--generate-hashes", "--no-annotate", "--no-header", "-o", str(lock)]
        uv = Path(sys.executable).with_name(command[0])
        subprocess.run([uv, *command[1:], requirements], cwd=ROOT, check=True)
        entries = re.split(r"^(?=\w)", lock.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {entry.partition("==")[0]: entry for entry in entries if "==" in entry}


def cpu_builds(torch: str) -> str:
    """Return the lines of PyTorch without CUDA, of the version that `torch` is, PyPI's lines."""
    version = f"{torch.split()[0].removeprefix('torch==')}+cpu"
    hashes = [digest for name, digest in CPU_BUILDS.items() if name.startswith(f"{version}-")]
    if not hashes:
        raise SystemExit(f"CPU_BUILDS has no hash of torch {version}: add its index's")
    return f"torch=={version}" + "".join(f" \\\n    --hash=sha256:{one}" for one in hashes) + "\n"


def main() -> None:
    """Write the locks."""
    kinds = ("", "-torch", "-dev")
    files = {kind: ROOT / f"requirements{kind}.lock" for kind in kinds}
    before = "".join(one.read_text(encoding="utf-8") for one in files.values() if one.exists())
    every = compiled("requirements-dev.txt", before)
    needed = compiled("requirements.txt", "".join(every.values()))
    locks: dict[str, str] = dict.fromkeys(kinds, HEAD)
    for name, entry in every.items():
        kind = "-torch" if _TORCH.match(name) else "" if name in needed else "-dev"
        locks[kind] += entry
    locks["-torch-cpu"] = HEAD + cpu_builds(every["torch"])
    for kind, text in locks.items():
        (ROOT / f"requirements{kind}.lock").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
