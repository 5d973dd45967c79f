"""The archive as a list."""

from __future__ import annotations

from datetime import date

import pytest

from index.store.catalogue import Catalogue, Order, Wanted
from index.store.snapshot import IndexReader
from tests.index.archive import run_build, write

LONG = " ".join(f"The {n}th survey of the coast found more of the same sand." for n in range(90))
ARTICLES = {
    "a.txt": "date 2023-06-18 Zebras cross the river\n\nThey came at noon.",
    "b.txt": f"date 2023-06-20 apples are dear\n\n{LONG}",
    "c.md": "---\ntitle: Mills close\ndate: 2023-08-02\nsource: The 100% Wire\n---\nAll of them.",
    "d.txt": "No date here\n\nNor here.",
}
FOREIGN = {"e.md": "---\ntitle: ÉLYSÉE says no to Straße 7\nsource: Ля Газета\n---\nIt did."}


@pytest.fixture
def catalogue(settings, hashed, tmp_path):
    run_build(settings, hashed, write(tmp_path / "news", ARTICLES))
    with IndexReader(settings).snapshot() as snapshot:
        yield snapshot.catalogue()


def _ids(catalogue: Catalogue, wanted: Wanted) -> list[str]:
    return [one.article_id for one in catalogue.page(wanted, 10).articles]


def test_newest_come_first_and_undated_ones_last(catalogue):
    assert _ids(catalogue, Wanted()) == ["c.md", "b.txt", "a.txt", "d.txt"]
    assert _ids(catalogue, Wanted(descending=False)) == ["a.txt", "b.txt", "c.md", "d.txt"]


@pytest.mark.parametrize(
    ("order", "descending", "first"),
    [
        (Order.HEADLINE, False, "b.txt"),
        (Order.HEADLINE, True, "a.txt"),
        (Order.SOURCE, False, "c.md"),
        (Order.PASSAGES, True, "b.txt"),
    ],
)
def test_any_column_sorts(catalogue, order, descending, first):
    assert _ids(catalogue, Wanted(order=order, descending=descending))[0] == first


def test_the_very_same_article_is_listed_once_with_its_copies(settings, hashed, tmp_path):
    copy = {"copies/a.txt": ARTICLES["a.txt"]}
    run_build(settings, hashed, write(tmp_path / "news", {**ARTICLES, **copy}))
    with IndexReader(settings).snapshot() as snapshot:
        page = snapshot.catalogue().page(Wanted(once=True), 10)
        assert snapshot.catalogue().page(Wanted(), 10).total == 5
    assert page.total == 4
    assert [one.copies for one in page.articles] == [0, 0, 1, 0]


def test_a_page_knows_how_many_there_are(catalogue):
    page = catalogue.page(Wanted(), 2, offset=2)
    assert [one.article_id for one in page.articles] == ["a.txt", "d.txt"]
    assert page.total == 4
    assert catalogue.page(Wanted(), 2, offset=9).articles == ()


@pytest.mark.parametrize(
    ("words", "ids"),
    [
        ("ZEBRAS", ["a.txt"]),
        ("100% wire", ["c.md"]),
        ("100_ wire", []),
        ("%", ["c.md"]),
        ("  ", ["c.md", "b.txt", "a.txt", "d.txt"]),
        ("sand", []),
    ],
    ids=["headline", "publisher", "no wildcard", "a sign of SQL", "blank", "not the text"],
)
def test_words_of_headline_or_publisher_filter(catalogue, words, ids):
    assert _ids(catalogue, Wanted(words=words)) == ids


@pytest.mark.parametrize(
    ("words", "ids"),
    [
        ("cross zebras", ["a.txt"]),
        ("wire mills", ["c.md"]),
        ("zebras mills", []),
        ("élysée", ["e.md"]),
        ("no Élysée ГАЗЕТА", ["e.md"]),
        ("straße", ["e.md"]),
        ("élysées", []),
        ("É%", []),
        (" ".join(f"zebra{n}" for n in range(2000)), []),
    ],
)
def test_each_word_is_looked_for_without_case(settings, hashed, tmp_path, words, ids):
    run_build(settings, hashed, write(tmp_path / "news", ARTICLES | FOREIGN))
    with IndexReader(settings).snapshot() as snapshot:
        assert _ids(snapshot.catalogue(), Wanted(words=words)) == ids


def test_dates_filter_and_leave_out_the_undated(catalogue):
    june = Wanted(first=date(2023, 6, 1), last=date(2023, 6, 30))
    assert _ids(catalogue, june) == ["b.txt", "a.txt"]


def test_what_is_listed_says_what_it_is(catalogue):
    one = catalogue.page(Wanted(words="mills"), 1).articles[0]
    assert (one.headline, one.date, one.source) == (
        "Mills close",
        date(2023, 8, 2),
        "The 100% Wire",
    )


def test_months_are_counted(catalogue):
    assert catalogue.months() == {date(2023, 6, 1): 2, date(2023, 8, 1): 1}


def test_months_are_counted_once_a_generation(settings, hashed, tmp_path):
    folder = write(tmp_path / "news", ARTICLES)
    run_build(settings, hashed, folder)
    reader = IndexReader(settings)
    with reader.snapshot() as first:
        months = first.catalogue().months()
        with reader.snapshot() as second:
            assert second.catalogue().months() is months
        write(folder, {"e.txt": "date 2023-08-05 Rain"})
        run_build(settings, hashed, folder)
        with reader.snapshot() as newer:
            assert newer.catalogue().months()[date(2023, 8, 1)] == 2
        assert first.catalogue().months()[date(2023, 8, 1)] == 1
