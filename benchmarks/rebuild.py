"""What a build costs when little or nothing has changed, in a process of its own.

    python -m benchmarks.rebuild ../shared/corpora/realtimeqa-2022-2024.jsonl.xz --passages 100000
    python -m benchmarks.rebuild                                         # the BBC archive

The archive becomes a folder of text files and is indexed once, with vectors drawn at random, for
nothing is to be learnt from them. Then new processes build it unchanged, and with one article
changed, which is really embedded. Told are the seconds from the call of the build to its report,
the embedder's loading included, and those of the whole process.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import numpy as np
import typer

from benchmarks.archives import copy_out, open_archive, text_files
from benchmarks.figures import spread
from benchmarks.machine import BENCH, say, show, write_result
from benchmarks.timed import fresh_folder
from evals.machine import ROOT, describe
from index.build import build_index
from index.models.download import ensure_embedder
from index.models.embedder import DIMENSIONS, MiniLMEmbeddings
from index.settings import load_settings
from index.types import BuildReport

if TYPE_CHECKING:
    from numpy.typing import NDArray

HOME = BENCH / "rebuild"
_PASSAGES_AN_ARTICLE = 10.1  # of RealTimeQA's articles; only tells how many are taken


class Random(MiniLMEmbeddings):
    """The real tokenizer; random vectors."""

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return an array (texts, 384) of unit vectors."""
        made = np.random.default_rng(len(texts)).standard_normal((len(texts), DIMENSIONS))
        unit: NDArray[np.float32] = made / np.linalg.norm(made, axis=1, keepdims=True)
        return unit.astype(np.float32)


def main(
    articles: Annotated[
        Path | None, typer.Argument(help="A folder, .tar.xz, .jsonl or .jsonl.xz; else the BBC's.")
    ] = None,
    passages: Annotated[int, typer.Option(help="About how many; 0 takes all articles.")] = 0,
    rounds: Annotated[int, typer.Option(help="Builds of each kind.", min=1)] = 5,
) -> None:
    """Measure builds of an unchanged archive, and of one with a changed article."""
    machine = describe()
    limit = round(passages / _PASSAGES_AN_ARTICLE)
    source = open_archive(articles, limit)
    fresh_folder(HOME)
    files = copy_out(text_files(source, limit), source, HOME / "articles")
    settings = load_settings(data_dir=HOME / "data")
    random = Random(lambda: ensure_embedder(settings))
    *_, report = build_index([HOME / "articles"], settings, random)
    assert isinstance(report, BuildReport)
    say(f"{report.articles:,} articles, {report.embedded:,} passages")
    times: dict[str, dict[str, list[float]]] = {}
    for number in range(rounds):
        for kind in ("unchanged", "one changed"):
            if kind == "one changed":
                changed = files[number * len(files) // rounds]
                text = changed.read_text(encoding="utf-8")
                changed.write_text(f"{text}\nA sentence was added {number}.\n", encoding="utf-8")
            for name, seconds in _one_build().items():
                times.setdefault(kind, {}).setdefault(name, []).append(seconds)
    rows = [
        [kind, *(f"{min(taken):.2f} / {spread(taken)['p50']:.2f}" for taken in parts.values())]
        for kind, parts in times.items()
    ]
    heads = ["seconds, least / median", "build", "processor", "whole process", "its processor"]
    show(f"{report.articles:,} articles, {report.embedded:,} passages", heads, rows)
    numbers = {"articles": report.articles, "passages": report.embedded, "seconds": times}
    chosen = {"archive": source.name, "rounds": rounds}
    write_result(f"rebuild-{report.embedded}", machine, chosen, numbers, trial=rounds < 3)
    shutil.rmtree(HOME)


def _one_build() -> dict[str, float]:
    """Build in a new process; return seconds."""
    command = [sys.executable, "-m", "benchmarks.rebuild", "--in-process"]
    begun = time.perf_counter()
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    whole = time.perf_counter() - begun
    build, processor, all_processor = (float(word) for word in done.stdout.split())
    return {"build": build, "cpu": processor, "whole": whole, "whole_cpu": all_processor}


def _in_process() -> None:
    """Build, and print its seconds, those of the processor, and those since the start."""
    settings = load_settings(data_dir=HOME / "data")
    embeddings = MiniLMEmbeddings(lambda: ensure_embedder(settings))
    begun, processor = time.perf_counter(), time.process_time()
    for _ in build_index([HOME / "articles"], settings, embeddings):
        pass
    seconds = time.perf_counter() - begun
    print(seconds, time.process_time() - processor, time.process_time())


if __name__ == "__main__":
    _in_process() if "--in-process" in sys.argv else typer.run(main)
