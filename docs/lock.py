"""Pins and hashes all that is installed: `make lock`, after a change of requirements*.txt.

`requirements.lock` has what runs, `requirements-dev.lock` what `make test` needs besides, and
`requirements-cuda.lock` what PyTorch's build for NVIDIA cards needs besides. Versions stay as they
are where they fit. Needs uv, and the network; what is locked is installed by pip alone.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
HEAD = "# Made by `make lock`: every file by its SHA-256, for Linux, macOS and Windows.\n"
_CUDA = re.compile(r"(?:nvidia|cuda)-|triton$")
CPU_BUILDS = {
    # https://download.pytorch.org/whl/cpu/torch/ has other files than PyPI. The first was hashed
    # here; the others are as that index states them.
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


def with_cpu_builds(torch: str) -> str:
    """Add the hashes of PyTorch's builds without CUDA to the lines of PyPI's."""
    version = torch.split()[0].removeprefix("torch==")
    added = [digest for name, digest in CPU_BUILDS.items() if name.startswith(f"{version}+")]
    if not added:
        raise SystemExit(f"CPU_BUILDS has no hash of torch {version}: add its index's")
    return torch.rstrip("\n") + "".join(f" \\\n    --hash=sha256:{one}" for one in added) + "\n"


def main() -> None:
    """Write the three locks."""
    kinds = ("", "-dev", "-cuda")
    files = {kind: ROOT / f"requirements{kind}.lock" for kind in kinds}
    before = "".join(one.read_text(encoding="utf-8") for one in files.values() if one.exists())
    every = compiled("requirements-dev.txt", before)
    every["torch"] = with_cpu_builds(every["torch"])
    needed = compiled("requirements.txt", "".join(every.values()))
    locks: dict[str, str] = dict.fromkeys(kinds, HEAD)
    for name, entry in every.items():
        kind = "-cuda" if _CUDA.match(name) else "" if name in needed else "-dev"
        locks[kind] += entry
    for kind, text in locks.items():
        files[kind].write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
