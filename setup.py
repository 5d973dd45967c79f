"""The dependencies of the package, from the requirements files; the rest is in pyproject.toml.

setuptools reads such files itself only where they have no `-c` and `-r` lines.
"""

from __future__ import annotations

from pathlib import Path

from setuptools import setup


def pinned(name: str) -> list[str]:
    """Return the requirements of a file, without comments, `-c` and `-r` lines."""
    lines = Path(__file__).with_name(name).read_text(encoding="utf-8").splitlines()
    requirements = (line.partition("#")[0].strip() for line in lines)
    return [one for one in requirements if one and not one.startswith("-")]


setup(
    install_requires=pinned("requirements.txt"),
    extras_require={
        "formats": pinned("requirements-formats.txt"),
        "scale": pinned("requirements-scale.txt"),
        "dev": pinned("requirements-dev.txt"),
    },
)
