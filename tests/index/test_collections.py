"""Collections hold some days each; a search between dates is exact and opens few of them."""

from __future__ import annotations

import json
from datetime import date, timedelta

import numpy as np
import pytest

from index import build
from index.build import remove_articles
from index.store.snapshot import IndexReader
from index.types import Bounds
from tests.index.archive import run_build, write

FIRST = date(2021, 1, 1)
WORDS = "comet tide harvest bridge strike verdict census glacier ballot rocket".split()


def _day(number: int) -> date | None:
    return None if number % 40 == 0 else FIRST + timedelta(days=number * 7 % 900)


def _record(number: int) -> dict[str, str]:
    told = " ".join(WORDS[(number * step) % 10] for step in (1, 3, 7))
    source = "Herald" if number % 3 else "Gazette"
    record = {"id": f"n{number}", "title": f"Story {number}", "body": told, "source": source}
    day = _day(number)
    return record if day is None else {**record, "date": day.isoformat()}


@pytest.fixture
def archive(settings, hashed, tmp_path, monkeypatch) -> IndexReader:
    """240 articles of 30 months in collections of about 50; some of them taken out again."""
    monkeypatch.setattr(build, "_FULL", 50)
    monkeypatch.setattr(build, "_EMBED_PASSAGES", 20)
    lines = "\n".join(json.dumps(_record(number)) for number in range(240))
    run_build(settings, hashed, write(tmp_path / "feed", {"feed.jsonl": lines}))
    remove_articles([f"n{number}" for number in range(0, 240, 11)], settings)
    return IndexReader(settings)


def _live() -> dict[str, tuple[date | None, str]]:
    numbers = [number for number in range(240) if number % 11]
    return {f"n{n}": (_day(n), _record(n)["source"]) for n in numbers}


BOUNDS = [
    Bounds(),
    Bounds(date_from=date(2022, 3, 1), date_to=date(2022, 3, 31), undated=False),
    Bounds(date_from=date(2022, 3, 1), date_to=date(2022, 3, 31)),
    Bounds(date_to=date(2021, 12, 31), undated=False),
    Bounds(date_from=date(2022, 6, 1), undated=False, sources=("Gazette",)),
    Bounds(date_from=date(2030, 1, 1), undated=False),
]


@pytest.mark.parametrize("bounds", BOUNDS)
@pytest.mark.parametrize("limit", [5, 60])
def test_the_nearest_are_those_of_an_exact_search(archive, hashed, bounds, limit) -> None:
    vector = np.asarray(hashed.embed_query("comet over the glacier"))
    with archive.snapshot() as snapshot:
        hits = snapshot.dense(vector.tolist(), limit, bounds)
        exact = [score for score, day, source in _exact(snapshot, hashed, vector)
                 if bounds.admits(day, source)][:limit]  # fmt: skip
    assert [hit.score for hit in hits] == pytest.approx(exact, abs=1e-4)


def _exact(snapshot, hashed, vector) -> list[tuple[float, date | None, str]]:
    """Every live article's cosine, best first."""
    from index.text.passages import embedded_text, split

    scored = []
    for name, (day, source) in _live().items():
        article = snapshot.article(name)
        (passage,) = split(article, hashed.count_tokens)
        made = hashed.embed([embedded_text(article, passage)])[0]
        scored.append((float(made @ vector), day, source))
    return sorted(scored, key=lambda one: -one[0])


@pytest.mark.parametrize("bounds", BOUNDS)
def test_coverage_is_what_a_count_would_give(archive, bounds) -> None:
    dates_only = Bounds(bounds.date_from, bounds.date_to, (), bounds.undated)
    days = [day for day, source in _live().values() if dates_only.admits(day, source)]
    dated = [day for day in days if day]
    with archive.snapshot() as snapshot:
        coverage = snapshot.coverage(bounds)
    assert (coverage.articles, coverage.undated) == (len(days), len(days) - len(dated))
    assert coverage.first == min(dated, default=None)
    assert coverage.last == max(dated, default=None)


def test_a_month_lies_in_few_collections(archive, hashed, monkeypatch) -> None:
    opened: list[str] = []
    search = archive._vectors.search
    monkeypatch.setattr(
        archive._vectors, "search", lambda name, *rest: opened.append(name) or search(name, *rest)
    )
    with archive.snapshot() as snapshot:
        vector = hashed.embed_query("comet")
        snapshot.dense(vector, 5, Bounds())
        every = len(set(opened))
        opened.clear()
        snapshot.dense(vector, 5, BOUNDS[1])
    assert every == 4
    assert len(set(opened)) <= 2
