"""What an index of 1,000 to 1,000,000 passages costs: building, disk, memory, searching.

    python -m benchmarks.large_index .data/…/index-of-many-articles      # all sizes, an hour
    python -m benchmarks.large_index FOLDER --sizes 1000,10000           # a trial

FOLDER is the data folder of an index whose articles and vectors are taken (`benchmarks.drawn`).
Nothing is embedded. The index is built by the product's own code in one process; another one,
which opens it for the first time, searches: dense, lexical, and both as questions are searched
for, in all dates and in one month. Dense results are compared with those of an exact search.
"""

from __future__ import annotations

import os
import random
import shutil
from calendar import monthrange
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import date
from multiprocessing import get_context
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from rich.progress import track

from benchmarks.drawn import DrawnEmbeddings, articles
from benchmarks.processes import memory
from benchmarks.results import (
    BENCH,
    headline,
    progress_console,
    say,
    show,
    spread,
    timed,
    write_result,
)
from evals.results import describe
from index.build import build_index
from index.models.download import ensure_embedder
from index.models.embedder import MiniLMEmbeddings
from index.progress import Meter
from index.settings import Settings, load_settings
from index.store.catalogue import Wanted
from index.store.snapshot import IndexReader, Snapshot
from index.store.vectors import VectorStore
from index.types import STDIN, Article, Bounds, BuildEvent, BuildReport
from rag.retrieval.retriever import retrieve

HOME = BENCH / "large-index"
SIZES = "1000,10000,100000,1000000"
NEIGHBOURS = 10  # of which the recall is the share that a search finds
PASSAGES = 20  # what a question takes

Asked = tuple[str, list[float], Bounds]
SEARCHES: dict[str, Callable[[Snapshot, Asked], object]] = {
    "dense": lambda snapshot, one: snapshot.dense(one[1], 2 * PASSAGES, Bounds()),
    "dense, one month": lambda snapshot, one: snapshot.dense(one[1], 2 * PASSAGES, one[2]),
    "lexical": lambda snapshot, one: snapshot.lexical(one[0], 2 * PASSAGES, Bounds()),
    "lexical, one month": lambda snapshot, one: snapshot.lexical(one[0], 2 * PASSAGES, one[2]),
    "both": lambda snapshot, one: retrieve(snapshot, one[0], one[1], PASSAGES, Bounds()),
    "both, one month": lambda snapshot, one: retrieve(snapshot, one[0], one[1], PASSAGES, one[2]),
}


def main(
    folder: Annotated[Path, typer.Argument(help="Data folder of an index with many articles.")],
    sizes: Annotated[str, typer.Option(help="Numbers of passages, by comma.")] = SIZES,
    questions: Annotated[int, typer.Option(help="Questions that each size is asked.")] = 100,
) -> None:
    """Build indexes of several sizes and search them."""
    machine = describe()
    source = load_settings(data_dir=folder)
    drawn = DrawnEmbeddings(MiniLMEmbeddings(lambda: ensure_embedder(source)), source)
    numbers: dict[str, Any] = {}
    for size in sizes.split(","):
        settings = load_settings(data_dir=HOME / size)
        shutil.rmtree(settings.data_dir, ignore_errors=True)
        numbers[size] = _built(settings, drawn, source, int(size))
        with ProcessPoolExecutor(1, get_context("spawn")) as fresh:
            numbers[size] |= fresh.submit(_searched, settings, questions).result()
        say(f"{size} passages: {numbers[size]}")
        shutil.rmtree(settings.data_dir)
    _show(list(numbers.values()))
    chosen = {"sizes": sizes, "questions": questions}
    write_result("large_index", machine, chosen, numbers, trial=questions < 50)


def _built(
    settings: Settings, drawn: DrawnEmbeddings, source: Settings, size: int
) -> dict[str, Any]:
    """Build the index; return seconds by stage, passages and bytes on disk."""
    with Meter(progress_console) as meter:
        for event in build_index([], settings, drawn, prune=False, stream=articles(source, size)):
            if isinstance(event, BuildEvent):
                meter.reached(event)
    assert isinstance(event, BuildReport)
    name = f"{STDIN}#one-more"
    one = Article(name, name, "One more", "It came last. " * 40, date(2024, 6, 1), None, None)
    files = [path.stat() for path in settings.index_dir.rglob("*") if path.is_file()]
    more = timed(lambda: len([*build_index([], settings, drawn, prune=False, stream=[one])]))
    return {
        "articles": event.added,
        "passages": event.embedded,
        "seconds": dict(event.seconds),
        "disk": sum(512 * file.st_blocks for file in files),
        "one_more": more.seconds,
    }


def _searched(settings: Settings, questions: int) -> dict[str, Any]:
    """Search in a process that has opened nothing yet."""
    embeddings = MiniLMEmbeddings(lambda: ensure_embedder(settings))
    reader = IndexReader(settings)
    with reader.snapshot() as snapshot:
        texts, months = _questions(snapshot, questions)
    asked = list(zip(texts, map(embeddings.embed_query, texts), months, strict=True))
    before = memory(os.getpid())["Anonymous"]

    def seconds(search: Callable[[Snapshot, Asked], object], one: Asked) -> float:
        def work() -> int:
            with reader.snapshot() as snapshot:
                search(snapshot, one)
            return 1

        return timed(work).seconds

    first = seconds(lambda snapshot, one: snapshot.dense(one[1], PASSAGES, Bounds()), asked[0])
    times = {
        name: spread([seconds(search, one) for one in asked])
        for _ in range(2)  # the second time counts: what the first one read is in memory
        for name, search in SEARCHES.items()
    }
    used = memory(os.getpid())["Anonymous"] - before
    recall = _recall(settings, reader, asked)
    return {"first_search": first, "searches": times, "memory": used, "recall": recall}


def _questions(snapshot: Snapshot, questions: int) -> tuple[list[str], list[Bounds]]:
    """Headlines to search for, and a month each; both from the archive, by a fixed seed."""
    rng = random.Random(7)
    count = snapshot.coverage().articles
    places = [rng.randrange(count) for _ in range(questions)]
    listed = [snapshot.catalogue().page(Wanted(), 1, at).articles[0] for at in places]
    firsts = [(one.date or date(2023, 1, 1)).replace(day=1) for one in listed]
    rng.shuffle(firsts)
    lasts = [day.replace(day=monthrange(day.year, day.month)[1]) for day in firsts]
    months = [Bounds(*both, undated=False) for both in zip(firsts, lasts, strict=True)]
    return [one.headline for one in listed], months


def _recall(settings: Settings, reader: IndexReader, asked: Sequence[Asked]) -> dict[str, float]:
    """Share of the nearest of an exact search that ours finds, in all dates and in one month."""
    vectors = np.asarray([one[1] for one in asked], dtype=np.float32)
    bounds = {"all dates": [Bounds()] * len(asked), "one month": [one[2] for one in asked]}
    best = {name: [np.empty(0)] * len(asked) for name in bounds}
    store = VectorStore(settings)
    for collection in track(store.names(), "exact search", console=progress_console):
        for _, page, days in store.pages(collection):
            numbers = np.asarray([day or 0 for day in days])
            for at, scores in enumerate(vectors @ page.T):
                first, last = asked[at][2].numbers
                month = scores[(numbers >= first) & (numbers <= last)]
                for name, found in (("all dates", scores), ("one month", month)):
                    best[name][at] = np.sort(np.concatenate([best[name][at], found]))[-NEIGHBOURS:]
    shares: dict[str, float] = {}
    with reader.snapshot() as snapshot:
        for name, limits in bounds.items():
            hits = [
                hit.score >= exact[0] - 1e-5
                for (_, vector, _), exact, limit in zip(asked, best[name], limits, strict=True)
                if len(exact)
                for hit in snapshot.dense(vector, NEIGHBOURS, limit)
            ]
            shares[name] = float(sum(hits) / max(1, sum(map(len, best[name]))))
    return shares


def _show(sizes: Sequence[dict[str, Any]]) -> None:
    heads = ["passages", "articles", "built, s", "one more, s", "first search, s"]
    heads += ["disk, GB", "memory, GB", "recall", "recall, month"]
    rows = [
        [
            *(f"{size[name]:,}" for name in ("passages", "articles")),
            f"{sum(size['seconds'].values()):.0f}",
            *(f"{size[name]:.2f}" for name in ("one_more", "first_search")),
            *(f"{size[name] / 1e9:.2f}" for name in ("disk", "memory")),
            *(f"{share:.3f}" for share in size["recall"].values()),
        ]
        for size in sizes
    ]
    show("Cost against size", heads, rows)
    times = [
        [f"{size['passages']:,}"]
        + [
            f"{1000 * one['p50']:.0f} / {1000 * one['p95']:.0f}"
            for one in size["searches"].values()
        ]
        for size in sizes
    ]
    show("Searches, ms, p50 / p95", ["passages", *SEARCHES], times)
    last = sizes[-1]
    month = last["searches"]["both, one month"]["p95"]
    headline(
        f"{last['passages']:,} passages: both halves within one month in {1000 * month:.0f} ms "
        f"(95th percentile); {last['recall']['one month']:.3f} of an exact search's nearest 10"
    )


if __name__ == "__main__":
    typer.run(main)
