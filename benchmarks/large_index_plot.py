"""Draws what `benchmarks.large_index` measured: cost against size.

python -m benchmarks.large_index_plot RESULT.json docs/images/large-index.svg

Needs `pip install matplotlib`, which is no requirement: where Gradio finds it, it loads it too, and
matplotlib writes into the home folder.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import matplotlib
import typer

matplotlib.use("svg")
from matplotlib import pyplot

_SEARCHES = ("dense", "dense, one month", "lexical, one month", "both", "both, one month")


def main(
    result: Annotated[Path, typer.Argument(help="A result of benchmarks.large_index.")],
    image: Annotated[Path, typer.Argument(help="Where the picture goes.")],
) -> None:
    """Draw one picture of two halves."""
    sizes = list(json.loads(result.read_text(encoding="utf-8"))["numbers"].values())
    passages = [size["passages"] for size in sizes]
    pyplot.rcParams["svg.hashsalt"] = "broadsheet"  # the same numbers make the same file
    pyplot.rcParams["svg.fonttype"] = "none"  # letters, not their outlines
    figure, (cost, searches) = pyplot.subplots(1, 2, figsize=(10, 4), layout="constrained")
    for name, values in _costs(sizes).items():
        cost.plot(passages, values, marker="o", label=name)
    for name in _SEARCHES:
        times = [1000 * size["searches"][name]["p95"] for size in sizes]
        searches.plot(passages, times, marker="o", label=name)
    searches.axhline(80, color="grey", linestyle=":", label="aim: 80 ms")
    cost.set_title("Building and holding")
    searches.set_title("Searching, 95th percentile, ms")
    cost.set_yscale("log")
    searches.set_ylim(0)
    for axes in (cost, searches):
        axes.set(xscale="log", xlabel="passages")
        axes.grid(visible=True, which="major", alpha=0.3)
        axes.legend(fontsize="small")
    figure.savefig(image, metadata={"Date": None})


def _costs(sizes: list[dict[str, Any]]) -> dict[str, list[float]]:
    return {
        "built without embedding, s": [sum(size["seconds"].values()) for size in sizes],
        "disk, MB": [size["disk"] / 1e6 for size in sizes],
        "memory of searching, MB": [size["memory"] / 1e6 for size in sizes],
    }


if __name__ == "__main__":
    typer.run(main)
