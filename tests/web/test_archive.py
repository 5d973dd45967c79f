"""The Archive tab's state, and its markup."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date

import pytest

from index.store.catalogue import CataloguePage, Listed, Order, Wanted
from index.text.words import content_stems
from index.types import ArticleRef, Passage
from rag.types import RetrievedPassage
from tests.web.fake_pipeline import FakePipeline
from tests.web.test_markup import HOSTILE, inert
from web import archive
from web.archive import (
    PAGE,
    ArchiveTab,
    Hit,
    Listing,
    SearchTab,
    apply_click,
    find_hit,
    locate_hit,
    locate_row,
    periods,
)

ROWS = tuple(Listed(f"{n}.txt", f"Story {n}", date(2023, 6, n + 1), "Wire") for n in range(3))
JUNE = {date(2023, 6, 1): 3}
SHOWN = Listing(page=CataloguePage(ROWS, 3 * PAGE), periods=periods(JUNE))


def test_a_head_sorts_and_turns_round() -> None:
    by_headline = apply_click(SHOWN, "sort", list(Order).index(Order.HEADLINE))
    assert by_headline.wanted == Wanted(order=Order.HEADLINE, descending=False, once=True)
    again = apply_click(by_headline, "sort", list(Order).index(Order.HEADLINE))
    assert again.wanted.descending
    assert apply_click(SHOWN, "sort", list(Order).index(Order.DATE)).wanted.descending is False


def test_a_bar_narrows_to_its_month_and_widens_again() -> None:
    narrowed = apply_click(SHOWN, "period", 0)
    assert (narrowed.wanted.first, narrowed.wanted.last) == (date(2023, 6, 1), date(2023, 6, 30))
    assert apply_click(narrowed, "period", 0).wanted == Wanted(once=True)


@pytest.mark.parametrize(
    ("words", "total", "says"),
    [
        ("", 0, "No article in July 2023. Show all dates"),
        ("zebra", 0, "No article has these words in July 2023. Show all dates"),
        ("", 2, "2 articles in July 2023. Show all dates"),
    ],
)
def test_a_month_says_what_it_holds_and_how_to_leave_it(words: str, total: int, says: str) -> None:
    june = Listing(periods=periods({date(2023, 6, 1): 4, date(2023, 8, 1): 1}))
    july = apply_click(june, "period", 1)
    july = replace(july, page=CataloguePage((), total), wanted=replace(july.wanted, words=words))
    markup = archive.table(july)
    told = re.sub(r"<[^>]*>", "", markup[: markup.index("</p>")])
    assert " ".join(told.split()) == says
    [number] = re.findall(r'data-kind="period"\s+data-number="(\d+)"', markup)
    assert apply_click(july, "period", int(number)).wanted.first is None
    assert "July 2023: 0 articles" in archive.chart(july)


def test_a_filter_begins_at_the_first_page() -> None:
    second = apply_click(SHOWN, "page", 1)
    assert second.offset == PAGE
    narrowed, _, markup = ArchiveTab(FakePipeline()).filter(second, "blinken")
    assert (narrowed.offset, narrowed.page.total) == (0, 2)
    assert "2 articles" in markup


@pytest.mark.parametrize(
    ("kind", "number"),
    [
        ("page", 3), ("page", -1), ("sort", 3), ("sort", -1), ("period", 1), ("row", 0),
        ("page", "1"), ("page", True), ("page", None), (None, 0), ("page", 1.0),
    ],
)  # fmt: skip
def test_what_the_browser_makes_up_is_not_believed(kind: object, number: object) -> None:
    assert apply_click(SHOWN, kind, number) is None


@pytest.mark.parametrize("number", [3, -1, "0", True, None])
def test_no_row_and_no_passage_but_those_shown(number: object) -> None:
    assert locate_row(SHOWN, {"kind": "row", "number": number}) is None
    assert locate_hit([_found("Text.")], {"kind": "found", "number": number}) is None


def test_a_row_and_a_passage_name_their_article() -> None:
    assert locate_row(SHOWN, {"kind": "row", "number": 1}).article_id == "1.txt"
    place = locate_hit([_found("Text.")], {"kind": "found", "number": 0})
    assert (place.article_id, place.start, place.end, place.quote) == ("a.txt", 7, 12, "Text.")


def test_an_archive_of_many_years_is_charted_by_years() -> None:
    long = periods({date(2004, 3, 1): 5, date(2004, 5, 1): 2, date(2023, 1, 1): 1})
    assert [one.name for one in long] == [str(year) for year in range(2004, 2024)]
    assert (long[0].articles, long[0].last, long[1].articles) == (7, date(2004, 12, 31), 0)
    short = periods({date(2023, 11, 1): 5, date(2024, 2, 1): 2})
    assert [(one.name, one.articles) for one in short] == [
        ("November 2023", 5), ("December 2023", 0), ("January 2024", 0), ("February 2024", 2),
    ]  # fmt: skip
    assert short[3].last == date(2024, 2, 29)
    assert periods({}) == ()


@pytest.mark.parametrize(("months", "named"), [(1, 1), (13, 13), (14, 2), (60, 2), (400, 2)])
def test_an_archive_of_any_length_has_its_chart(months: int, named: int) -> None:
    held = {date(1990 + at // 12, at % 12 + 1, 1): 1 for at in range(months)}
    shown = archive.chart(replace(SHOWN, periods=periods(held)))
    axis = shown.partition('<p class="axis"')[2]
    assert axis.count("<span>") == named
    assert "1990" in shown and f"{1990 + (months - 1) // 12}" in shown


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_in_a_list_becomes_markup(text: str) -> None:
    rows = (Listed(text, text, None, text),)
    listing = Listing(page=CataloguePage(rows, 1))
    table = "table thead tbody tr th td"
    seen = inert(archive.table(listing), table, "scope aria-sort")
    assert seen.tags.count("tr") == 2
    words = frozenset(content_stems(text))
    inert(archive.hits([_found(text, words)], words))
    inert(archive.chart(SHOWN), attributes="style title aria-pressed")


def test_names_that_several_headlines_have_lead_to_their_articles() -> None:
    headlines = ["Maui burns", "Fire on Maui", "Antony Blinken in Beijing", "US and UK agree"]
    headlines += ["Antony Blinken leaves", "Blinken speaks", "US votes"]
    assert archive.most_named(headlines)[:2] == ("Maui", "Antony Blinken")
    assert "US" not in archive.most_named(headlines)
    listing = Listing(names=("Maui",))
    narrowed = apply_click(listing, "name", 0)
    assert narrowed is not None
    assert narrowed.wanted.words == "Maui"
    widened = apply_click(narrowed, "name", 0)
    assert widened is not None
    assert widened.wanted.words == ""
    assert apply_click(listing, "name", 1) is None


def test_an_archive_without_publishers_has_no_column_for_them() -> None:
    rows = (Listed("a", "Rain", date(2023, 6, 18), None),)
    listing = Listing(page=CataloguePage(rows, 1), sourced=False)
    markup = archive.table(listing)
    assert "Publisher" not in markup
    assert "18 Jun 2023" in markup
    assert archive.table(replace(listing, sourced=True)).count("<th ") == 3


def test_duplicates_of_an_article_are_told_beside_it() -> None:
    rows = (Listed("a", "Rain", None, None, copies=2), Listed("b", "Snow", None, None))
    markup = archive.table(Listing(page=CataloguePage(rows, 2)))
    assert markup.count("and 2 duplicates") == 1
    assert markup.count("duplicate") == 1


def test_words_of_the_question_are_marked_in_every_form() -> None:
    words = frozenset(content_stems("which fire"))
    markup = archive.hits([_found("Fires burned. A fireman watched.", words)], words)
    assert "<mark>Fires</mark> burned. A fireman watched." in markup
    assert "1 article" in markup
    assert "nearest by meaning" not in markup


def test_a_hit_is_the_sentence_with_most_of_the_words_and_its_neighbour() -> None:
    text = "It rained. The fire spread. It reached the town. A crew came."
    hit = _found(text, frozenset(content_stems("fire town")))
    assert hit.text == "The fire spread. It reached the town."
    assert (hit.place.quote, hit.place.start) == ("The fire spread.", 7 + text.index("The fire"))
    last = _found(text, frozenset(content_stems("crew")))
    assert last.text == "It reached the town. A crew came."
    assert last.place.quote == "A crew came."


def test_a_hit_does_not_repeat_the_headline_above_it() -> None:
    text = "The fire spread\n\nThe fire reached the town. A crew came."
    article = ArticleRef("a.txt", "The fire spread")
    found = RetrievedPassage(Passage("a.txt", 0, len(text), text), article, 0.5)
    hit = find_hit(found, frozenset(content_stems("fire")))
    assert hit.place.quote == "The fire reached the town."


def test_it_is_said_where_no_article_has_the_words() -> None:
    words = frozenset(content_stems("blaze"))
    markup = archive.hits([_found("The fire spread.", words)], words)
    assert "No article has all these words; nearest:" in markup


def test_a_line_parts_what_has_the_words_from_what_is_near_by_meaning() -> None:
    words = frozenset(content_stems("fires"))
    one, other = _found("Fires burned.", words), _found("The blaze spread.", words)
    line = "With some of these words, or near by meaning:"
    markup = archive.hits([one, other, other], words)
    assert markup.count(line) == 1
    assert markup.index("Fires") < markup.index(line) < markup.index("blaze")
    assert line not in archive.hits([one, other, one], words)
    assert line not in archive.hits([other], words)


def test_what_has_the_words_is_counted_apart_from_what_is_near() -> None:
    words = frozenset(content_stems("fires"))
    one, other = _found("Fires burned.", words), _found("The blaze spread.", words)
    for found, said in (
        (
            [one, other, other],
            "1 article with all these words, 2 more with some of them or near by meaning",
        ),
        ([one, one], "2 articles with all these words"),
        ([other], "1 article with some of these words or near by meaning"),
        ([], "Nothing found. Try other words or wider dates."),
    ):
        markup = " ".join(archive.hits(found, words).split())
        assert f'role="status">{said}</p>' in markup


def test_a_search_shows_one_card_an_article() -> None:
    found, markup = SearchTab(FakePipeline(), max_question=200).find("talks", "", "")
    assert len(found) == 1  # of three passages of one article
    assert markup.count("<li>") == 1


def _found(text: str, words: frozenset[str] = frozenset()) -> Hit:
    passage = Passage("a.txt", 7, 7 + len(text), text)
    article = ArticleRef(passage.article_id, text, date(2023, 6, 18), text)
    return find_hit(RetrievedPassage(passage, article, 0.5), words)
