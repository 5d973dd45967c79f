"""Builds over a Ray cluster of two machines, of which one may die, as may the build itself."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from index.settings import Settings, load_settings
from index.store.database import open_reader
from index.store.vectors import VectorStore
from index.upkeep import Kind, verify
from tests.conftest import MODELS
from tests.index.archive import ROOT, environment, run_build, write

ARTICLES = 14
NODE = {"num_cpus": 1, "object_store_memory": 100_000_000}
SECONDS = 1200  # after which a process is taken to hang; Ray is slow on a busy machine

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(4 * SECONDS),
    pytest.mark.skipif(find_spec("ray") is None, reason="pip install -r requirements-scale.txt"),
    pytest.mark.filterwarnings("ignore"),  # Ray's own
]


class RayBuild:
    """A build in a process of its own."""

    def __init__(self, settings: Settings, address: str, folder: Path) -> None:
        given = environment(
            settings, BROADSHEET_RAY_ADDRESS=address, BROADSHEET_CHROMA_URL=settings.chroma_url
        )
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.index.ray_build", str(folder)],
            cwd=ROOT,
            env=given,
            stdout=subprocess.PIPE,
            text=True,
        )

    def until_embedded(self, count: int) -> int:
        """Wait until so many articles are embedded; returns how many are."""
        assert self.process.stdout
        for line in self.process.stdout:
            what, _, done = line.partition(" ")
            if what == "embedded" and int(done) >= count:
                return int(done)
        raise AssertionError("the build ended before")

    def end(self) -> tuple[int, int]:
        """Wait for its end; returns the articles added and the passages embedded."""
        said, _ = self.process.communicate(timeout=SECONDS)
        assert self.process.returncode == 0
        what, added, embedded = said.splitlines()[-1].split()
        assert what == "report"
        return int(added), int(embedded)


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A cluster of one node with one CPU, which the build joins; a test may add another."""
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    from ray.cluster_utils import Cluster

    made = Cluster(initialize_head=True, head_node_args=NODE | {"include_dashboard": False})
    try:
        yield made
    finally:
        made.shutdown()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Articles of some passages each, one of them without a date and two that say the same."""
    stories = {}
    for n in range(ARTICLES - 2):
        said = " ".join(
            f"Ward {k} of town {n} paid {k * n} pounds for a bridge." for k in range(99)
        )
        stories[f"town{n:02}.txt"] = f"date 2023-03-{n + 1:02} Town {n} builds\n\n{said}\n"
    stories["again.txt"] = stories["town03.txt"]
    stories["undated.txt"] = "How to bake bread\n\nMix flour, water, salt and yeast; wait; bake.\n"
    return write(tmp_path / "news", stories)


def settings_of(tmp_path: Path, name: str, url: str = "") -> Settings:
    return load_settings(data_dir=tmp_path / name, model_dir=MODELS, chroma_url=url)


def indexed(settings: Settings) -> dict[tuple[str, int, int], np.ndarray]:
    """What is live: the vector of each passage, which there is only once."""
    store = VectorStore(settings)
    with closing(open_reader(settings.index_dir)) as sql:
        rows = sql.execute(
            "SELECT a.id, p.start, p.end, p.key, c.collection FROM articles a "
            "JOIN contents c ON c.key = a.content JOIN passages p ON p.content = c.key "
            "WHERE a.removed IS NULL"
        ).fetchall()
    vectors: dict[int, np.ndarray] = {}
    for name in {row[4] for row in rows}:
        for keys, page, _ in store.pages(name):
            vectors.update(zip(keys, page, strict=True))
    found = {(name, start, end): vectors[key] for name, start, end, key, _ in rows}
    assert len(found) == len(rows)
    return found


def assert_sound(settings: Settings, local: Settings) -> None:
    """The index is whole, and equal to one that one process made."""
    assert [one for one in verify(settings) if one.kind is not Kind.NOTE] == []
    ours, theirs = indexed(settings), indexed(local)
    assert ours.keys() == theirs.keys()
    assert min(float(ours[one] @ theirs[one]) for one in ours) > 1 - 1e-3


def works(node: Any) -> bool:
    """Whether an embedder is at work on a node."""
    raylet = node.all_processes["raylet"][0].process.pid
    listed = subprocess.run(
        ["ps", "--ppid", str(raylet), "-o", "args="], capture_output=True, text=True
    )
    return "ray::_embed" in listed.stdout


def test_build_is_the_same_and_a_lost_node_loses_nothing(
    cluster, chroma_server, folder, embeddings, tmp_path
):
    url, _ = chroma_server
    settings, local = settings_of(tmp_path, "ray", url), settings_of(tmp_path, "local")
    lost = cluster.add_node(**NODE)
    build = RayBuild(settings, cluster.address, folder)
    done = build.until_embedded(2)
    while not works(lost):
        done = build.until_embedded(done + 1)
    assert done < ARTICLES - 1, "both nodes should have been at work"
    cluster.remove_node(lost)
    report = run_build(local, embeddings, folder)
    assert build.end() == (ARTICLES, report.embedded)
    assert_sound(settings, local)


def test_killed_build_goes_on_where_it_was(cluster, folder, embeddings, tmp_path):
    settings, local = settings_of(tmp_path, "ray"), settings_of(tmp_path, "local")
    build = RayBuild(settings, cluster.address, folder)
    build.until_embedded(5)
    build.process.send_signal(signal.SIGKILL)
    build.process.wait()
    with closing(open_reader(settings.index_dir)) as sql:
        (kept,) = sql.execute(
            "SELECT count(*) FROM passages p JOIN contents c ON c.key = p.content "
            "WHERE c.collection NOT NULL"
        ).fetchone()
    assert kept > 0
    report = run_build(local, embeddings, folder)
    assert RayBuild(settings, cluster.address, folder).end() == (
        ARTICLES,
        report.embedded - kept,
    )
    assert_sound(settings, local)


def test_command_over_a_cluster_of_this_machine(folder, embeddings, tmp_path):
    settings, local = settings_of(tmp_path, "ray"), settings_of(tmp_path, "local")
    (folder / "broken.txt").write_bytes(b"\x00\x01")
    done = subprocess.run(
        [sys.executable, "-m", "index", "build", str(folder), "--engine", "ray"],
        cwd=tmp_path,
        env=environment(settings),
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    assert done.returncode == 1, done.stderr
    assert "broken.txt" in done.stdout
    assert "embedding: 13 of 13 articles" in done.stderr
    run_build(local, embeddings, folder)
    assert_sound(settings, local)
