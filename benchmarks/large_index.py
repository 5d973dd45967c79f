"""What an index of 1,000 to 1,000,000 passages costs: building, disk, memory, finding.

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
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from datetime import date
from multiprocessing import get_context
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from rich.progress import track

from benchmarks.drawn import Drawn, articles, folder_bytes
from benchmarks.figures import spread
from benchmarks.machine import BENCH, headline, progress_console, say, show, write_result
from benchmarks.processes import memory
from evals.machine import describe
from index.build import build_index
from index.models.download import ensure_embedder
from index.models.embedder import MiniLMEmbeddings
from index.settings import Settings, load_settings
from index.store.catalogue import Wanted
from index.store.snapshot import IndexReader, Snapshot
from index.store.vectors import VectorStore
from index.types import STDIN, Article, Bounds, BuildEvent, BuildReport
from rag.english.temporal import shifted
from rag.retrieval.retriever import retrieve

SIZES = "1000,10000,100000,1000000"
HOME = BENCH / "large-index"
NEIGHBOURS = 10  # of which the share is told that a search finds
PASSAGES = 20  # what a question takes
_SECONDS_BETWEEN_LINES = 15.0


def main(
    folder: Annotated[Path, typer.Argument(help="Data folder of an index with many articles.")],
    sizes: Annotated[str, typer.Option(help="Numbers of passages, by comma.")] = SIZES,
    questions: Annotated[int, typer.Option(help="Questions that each size is asked.")] = 100,
    keep: Annotated[bool, typer.Option(help="Keep the indexes that were made.")] = False,
) -> None:
    """Build indexes of several sizes and search them."""
    machine = describe()
    source = load_settings(data_dir=folder)
    real = MiniLMEmbeddings(lambda: ensure_embedder(source))
    drawn = Drawn(real, source)
    numbers: dict[str, Any] = {}
    for size in (int(text) for text in sizes.split(",")):
        settings = load_settings(data_dir=HOME / str(size))
        shutil.rmtree(settings.data_dir, ignore_errors=True)
        numbers[str(size)] = _built(settings, drawn, source, size)
        with ProcessPoolExecutor(1, get_context("spawn")) as fresh:
            numbers[str(size)] |= fresh.submit(_searched, settings, questions).result()
        say(f"{size:,} passages: {numbers[str(size)]}")
        if not keep:
            shutil.rmtree(settings.data_dir)
    _show(numbers)
    chosen = {"sizes": sizes, "questions": questions}
    write_result("large_index", machine, chosen, numbers, trial=questions < 50)


def _built(settings: Settings, drawn: Drawn, source: Settings, size: int) -> dict[str, Any]:
    """Build the index; return seconds by stage, passages and bytes on disk."""
    told = time.perf_counter()
    report: BuildReport | None = None
    for event in build_index([], settings, drawn, prune=False, stream=articles(source, size)):
        if isinstance(event, BuildReport):
            report = event
        elif isinstance(event, BuildEvent) and time.perf_counter() - told > _SECONDS_BETWEEN_LINES:
            told = time.perf_counter()
            say(f"{size:,}: {event.stage} {event.done:,} of {event.total or 0:,}")
    assert report is not None
    parts = {name: folder_bytes(settings.index_dir / name) for name in ("vectors", "words")}
    return {
        "articles": report.added,
        "passages": report.embedded,
        "seconds": dict(report.seconds),
        "disk": folder_bytes(settings.index_dir),
        **{f"disk_{name}": size for name, size in parts.items()},
        "one_more": _one_more(settings, drawn),
    }


def _one_more(settings: Settings, drawn: Drawn) -> float:
    """Add one article to the index; return seconds."""
    name = f"{STDIN}#one-more"
    article = Article(name, name, "One more", "It came last. " * 40, date(2024, 6, 1), None, None)
    begun = time.perf_counter()
    for _ in build_index([], settings, drawn, prune=False, stream=[article]):
        pass
    return time.perf_counter() - begun


def _searched(settings: Settings, questions: int) -> dict[str, Any]:
    """Search in a process that has opened nothing yet."""
    embeddings = MiniLMEmbeddings(lambda: ensure_embedder(settings))
    reader = IndexReader(settings)
    with reader.snapshot() as snapshot:
        texts, months = _asked(snapshot, questions)
    vectors = [embeddings.embed_query(text) for text in texts]
    before = memory(os.getpid())["Anonymous"]
    begun = time.perf_counter()
    with reader.snapshot() as snapshot:
        snapshot.dense(vectors[0], PASSAGES, Bounds())
    first = time.perf_counter() - begun
    times = {
        name: spread(
            [_timed(reader, work, one) for one in zip(texts, vectors, months, strict=True)]
        )
        for _ in range(2)  # the second time counts: what the first one read is in memory
        for name, work in SEARCHES.items()
    }
    used = memory(os.getpid())
    return {
        "first_search": first,
        "searches": times,
        "memory": used["Anonymous"] - before,
        "recall": _recall(settings, reader, vectors, months),
    }


Asked = tuple[str, list[float], Bounds]
SEARCHES: dict[str, Callable[[Snapshot, Asked], object]] = {
    "dense": lambda snapshot, one: snapshot.dense(one[1], 2 * PASSAGES, Bounds()),
    "dense, one month": lambda snapshot, one: snapshot.dense(one[1], 2 * PASSAGES, one[2]),
    "lexical": lambda snapshot, one: snapshot.lexical(one[0], 2 * PASSAGES, Bounds()),
    "lexical, one month": lambda snapshot, one: snapshot.lexical(one[0], 2 * PASSAGES, one[2]),
    "both": lambda snapshot, one: retrieve(snapshot, one[0], one[1], PASSAGES, Bounds()),
    "both, one month": lambda snapshot, one: retrieve(snapshot, one[0], one[1], PASSAGES, one[2]),
}


def _timed(reader: IndexReader, work: Callable[[Snapshot, Asked], object], one: Asked) -> float:
    begun = time.perf_counter()
    with reader.snapshot() as snapshot:
        work(snapshot, one)
    return time.perf_counter() - begun


def _asked(snapshot: Snapshot, questions: int) -> tuple[list[str], list[Bounds]]:
    """Headlines to search for, and a month each; both from the archive, by a fixed seed."""
    rng = random.Random(7)
    count = snapshot.coverage().articles
    places = [rng.randrange(count) for _ in range(questions)]
    listed = [snapshot.catalogue().page(Wanted(), 1, at).articles[0] for at in places]
    firsts = [(one.date or date(2023, 1, 1)).replace(day=1) for one in listed]
    rng.shuffle(firsts)
    months = [Bounds(day, shifted(_next_month(day), -1), undated=False) for day in firsts]
    return [one.headline for one in listed], months


def _next_month(day: date) -> date:
    return day.replace(year=day.year + day.month // 12, month=day.month % 12 + 1)


def _recall(
    settings: Settings, reader: IndexReader, vectors: list[list[float]], months: list[Bounds]
) -> dict[str, float]:
    """Share of the nearest of an exact search that ours finds, in all dates and in one month."""
    asked = np.asarray(vectors, dtype=np.float32)
    every = [np.empty(0)] * len(asked)
    monthly = [np.empty(0)] * len(asked)
    store = VectorStore(settings)
    for name in track(store.names(), "exact search", console=progress_console):
        for _, page, days in store.pages(name):
            scores = asked @ page.T
            numbers = np.asarray([day or 0 for day in days])
            for at, row in enumerate(scores):
                first, last = months[at].numbers
                within = row[(numbers >= first) & (numbers <= last)]
                every[at] = np.sort(np.concatenate([every[at], row]))[-NEIGHBOURS:]
                monthly[at] = np.sort(np.concatenate([monthly[at], within]))[-NEIGHBOURS:]
    found = {"all dates": (every, [Bounds()] * len(asked)), "one month": (monthly, months)}
    return {name: _share_found(reader, vectors, *exact) for name, exact in found.items()}


def _share_found(
    reader: IndexReader, vectors: list[list[float]], exact: list[Any], bounds: list[Bounds]
) -> float:
    hits, all_of_them = 0, 0
    with reader.snapshot() as snapshot:
        for vector, best, limits in zip(vectors, exact, bounds, strict=True):
            if not len(best):
                continue
            found = snapshot.dense(vector, NEIGHBOURS, limits)
            hits += sum(hit.score >= best[0] - 1e-5 for hit in found)
            all_of_them += len(best)
    return float(hits / all_of_them) if all_of_them else 1.0


def _show(numbers: dict[str, Any]) -> None:
    heads = [
        "passages",
        "articles",
        "built, s",
        "one more, s",
        "disk, GB",
        "memory, GB",
        "first search, s",
    ]
    heads += ["recall", "recall, month"]
    rows = [
        [
            f"{size['passages']:,}",
            f"{size['articles']:,}",
            f"{sum(size['seconds'].values()):.0f}",
            f"{size['one_more']:.2f}",
            f"{size['disk'] / 1e9:.2f}",
            f"{size['memory'] / 1e9:.2f}",
            f"{size['first_search']:.2f}",
            *(f"{share:.3f}" for share in size["recall"].values()),
        ]
        for size in numbers.values()
    ]
    show("Cost against size", heads, rows)
    times = [
        [f"{size['passages']:,}"] + [_p50_p95(size["searches"][name]) for name in SEARCHES]
        for size in numbers.values()
    ]
    show("Searches, ms, p50 / p95", ["passages", *SEARCHES], times)
    last = list(numbers.values())[-1]
    month = last["searches"]["both, one month"]["p95"]
    headline(
        f"{last['passages']:,} passages: both halves within one month in {1000 * month:.0f} ms "
        f"(95th percentile); {last['recall']['one month']:.3f} of an exact search's nearest 10"
    )


def _p50_p95(seconds: dict[str, float]) -> str:
    return f"{1000 * seconds['p50']:.0f} / {1000 * seconds['p95']:.0f}"


if __name__ == "__main__":
    typer.run(main)
