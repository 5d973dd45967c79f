"""A snapshot shows one generation, within bounds, the same to dense and lexical search."""

from __future__ import annotations

import sqlite3
from datetime import date, datetime

import pytest

from index.build import remove_articles
from index.errors import BroadsheetError, IndexMissing
from index.store.snapshot import IndexReader
from index.types import Bounds
from tests.index.archive import STORIES, found, ids_in, run_build, write

RECORDS = (
    '{"id": "a", "title": "Rain in Rome", "body": "It rained.", "date": "2023-05-01", '
    '"source": "Herald"}\n'
    '{"id": "b", "title": "Rain in Oslo", "body": "It poured.", "date": "2023-06-01", '
    '"source": "Gazette"}\n'
    '{"id": "c", "title": "Rain anywhere", "body": "It may rain.", "source": "Gazette"}\n'
)
JUNE = date(2023, 6, 1)


@pytest.fixture
def reader(settings, hashed, tmp_path) -> IndexReader:
    run_build(settings, hashed, write(tmp_path / "feed", {"rain.jsonl": RECORDS}))
    return IndexReader(settings)


@pytest.mark.parametrize(
    ("bounds", "expected"),
    [
        (Bounds(), {"a", "b", "c"}),
        (Bounds(date_from=JUNE), {"b", "c"}),
        (Bounds(date_from=JUNE, undated=False), {"b"}),
        (Bounds(date_to=date(2023, 5, 31), undated=False), {"a"}),
        (Bounds(date_from=date(2023, 5, 1), date_to=JUNE, undated=False), {"a", "b"}),
        (Bounds(sources=("Gazette",)), {"b", "c"}),
        (Bounds(sources=("Gazette",), date_to=JUNE, undated=False), {"b"}),
        (Bounds(sources=("Nobody",)), set()),
        (Bounds(date_from=date(2024, 1, 1), undated=False), set()),
        (Bounds(date_from=date(2024, 1, 1)), {"c"}),
    ],
)
def test_bounds_hold_in_both_searches(reader, hashed, bounds, expected):
    dense, lexical = found(reader, hashed, "rain", bounds)
    assert set(dense) == set(lexical) == expected
    assert len(dense) == len(lexical) == len(expected)


def test_coverage_counts_within_the_dates(reader):
    with reader.snapshot() as snapshot:
        whole = snapshot.coverage()
        assert (whole.first, whole.last) == (date(2023, 5, 1), JUNE)
        assert (whole.articles, whole.undated) == (3, 1)
        assert snapshot.coverage(Bounds(date_from=JUNE, undated=False)).articles == 1
        assert snapshot.newest(date(2023, 5, 20)) == date(2023, 5, 1)
        assert snapshot.newest(date(2020, 1, 1)) is None
        assert snapshot.sources() == ["Gazette", "Herald"]


def test_passage_is_the_exact_text_of_its_article(reader, hashed):
    with reader.snapshot() as snapshot:
        hits = snapshot.lexical("rain", 5, Bounds())
        for known in snapshot.passages([hit.key for hit in hits]).values():
            passage = known.passage
            article = snapshot.article(passage.article_id)
            assert article.text[passage.start : passage.end] == passage.text
            assert (known.headline, known.date) == (article.headline, article.date)
        assert snapshot.article("nobody") is None


def test_snapshot_keeps_its_generation_while_a_build_switches(settings, hashed, tmp_path):
    folder = write(tmp_path / "news")
    run_build(settings, hashed, folder)
    reader = IndexReader(settings)
    vector = hashed.embed_query("wildfire in Lahaina")
    with reader.snapshot() as old:
        (folder / "maui.txt").unlink()
        write(folder, {"rhodes.txt": "date 2023-07-22 Wildfire on Rhodes\n\nMany fled."})
        run_build(settings, hashed, folder)
        assert ids_in(old) == set(STORIES)
        assert old.article("rhodes.txt") is None
        seen = old.passages([hit.key for hit in old.dense(vector, 10, Bounds())])
        assert {known.passage.article_id for known in seen.values()} == set(STORIES)
        lexical = old.passages([hit.key for hit in old.lexical("wildfire", 10, Bounds())])
        assert [known.passage.article_id for known in lexical.values()] == ["maui.txt"]
    dense, lexical_ids = found(reader, hashed, "wildfire")
    assert set(dense) == {*STORIES, "rhodes.txt"} - {"maui.txt"}
    assert lexical_ids == ["rhodes.txt"]


def test_removed_articles_vanish_from_both_searches(reader, settings, hashed):
    remove_articles(["b"], settings)
    dense, lexical = found(reader, hashed, "rain")
    assert set(dense) == set(lexical) == {"a", "c"}


def test_identical_articles_are_one_passage_of_both(settings, hashed, tmp_path):
    twice = {"a.txt": STORIES["maui.txt"], "b.txt": STORIES["maui.txt"]}
    run_build(settings, hashed, write(tmp_path / "news", twice))
    with IndexReader(settings).snapshot() as snapshot:
        (hit,) = snapshot.lexical("Lahaina", 5, Bounds())
        assert snapshot.passages([hit.key])[hit.key].articles == ("a.txt", "b.txt")
    remove_articles(["a.txt"], settings)
    with IndexReader(settings).snapshot() as snapshot:
        (hit,) = snapshot.dense(hashed.embed_query("Lahaina"), 5, Bounds())
        assert snapshot.passages([hit.key])[hit.key].articles == ("b.txt",)


def test_best_hits_come_first_and_no_more_than_asked(settings, hashed, tmp_path):
    many = {f"{n:03}.txt": f"date 2023-01-01 Notice {n}\n\nNo news." for n in range(60)}
    run_build(settings, hashed, write(tmp_path / "news", {**STORIES, **many}))
    with IndexReader(settings).snapshot() as snapshot:
        dense = snapshot.dense(hashed.embed_query("Qin Gang guest house"), 5, Bounds())
        assert len(dense) == 5
        assert [hit.score for hit in dense] == sorted((hit.score for hit in dense), reverse=True)
        best = snapshot.passages([dense[0].key])[dense[0].key]
        assert best.passage.article_id == "beijing.txt"
        narrow = Bounds(date_from=date(2023, 8, 1), date_to=date(2023, 8, 31), undated=False)
        hits = snapshot.dense(hashed.embed_query("notice"), 5, narrow)
        names = {p.passage.article_id for p in snapshot.passages([h.key for h in hits]).values()}
        assert names == {"maui.txt", "sydney.txt"}


def test_the_live_generation_is_counted_anew_after_a_build(settings, hashed, tmp_path):
    news = write(tmp_path / "news")
    before = datetime.now().astimezone().replace(microsecond=0)
    run_build(settings, hashed, news)
    reader = IndexReader(settings)
    first = reader.live()
    with reader.snapshot() as snapshot:
        assert first.number == snapshot.generation
    assert (first.articles, first.passages) == (4, 4)
    assert before <= first.made <= datetime.now().astimezone()
    assert reader.live() is first, "counted once"
    (news / "maui.txt").unlink()
    run_build(settings, hashed, news)
    second = reader.live()
    assert second.number > first.number
    assert (second.articles, second.passages) == (3, 3)


def test_without_an_index_there_is_no_live_generation(settings):
    with pytest.raises(IndexMissing):
        IndexReader(settings).live()


def test_a_database_that_cannot_be_read_is_not_called_empty(
    settings, hashed, tmp_path, monkeypatch
):
    run_build(settings, hashed, write(tmp_path / "news"))

    def failing(*_: object) -> None:
        raise sqlite3.OperationalError("disk I/O error")

    monkeypatch.setattr("index.store.database._open", failing)
    with pytest.raises(BroadsheetError, match="disk I/O error") as error:
        with IndexReader(settings).snapshot():
            pass
    assert not isinstance(error.value, IndexMissing)
