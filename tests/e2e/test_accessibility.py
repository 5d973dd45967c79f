"""axe-core finds nothing in any state of the page, light or dark."""

from __future__ import annotations

import pytest

from tests.web.conftest import THIRD_PARTY, Served

pytestmark = [pytest.mark.slow, *THIRD_PARTY]
BOX = "#box textarea"


def violations(page) -> list[str]:
    """Return what axe-core finds, each with where it is."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    found = axe.Axe().run(page).response["violations"]
    return [
        f"{one['id']}: {node['html'][:160]} {node['failureSummary'][:200]}"
        for one in found
        for node in one["nodes"]
    ]


@pytest.fixture(params=["light", "dark"])
def themed(page, served: Served, request):
    page.goto(f"{served.url}?__theme={request.param}")
    page.locator(".example").first.wait_for()
    return page


def test_the_empty_page(themed) -> None:
    themed.locator("#limits > button").click()
    themed.locator("#limits").get_by_label("From").wait_for()
    assert violations(themed) == []


def test_an_answer_with_its_article(themed) -> None:
    themed.fill(BOX, "Where was the conflict?")
    themed.press(BOX, "Enter")
    themed.locator("#now .answered").wait_for()
    themed.locator("#now .text .mark").first.click()
    themed.locator("#reader mark.cited").wait_for()
    assert violations(themed) == []


def test_a_draft_and_an_abstention(themed) -> None:
    themed.fill(BOX, "slow question")
    themed.press(BOX, "Enter")
    themed.locator("#now .draft .label").wait_for()
    assert violations(themed) == []
    themed.locator("#stop").click()
    themed.locator("#ask").wait_for()
    themed.fill(BOX, "absent?")
    themed.press(BOX, "Enter")
    themed.locator("#now .abstained").wait_for()
    assert violations(themed) == []


def test_the_index(themed, served: Served, tmp_path) -> None:
    (tmp_path / "a.txt").write_text("date 2023-12-01 News\n\nIt rained.", encoding="utf-8")
    served.uploads.look("me", [tmp_path / "a.txt"])
    served.uploads.add("me").result()
    themed.get_by_role("tab", name="Add articles").click()
    themed.locator("#status .builds").wait_for()
    (tmp_path / "b.txt").write_text("date 2023-12-02 More news\n\nIt snowed.", encoding="utf-8")
    (tmp_path / "empty.txt").write_text("", encoding="utf-8")
    themed.locator("#files input[type=file]").set_input_files(sorted(tmp_path.glob("*.txt")))
    themed.locator("#preview .preview").wait_for()
    themed.locator("#files").get_by_label("Clear").wait_for()
    assert violations(themed) == []


def test_search_and_archive(themed) -> None:
    themed.get_by_role("tab", name="Search").click()
    themed.get_by_label("Words or a question").fill("talks")
    themed.get_by_label("Words or a question").press("Enter")
    themed.locator(".hits li").first.wait_for()
    assert violations(themed) == []
    themed.get_by_role("tab", name="Archive").click()
    themed.locator(".archive td").first.wait_for()
    assert violations(themed) == []


def test_the_check_can_fail(page) -> None:
    page.evaluate("document.querySelector('#ask').textContent = ''")
    assert any(line.startswith("button-name") for line in violations(page))


@pytest.mark.parametrize("width", [360, 640, 880, 1024])
def test_nothing_in_the_head_covers_anything(page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 500})
    page.locator(".coverage").wait_for()
    page.locator(".coverage").evaluate("one => one.append(', 2,000 without a date')")
    boxes = [page.locator(name).bounding_box() for name in (".coverage", "#renew", "h1")]
    for at, one in enumerate(boxes):
        for other in boxes[at + 1 :]:
            assert _apart(one, other, "x", "width") or _apart(one, other, "y", "height")


def _apart(one: dict[str, float], other: dict[str, float], side: str, size: str) -> bool:
    """Whether two boxes share no part of an axis."""
    return one[side] + one[size] <= other[side] or other[side] + other[size] <= one[side]


def test_the_question_box_shows_that_it_has_the_focus(page) -> None:
    page.locator(BOX).focus()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Tab")
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert page.evaluate("document.activeElement.matches('#box textarea')") and outline == "solid"


def test_arrows_go_from_tab_to_tab(page) -> None:
    page.get_by_role("tab", name="Ask").focus()
    for key, name in (("Right", "Search"), ("Left", "Ask"), ("Left", "Add articles")):
        page.keyboard.press(f"Arrow{key}")
        page.locator(f"[role=tab]:focus:has-text('{name}')").wait_for()
    page.keyboard.press("Enter")
    page.locator("[role=tab][aria-selected=true]:focus:has-text('Add articles')").wait_for()


def test_the_kinds_of_files_open_by_a_click(page) -> None:
    page.get_by_role("tab", name="Add articles").click()
    page.get_by_text("All kinds of files that are read").click()
    page.get_by_text(".jsonl").first.wait_for()
