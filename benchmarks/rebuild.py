"""What a build costs when little or nothing has changed, in a process of its own.

    python -m benchmarks.rebuild ../shared/corpora/realtimeqa-2022-2024.jsonl.xz --passages 100000
    python -m benchmarks.rebuild                                         # the BBC archive

The archive becomes a folder of text files and is indexed once, with random vectors, for nothing
is to be learnt from them. Then new processes build it unchanged, and with one article changed,
which is really embedded. Seconds are those from the call of the build to its report, the
embedder's loading included.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Annotated

import numpy as np
import typer

from benchmarks.archives import copy_out, empty_folder, open_archive, text_files
from benchmarks.results import BENCH, headline, say, show, timed, write_result
from evals.results import ROOT, describe
from index.build import build_index
from index.models.download import ensure_embedder
from index.models.embedder import DIMENSIONS, MiniLMEmbeddings
from index.settings import load_settings
from index.types import BuildReport

if TYPE_CHECKING:
    from numpy.typing import NDArray

HOME = BENCH / "rebuild"
_PASSAGES_AN_ARTICLE = 10.1  # of RealTimeQA's articles; how many are taken depends on it


class RandomEmbeddings(MiniLMEmbeddings):
    """The real tokenizer; random vectors."""

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return an array (texts, 384) of unit vectors."""
        made = np.random.default_rng(len(texts)).standard_normal((len(texts), DIMENSIONS))
        unit: NDArray[np.float32] = made / np.linalg.norm(made, axis=1, keepdims=True)
        return unit.astype(np.float32)


def main(
    articles: Annotated[Path | None, typer.Argument(help="The archive; else the BBC's.")] = None,
    passages: Annotated[int, typer.Option(help="About how many; 0 takes all articles.")] = 0,
    rounds: Annotated[int, typer.Option(help="Builds of each kind.", min=1)] = 5,
) -> None:
    """Measure builds of an unchanged archive, and of one with a changed article."""
    machine = describe()
    limit = round(passages / _PASSAGES_AN_ARTICLE)
    source = open_archive(articles, limit)
    empty_folder(HOME)
    files = copy_out(text_files(source, limit), source, HOME / "articles")
    report = _build(RandomEmbeddings)
    say(f"{report.articles:,} articles, {report.embedded:,} passages")
    seconds: dict[str, list[float]] = {"unchanged": [], "one changed": []}
    for number in range(rounds):
        seconds["unchanged"].append(_build_in_a_new_process())
        changed = files[number * len(files) // rounds]
        text = changed.read_text(encoding="utf-8")
        changed.write_text(f"{text}\nA sentence was added {number}.\n", encoding="utf-8")
        seconds["one changed"].append(_build_in_a_new_process())
    rows = [[kind, f"{min(taken):.2f}", f"{median(taken):.2f}"] for kind, taken in seconds.items()]
    title = f"{report.articles:,} articles, {report.embedded:,} passages"
    show(title, ["seconds of a build", "least", "median"], rows)
    ratio = median(seconds["one changed"]) / median(seconds["unchanged"])
    headline(f"a build with one article changed / unchanged: {ratio:.1f} times the seconds")
    numbers = {"articles": report.articles, "passages": report.embedded, "seconds": seconds}
    chosen = {"archive": source.name, "rounds": rounds}
    write_result(f"rebuild-{report.embedded}", machine, chosen, numbers, trial=rounds < 3)
    shutil.rmtree(HOME)


def _build(kind: type[MiniLMEmbeddings]) -> BuildReport:
    settings = load_settings(data_dir=HOME / "data")
    embeddings = kind(lambda: ensure_embedder(settings))
    *_, report = build_index([HOME / "articles"], settings, embeddings)
    assert isinstance(report, BuildReport)
    return report


def _build_in_a_new_process() -> float:
    command = [sys.executable, "-c", "from benchmarks.rebuild import _measure; _measure()"]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    return float(done.stdout)


def _measure() -> None:
    print(timed(lambda: _build(MiniLMEmbeddings).articles).seconds)


if __name__ == "__main__":
    typer.run(main)
