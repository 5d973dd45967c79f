"""What a page keeps through a reload, a lost connection, Back, and changes of the archive."""

from __future__ import annotations

from datetime import date

import pytest

from tests.e2e.test_page import BOX, ask, tab, text_of, wait_until
from tests.web.conftest import THIRD_PARTY, Served

pytestmark = [pytest.mark.slow, *THIRD_PARTY]


def test_a_reload_in_mid_answer_keeps_the_question_and_its_limits(page, served: Served) -> None:
    page.locator("#limits > button").click()
    page.get_by_label("From", exact=True).fill("1 June 2023")
    ask(page, "slow question")
    page.locator("#now .draft .label").wait_for()
    asked = len(served.pipeline.questions)
    page.reload()
    page.locator("#message", has_text="before this question was answered").wait_for()
    assert page.input_value(BOX) == "slow question"
    assert page.get_by_label("From", exact=True).input_value() == "1 June 2023"
    assert len(served.pipeline.questions) == asked
    page.locator("#ask").click()
    page.locator("#message .message").wait_for(state="detached")
    page.locator("#now .draft .label").wait_for()
    page.locator("#stop").click()
    page.locator("#ask").wait_for()
    page.wait_for_url("**/#c-*")
    page.reload()
    page.locator("#now .draft", has_text="Stopped").wait_for()
    assert page.input_value(BOX) == ""


def test_a_lost_connection_is_told_and_the_question_can_be_asked_again(page) -> None:
    page.route("**/queue/data*", lambda route: route.abort())
    ask(page, "Where did Qin Gang greet Blinken?")
    page.get_by_text("Attempting reconnection").wait_for()
    page.unroute("**/queue/data*")
    page.locator("#message", has_text="before this question was answered").wait_for()
    page.locator("#ask").click()
    page.locator("#now .answered .mark").first.wait_for()


def test_a_question_that_came_too_early_is_told_until_the_answer_is_there(page) -> None:
    ask(page, "slow question")
    page.locator("#now .draft .label").wait_for()
    page.locator(BOX).fill("And who resigned?")
    page.locator(BOX).press("Enter")
    page.locator("#message", has_text="Wait for the answer").wait_for()
    page.locator("#stop").click()
    page.locator("#message .message").wait_for(state="detached")
    assert page.input_value(BOX) == "And who resigned?"


def test_stop_before_the_first_word_leaves_ways_on(page) -> None:
    ask(page, "slow question")
    page.locator("#stop").click()
    page.locator("#now .draft", has_text="Stopped").wait_for()
    names = page.locator("#now .tools .tool").all_inner_texts()
    assert names == ["Ask again", "Edit and ask again"]
    first, second = (page.locator("#now .tools .tool").nth(at).bounding_box() for at in (0, 1))
    assert second["x"] > first["x"] + first["width"] + 5
    page.locator("#now .tool", has_text="Edit").click()
    wait_until(lambda: page.input_value(BOX) == "slow question")


def test_a_question_that_was_stopped_is_there_after_a_reload(page, served: Served) -> None:
    page.locator("#limits > button").click()
    page.get_by_label("From", exact=True).fill("1 June 2023")
    ask(page, "slow question")
    page.locator("#now .draft .label").wait_for()
    page.locator("#stop").click()
    page.locator("#now .draft", has_text="Stopped").wait_for()
    page.wait_for_url("**/#c-*")
    shown = text_of(page, "#now"), text_of(page, "#evidence")
    page.reload()
    page.locator("#now .asked", has_text="slow question").wait_for()
    assert (text_of(page, "#now"), text_of(page, "#evidence")) == shown
    assert text_of(page, "#now .bounds") == "from 1 June 2023"
    page.locator("#now .tool", has_text="Edit").click()
    wait_until(lambda: page.input_value(BOX) == "slow question")
    page.locator("#chips li", has_text="From 1 June 2023").wait_for()
    ask(page, "Where did Qin Gang greet Blinken?", "answered")
    page.reload()
    page.locator("#now .answered").wait_for()
    assert page.locator(".asked").all_inner_texts()[0] == "slow question"


def test_after_stop_the_focus_is_on_ask_again(page) -> None:
    ask(page, "slow question")
    page.locator("#stop").click()
    page.locator("#now .draft", has_text="Stopped").wait_for()
    page.wait_for_function("document.activeElement.textContent.includes('Ask again')")
    page.keyboard.press("Enter")
    page.locator("#now .draft .label").wait_for()
    page.locator(BOX).focus()
    page.keyboard.press("Escape")
    page.locator("#now .tools").wait_for()
    assert page.evaluate("document.activeElement.closest('#box') !== null")


def test_from_the_box_the_first_citation_is_two_presses_away(page) -> None:
    skip = page.get_by_role("button", name="Go to the answer")
    assert skip.count() == 0
    ask(page, "Where did Qin Gang greet Blinken?", "answered")
    page.locator(BOX).focus()
    page.keyboard.press("Shift+Tab")
    assert skip.bounding_box()["y"] > 0 and skip.evaluate("e => e === document.activeElement")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.ariaLabel").startswith("Source 1:")


def test_the_address_names_the_conversation(page, browser) -> None:
    ask(page, "Where did Qin Gang greet Blinken?", "answered")
    page.wait_for_url("**/#c-*")
    first = page.url
    page.locator("#renew").click()
    page.locator(".example").first.wait_for()
    page.wait_for_url(lambda url: "#c-" not in url)
    assert page.evaluate("document.activeElement.closest('#box') !== null")
    ask(page, "And absent?", "abstained")
    page.wait_for_url(lambda url: "#c-" in url and url != first)
    page.go_back()
    page.locator(".example").first.wait_for()
    page.go_back()
    page.locator("#now .asked", has_text="Qin Gang").wait_for()
    page.go_forward()
    page.locator(".example").first.wait_for()
    page.go_forward()
    page.locator("#now .asked", has_text="absent").wait_for()
    page.goto("about:blank")
    page.goto(first)
    page.locator("#now .asked", has_text="Qin Gang").wait_for()
    page.locator("#now .mark").first.click()
    page.locator("#reader mark.cited").wait_for()


def test_greetings_are_answered_with_cards_and_not_kept(page) -> None:
    ask(page, "What can you do?", "answered")
    assert "46 articles" in text_of(page, "#now .answer")
    assert page.locator("#now .tools").count() == 0
    page.wait_for_timeout(500)
    assert "#c-" not in page.url
    labels = page.locator("#now .example .kind:first-child").all_text_contents()
    assert labels == ["A fact", "How a story went", "Who said what", "As of a day"]
    page.locator("#now .example", has_text="as of 18 June 2023").click()
    page.locator("#now .answered .mark").first.wait_for()
    assert "as of 18 June 2023" in text_of(page, "#now .bounds"), "as it stands on the card"


def test_days_are_taken_in_words_and_from_the_calendar(page, served: Served) -> None:
    page.locator("#limits > button").click()
    page.get_by_label("From", exact=True).fill("12 August 2023")
    page.get_by_label("Calendar: last day").first.focus()
    span = page.evaluate("[document.activeElement.min, document.activeElement.max]")
    assert span == ["2023-02-01", "2023-12-20"]
    page.get_by_label("Calendar: last day").first.fill("2023-08-20")
    assert page.get_by_label("To", exact=True).input_value() == "20 August 2023"
    page.locator("#chips li", has_text="To 20 August 2023").wait_for()
    ask(page, "Where?", "answered")
    asked = served.pipeline.questions[-1]
    assert (str(asked.date_from), str(asked.date_to)) == ("2023-08-12", "2023-08-20")


def test_a_day_without_its_year_is_the_newest_that_the_archive_covers(page, served: Served) -> None:
    page.locator("#limits > button").click()
    line, last = (page.get_by_label(name, exact=True) for name in ("From", "To"))
    assert line.get_attribute("placeholder") == "a day or month"
    line.fill("1 August")
    line.press("Tab")
    page.locator("#chips li", has_text="From 1 August 2023").wait_for()
    wait_until(lambda: line.input_value() == "1 August 2023")
    last.fill("24 December")  # the archive ends on the 20th
    ask(page, "Where?")
    page.locator(
        "#message", has_text="From (1 August 2023) is after To (24 December 2022)"
    ).wait_for()
    wait_until(lambda: last.input_value() == "24 December 2022")
    last.fill("September")
    page.locator(BOX).focus()
    wait_until(lambda: last.input_value() == "30 September 2023")
    ask(page, "Where?", "answered")
    asked = served.pipeline.questions[-1]
    assert (asked.date_from, asked.date_to) == (date(2023, 8, 1), date(2023, 9, 30))
    tab(page, "Search")
    first = page.locator("#search-tab").get_by_label("From", exact=True)
    first.fill("August 2")
    page.get_by_label("Words or a question").fill("Blinken")
    wait_until(lambda: first.input_value() == "2 August 2023")
    page.locator("#find").click()
    wait_until(lambda: served.pipeline.questions[-1].date_from == date(2023, 8, 2))


def test_what_is_no_day_is_told_and_becomes_no_limit(page) -> None:
    page.locator("#limits > button").click()
    line = page.get_by_label("From", exact=True)
    line.fill("the day after tomorrow")
    line.press("Tab")
    page.locator("#message", has_text="From: “the day after tomorrow” is not a date").wait_for()
    assert page.locator("#chips li").count() == 0
    line.fill("June 2023")
    page.locator("#chips li", has_text="From 1 June 2023").wait_for()
    page.locator("#message .message").wait_for(state="detached")


def test_an_article_stays_while_others_are_added_and_it_says_so(
    page, served: Served, tmp_path, monkeypatch
) -> None:
    class Busy:
        running = True

    ask(page, "Where did Qin Gang greet Blinken?", "answered")
    page.locator("#now .text .mark").first.click()
    page.locator("#reader mark.cited").wait_for()
    monkeypatch.setattr(served.uploads, "building", Busy())
    page.locator("#remove").click()
    page.locator("#remove").click()
    page.locator("#removal .message", has_text="when that is done").wait_for()
    assert page.locator("#reader mark.cited").count() == 1


def test_the_counts_follow_the_archive(page, served: Served, monkeypatch) -> None:
    from dataclasses import replace

    from tests.web.fake_pipeline import COVERAGE

    monkeypatch.setattr(served.pipeline, "coverage", lambda: replace(COVERAGE, articles=45))
    tab(page, "Archive")
    page.locator(".coverage", has_text="45 articles").wait_for()


# The cumulative layout shift as it is defined: the largest sum of shifts less than a second apart.
SHIFTS = """(since) => new Promise((done) => {
  let most = 0, sum = 0, last = -Infinity;
  new PerformanceObserver((list) => {
    for (const e of list.getEntries()) {
      if (e.hadRecentInput || e.startTime <= since) continue;
      sum = e.startTime - last < 1000 ? sum + e.value : e.value;
      last = e.startTime;
      most = Math.max(most, sum);
    }
  }).observe({type: 'layout-shift', buffered: true});
  setTimeout(() => done(most), 500);
})"""


@pytest.mark.parametrize("size", [(1280, 900), (640, 450), (390, 844)])
def test_what_is_being_done_stands_right_below_the_question(
    browser, served: Served, size: tuple[int, int]
) -> None:
    page = browser.new_page(viewport={"width": size[0], "height": size[1]})
    page.goto(served.url)
    page.locator(".example").first.wait_for()
    ask(page, "slow question")
    page.locator("#now .draft .label").wait_for()
    asked, stage = (page.locator(f"#now {of}").bounding_box() for of in (".asked", ".stage"))
    assert 0 < stage["y"] - asked["y"] - asked["height"] < 16
    assert stage["y"] + stage["height"] < page.locator("#form").bounding_box()["y"]
    page.close()


@pytest.mark.parametrize("size", [(1440, 900), (1100, 760), (640, 450), (390, 844)])
def test_little_moves_from_the_first_word_to_the_answer(
    browser, served: Served, size: tuple[int, int]
) -> None:
    page = browser.new_page(viewport={"width": size[0], "height": size[1]})
    page.goto(served.url)
    page.locator("#lead h2").wait_for()  # the empty page that Gradio begins with is wider
    since = page.evaluate("performance.now()")
    page.locator(".example").first.wait_for()
    ask(page, "Where did Qin Gang greet Blinken?", "answered")
    assert page.evaluate(SHIFTS, since) < 0.05
    page.close()


def test_the_reading_font_comes_from_the_program_itself(page, served: Served) -> None:
    ask(page, "Where did Qin Gang greet Blinken?", "answered")
    page.wait_for_function("document.fonts.check('16px \"Source Serif 4\"')")
    loaded = page.evaluate(
        "performance.getEntriesByType('resource').map((e) => e.name).filter((n) => /woff2/.test(n))"
    )
    assert any(name.startswith(f"{served.url}fonts/source-serif-4-latin-") for name in loaded)


def test_on_touch_whatever_is_pressed_is_44_pixels_high(browser, served: Served) -> None:
    context = browser.new_context(
        viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True
    )
    page = context.new_page()
    page.goto(served.url)
    page.locator(".example").first.wait_for()
    page.locator("#limits > button").click()
    ask(page, "A conflict", "answered")
    page.wait_for_timeout(300)
    low = page.evaluate("""() => [...document.querySelectorAll('button, summary, textarea')]
      .filter((e) => e.checkVisibility() && !e.matches('.mark, .skip'))
      .filter((e) => e.offsetHeight > 0 && e.offsetHeight < 44)
      .map((e) => `${e.id || e.className}: ${e.textContent.slice(0, 30)} ${e.offsetHeight}`)""")
    assert low == []
    missed = page.evaluate("""() => [...document.querySelectorAll('#now .mark')].filter((e) => {
      e.scrollIntoView({ block: "center" });
      const { left, top, width, height } = e.getBoundingClientRect();
      const [x, y] = [left + width / 2, top + height / 2];
      return [[0, 0], [21, 0], [-21, 0], [0, 21], [0, -21]]
        .some(([right, down]) => document.elementFromPoint(x + right, y + down) !== e);
    }).length""")
    assert page.locator("#now .mark").count() > 2 and missed == 0
    context.close()


def test_with_a_mouse_whatever_is_pressed_is_24_pixels_wide_and_high(page) -> None:
    for question, outcome in (("A conflict", "answered"), ("And absent?", "abstained")):
        ask(page, question, outcome)
        small = page.evaluate("""() => [...document.querySelectorAll('button, summary')]
          .filter((e) => e.checkVisibility() && !e.matches('.skip'))
          .filter((e) => Math.min(e.offsetHeight, e.offsetWidth) < 24)
          .map((e) => `${e.className} ${e.textContent} ${e.offsetWidth}x${e.offsetHeight}`)""")
        assert small == []


def test_the_keyboard_skips_to_the_question_and_hears_whether_limits_are_open(page) -> None:
    page.locator("#header .skip").focus()
    page.keyboard.press("Enter")
    page.wait_for_function("document.activeElement.closest('#box') !== null")
    limits = page.locator("#limits > button")
    limits.focus()
    assert limits.get_attribute("aria-expanded") == "false"
    page.keyboard.press("Enter")
    page.wait_for_function(
        "document.querySelector('#limits > button').getAttribute('aria-expanded') === 'true'"
    )


def test_an_answer_is_saved_as_word(page) -> None:
    pytest.importorskip("docx")
    ask(page, "Where did Qin Gang greet Blinken?", "answered")
    for button in ("#now .tool", "#take button"):
        with page.expect_download() as download:
            page.locator(button, has_text="Word").click()
        name = f"Where-did-Qin-Gang-greet-Blinken-{date.today()}.docx"
        assert download.value.suggested_filename == name
        assert download.value.path().read_bytes()[:2] == b"PK"


def test_a_name_of_the_headlines_leads_to_its_articles(page) -> None:
    tab(page, "Archive")
    name = page.locator("#chart .names button").first
    name.wait_for()
    words = name.inner_text()
    name.click()
    wait_until(lambda: page.get_by_label("Words of headline").input_value() == words)
    shown = page.locator(".archive td.headline")
    page.wait_for_timeout(300)
    assert all(words in text for text in shown.all_inner_texts())
    assert shown.count() > 0


def test_an_answer_is_heard_once_in_the_language_of_the_page(page) -> None:
    assert page.evaluate("document.documentElement.lang") == "en"
    assert page.get_by_role("main").count() == 1
    page.evaluate("""() => {
      window.heard = [];
      const place = document.querySelector("#spoken");
      new MutationObserver(() => {
        const words = place.textContent.trim();
        if (words !== window.heard.at(-1)) window.heard.push(words);
      }).observe(place, {subtree: true, childList: true, characterData: true});
    }""")
    ask(page, "Where did Qin Gang greet Blinken?", "answered")
    page.wait_for_timeout(300)
    answers = [words for words in page.evaluate("window.heard") if words.startswith("Answer:")]
    assert len(answers) == 1
    assert page.locator("[aria-live=polite] .answer, [role=log]").count() == 0


@pytest.mark.parametrize(("motion", "name"), [("reduce", "none"), ("no-preference", "breathe")])
def test_with_reduced_motion_nothing_pulses(
    browser, served: Served, motion: str, name: str
) -> None:
    page = browser.new_page(reduced_motion=motion)
    page.goto(served.url)
    page.locator(".example").first.wait_for()
    ask(page, "slow question")
    dot = page.locator("#now .dot")
    assert dot.evaluate("e => getComputedStyle(e).animationName") == name
    page.close()


def test_text_has_five_sizes_and_no_day_breaks(page) -> None:
    ask(page, "A conflict", "answered")
    sizes = page.evaluate("""() => [...new Set(
      [...document.querySelectorAll('#now *, #evidence *, .masthead *')]
        .filter((e) => e.checkVisibility() && [...e.childNodes].some((n) => n.data?.trim()))
        .map((e) => getComputedStyle(e).fontSize))]""")
    assert {float(size[:-2]) for size in sizes} <= {13.6, 15.2, 18.4, 24, 36.8, 16}
    broken = "[...document.querySelectorAll('time')].filter((e) => e.getClientRects().length > 1)"
    assert page.locator("time").count() > 2
    assert page.evaluate(f"{broken}.length") == 0


def test_search_says_that_no_article_has_the_words(page) -> None:
    tab(page, "Search")
    box = page.get_by_label("Words or a question")
    box.fill("zebras")
    box.press("Enter")
    page.locator("#results .notice", has_text="nearest:").wait_for()
    assert page.locator(".hits li").count() == 1  # a card an article, of which three passages fit
    assert page.locator(".hits mark").count() == 0
