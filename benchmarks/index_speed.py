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

from collections import Counter
from typing import Annotated, Any

import typer

from benchmarks.archives import Articles, copy_out, empty_folder, open_archive, text_files
from benchmarks.results import BENCH, headline, in_turn, ratios, say, show, spread, write_result
from evals.results import describe
from evals.stock import StockIndex, stock_embeddings
from index.build import build_index
from index.models.download import ensure_embedder
from index.models.embedder import MiniLMEmbeddings
from index.settings import load_settings
from index.types import BuildReport

HOME = BENCH / "index-speed"


def main(
    articles: Articles = None,
    limit: Annotated[int, typer.Option(help="Most articles; 0 takes all.", min=0)] = 0,
    rounds: Annotated[int, typer.Option(help="Slices, each indexed by both.", min=1)] = 5,
) -> None:
    """Measure articles a second, ours and the stock pipeline's, and their ratio."""
    machine = describe()
    folder = open_archive(articles, limit)
    files = text_files(folder, limit)
    empty_folder(HOME)
    slices = [
        copy_out(files[at::rounds], folder, HOME / "slices" / str(at)) for at in range(rounds)
    ]
    settings = load_settings(data_dir=HOME / "ours")
    embeddings = MiniLMEmbeddings(lambda: ensure_embedder(settings))
    embeddings.load()
    stock_model = stock_embeddings(ensure_embedder(settings))
    stock_model.embed_query("ready")
    stock_index = StockIndex(HOME / "stock", stock_model)
    pieces: Counter[str] = Counter()
    stages: Counter[str] = Counter()

    def ours(number: int) -> int:
        *_, report = build_index([HOME / "slices" / str(number)], settings, embeddings)
        assert isinstance(report, BuildReport)
        if report.skipped:
            say(f"skipped {len(report.skipped)}: {report.skipped[0].reason}")
        pieces["ours"] += report.embedded
        stages.update(report.seconds)
        return len(slices[number])

    def stock(number: int) -> int:
        pieces["stock"] += stock_index.add(slices[number])
        return len(slices[number])

    say(f"{len(files):,} articles in {rounds} rounds")
    times = in_turn({"ours": ours, "stock": stock}, rounds, "articles")
    speeds = {side: [one.amount / one.seconds for one in made] for side, made in times.items()}
    numbers: dict[str, Any] = {
        "articles": len(files),
        "speeds": {side: spread(values) | {"rounds": values} for side, values in speeds.items()},
        "whole": {side: len(files) / sum(x.seconds for x in made) for side, made in times.items()},
        "whole_processor": {
            side: len(files) / sum(one.processor for one in made) for side, made in times.items()
        },
        "ratio": ratios(speeds["ours"], speeds["stock"]),
        "pieces": pieces,
        "stages": stages,
    }
    _show(numbers)
    chosen = {"archive": folder.name, "limit": limit, "rounds": rounds}
    write_result("index_speed", machine, chosen, numbers, trial=bool(limit))


def _show(numbers: dict[str, Any]) -> None:
    rows = [
        [
            side,
            *(f"{numbers['speeds'][side][key]:.1f}" for key in ("p50", "min", "max")),
            *(f"{numbers[whole][side]:.1f}" for whole in ("whole", "whole_processor")),
            f"{numbers['pieces'][side]:,}",
        ]
        for side in ("ours", "stock")
    ]
    columns = ["articles a second", "median", "min", "max", "whole run", "a core", "passages"]
    show(f"{numbers['articles']:,} articles", columns, rows)
    stages = numbers["stages"]
    rows = [
        [name, f"{taken:.1f}", f"{taken / stages.total():.0%}"] for name, taken in stages.items()
    ]
    show("Where ours spends its time", ["stage", "seconds", "share"], rows)
    ratio = numbers["ratio"]
    headline(
        f"indexing, ours / stock: {ratio['p50']:.2f} times the articles a second "
        f"(rounds {ratio['min']:.2f} to {ratio['max']:.2f})"
    )


if __name__ == "__main__":
    typer.run(main)
