"""What the address names, what a new conversation leaves behind, and what keeps its room."""

from __future__ import annotations

import re

import pytest

from rag.llm.loader import MESSAGES, ModelState, ModelStatus
from tests.e2e.test_page import ask, tab, text_of, wait_until
from tests.web.conftest import THIRD_PARTY, Served

pytestmark = [pytest.mark.slow, *THIRD_PARTY]
SHIFTS = """
  window.shifts = 0;
  new PerformanceObserver((list) => {
    for (const e of list.getEntries()) if (!e.hadRecentInput) window.shifts += e.value;
  }).observe({type: 'layout-shift', buffered: true});
"""


def test_a_search_and_its_article_outlive_a_reload_and_are_a_link(browser, page, served) -> None:
    tab(page, "Search")
    page.locator("#search-row textarea").fill("talks")
    page.locator("#find").click()
    page.locator("#results .open").first.click()
    page.locator("#reader mark.cited").wait_for()
    page.wait_for_url(re.compile(r"#search&q=talks&article="))
    quoted, link = text_of(page, "#reader mark.cited"), page.url
    page.reload()
    other = browser.new_page()
    other.goto(link)
    for one in (page, other):
        one.locator("#reader mark.cited").wait_for()
        one.locator("#results .open").wait_for()
        assert text_of(one, "#reader mark.cited") == quoted
        assert one.get_by_role("tab", name="Search").get_attribute("aria-selected") == "true"
    other.close()
    page.go_back()
    page.locator("#reader").wait_for(state="detached")
    page.locator("#results .open").wait_for()
    page.go_back()
    page.locator("#lead").wait_for()


def test_an_article_stands_beside_its_own_tab_alone(page) -> None:
    ask(page, "Where did Qin Gang greet Blinken?", "answered")
    page.locator("#now .mark").first.click()
    page.wait_for_url(re.compile(r"#c-.*&article="))
    tab(page, "Archive")
    page.locator("#reader").wait_for(state="detached")
    page.get_by_label("Words of headline").fill("five hours")
    page.wait_for_url(re.compile("q=five"))
    page.locator(".archive td.headline button").click()
    page.wait_for_url(re.compile(r"#archive&.*&article="))
    page.locator("#header .skip").focus()
    page.keyboard.press("Enter")
    page.locator("#reader").wait_for(state="detached")
    page.wait_for_timeout(500)
    assert re.search(r"#c-[0-9a-f]+$", page.url)
    assert page.evaluate("document.activeElement.closest('#box') !== null")
    for _ in range(3):
        page.go_back()
        page.wait_for_timeout(300)
    page.locator("#reader mark.cited").wait_for()
    assert page.locator("#now .asked").is_visible()


def test_what_the_archive_is_narrowed_to_outlives_a_reload(page) -> None:
    tab(page, "Archive")
    page.locator("#chart [data-kind=period]").first.click()
    page.wait_for_url(re.compile(r"#archive&month="))
    page.locator("#archive-tab .line textarea").fill("story 11")
    page.wait_for_url(re.compile(r"q=story\+11&month="))
    shown = text_of(page, "#table .found")
    page.reload()
    page.locator("#chart [aria-pressed=true]").wait_for()
    page.wait_for_function(
        "document.querySelector('#archive-tab .line textarea').value === 'story 11'"
    )
    wait_until(lambda: text_of(page, "#table .found") == shown)


def test_the_focus_stays_in_the_archive_as_it_is_drawn_anew(page) -> None:
    tab(page, "Archive")
    pages, first = page.locator(".turning button"), "#chart [data-kind=period] >> nth=0"
    for control, key, then in (
        (pages.last, "Enter", pages.last),
        (pages.last, "Enter", pages.first),  # it was the last page
        (page.locator(".archive th.headline button"), "Space", ".archive th.headline button"),
        (page.locator(first), "Enter", first),
        (page.get_by_role("button", name="Show all dates"), "Enter", first),
        (page.locator("#chart .names button").first, "Enter", "#chart .names button >> nth=0"),
    ):
        before = page.inner_html("#table")
        control.focus()
        page.keyboard.press(key)
        wait_until(lambda before=before: page.inner_html("#table") != before)
        shown = page.locator(then) if isinstance(then, str) else then
        wait_until(lambda shown=shown: shown.evaluate("e => e === document.activeElement"))


@pytest.mark.parametrize(
    ("named", "where", "said"),
    [
        ("archive&article=no/such.txt&at=3-9", "#reader .notice", "no longer in the archive"),
        (f"c-{'0' * 32}", "#message", "not kept in this browser"),  # of another browser
    ],
)
def test_an_address_of_what_is_not_there_says_so(
    browser, served: Served, named: str, where: str, said: str
) -> None:
    page = browser.new_page()
    page.goto(f"{served.url}#{named}")
    page.locator(where, has_text=said).wait_for()
    page.close()


def test_a_new_conversation_has_no_limits(page) -> None:
    page.goto(f"{page.url}?q=Who?&from=2023-06-01&as_of=2023-06-18")
    page.locator("#chips button").nth(1).wait_for()
    page.locator("#renew").click()
    page.locator("#chips button").first.wait_for(state="detached")
    assert "2023" not in page.url, "nor after a reload"


def test_what_is_wrong_is_told_above_the_box(page) -> None:
    ask(page, "Where did Qin Gang greet Blinken?", "answered")
    page.set_viewport_size({"width": 1280, "height": 560})
    page.locator("#now .vote summary").click()
    page.wait_for_timeout(300)
    last = page.locator("#now .vote details .tool").last.bounding_box()
    assert last["y"] + last["height"] <= page.locator("#form").bounding_box()["y"]


def test_the_line_on_the_model_keeps_its_room(browser, served: Served) -> None:
    served.pipeline.status = ModelStatus(ModelState.LOADING)
    page = browser.new_page(viewport={"width": 390, "height": 844})
    page.add_init_script(SHIFTS)
    page.goto(served.url)
    page.locator("#model-state", has_text="being loaded").wait_for()
    served.pipeline.status = ModelStatus(ModelState.READY, message=MESSAGES[ModelState.READY])
    page.locator(".model-state", has_text="is ready").wait_for()
    page.wait_for_timeout(300)
    assert page.evaluate("window.shifts") < 0.05
    ask(page, "Where did Qin Gang greet Blinken?", "answered")
    assert page.locator(".model-state").count() == 0
    page.close()
