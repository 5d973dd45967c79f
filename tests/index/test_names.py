"""The package's public names, and that they cost nothing until used."""

from __future__ import annotations

import subprocess
import sys

import index
from tests.index.archive import ROOT

HEAVY = ("torch", "chromadb", "openvino", "transformers", "sentence_transformers", "gradio")


def test_public_names_exist_and_are_sorted():
    assert index.__all__ == sorted(index.__all__)
    for name in index.__all__:
        assert getattr(index, name).__name__ == name


def test_package_is_the_one_of_this_project():
    assert index.__file__ == str(ROOT / "index" / "__init__.py")


def test_import_is_light():
    script = (
        "import sys, index, index.__main__\n"
        "index.build_index, index.IndexReader, index.load_settings\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
