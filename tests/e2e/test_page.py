"""The page in a real browser, over a scripted pipeline."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from datetime import date

import pytest

from rag.llm.loader import ModelState, ModelStatus
from rag.types import Example
from tests.web.conftest import THIRD_PARTY, Served
from tests.web.fake_pipeline import GREETING, HOSTILE

pytestmark = [pytest.mark.slow, *THIRD_PARTY]
BOX = "#box textarea"


def ask(page, text: str, outcome: str = "") -> None:
    page.fill(BOX, text)
    page.press(BOX, "Enter")
    if outcome:
        page.locator(f"#now .answer.{outcome}").wait_for()


def text_of(page, selector: str) -> str:
    return " ".join(page.locator(selector).first.inner_text().split())


def wait_until(true, seconds: float = 10) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)


def test_the_page_says_what_is_indexed(page) -> None:
    assert "46 articles, 1 Feb – 20 Dec 2023" in text_of(page, ".masthead")
    assert page.title() == "Broadsheet"
    assert page.locator("html").get_attribute("lang") == "en"


def test_evidence_comes_first_then_a_draft_then_the_checked_answer(page) -> None:
    page.evaluate("""() => {
      window.seen = [];
      new MutationObserver(() => {
        const has = (s) => document.querySelector(s) !== null;
        const now = [has('#evidence li') && 'evidence', has('#now .draft .label') && 'draft',
                     has('#now .answered') && 'answer'].filter(Boolean).join('+');
        if (now && now !== window.seen.at(-1)) window.seen.push(now);
      }).observe(document.body, {subtree: true, childList: true, characterData: true});
    }""")
    ask(page, "Where did Qin Gang greet Blinken?", "answered")
    assert page.evaluate("window.seen")[:2] == ["evidence", "evidence+draft"]
    assert page.evaluate("window.seen")[-1] == "evidence+answer"
    assert text_of(page, "#evidence summary") == "Sources: 2 articles"
    assert "From 2 articles, 18–20 June 2023 · 3.4 s" in text_of(page, "#now .footer")
    assert page.locator("#now .text .mark").count() == 2
    assert page.locator(".stage").count() == 0


def test_nothing_moves_while_the_answer_is_written(page) -> None:
    page.evaluate("""() => {
      window.shift = 0;
      new PerformanceObserver((list) => {
        for (const e of list.getEntries()) if (!e.hadRecentInput) window.shift += e.value;
      }).observe({type: 'layout-shift', buffered: false});
    }""")
    ask(page, "Where did Qin Gang greet Blinken?")
    page.locator("#evidence li").first.wait_for()
    page.evaluate("window.shift = 0")
    page.locator("#now .answer.answered").wait_for()
    page.wait_for_timeout(200)
    assert page.evaluate("window.shift") < 0.05


def test_a_mark_opens_its_article_at_the_cited_sentence(page) -> None:
    ask(page, "Where did Qin Gang greet Blinken?", "answered")
    mark = page.locator("#now .text .mark").first
    mark.hover()
    assert "18 June 2023" in mark.locator(".tip").inner_text()
    mark.click()
    cited = page.locator("#reader mark.cited")
    cited.wait_for()
    assert cited.text_content() == GREETING
    page.wait_for_timeout(200)
    box = cited.bounding_box()
    assert 0 < box["y"] < 900 - box["height"]
    link = page.locator("#reader .byline a")
    assert link.get_attribute("href") == "https://news.example/blinken"
    assert link.get_attribute("rel") == "noopener noreferrer"
    assert "The Evening Sheet · 18 June 2023" in text_of(page, "#reader .byline")
    page.locator("#now .text .mark").nth(1).click()
    page.locator("#reader h2", has_text="five hours").wait_for()
    assert page.locator("#reader .byline a").count() == 0
    page.locator("#close").click()
    page.locator("#reader").wait_for(state="detached")


def test_evidence_opens_while_the_answer_is_being_written(page) -> None:
    ask(page, "slow question")
    page.locator("#evidence .open", has_text="first visit").click()
    page.locator("#reader mark.cited").wait_for()
    assert page.locator("#reader mark.cited").text_content() == "It was his first visit."
    assert page.locator("#stop").is_visible()
    page.locator("#stop").click()
    page.locator("#ask").wait_for()


def test_abstention_is_an_answer_of_its_own(page) -> None:
    ask(page, "Something absent?", "abstained")
    words = text_of(page, "#now .answer")
    assert words.startswith("The articles do not say.")
    assert "Searched 46 articles" in words
    assert text_of(page, "#evidence summary").startswith("Nearest passages")


def test_evidence_only_says_so(page) -> None:
    ask(page, "bare", "evidence_only")
    assert "The closest sentences" in text_of(page, "#now .answer")


@pytest.mark.parametrize(
    ("question", "message"),
    [("please fail", "does not respond"), ("please crash", "Something went wrong")],
)
def test_failures_are_told_and_the_next_question_works(page, question: str, message: str) -> None:
    ask(page, question, "failed")
    assert message in text_of(page, "#now .failed")
    assert "secret detail" not in page.content()
    ask(page, "Where?", "answered")
    assert message in text_of(page, "#past .failed")


def test_stop_keeps_what_is_there(page, served: Served) -> None:
    ask(page, "slow question")
    page.locator("#now .draft .label").wait_for()
    page.locator("#stop").click()
    page.locator("#now .label", has_text="Stopped").wait_for()
    assert "Diaoyutai" in text_of(page, "#now .draft")
    assert served.pipeline.cancels[-1].is_set()
    page.locator("#ask").wait_for()
    ask(page, "Where?", "answered")


def test_a_closed_page_stops_its_answer(browser, served: Served) -> None:
    page = browser.new_page()
    page.goto(served.url)
    page.locator(".example").first.wait_for()
    ask(page, "slow question")
    page.locator("#now .draft .label").wait_for()
    cancel = served.pipeline.cancels[-1]
    page.close()
    wait_until(cancel.is_set)


def test_new_conversation_clears_and_stops(page, served: Served) -> None:
    ask(page, "Where?", "answered")
    ask(page, "slow question")
    page.locator("#now .draft .label").wait_for()
    page.locator("#renew").click()
    page.locator(".example").first.wait_for()
    wait_until(served.pipeline.cancels[-1].is_set)
    wait_until(lambda: page.locator(".exchange").count() == 0)
    page.wait_for_timeout(400)  # nothing of it comes back
    assert page.locator(".exchange").count() == 0
    ask(page, "Where?", "answered")
    assert page.locator(".exchange").count() == 1
    assert served.pipeline.questions[-1].history == ()


def test_a_second_question_carries_the_first(page, served: Served) -> None:
    ask(page, "Where?", "answered")
    ask(page, "And absent?", "abstained")
    assert page.locator("#past .exchange").count() == 1
    assert [turn.question for turn in served.pipeline.questions[-1].history] == ["Where?"]
    page.locator("#past .text .mark").first.click()
    page.locator("#reader mark.cited").wait_for()


def test_examples_are_asked_by_a_click(page, served: Served) -> None:
    page.locator(".example").first.click()
    page.locator("#now .answered").wait_for()
    assert served.pipeline.questions[-1].text == "Where did Qin Gang greet Antony Blinken?"
    assert page.locator(".example:visible").count() == 0


def test_the_keyboard_alone_suffices(page) -> None:
    page.locator(BOX).focus()
    page.keyboard.type("Where did")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("Qin greet him?")
    page.keyboard.press("Enter")
    page.locator("#now .answered").wait_for()
    assert page.locator("#now .asked").text_content() == "Where did\nQin greet him?"
    for _ in range(60):
        page.keyboard.press("Shift+Tab")
        if page.evaluate("document.activeElement.className").startswith("mark"):
            break
    page.keyboard.press("Enter")
    page.locator("#reader mark.cited").wait_for()
    page.wait_for_function("document.activeElement.tagName === 'ARTICLE'")
    page.keyboard.press("Escape")
    page.locator("#reader").wait_for(state="detached")
    page.wait_for_function("document.activeElement.className.startsWith('mark')")


def test_escape_stops(page, served: Served) -> None:
    ask(page, "slow question")
    page.locator("#now .draft .label").wait_for()
    page.keyboard.press("Escape")
    page.locator("#now .label", has_text="Stopped").wait_for()


def test_dates_and_sources_reach_the_question(page, served: Served) -> None:
    page.locator("#limits button").first.click()
    page.get_by_label("From", exact=True).fill("2023-06")
    page.get_by_label("To", exact=True).fill("2023-06-20")
    page.get_by_label("Answer as of").fill("2023-07-01")
    ask(page, "Where?", "answered")
    asked = served.pipeline.questions[-1]
    assert (asked.date_from, asked.date_to) == (date(2023, 6, 1), date(2023, 6, 20))
    assert asked.as_of == date(2023, 7, 1)
    assert "1–20 June 2023" in text_of(page, "#now .bounds")


@pytest.mark.parametrize(
    ("text", "day", "message"),
    [
        ("   ", "", "Write a question first."),
        ("x" * 201, "", "at most 200 are allowed"),
        ("Where?", "2023-02-30", "From: there is no day 2023-02-30."),
        ("Where?", "soon", "“soon” is not a date"),
    ],
)
def test_impossible_questions_are_refused_and_kept(
    page, served: Served, text: str, day: str, message: str
) -> None:
    before = len(served.pipeline.questions)
    page.locator("#limits button").first.click()
    page.get_by_label("From", exact=True).fill(day)
    ask(page, text)
    page.wait_for_timeout(300)  # a day that is none was told before, when its line was left
    page.locator("#message .message", has_text=message).wait_for()
    assert page.locator(BOX).input_value() == text
    assert text_of(page, "#ask") == "Ask"
    assert len(served.pipeline.questions) == before


@pytest.fixture
def opening(browser, served: Served) -> Iterator[tuple[object, threading.Event]]:
    """A page that is filled (examples, publishers) only once the event is set."""
    filled, examples = threading.Event(), served.pipeline.examples

    def late() -> list[Example]:
        filled.wait(15)
        return examples()

    served.pipeline.examples = late
    context = browser.new_context()
    page = context.new_page()
    page.goto(served.url)
    yield page, filled
    filled.set()
    del served.pipeline.examples
    context.close()


def test_what_is_typed_while_the_page_fills_is_kept(opening, served: Served) -> None:
    page, filled = opening
    page.locator("#limits button").first.click()
    page.get_by_label("From", exact=True).fill("2023-06-01")
    page.fill(BOX, "Where?")
    filled.set()
    page.locator(".example").first.wait_for()
    page.press(BOX, "Enter")
    page.locator("#now .answer.answered").wait_for()
    assert served.pipeline.questions[-1].date_from == date(2023, 6, 1)


def test_a_question_may_be_asked_before_the_page_is_filled(opening) -> None:
    page, filled = opening
    ask(page, "Where?", "answered")
    assert not filled.is_set()


def test_hostile_articles_run_nothing_and_ask_nothing(page) -> None:
    ask(page, f"evil {HOSTILE[:150]}", "answered")
    page.locator("#now .removed summary").click()
    page.locator("#now .text .mark").first.hover()
    page.locator("#now .text .mark").first.click()
    page.locator("#reader mark.cited").wait_for()
    cited = page.locator("#reader mark.cited").text_content()
    assert cited == HOSTILE
    hosts = ("#now", "#evidence", "#reader")
    for tag in ("img", "script", "svg", "iframe", "object"):
        for host in hosts:
            assert page.locator(f"{host} .exchange {tag}, {host} article {tag}").count() == 0
    ask(page, "Where?", "answered")
    page.wait_for_timeout(300)


def test_a_forged_position_opens_nothing(page) -> None:
    ask(page, "Where?", "answered")
    mark = page.locator("#now .text .mark").first
    mark.evaluate("e => { e.dataset.number = '99'; }")
    mark.click()
    page.wait_for_timeout(500)
    assert page.locator("#reader").count() == 0


def test_the_model_state_is_followed_until_it_is_ready(browser, served: Served) -> None:
    served.pipeline.status = ModelStatus(ModelState.FETCHING, 412_000_000, 1_117_320_768, 11e6, 62)
    try:
        page = browser.new_page()
        page.goto(served.url)
        page.locator(".model-state", has_text="412 of 1,117 MB, 11 MB/s, 62 s left").wait_for()
    finally:
        served.pipeline.status = ModelStatus(ModelState.READY)
    page.locator(".model-state.ready", has_text="is ready").wait_for()
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_needs_no_sideways_scrolling(browser, served: Served, scheme: str) -> None:
    page = browser.new_page(viewport={"width": 390, "height": 844}, has_touch=True)
    page.goto(f"{served.url}?__theme={scheme}")
    page.locator(".example").first.wait_for()
    sideways = "document.documentElement.scrollWidth > 390"
    assert not page.evaluate(sideways)
    ask(page, "evil", "answered")
    assert not page.evaluate(sideways)
    page.locator("#now .text .mark").first.tap()
    page.locator("#reader mark.cited").wait_for()
    page.wait_for_timeout(300)
    assert not page.evaluate(sideways)
    box = page.locator("#reader mark.cited").bounding_box()
    assert box["y"] < 844
    assert box["y"] + box["height"] > 0
    page.close()


def test_answers_stream_to_several_people_at_once(browser, served: Served) -> None:
    pages = [browser.new_page() for _ in range(3)]
    for page in pages:
        page.goto(served.url)
        page.locator(".example").first.wait_for()
    for page in pages:
        ask(page, "slow question")
    for page in pages:
        page.locator("#now .draft .label").wait_for()
    assert all(page.locator("#now .draft .label").is_visible() for page in pages)
    for page in pages:
        page.close()


def tab(page, name: str) -> None:
    page.get_by_role("tab", name=name).click()


def test_search_finds_passages_without_the_model(page, served: Served) -> None:
    tab(page, "Search")
    box = page.get_by_label("Words or a question")
    box.fill("How long did the talks last?")
    page.get_by_label("From").last.fill("2023-06-01")
    box.press("Enter")
    page.locator(".hits li").first.wait_for()
    assert served.pipeline.questions[-1].date_from == date(2023, 6, 1)
    assert page.locator(".hits li").first.locator("mark").all_inner_texts() == ["talks", "lasted"]
    page.locator(".hits .open").first.click()
    page.locator("#reader mark.cited").first.wait_for()
    assert text_of(page, "#reader h2").endswith("five hours")


def test_search_says_what_is_wrong(page) -> None:
    tab(page, "Search")
    page.get_by_label("Words or a question").fill("talks")
    page.get_by_label("From").last.fill("someday")
    page.locator("#find").click()
    page.locator("#results .message").wait_for()
    assert "someday" in text_of(page, "#results .message")


def test_the_archive_is_a_list_that_sorts_pages_and_narrows(page) -> None:
    tab(page, "Archive")
    rows = page.locator(".archive tbody tr")
    rows.first.wait_for()
    assert text_of(page, "#table .found") == "60 articles"
    assert rows.count() == 25
    page.locator(".turning button", has_text="Next").click()
    page.locator(".turning", has_text="Page 2 of 3").wait_for()
    page.locator(".archive th button", has_text="Headline").click()
    page.locator("th.headline[aria-sort=ascending]").wait_for()
    page.locator("#chart button").first.click()
    page.locator("#chart button[aria-pressed=true]").wait_for()
    assert text_of(page, "#table .found") == "6 articles in January 2023. Show all dates"
    page.locator("#chart button").first.click()
    page.locator("#table .found", has_text="60 articles").wait_for()
    page.get_by_label("Words of headline or publisher").fill("five hours")
    page.locator("#table .found", has_text="1 article").wait_for()
    page.locator(".archive td.headline button").click()
    page.locator("#reader h2", has_text="five hours").wait_for()
    assert page.locator("#reader mark.cited").count() == 0
    assert page.locator("#reader .notice").count() == 0


def test_an_answer_is_copied_with_its_citations(page) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    ask(page, "Where did Qin Gang greet Blinken?", "answered")
    page.locator("#now .tool", has_text="Copy with citations").click()
    page.locator("#now .tool", has_text="Copied").wait_for()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith("Qin Gang greeted Blinken at the Diaoyutai State Guest House [1].")
    assert f"[1] “{GREETING}”" in copied
    assert "The Evening Sheet, 18 June 2023. https://news.example/blinken" in copied


def test_a_link_opens_the_question_with_its_bounds_and_asks_nothing(page, served: Served) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.locator("#limits > button").click()
    page.locator("#limits").get_by_label("From").fill("2023-06-01")
    ask(page, "Where did Qin Gang greet Blinken?", "answered")
    page.locator("#now .tool", has_text="Copy link to the question").click()
    page.locator("#now .tool", has_text="Copied").wait_for()
    asked = len(served.pipeline.questions)
    page.goto(page.evaluate("navigator.clipboard.readText()"))
    page.locator(".example").first.wait_for()
    wait_until(lambda: page.input_value(BOX) == "Where did Qin Gang greet Blinken?")
    assert page.locator("#limits").get_by_label("From").input_value() == "1 June 2023"
    assert page.locator("#limits").get_by_label("From").is_visible()
    assert len(served.pipeline.questions) == asked


@pytest.mark.parametrize(
    ("name", "begins"),
    [
        ("Markdown", "## Where did Qin Gang"),
        ("JSON", "[\n  {\n"),
        ("Citations as CSV", "question,mark,headline,publisher"),
        ("RIS", "TY  - NEWS"),
        ("CSL-JSON", '[\n  {\n    "id": "article-1"'),
    ],
)
def test_a_conversation_is_exported(page, name: str, begins: str) -> None:
    assert not page.locator("#take").is_visible()
    ask(page, "Where did Qin Gang greet Blinken?", "answered")
    with page.expect_download() as download:
        page.get_by_role("button", name=name, exact=True).click()
    text = download.value.path().read_text(encoding="utf-8")
    assert text.startswith(begins)
    assert GREETING in text


def test_an_answer_is_called_right_or_wrong(page, served: Served) -> None:
    ask(page, "Where did Qin Gang greet Blinken?", "answered")
    page.locator("#now .vote").get_by_role("button", name="Yes").click()
    page.locator("#now .vote", has_text="Noted").wait_for()
    wait_until(lambda: [said.verdict for said in served.feedback.every()][-1:] == ["right"])
    ask(page, "Where was it absent?", "abstained")
    assert page.locator("#now .vote .tool").count() == 2
    page.locator("#now .vote summary").click()
    page.get_by_label("The right answer").last.fill("In Beijing.")
    page.locator("#now .vote").get_by_role("button", name="The articles do say it").click()
    wait_until(lambda: served.feedback.every()[-1].verdict == "should_answer")
    said = served.feedback.every()[-1]
    assert (said.note, said.answer["question"]) == ("In Beijing.", "Where was it absent?")


def test_a_preset_limits_the_question_and_a_chip_drops_it(page, served: Served) -> None:
    page.locator("#limits > button").click()
    page.get_by_role("button", name="Last week of the archive").click()
    chip = page.get_by_role("button", name="Drop the limit: From 14 December 2023")
    chip.wait_for()
    page.get_by_role("button", name="Drop the limit: To 20 December 2023").click()
    wait_until(lambda: chip.evaluate("e => e === document.activeElement"))
    assert page.locator("#chips button").count() == 1
    ask(page, "Where did Qin Gang greet Blinken?", "answered")
    assert served.pipeline.questions[-1].date_from == date(2023, 12, 14)
    assert served.pipeline.questions[-1].date_to is None
    page.locator("#limits > button").click()
    page.get_by_role("button", name="All dates").click()
    page.locator("#chips button").wait_for(state="detached")


def test_a_question_is_edited_and_asked_again(page, served: Served) -> None:
    ask(page, "Where did Qin Gang greet Blinken?", "answered")
    page.locator("#now .tool", has_text="Edit and ask again").click()
    wait_until(lambda: page.input_value(BOX) == "Where did Qin Gang greet Blinken?")
    page.locator(BOX).press_sequentially(" And when?")
    page.locator(BOX).press("Enter")
    page.locator("h2.asked", has_text="And when?").wait_for()
    asked = "Where did Qin Gang greet Blinken? And when?"
    wait_until(lambda: served.pipeline.questions[-1].text == asked)


def test_a_limit_in_a_question_bounds_it_and_comes_back_as_a_chip(page, served: Served) -> None:
    ask(page, 'Where did Qin Gang greet Blinken? author:"Ada Pell"', "answered")
    page.locator("h2.asked", has_text="Where did Qin Gang greet Blinken?").wait_for()
    assert served.pipeline.questions[-1].sources == ("author:Ada Pell",)
    page.locator("#now .tool", has_text="Edit and ask again").click()
    page.get_by_role("button", name="Drop the limit: author:Ada Pell").wait_for()
    page.locator(BOX).press("Enter")
    page.locator('#now [data-turn="1"] .answer.answered').wait_for()
    assert served.pipeline.questions[-1].sources == ("author:Ada Pell",)


def test_a_question_is_asked_again_by_one_click(page, served: Served) -> None:
    ask(page, "Where did they meet?", "answered")
    before = len(served.pipeline.questions)
    page.get_by_role("button", name="Ask again", exact=True).click()
    page.locator('#now [data-turn="1"] .answer.answered').wait_for()
    assert len(served.pipeline.questions) == before + 1
    assert served.pipeline.questions[-1].text == "Where did they meet?"
