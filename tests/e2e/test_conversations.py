"""Conversations in a real browser: kept, listed, opened, renamed and deleted, in one tab or two."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from tests.e2e.test_accessibility import violations
from tests.e2e.test_page import BOX, ask, text_of, wait_until
from tests.web.conftest import THIRD_PARTY, Served
from tests.web.fake_pipeline import ARTICLES, GREETING, HOSTILE

pytestmark = [pytest.mark.slow, *THIRD_PARTY]
WHERE = "Where did Qin Gang greet Blinken?"
TITLES = "#shelf-list .title"


def keep(page, text: str, outcome: str = "answered") -> None:
    """Ask, and wait until the browser has kept the answer and lists it."""
    count = page.locator(TITLES).count() + (not page.locator(f"{TITLES}[aria-current]").count())
    ask(page, text)
    page.locator("#now .asked", has_text=text[:40]).wait_for()
    page.locator(f"#now .answer.{outcome}").wait_for()
    page.locator(f"{TITLES}[aria-current]").wait_for(state="attached")
    wait_until(lambda: page.locator(TITLES).count() == count)


def new(page) -> None:
    page.locator("#renew").click()
    page.locator(".example").first.wait_for()
    page.locator(f"{TITLES}[aria-current]").wait_for(state="detached")


def show(page) -> None:
    """Open the list, where the page is too narrow for it to stand beside the chat."""
    if not page.locator("#shelf").is_visible():
        page.locator("#shelf-toggle").click()


def open_listed(page, outcome: str = "answered") -> None:
    """Open the last conversation listed, and wait until the list shows it as the current one."""
    page.locator(TITLES).last.click()
    page.locator(f"#now .{outcome}").wait_for()
    page.locator(f"{TITLES}[aria-current]").wait_for(state="attached")


def titles(page) -> list[str]:
    return page.locator(TITLES).all_text_contents()


def again(page) -> None:
    """Open the page anew, with no conversation named in its address."""
    home = page.url.split("#")[0]
    page.goto("about:blank")
    page.goto(home)
    page.locator(".example").first.wait_for()


CHANNEL = """new BroadcastChannel(window.gradio_config.components
  .find((one) => one.type === "browserstate").props.storage_key)"""


def tell(page, changes: list) -> None:
    """Send changes as another tab would."""
    page.evaluate(
        f"(changes) => {{ const tab = {CHANNEL}; changes.map((c) => tab.postMessage(c)); }}",
        changes,
    )


def long_conversation(page, count: int) -> str:
    """Let another tab keep a conversation of so many questions; returns its id."""
    page.evaluate(f"() => {{ {CHANNEL}.onmessage = ({{ data }}) => {{ window.told = data; }}; }}")
    keep(page, WHERE)
    page.wait_for_function("window.told")
    exchange = page.evaluate("window.told.exchange")
    new(page)
    names = [f"{count:016x}{number:016x}" for number in range(1, count + 1)]
    changes = [
        {
            "kind": "put",
            "id": names[0],
            "title": f"Of {count} questions",
            "at": number + 1,
            "exchange": {**exchange, "id": name, "question": f"Question {number + 1}?"},
        }
        for number, name in enumerate(names)
    ]
    tell(page, changes)
    wait_until(lambda: f"Of {count} questions" in titles(page), seconds=60)
    return names[0]


def test_conversations_outlive_the_page(page, served: Served) -> None:
    keep(page, WHERE)
    keep(page, "And absent?", "abstained")
    new(page)
    keep(page, "Another conflict?")
    again(page)
    wait_until(lambda: titles(page) == ["Another conflict?", WHERE])
    assert page.locator(".exchange").count() == 0
    show(page)
    page.locator(TITLES, has_text=WHERE).click()
    page.locator("#now .abstained").wait_for()
    assert text_of(page, "#past .text").startswith("Qin Gang greeted Blinken")
    assert page.locator(".since").count() == 0
    page.locator("#past .text .mark").first.click()
    page.locator("#reader mark.cited").wait_for()
    assert page.locator("#reader mark.cited").text_content() == GREETING
    ask(page, "And when?", "answered")
    asked = [turn.question for turn in served.pipeline.questions[-1].history]
    assert asked == [WHERE, "And absent?"]
    again(page)
    wait_until(lambda: titles(page) == [WHERE, "Another conflict?"])


def test_answers_and_stopped_questions_are_kept_and_no_failure(page) -> None:
    ask(page, "please fail", "failed")
    ask(page, "slow question")
    page.locator("#now .draft .label").wait_for()
    page.locator("#stop").click()
    page.locator("#ask").wait_for()
    keep(page, WHERE)
    new(page)
    show(page)
    open_listed(page)
    assert page.locator(".asked").all_inner_texts() == ["slow question", WHERE]
    assert text_of(page, "#past .label") == "Stopped. This draft has not been checked."
    assert "Diaoyutai" in text_of(page, "#past .draft p:not(.label)")


def test_a_conversation_is_named_found_and_deleted(page) -> None:
    keep(page, WHERE)
    new(page)
    keep(page, "Another conflict?")
    show(page)
    page.locator("#shelf-list li", has_text="Another").get_by_role("button", name="Rename").click()
    page.get_by_label("Title").locator("visible=true").fill("  <b>Talks & tea</b> ")
    page.keyboard.press("Enter")
    wait_until(lambda: titles(page) == ["<b>Talks & tea</b>", WHERE])
    for words, found in [("another CONF", 1), ("tea", 1), ("greet blinken", 1), ("nowhere", 0)]:
        page.get_by_label("Find a conversation").fill(words)
        wait_until(lambda found=found: page.locator(TITLES).count() == found)
    assert "No conversation has these words" in text_of(page, "#shelf-list .found")
    page.get_by_label("Find a conversation").fill("")
    wait_until(lambda: page.locator(TITLES).count() == 2)
    delete = page.locator("#shelf-list li").first.locator("[data-does=delete]")
    delete.click()
    assert delete.text_content() == "Click again to delete"
    assert page.locator(TITLES).count() == 2
    delete.click()
    wait_until(lambda: titles(page) == [WHERE])
    page.locator(".example").first.wait_for()  # it was the one on the page
    again(page)
    wait_until(lambda: titles(page) == [WHERE])


def test_the_list_opens_below_its_button_and_shows_the_keyboard_what_it_does(page) -> None:
    keep(page, WHERE)
    page.locator("#shelf-toggle").click()
    button, shelf = (page.locator(name).bounding_box() for name in ("#shelf-toggle", "#shelf"))
    assert 0 < shelf["y"] - button["y"] - button["height"] < 12
    assert abs(shelf["x"] + shelf["width"] - button["x"] - button["width"]) < 2
    rename = page.locator("#shelf-list [data-does=rename]")
    assert rename.evaluate("e => getComputedStyle(e).opacity") == "0"
    for _ in ("Close", "the title"):
        page.keyboard.press("Tab")
    assert rename.evaluate("e => getComputedStyle(e).opacity") == "1"


def test_where_a_finger_may_point_the_list_shows_what_it_does(browser, served: Served) -> None:
    page = browser.new_page(has_touch=True)
    page.goto(served.url)
    page.locator(".example").first.wait_for()
    keep(page, WHERE)
    show(page)
    rename = page.locator("#shelf-list [data-does=rename]")
    assert rename.evaluate("e => getComputedStyle(e).opacity") == "1"
    page.close()


def test_two_tabs_keep_each_others_conversations(page, served: Served) -> None:
    other = page.context.new_page()
    other.goto(served.url)
    other.locator(".example").first.wait_for()
    keep(page, WHERE)
    wait_until(lambda: titles(other) == [WHERE])
    show(other)
    open_listed(other)
    keep(other, "And absent?", "abstained")
    keep(page, "And a conflict?")
    again(other)
    wait_until(lambda: titles(other) == [WHERE])
    show(other)
    other.locator(TITLES).click()
    other.locator("#now .asked", has_text="conflict").wait_for()
    assert other.locator(".asked").all_text_contents() == [WHERE, "And absent?", "And a conflict?"]
    show(other)
    delete = other.locator("[data-does=delete]")
    delete.click()
    delete.click()
    wait_until(lambda: titles(page) == [])
    new(page)
    keep(page, "Another?")
    again(other)
    wait_until(lambda: titles(other) == ["Another?"])
    other.close()


def test_an_old_answer_says_what_has_become_of_its_quotes(page, monkeypatch) -> None:
    keep(page, "Where was the conflict?")
    new(page)
    talks = ARTICLES["2023/talks.txt"]
    monkeypatch.delitem(ARTICLES, "2023/blinken.txt")
    monkeypatch.setitem(ARTICLES, talks.id, replace(talks, text="They never met."))
    show(page)
    page.locator(TITLES).click()
    page.locator("#now p.since").first.wait_for()
    said = page.locator("#now p.since").all_text_contents()
    assert said[0] == "[1] This article is no longer in the archive."
    assert said[1] == "[2] The article has changed: this sentence is no longer in it."
    assert page.locator("#evidence .since").count() == 3
    page.locator("#now .text .mark").first.hover()
    assert page.locator("#now .text .tip .since").first.is_visible()


def test_what_is_not_ours_is_ignored(page) -> None:
    shelf = "window.broadsheet.shelf"
    foreign = ("", "null", "[]", "{", '{"version":2,"conversations":[{}]}', '{"version":1}')
    broken = '{"version":1,"deleted":7,"conversations":[null,{"id":"%s","exchanges":[null]}]}'
    for text in (*foreign, broken % ("0" * 32)):
        assert page.evaluate(f"(text) => {shelf}.read(text).conversations", text) == []
    hostile = {"kind": "put", "id": "0" * 31 + "1", "title": HOSTILE, "at": 1}
    keep(page, WHERE)
    tell(page, [{"kind": "put"}, 7, None, {"kind": "delete", "id": "x", "at": 1}])
    tell(page, [{**hostile, "exchange": {"question": HOSTILE, "answer": HOSTILE}}])
    wait_until(lambda: titles(page) == [WHERE, HOSTILE])
    show(page)
    page.locator(TITLES).last.click()
    page.locator("#message .message").wait_for()
    assert "cannot be read" in text_of(page, "#message")
    assert page.locator("#now .asked").text_content() == WHERE


def test_another_key_begins_an_empty_list(page) -> None:
    keep(page, WHERE)
    page.evaluate(
        """() => { const name = Object.keys(localStorage).find((k) => k.startsWith("broadsheet-"));
                   localStorage[name] = "bm90IG91cnM=:bm90IG91cnM="; }"""
    )
    again(page)
    keep(page, "Another?")
    assert titles(page) == ["Another?"]


def test_the_oldest_go_first(page) -> None:
    sizes = page.evaluate(
        """() => {
          const name = (n) => String(n).padStart(32, "0");
          const question = "x".repeat(100);
          const ask = (_, at) => ({ id: name(at), at, question });
          const some = (length) => Array.from({ length }, ask);
          const one = (n, count) => ({ id: name(n), title: "t", at: n, exchanges: some(count) });
          const fit = (many, most, largest) => window.broadsheet.shelf.fit(
            { version: 1, conversations: many, deleted: {} }, most, largest).conversations;
          return [
            fit([one(1, 1), one(3, 1), one(2, 1)], 2, 1e6).map(({ at }) => at),
            fit([one(1, 5), one(3, 1), one(2, 1)], 9, 700).map(({ at }) => at),
            fit([one(1, 50)], 9, 1000).map(({ exchanges }) => exchanges.map(({ at }) => at)),
          ];
        }"""
    )
    assert sizes[0] == [3, 2]
    assert sizes[1] == [3, 2]
    assert len(sizes[2][0]) < 7
    assert sizes[2][0][-1] == 49


def test_the_keyboard_alone_suffices_in_the_list(page) -> None:
    keep(page, WHERE)
    new(page)
    page.locator("#shelf-toggle").focus()
    page.keyboard.press("Enter")
    page.wait_for_function("document.activeElement.closest('#shelf-words') !== null")
    for _ in ("Close", "the title", "Rename"):
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_function("document.activeElement.name === 'title'")
    page.keyboard.press("Escape")
    page.wait_for_function("document.activeElement.dataset.does === 'rename'")
    page.keyboard.press("Escape")
    page.locator("#shelf").wait_for(state="hidden")
    page.wait_for_function("document.activeElement.id === 'shelf-toggle'")
    page.keyboard.press("Enter")
    page.wait_for_function("document.activeElement.closest('#shelf-words') !== null")
    for _ in ("Close", "the title"):
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.locator("#now .answered").wait_for()
    assert not page.locator("#shelf").is_visible()


def test_back_and_close_shut_the_list_that_lies_over_the_page(page) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    keep(page, WHERE)
    at = page.url
    shelf = page.locator("#shelf")
    page.locator("#shelf-toggle").click()
    shelf.wait_for()
    page.go_back()
    shelf.wait_for(state="hidden")
    assert page.url == at and page.locator("#now .answer.answered").is_visible()
    page.locator("#shelf-toggle").click()
    page.locator("#shelf-list").get_by_role("button", name="Close").click()
    shelf.wait_for(state="hidden")
    page.locator("#shelf-toggle:focus").wait_for()
    assert page.url == at and page.locator("#now .answer.answered").is_visible()


def test_a_long_conversation_shows_its_recent_part(page) -> None:
    long_conversation(page, 45)
    show(page)
    page.locator(TITLES, has_text="Of 45").click()
    page.locator("#now .asked", has_text="Question 45?").wait_for()
    assert page.locator("#past .asked").first.text_content() == "Question 35?"
    for first, name in ((15, "20 earlier"), (1, "14 earlier")):
        button = page.get_by_role("button", name=f"Show {name} questions")
        button.scroll_into_view_if_needed()
        before = page.locator("#past .exchange").first
        turn = before.get_attribute("data-turn")
        top = before.bounding_box()["y"]
        button.click()
        page.locator("#past .asked").first.filter(has_text=f"Question {first}?").wait_for()
        stayed = page.locator(f'#past .exchange[data-turn="{turn}"]')
        wait_until(lambda stayed=stayed, top=top: abs(stayed.bounding_box()["y"] - top) < 60)
    assert page.locator(".earlier").count() == 0
    page.locator("#past .text .mark").first.click()
    page.locator("#reader mark.cited").wait_for()


def test_two_hundred_questions_are_as_fluid_as_two(page, served: Served, monkeypatch) -> None:
    figures = {}
    for count in (2, 200):
        long_conversation(page, count)
        show(page)
        page.locator(TITLES, has_text=f"Of {count} q").click()
        page.locator("#now .asked", has_text=f"Question {count}?").wait_for()
        times = [seconds(page, served, monkeypatch) for _ in range(3)]
        figures[count] = [min(one) for one in zip(*times, strict=True)]
        new(page)
    asked, answered = zip(*figures.values(), strict=True)
    assert asked[1] < 2 * asked[0] + 0.1, figures
    assert answered[1] < 2 * answered[0] + 0.1, figures


def seconds(page, served: Served, monkeypatch) -> tuple[float, float]:
    """Ask; return seconds from Enter to the question drawn, from the answer's event to its own."""
    made = []
    stream = type(served.pipeline).stream

    def watched(question, cancel=None):
        for event in stream(served.pipeline, question, cancel):
            made.append(time.time())
            yield event

    monkeypatch.setattr(served.pipeline, "stream", watched)
    text = f"And what of {time.time()}?"
    page.fill(BOX, text)
    page.evaluate(
        """(text) => {
          const seen = window.seen = {};
          const box = document.querySelector("#box textarea");
          const pressed = () => { seen.pressed = Date.now(); };
          box.addEventListener("keydown", pressed, { once: true, capture: true });
          new MutationObserver((_, watcher) => {
            if (document.querySelector("#now .asked")?.textContent !== text) return;
            seen.asked ??= Date.now();
            if (!document.querySelector("#now .answered .footer")) return;
            watcher.disconnect();
            requestAnimationFrame(() => setTimeout(() => { seen.answered = Date.now(); }));
          }).observe(document.querySelector("#chat"),
                     { subtree: true, childList: true, characterData: true });
        }""",
        text,
    )
    page.press(BOX, "Enter")
    page.wait_for_function("window.seen.answered")
    page.locator("#ask").wait_for()
    seen = page.evaluate("window.seen")
    return (seen["asked"] - seen["pressed"]) / 1000, seen["answered"] / 1000 - made[-1]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing(page, served: Served, theme: str) -> None:
    keep(page, WHERE)
    page.set_viewport_size({"width": 1440, "height": 900})
    page.goto(f"{served.url}?__theme={theme}")
    page.locator(TITLES).wait_for()
    assert violations(page) == []
    long_conversation(page, 12)
    page.locator(TITLES, has_text="Of 12").click()
    page.locator(".earlier").wait_for()
    page.set_viewport_size({"width": 390, "height": 844})
    page.locator("#shelf").wait_for(state="hidden")
    page.locator("#shelf-toggle").click()
    page.locator("#shelf-list [data-does=delete]").first.click()
    page.locator("#shelf-list [data-does=rename]").last.click()
    assert violations(page) == []
