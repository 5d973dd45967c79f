"""That imports cost little."""

from __future__ import annotations

import subprocess
import sys

import index
from tests.index.archive import ROOT

HEAVY = ("torch", "chromadb", "openvino", "transformers", "sentence_transformers", "gradio")

OF_ONE_FORMAT = (
    "trafilatura", "lxml", "docx", "striprtf", "pypdfium2", "python_calamine", "warcio", "pyarrow",
    "dateparser",
)  # fmt: skip
"""Libraries that the readers of single formats, or of rare days, use."""


def test_package_is_the_one_of_this_project():
    assert index.__file__ == str(ROOT / "index" / "__init__.py")


def test_import_is_light():
    used = "index.__main__, index.build, index.settings, index.store.snapshot"
    assert _loaded(used, HEAVY) == "[]"


def test_no_library_of_a_single_format_is_loaded_until_a_file_needs_it():
    assert _loaded("index.readers, web.page.build, web.http.server", OF_ONE_FORMAT) == "[]"


def _loaded(modules: str, names: tuple[str, ...]) -> str:
    """Return which of these are loaded after an import of modules, in a process of its own."""
    script = f"import sys, {modules}; print([name for name in {names!r} if name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()
