"""Builds in other processes never break a question here, and are seen without a restart."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from index.models.embedder import MiniLMEmbeddings
from index.settings import Settings
from index.store.snapshot import IndexReader
from index.types import Bounds
from tests.index.archive import ROOT, environment, run_build, write

pytestmark = pytest.mark.slow

# With a date filter, which is what breaks where Chroma's embedded client is misused.
YEAR = Bounds(date_from=date(2023, 1, 1), date_to=date(2023, 12, 31), undated=False)
JULY = Bounds(date_from=date(2023, 7, 1), date_to=date(2023, 7, 31), undated=False)

BUILD = [sys.executable, "-m", "index", "build"]
# The same in small steps, so that there are many moments at which a reader may come.
SLOW_BUILD = [
    sys.executable,
    "-c",
    "import sys, time\n"
    "from pathlib import Path\n"
    "import index.build\n"
    "from index.settings import load_settings\n"
    "from tests.index.archive import HashedEmbeddings, run_build\n"
    "class Slow(HashedEmbeddings):\n"
    "    def embed(self, texts):\n"
    "        time.sleep(0.1)\n"
    "        return super().embed(texts)\n"
    "index.build._EMBED_PASSAGES = 4\n"
    "settings = load_settings()\n"
    "embeddings = Slow(lambda: settings.models / 'all-MiniLM-L6-v2')\n"
    "run_build(settings, embeddings, Path(sys.argv[1]))\n",
]


class Archive:
    """A folder of numbered stories; `days` is what it should hold, by file name."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.days: dict[str, date] = {}

    def put(self, numbers: range, word: str) -> None:
        for number in numbers:
            name, day = f"{number:04}.txt", date(2023, 1 + number % 12, 1 + number % 28)
            write(self.folder, {name: f"date {day} Comet {number} {word}\n\nIt is comet {number}."})
            self.days[name] = day

    def drop(self, numbers: range) -> None:
        for number in numbers:
            name = f"{number:04}.txt"
            (self.folder / name).unlink()
            del self.days[name]

    @property
    def july(self) -> set[str]:
        return {name for name, day in self.days.items() if day.month == 7}


def ask(reader: IndexReader, vector: list[float]) -> tuple[int, set[str]]:
    """Return the generation and the articles of July that both searches find in it."""
    with reader.snapshot() as snapshot:
        dense = snapshot.dense(vector, 500, JULY)
        lexical = snapshot.lexical("comet", 500, JULY)
        assert {hit.key for hit in dense} == {hit.key for hit in lexical}
        known = snapshot.passages([hit.key for hit in dense])
        assert len(known) == len(dense)
        nearest = snapshot.dense(vector, 1, YEAR)
        assert len(nearest) == 1
        return snapshot.generation, {stored.passage.article_id for stored in known.values()}


def keep_asking(
    settings: Settings,
    embeddings: MiniLMEmbeddings,
    builder: list[str],
    tmp_path: Path,
    changes: list[Callable[[Archive], None]],
) -> int:
    """Build after each change in another process, asking all the while; count the answers."""
    archive = Archive(tmp_path / "news")
    archive.put(range(24), "rises")
    build = [*builder, str(archive.folder)]
    surroundings = environment(settings)
    subprocess.run(build, env=surroundings, cwd=ROOT, check=True, capture_output=True)
    reader = IndexReader(settings)
    vector = embeddings.embed_query("comet")
    expected = {1: archive.july}
    assert ask(reader, vector) == (1, archive.july)
    asked = 0
    for generation, change in enumerate(changes, 2):
        change(archive)
        expected[generation] = archive.july
        running = subprocess.Popen(
            build, env=surroundings, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        while running.poll() is None:
            number, names = ask(reader, vector)
            assert number in (generation - 1, generation)
            assert names == expected[number]
            asked += 1
            time.sleep(0.01)
        output = running.communicate()[0]
        assert running.returncode == 0, output.decode()
        assert ask(reader, vector) == (generation, archive.july)
    return asked


CHANGES: list[Callable[[Archive], None]] = [
    lambda archive: archive.put(range(24, 60), "sets"),  # adds
    lambda archive: archive.put(range(10), "fades"),  # changes
    lambda archive: archive.drop(range(12, 40)),  # removes
    lambda archive: (archive.drop(range(6)), archive.put(range(70, 90), "shines")),
]


def test_small_steps_never_break_a_question(settings, hashed, tmp_path):
    more = [
        lambda archive, n=n: archive.put(range(100 + 24 * n, 124 + 24 * n), "turns")
        for n in range(5)  # enough collections to be merged
    ]
    assert keep_asking(settings, hashed, SLOW_BUILD, tmp_path, [*CHANGES[:3], *more]) > 100


def test_builds_from_a_shell_never_break_a_question(settings, embeddings, tmp_path):
    changes = [*CHANGES[:3], lambda archive: archive.put(range(100, 800), "returns")]
    assert keep_asking(settings, embeddings, BUILD, tmp_path, changes) > 100


def test_rollbacks_from_a_shell_never_break_a_question(settings, hashed, tmp_path):
    archive = Archive(tmp_path / "news")
    archive.put(range(24), "rises")
    run_build(settings, hashed, archive.folder)
    old = archive.july
    archive.put(range(24, 60), "sets")
    archive.drop(range(10))
    run_build(settings, hashed, archive.folder)
    expected = {2: archive.july, 3: old, 4: archive.july, 5: old}
    reader = IndexReader(settings)
    vector = hashed.embed_query("comet")
    back = [sys.executable, "-m", "index", "rollback"]
    seen = set()
    for _ in range(3):
        running = subprocess.Popen(
            back, env=environment(settings), cwd=ROOT, stdout=subprocess.DEVNULL
        )
        while running.poll() is None:
            number, names = ask(reader, vector)
            assert names == expected[number]
            seen.add(number)
        assert running.returncode == 0
    assert ask(reader, vector) == (5, old)
    assert seen >= {2, 3, 4}
