"""Reading an answer and its articles: sources, the sheet on a phone, and what goes with it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.e2e.test_page import BOX, ask, tab, text_of, wait_until
from tests.web.conftest import THIRD_PARTY, Served
from tests.web.fake_pipeline import GREETING

pytestmark = [pytest.mark.slow, *THIRD_PARTY]
WHERE = "Where did Qin Gang greet Blinken?"


@pytest.fixture
def phone(browser, served: Served) -> Iterator[object]:
    context = browser.new_context(viewport={"width": 390, "height": 844}, has_touch=True)
    page = context.new_page()
    page.set_default_timeout(15_000)
    page.goto(served.url)
    page.locator(".example").first.wait_for()
    yield page
    context.close()


def open_sheet(page) -> float:
    """Open the article of the second mark; return where the page was scrolled to."""
    page.locator("#now .text .mark").nth(1).scroll_into_view_if_needed()
    page.evaluate("window.scrollBy(0, 20)")
    scrolled = page.evaluate("window.scrollY")
    page.locator("#now .text .mark").nth(1).tap()
    page.locator("#reader mark.cited").wait_for()
    page.wait_for_function("history.state?.opens")
    return scrolled


def test_on_a_phone_an_article_is_a_sheet_and_back_returns_to_the_same_place(phone) -> None:
    ask(phone, WHERE, "answered")
    scrolled = open_sheet(phone)
    sheet = phone.locator("#reader").bounding_box()
    assert (sheet["x"], sheet["y"], sheet["width"], sheet["height"]) == (0, 0, 390, 844)
    close = phone.locator("#close").bounding_box()
    assert close["width"] >= 44 and close["height"] >= 44
    phone.evaluate("document.querySelector('#reader').scrollTop = 1e6")
    assert phone.locator("#close").bounding_box() == close
    phone.go_back()
    phone.locator("#reader").wait_for(state="detached")
    assert phone.locator("#now .answered").is_visible()
    assert phone.evaluate("window.scrollY") == scrolled
    scrolled = open_sheet(phone)
    phone.locator("#close").tap()
    phone.locator("#reader").wait_for(state="detached")
    phone.wait_for_function("!history.state?.sheet")
    assert phone.evaluate("window.scrollY") == scrolled


def test_the_box_stays_with_the_keyboard_up_and_the_limits_open(phone) -> None:
    ask(phone, WHERE, "answered")
    phone.set_viewport_size({"width": 390, "height": 430})
    phone.locator("#limits > button").tap()
    phone.get_by_label("Answer as of").wait_for()
    for part in (BOX, "#ask"):
        box = phone.locator(part).bounding_box()
        assert box["y"] >= 0
        assert box["y"] + box["height"] <= 430


def test_sources_stand_by_article_the_cited_first(page) -> None:
    ask(page, WHERE, "answered")
    cards = page.locator("#evidence .sources > .cards > li")
    assert cards.count() == 2
    assert cards.first.inner_text().count("The Evening Sheet · 18 June 2023") == 1
    assert cards.first.locator(".number").all_inner_texts() == ["[1]"]
    also = page.locator("#evidence .also")
    assert text_of(page, "#evidence .also summary") == "Also read, not cited (1)"
    assert not also.locator(".open").is_visible()
    also.locator("summary").click()
    also.locator(".open").click()
    page.locator("#reader mark.now").wait_for()
    assert page.locator("#reader mark.now").text_content() == "It was his first visit."


def test_a_mark_and_its_source_light_up_together(page) -> None:
    ask(page, WHERE, "answered")
    mark = page.locator("#now .text .mark").nth(1)
    source = page.locator("#evidence .open[data-kind=cite]").nth(1)
    mark.hover()
    assert "lit" in source.get_attribute("class")
    page.locator("h2.asked").hover()
    assert "lit" not in source.get_attribute("class")
    source.focus()
    assert "lit" in mark.get_attribute("class")


def test_a_mark_that_is_lit_covers_no_full_stop(phone) -> None:
    ask(phone, WHERE, "answered")
    open_sheet(phone)
    phone.locator("#close").tap()
    mark = phone.locator("#now .text .mark.lit")
    mark.wait_for()
    between = mark.evaluate("""e => {
      const stop = document.createRange();
      stop.selectNodeContents(e.previousSibling);
      const clipped = getComputedStyle(e).backgroundClip === "padding-box";
      const painted = e.getBoundingClientRect().left + (clipped ? e.clientLeft : 0);
      return painted - stop.getBoundingClientRect().right;
    }""")
    assert between >= 0


def test_opening_an_article_moves_no_text_of_the_answer(browser, served: Served) -> None:
    for width in (1400, 1100):
        page = browser.new_page(viewport={"width": width, "height": 900})
        page.goto(served.url)
        page.locator(".example").first.wait_for()
        ask(page, WHERE, "answered")
        page.wait_for_timeout(400)  # the list of conversations has come
        before = page.locator("#now .text").bounding_box()
        page.locator("#now .text .mark").first.click()
        page.locator("#reader mark.now").wait_for()
        assert page.locator("#now .text").bounding_box() == before
        page.close()


def test_the_quotes_of_an_article_are_gone_through(page) -> None:
    ask(page, WHERE, "answered")
    page.locator("#evidence .also summary").click()
    page.locator("#evidence .also .open").click()
    steps = page.locator("#reader .steps [role=status]")
    assert steps.inner_text() == "Quote 1 of 2"
    page.get_by_label("Next quote").click()
    assert steps.inner_text() == "Quote 2 of 2"
    assert page.locator("#reader mark.now").text_content() == GREETING
    head, quote = (page.locator(f"#reader {part}").bounding_box() for part in ("h2", "mark.now"))
    assert quote["y"] >= head["y"] + head["height"]
    page.get_by_label("Next quote").click()
    assert steps.inner_text() == "Quote 1 of 2"


def test_with_little_height_the_head_covers_no_quote(browser, served: Served) -> None:
    page = browser.new_page(viewport={"width": 512, "height": 384})  # 1024 x 768 at 200 %
    page.goto(served.url)
    page.locator(".example").first.wait_for()
    ask(page, WHERE, "answered")
    page.locator("#now .text .mark").first.click()
    page.locator("#reader mark.now").wait_for()
    page.wait_for_timeout(300)
    head, quote = (page.locator(f"#reader {one}").bounding_box() for one in ("header", "mark.now"))
    assert quote["y"] >= head["y"] + head["height"]
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.close()


def test_on_the_first_screen_the_box_is_seen_with_the_keyboard_up(phone) -> None:
    phone.set_viewport_size({"width": 390, "height": 430})
    for part in (BOX, "#ask"):
        box = phone.locator(part).bounding_box()
        assert box["y"] + box["height"] <= 430, part


def test_a_story_is_a_table_and_nothing_below_repeats_it(page) -> None:
    ask(page, "A story", "answered")
    days = page.locator("#now .lines th").all_inner_texts()
    assert days == ["18 Jun 2023", "20 Jun 2023"]
    assert page.locator("#evidence .sources").count() == 0


def test_a_disagreement_is_shown_once(page) -> None:
    ask(page, "Where was the conflict?", "answered")
    assert page.locator("#now .conflict tr").count() == 2
    assert text_of(page, "#now .conflict tr:last-child th") == "20 Jun 2023 latest here"
    assert page.locator("#now p.text").all_inner_texts() == [
        "Qin Gang greeted Blinken at the Diaoyutai State Guest House.[1]"
    ]


def test_stopped_before_its_first_word_a_question_can_be_asked_again(page, served: Served) -> None:
    pace, served.pipeline.pace = served.pipeline.pace, 0.5
    ask(page, "slow question")
    page.locator("#stop").click()
    page.locator("#stop", has_text="Stopping…").wait_for()
    page.locator("#now .label", has_text="Stopped.").wait_for()
    served.pipeline.pace = pace
    page.locator("#now .tool", has_text="Edit and ask again").click()
    wait_until(lambda: page.input_value(BOX) == "slow question")
    page.locator("#ask").wait_for()
    page.locator("#now .tool", has_text="Ask again").first.click()
    page.locator('#now [data-turn="1"] .draft .label').wait_for()
    assert text_of(page, "#stop") == "Stop"
    page.locator("#stop").click()
    page.locator("#ask").wait_for()


def test_a_question_that_is_edited_keeps_its_limits(page, served: Served) -> None:
    page.locator("#limits > button").click()
    first = page.locator("#limits").get_by_label("From", exact=True)
    first.fill("2023-06-01")
    ask(page, WHERE, "answered")
    first.wait_for(state="hidden")  # the answer has the room, and a chip says what is set
    page.locator("#chips li").click()
    page.locator("#chips button").wait_for(state="detached")
    page.locator("#now .tool", has_text="Edit and ask again").click()
    wait_until(lambda: first.input_value() == "1 June 2023")
    page.locator("#chips button").wait_for()
    page.locator(BOX).press("Enter")
    page.locator('#now [data-turn="1"] .answered').wait_for()
    assert str(served.pipeline.questions[-1].date_from) == "2023-06-01"


def test_an_error_goes_with_its_cause(page) -> None:
    page.locator(BOX).press("Enter")
    page.locator("#message .message").wait_for()
    page.locator(BOX).press_sequentially("W")
    page.locator("#message .message").wait_for(state="detached")
    page.locator("#limits > button").click()
    page.get_by_label("From", exact=True).fill("soon")
    page.locator("#ask").click()
    page.locator("#message .message").wait_for()
    page.get_by_label("From", exact=True).fill("")
    page.locator("#message .message").wait_for(state="detached")


def test_new_puts_the_cursor_into_the_box(page) -> None:
    ask(page, WHERE, "answered")
    page.locator("#renew").click()
    page.locator(".example").first.wait_for()
    page.wait_for_function("document.activeElement.closest('#box') !== null")


def test_what_is_not_answered_is_searched_for_by_a_click(page, served: Served) -> None:
    ask(page, "Something absent of talks?", "abstained")
    page.get_by_role("button", name="Search for this").click()
    page.locator(".hits li").first.wait_for()
    assert served.pipeline.questions[-1].text == "Something absent of talks?"
    assert page.get_by_label("Words or a question").input_value() == "Something absent of talks?"


def test_from_search_the_hit_alone_is_marked(page) -> None:
    tab(page, "Search")
    box = page.get_by_label("Words or a question")
    box.fill("How long did the talks last?")
    box.press("Enter")
    page.locator(".hits .open").click()
    page.locator("#reader mark.now").wait_for()
    assert page.locator("#reader mark").all_text_contents() == ["The talks lasted 5½ hours."]


def test_each_card_of_the_first_screen_is_asked_as_it_stands(page, served: Served) -> None:
    assert page.locator(".example .kind:first-child").all_inner_texts() == [
        "A fact",
        "How a story went",
        "Who said what",
        "As of a day",
    ]
    box, card = (page.locator(part).first.bounding_box() for part in (BOX, ".example"))
    assert box["y"] < card["y"]
    page.locator(".example").last.click()
    page.locator("#now .answered").wait_for()
    assert str(served.pipeline.questions[-1].as_of) == "2023-06-18"
    assert "as of 18 June 2023" in text_of(page, "#now .bounds")


def test_the_list_of_conversations_is_hidden_while_it_is_empty(browser, served: Served) -> None:
    page = browser.new_page(viewport={"width": 1400, "height": 900})
    page.goto(served.url)
    page.locator(".example").first.wait_for()
    assert not page.locator("#shelf").is_visible()
    assert not page.locator("#shelf-toggle").is_visible()
    ask(page, WHERE, "answered")
    page.locator("#shelf").wait_for()
    assert page.locator("#shelf-toggle").get_attribute("aria-expanded") == "true"
    rename = page.locator("#shelf-list [data-does=rename]")
    page.locator("#chat").hover()
    assert rename.evaluate("e => getComputedStyle(e).opacity") == "0"
    page.locator("#shelf-list .title").hover()
    wait_until(lambda: rename.evaluate("e => getComputedStyle(e).opacity") == "1")
    page.close()


def test_an_answer_is_printed_without_the_tools(page) -> None:
    ask(page, WHERE, "answered")
    page.emulate_media(media="print")
    assert page.locator("#now .text").is_visible()
    assert page.locator("#evidence .sources .open").first.is_visible()
    for part in ("#form", "#now .tools", "#take", "#tabs [role=tab]"):
        assert not page.locator(part).first.is_visible(), part
