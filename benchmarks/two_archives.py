"""Passages a second of two archives, slice by slice in turn in one run.

    python -m benchmarks.two_archives ../shared/corpora/realtimeqa-2022-2024.jsonl.xz --limit 600

Whether long dated articles cost more a passage than the BBC's. Seconds are told by the clock and
by the processor: the latter hardly count other work on the machine.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from benchmarks.archives import copy_out, open_archive, text_files
from benchmarks.figures import percentile, ratios
from benchmarks.machine import BENCH, headline, say, show, write_result
from benchmarks.timed import fresh_folder
from evals.machine import describe
from index.build import build_index
from index.models.download import ensure_embedder
from index.models.embedder import MiniLMEmbeddings
from index.settings import load_settings
from index.types import BuildReport

HOME = BENCH / "two-archives"


def main(
    other: Annotated[Path, typer.Argument(help="The archive compared with the first.")],
    first: Annotated[Path | None, typer.Option(help="The first archive; else the BBC's.")] = None,
    limit: Annotated[int, typer.Option(help="Articles taken of each, evenly spaced.")] = 600,
    rounds: Annotated[int, typer.Option(help="Slices of each.", min=1)] = 5,
) -> None:
    """Measure passages a second of slices of both, each archive in an index of its own."""
    machine = describe()
    fresh_folder(HOME)
    embeddings = MiniLMEmbeddings(lambda: ensure_embedder(load_settings()))
    embeddings.embed([f"Text {number} of many." for number in range(128)])
    speeds: dict[str, list[float]] = {}
    by_processor: dict[str, list[float]] = {}
    passages: dict[str, int] = {}
    archives = {"first": open_archive(first), "other": open_archive(other)}
    files = {name: text_files(folder, limit) for name, folder in archives.items()}
    for number in range(rounds):
        for name, folder in archives.items():
            slice_folder = HOME / name / "articles" / str(number)
            copy_out(files[name][number::rounds], folder, slice_folder)
            settings = load_settings(data_dir=HOME / name / "data")
            begun, processor = time.perf_counter(), time.process_time()
            *_, report = build_index([slice_folder], settings, embeddings)
            seconds, worked = time.perf_counter() - begun, time.process_time() - processor
            assert isinstance(report, BuildReport)
            passages[name] = passages.get(name, 0) + report.embedded
            speeds.setdefault(name, []).append(report.embedded / seconds)
            by_processor.setdefault(name, []).append(report.embedded / worked)
            say(f"{number + 1}/{rounds}: {name} {report.embedded / seconds:.1f} passages/s")
    rows = [
        [
            archives[name].name,
            f"{len(files[name]):,}",
            f"{passages[name]:,}",
            *(f"{percentile(made[name], 0.5):.1f}" for made in (speeds, by_processor)),
        ]
        for name in archives
    ]
    show(
        "Passages a second, medians",
        ["", "articles", "passages", "by the clock", "of processor time"],
        rows,
    )
    compared = ratios(by_processor["other"], by_processor["first"])
    headline(f"other / first, passages a second of processor time: {compared['of_medians']:.2f}")
    numbers = {
        "passages": passages,
        "passages_a_second": speeds,
        "passages_a_second_of_processor": by_processor,
        "ratio": compared,
    }
    chosen = {"archives": [folder.name for folder in archives.values()], "limit": limit}
    write_result("two_archives", machine, chosen, numbers, trial=limit < 200)


if __name__ == "__main__":
    typer.run(main)
