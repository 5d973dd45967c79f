"""Indexing speed against the stock pipeline, in one run, slice by slice in turn.

    python -m benchmarks.index_speed
    python -m benchmarks.index_speed --articles ../shared/corpora/bbc-news-2225.tar.xz --rounds 5
    python -m benchmarks.index_speed --limit 40 --rounds 2        # a trial

The archive is cut into as many slices as there are rounds. In each round both sides index the
same slice into their own growing index, in turn first, everything included: reading, splitting,
embedding and storing. Loading the embedder comes before, for both. "A core" is articles in a
second of processor time over the whole run, which other work on the machine hardly changes.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from benchmarks.archives import copy_out, open_archive, text_files
from benchmarks.figures import ratios, spread
from benchmarks.machine import BENCH, headline, say, show, write_result
from benchmarks.timed import TimedEmbeddings, fresh_folder
from evals.machine import describe
from evals.stock import StockIndex, stock_embeddings
from index.build import build_index
from index.models.download import ensure_embedder
from index.settings import Settings, load_settings
from index.types import BuildReport

HOME = BENCH / "index-speed"


def main(
    articles: Annotated[
        Path | None, typer.Option(help="A folder, .tar.xz, .jsonl or .jsonl.xz; else the BBC's.")
    ] = None,
    limit: Annotated[int, typer.Option(help="Most articles; 0 takes all.", min=0)] = 0,
    rounds: Annotated[int, typer.Option(help="Slices, each indexed by both.", min=1)] = 5,
) -> None:
    """Measure articles a second, ours and the stock pipeline's, and their ratio."""
    machine = describe()
    folder = open_archive(articles, limit)
    files = text_files(folder, limit)
    fresh_folder(HOME)
    slices = [
        copy_out(files[at::rounds], folder, HOME / "slices" / str(at)) for at in range(rounds)
    ]
    ours, stock = _Ours(load_settings(data_dir=HOME / "ours")), _Stock()
    say(f"{len(files):,} articles in {rounds} rounds")
    speeds: dict[str, list[float]] = {"ours": [], "stock": []}
    for at, files_now in enumerate(slices):
        sides: list[_Ours | _Stock] = [ours, stock] if at % 2 == 0 else [stock, ours]
        for side in sides:
            begun, processor = time.perf_counter(), time.process_time()
            side.index(HOME / "slices" / str(at), files_now)
            seconds = time.perf_counter() - begun
            side.seconds += seconds
            side.processor += time.process_time() - processor
            speeds[side.name].append(len(files_now) / seconds)
            say(f"round {at + 1}/{rounds}: {side.name} {speeds[side.name][-1]:.1f} articles/s")
    numbers: dict[str, Any] = {
        "articles": len(files),
        "speeds": {name: spread(values) | {"rounds": values} for name, values in speeds.items()},
        "whole": {side.name: len(files) / side.seconds for side in (ours, stock)},
        "whole_processor": {side.name: len(files) / side.processor for side in (ours, stock)},
        "ratio": ratios(speeds["ours"], speeds["stock"]),
        "pieces": {"ours": ours.passages, "stock": stock.chunks},
        "stages": ours.stages(),
    }
    _show(numbers)
    settings = {"archive": folder.name, "limit": limit, "rounds": rounds}
    write_result("index_speed", machine, settings, numbers, trial=bool(limit))


class _Ours:
    """Our build, over one growing index."""

    name = "ours"

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._embeddings = TimedEmbeddings(lambda: ensure_embedder(settings))
        self._embeddings.load()
        self._reported: Counter[str] = Counter()
        self.seconds = self.processor = 0.0
        self.passages = 0

    def index(self, folder: Path, files: Sequence[Path]) -> None:
        """Build the index of one more folder."""
        report = None
        for event in build_index([folder], self._settings, self._embeddings):
            report = event if isinstance(event, BuildReport) else None
        assert report is not None and report.added + report.unchanged <= len(files)
        if report.skipped:
            say(f"skipped {len(report.skipped)}: {report.skipped[0].reason}")
        self.passages += report.embedded
        self._reported.update(report.seconds)

    def stages(self) -> dict[str, float]:
        """Return seconds by stage; Chroma works beside the embedder, so only waiting shows."""
        model, counting = self._embeddings.embedding, self._embeddings.counting
        known = {
            "reading files into SQLite": self._reported["reading"],
            "splitting: counting word pieces": counting,
            "embedding": model,
            "splitting and waiting for Chroma": self._reported["embedding"] - model - counting,
            "words (tantivy) and merging": self._reported["storing"],
        }
        return known | {"opening, switching, cleaning up": self.seconds - sum(known.values())}


class _Stock:
    """LangChain's pipeline, over one growing collection."""

    name = "stock"

    def __init__(self) -> None:
        embeddings = stock_embeddings(ensure_embedder(load_settings()))
        embeddings.embed_query("ready")
        self._index = StockIndex(HOME / "stock", embeddings)
        self.seconds = self.processor = 0.0
        self.chunks = 0

    def index(self, folder: Path, files: Sequence[Path]) -> None:
        """Add the files of one more folder."""
        self.chunks += self._index.add(files)


def _show(numbers: dict[str, Any]) -> None:
    rows = [
        [
            name,
            *(f"{numbers['speeds'][name][key]:.1f}" for key in ("p50", "min", "max")),
            f"{numbers['whole'][name]:.1f}",
            f"{numbers['whole_processor'][name]:.1f}",
            f"{numbers['pieces'][name]:,}",
        ]
        for name in ("ours", "stock")
    ]
    columns = ["articles a second", "median", "min", "max", "whole run", "a core", "passages"]
    show(f"{numbers['articles']:,} articles", columns, rows)
    total = sum(numbers["stages"].values())
    stages = [
        [stage, f"{seconds:.1f}", f"{seconds / total:.0%}"]
        for stage, seconds in numbers["stages"].items()
    ]
    show("Where ours spends its time", ["stage", "seconds", "share"], stages)
    ratio = numbers["ratio"]
    headline(
        f"indexing, ours / stock: {ratio['p50']:.2f} times the articles a second "
        f"(rounds {ratio['min']:.2f} to {ratio['max']:.2f})"
    )


if __name__ == "__main__":
    typer.run(main)
