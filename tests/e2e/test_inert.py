"""Hostile headlines, texts, file names, publishers and model output are shown, and do nothing.

The page's fixture checks at the end that nothing ran and that no other host was asked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

import pytest

from index.store.catalogue import CataloguePage, Listed
from index.types import Article, ArticleRef, Passage
from rag.types import Answer, Citation, Evidence, Outcome, Retrieved, RetrievedPassage, Statement
from tests.e2e.conftest import browser, page
from tests.web.conftest import THIRD_PARTY, Served, serving
from tests.web.fake_pipeline import COVERAGE, FakePipeline
from tests.web.hostile import HOSTILE_STRINGS

__all__ = ["browser", "page"]
pytestmark = [pytest.mark.slow, *THIRD_PARTY]

ARTICLES = {
    f"{at}/{text}": Article(
        f"{at}/{text}",
        f"/archive/{at}/{text}",
        f"Headline {text}",
        f"Before it. {text} After it.",
        date(2023, 1, 1 + at % 28),
        f"Source {text}",
        text,
    )
    for at, text in enumerate(HOSTILE_STRINGS)
}


class HostilePipeline(FakePipeline):
    """Every article and every statement is hostile; one question brings them all."""

    def stream(self, question, cancel=None):
        evidence = tuple(_evidence(at, one) for at, one in enumerate(ARTICLES.values(), 1))
        yield Retrieved(evidence, question.text, COVERAGE)
        said = [Statement(text, (at,), 1.0) for at, text in enumerate(HOSTILE_STRINGS)]
        removed = [Statement(text, (), 0.1, False, text) for text in HOSTILE_STRINGS]
        yield Answer(
            question.text,
            " ".join(HOSTILE_STRINGS),
            Outcome.PARTLY,
            statements=tuple(said),
            removed=tuple(removed),
            missing=" ".join(HOSTILE_STRINGS),
            citations=tuple(_citation(one) for one in ARTICLES.values()),
            notices=HOSTILE_STRINGS,
            evidence=evidence,
            coverage=COVERAGE,
            timings={"total": 1.0},
        )

    def search(self, question, limit=10):
        return [
            RetrievedPassage(
                Passage(one.id, 0, len(one.text), one.text),
                ArticleRef(one.id, one.headline, one.date, one.source, one.url),
                1.0,
            )
            for one in ARTICLES.values()
        ]

    def article(self, article_id):
        return ARTICLES.get(article_id)

    def catalogue(self, wanted, limit, offset=0):
        rows = [Listed(a.id, a.headline, a.date, a.source) for a in ARTICLES.values()]
        return CataloguePage(tuple(rows), len(rows)), {date(2023, 1, 1): len(rows)}

    def sources(self):
        return list(HOSTILE_STRINGS)


def _citation(one: Article) -> Citation:
    start = one.text.index(" ") + 4
    quote = one.text[start : one.text.rindex(" After")]
    return Citation(
        ArticleRef(one.id, one.headline, one.date, one.source, one.url),
        quote,
        start,
        start + len(quote),
    )


def _evidence(number: int, one: Article) -> Evidence:
    made = _citation(one)
    span = (made.start, made.end)
    return Evidence(number, made.article, *span, made.quote, (span,), span, 1.0 / number)


@pytest.fixture(scope="module")
def served(tmp_path_factory) -> Iterator[Served]:
    with serving(HostilePipeline(), tmp_path_factory.mktemp("data")) as made:
        yield made


def shown(text: str | None) -> str:
    """A text without its white space: a line's end may be shown as a paragraph's."""
    return re.sub(r"\s+", "", text or "")


def test_there_are_enough_of_them() -> None:
    assert len(set(HOSTILE_STRINGS)) >= 60


def test_an_answer_made_of_them_is_shown_as_it_is(page) -> None:
    page.locator("#box textarea").fill("Anything?")
    page.locator("#box textarea").press("Enter")
    page.locator("#now .text .mark").first.wait_for()
    page.locator("#now summary, #evidence summary").evaluate_all(
        "all => all.forEach(one => { one.parentElement.open = true; })"
    )
    answer, evidence = (shown(page.locator(part).text_content()) for part in ("#now", "#evidence"))
    for one in ARTICLES.values():
        text = shown(one.text.removeprefix("Before it. ").removesuffix(" After it."))
        assert text in answer
        assert shown(one.headline) in evidence
    marks = page.locator("#now .text .mark")
    assert marks.count() == len(HOSTILE_STRINGS)
    for at in range(0, len(HOSTILE_STRINGS), 6):  # tooltips are made when they are pointed at
        marks.nth(at).hover()
    _nothing_was_made(page)


def test_each_article_is_opened_as_text(page) -> None:
    page.get_by_role("tab", name="Archive").click()
    rows = page.locator("#table [data-kind=row]")
    rows.first.wait_for()
    table = shown(page.locator("#table").text_content())
    for at, one in enumerate(ARTICLES.values()):
        assert shown(one.headline) in table
        rows.nth(at).click()
        page.wait_for_function(
            "text => document.querySelector('#article')?.textContent.includes(text)",
            arg=one.headline,
        )
        assert shown(one.text) in shown(page.locator("#article").text_content())
        _nothing_was_made(page)
    addresses = page.locator("#article a").evaluate_all("all => all.map(one => one.href)")
    assert all(one.startswith(("http://", "https://")) for one in addresses)


def test_what_is_found_is_shown_as_text(page) -> None:
    page.get_by_role("tab", name="Search").click()
    page.locator("#search-row input, #search-row textarea").first.fill("before after window")
    page.locator("#find").click()
    page.locator("#results [data-kind=found]").first.wait_for()
    found = shown(page.locator("#results").text_content())
    for one in ARTICLES.values():
        assert shown(one.headline) in found
    _nothing_was_made(page)


def _nothing_was_made(page) -> None:
    tags = "script,img,image,svg,iframe,object,embed,video,audio,style,link,form,base,meta,math"
    parts = ("#now", "#evidence", "#article", "#table", "#results", "#chart")
    for part in parts:
        made = page.locator(part).evaluate_all(
            "(all, tags) => all.flatMap(one => [...one.querySelectorAll(tags)])"
            ".map(one => one.outerHTML)",
            tags,
        )
        assert made == [], part
        handlers = page.locator(part).evaluate_all(
            "all => all.flatMap(one => [...one.querySelectorAll('*')])"
            ".flatMap(one => [...one.attributes]).filter(a => a.name.startsWith('on'))"
            ".map(a => a.name)"
        )
        assert handlers == [], part
