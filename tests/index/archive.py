"""Small archives for the tests of the index, and an embedder that costs nothing."""

from __future__ import annotations

import hashlib
import os
import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import numpy as np

from index.build import build_index
from index.models.embedder import DIMENSIONS, MiniLMEmbeddings
from index.settings import Settings
from index.store.catalogue import Wanted
from index.store.snapshot import IndexReader, Snapshot
from index.text.words import stems
from index.types import Bounds, BuildReport
from index.upkeep import Kind, verify

ROOT = Path(__file__).parents[2]

STORIES = {
    "beijing.txt": "date 2023-06-18 Antony Blinken arrives in Beijing\n\n"
    "The American secretary of state met Qin Gang at the Diaoyutai guest house.\n",
    "maui.txt": "date 2023-08-09 Wildfire burns the town of Lahaina\n\n"
    "The flames on Maui killed dozens and were driven by a hurricane's wind.\n",
    "sydney.txt": "date 2023-08-20 Spain win the Women's World Cup\n\n"
    "Olga Carmona scored the only goal of the final against England in Sydney.\n",
    "recipe.txt": "How to bake bread\n\nMix flour, water, salt and yeast; wait; bake an hour.\n",
}

QUESTIONS = ["wildfire in Lahaina", "who met Qin Gang", "Spain England final", "bake bread"]


def write(folder: Path, stories: dict[str, str] = STORIES) -> Path:
    """Write the stories, one file each, and return the folder."""
    for name, text in stories.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


class HashedEmbeddings(MiniLMEmbeddings):
    """The real tokenizer, but each vector is only the sum of its words' random directions."""

    def embed(self, texts: Sequence[str]) -> np.ndarray:
        made = np.zeros((len(texts), DIMENSIONS), dtype=np.float32)
        for row, text in zip(made, texts, strict=True):
            for stem in stems(text):
                seed = int.from_bytes(hashlib.sha256(stem.encode()).digest()[:4], "big")
                row += np.random.default_rng(seed).standard_normal(DIMENSIONS)
            row /= np.linalg.norm(row) or 1.0
        return made


def run_build(
    settings: Settings, embeddings: MiniLMEmbeddings, *paths: Path, **options: bool
) -> BuildReport:
    """Build to the end and return the report."""
    *_, report = build_index(paths, settings, embeddings, **options)
    assert isinstance(report, BuildReport)
    return report


def sound(settings: Settings) -> bool:
    """Whether the stores agree."""
    return all(finding.kind is Kind.NOTE for finding in verify(settings))


def execute(settings: Settings, *queries: str) -> list[tuple]:
    """Run statements of SQL on the index; returns the rows of the last."""
    with closing(sqlite3.connect(settings.index_dir / "index.sqlite")) as sql, sql:
        for query in queries:
            rows = sql.execute(query).fetchall()
    return rows


def live_ids(settings: Settings) -> set[str]:
    """Ids of what a reader that opens the index now can see."""
    with IndexReader(settings).snapshot() as snapshot:
        return ids_in(snapshot)


def ids_in(snapshot: Snapshot) -> set[str]:
    """Ids of the articles of a snapshot."""
    return {one.article_id for one in snapshot.catalogue().page(Wanted(), 10_000).articles}


def found(
    reader: IndexReader, embeddings: MiniLMEmbeddings, text: str, bounds: Bounds | None = None
) -> tuple[list[str], list[str]]:
    """Ids of the articles that dense and lexical search find, best first."""
    bounds = bounds or Bounds()
    with reader.snapshot() as snapshot:
        dense = snapshot.dense(embeddings.embed_query(text), 20, bounds)
        lexical = snapshot.lexical(text, 20, bounds)
        known = snapshot.passages([hit.key for hit in dense + lexical])
        return (
            [known[hit.key].passage.article_id for hit in dense],
            [known[hit.key].passage.article_id for hit in lexical],
        )


def environment(settings: Settings, **more: str) -> dict[str, str]:
    """Environment of a process that shares these settings."""
    own = {
        "BROADSHEET_DATA_DIR": str(settings.data_dir),
        "BROADSHEET_MODEL_DIR": str(settings.models),
        "PYTHONPATH": str(ROOT),
    }
    return {**os.environ, **own, **more}


def command(
    settings: Settings, *words: str | Path, cwd: Path, **more: str
) -> subprocess.CompletedProcess[str]:
    """Run `broadsheet index …` in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "index", *map(str, words)],
        env=environment(settings, **more),
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=300,
    )
