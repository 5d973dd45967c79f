"""Articles brought through the page in a real browser: looked at, added, stopped, removed."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.test_page import ask, tab, text_of, wait_until
from tests.index.archive import HashedEmbeddings, live_ids
from tests.web.conftest import THIRD_PARTY, Served

pytestmark = [pytest.mark.slow, *THIRD_PARTY]


def story(folder: Path, name: str, text: str = "It rained.") -> Path:
    path = folder / name
    path.write_text(f"date 2023-12-01 News of {name}\n\n{text}" if text else "", encoding="utf-8")
    return path


def bring(page, *files: Path) -> None:
    """Drop files on the tab “Add articles” and wait for the preview of them."""
    page.locator("#files input[type=file]").set_input_files(files)
    page.locator("#preview .preview").wait_for()


def kept(served: Served) -> set[str]:
    return {path.name for path in served.uploads.folder.rglob("*") if path.is_file()}


def test_files_are_looked_at_and_then_added(page, served: Served, tmp_path) -> None:
    tab(page, "Add articles")
    page.locator("#files input[type=file]").wait_for(state="attached")
    assert not page.locator("#add").is_visible()
    bring(
        page, story(tmp_path, "one.txt"), story(tmp_path, "two.txt"), story(tmp_path, "e.txt", "")
    )
    lists = page.locator("#preview summary").all_inner_texts()
    assert lists == ["2 new", "1 left out"]
    assert "e.txt: empty" in text_of(page, "#preview .preview")
    assert "one.txt" not in kept(served)
    page.locator("#add").click()
    page.locator("#report .found", has_text="2 added, 1 left out").wait_for()
    page.locator("#preview .preview").wait_for(state="detached")
    assert not page.locator("#add").is_visible()
    assert {"one.txt", "two.txt"} <= kept(served)
    assert "2 added, 1 left out" in text_of(page, "#status .builds tbody tr")
    same = story(tmp_path, "one.txt")
    bring(page, same, story(tmp_path, "two.txt", "It snowed."), story(tmp_path, "three.txt"))
    assert page.locator("#preview summary").all_inner_texts() == [
        "1 new",
        "1 changed: they replace the articles of the same name",
        "1 already in the archive",
    ]


def test_files_that_bring_nothing_new_cannot_be_added(page, served: Served, tmp_path) -> None:
    served.uploads.look("me", [story(tmp_path, "same.txt")])
    served.uploads.add("me").result()
    tab(page, "Add articles")
    bring(page, tmp_path / "same.txt")
    assert text_of(page, "#preview .found") == "Nothing in these files is new."
    assert not page.locator("#add").is_visible()


def test_files_that_are_taken_off_again_are_forgotten(page, served: Served, tmp_path) -> None:
    tab(page, "Add articles")
    bring(page, story(tmp_path, "off.txt"))
    page.locator("#add").wait_for()
    page.get_by_label("Clear").first.click()
    page.locator("#preview .preview").wait_for(state="detached")
    page.locator("#add").wait_for(state="hidden")
    assert list(served.uploads.waiting.iterdir()) == []
    assert "off.txt" not in kept(served)


def test_nothing_in_a_preview_becomes_markup(page, tmp_path) -> None:
    name = "<img src=x onerror=window.__pwned=1>.txt"
    record = f'{{"id": "{name}", "title": "News", "body": "It rained in {name}."}}'
    (tmp_path / "a.jsonl").write_text(f"{record}\n{{", encoding="utf-8")
    tab(page, "Add articles")
    bring(page, tmp_path / "a.jsonl")
    assert text_of(page, "#preview li") == f"{name} News · no day found"
    assert page.locator("#preview img").count() == 0


@pytest.fixture
def held(monkeypatch) -> Iterator[threading.Event]:
    """Hold every build at its embedding until it is let go."""
    go, embed = threading.Event(), HashedEmbeddings.embed

    def embed_later(self, texts):
        assert go.wait(120)
        return embed(self, texts)

    monkeypatch.setattr(HashedEmbeddings, "embed", embed_later)
    yield go
    go.set()


def test_adding_is_stopped_from_another_page_and_begun_again(
    page, served: Served, tmp_path, held: threading.Event
) -> None:
    tab(page, "Add articles")
    bring(page, story(tmp_path, "stopped.txt", "It hailed."))
    page.locator("#add").click()
    page.locator("#report progress").wait_for()
    other = page.context.new_page()
    other.goto(served.url)
    tab(other, "Add articles")
    other.locator("#halt").click()
    other.locator("#report .found", has_text="Stopping").wait_for()
    held.set()
    for one in (page, other):
        one.locator("#report .message", has_text="The archive is unchanged").wait_for()
        one.locator("#halt").wait_for(state="hidden")
    assert "files brought here stopped" in text_of(page, "#status .builds tbody tr")
    assert "stopped.txt" not in kept(served)
    page.locator("#add").click()
    page.locator("#report .found", has_text="1 added").wait_for()
    assert "stopped.txt" in kept(served)


def test_the_time_left_is_told_before_anything_is_done(
    page, served: Served, tmp_path, held: threading.Event, monkeypatch
) -> None:
    monkeypatch.setattr(served.uploads, "_pace", lambda: 60.0)
    tab(page, "Add articles")
    words = "e => getComputedStyle(e, '::after').content"
    shown = page.locator("#files button > .wrap").first.evaluate(words)
    assert shown == '"Drop files or folders here, or click to choose files"'
    bring(page, story(tmp_path, "timed.txt", "It snowed."))
    page.locator("#add").click()
    page.locator("#report .found", has_text=" s left").wait_for()
    held.set()
    page.locator("#report .found", has_text="1 added").wait_for()


def test_an_article_is_taken_out_from_where_it_is_read(page, served: Served, tmp_path) -> None:
    served.uploads.look("me", [story(tmp_path, "talks.txt", "They met.")])
    served.uploads.add("me").result()
    before = served.uploads.status().articles
    ask(page, "Where did Qin Gang greet Blinken?", "answered")
    page.locator("#now .text .mark").first.click()
    page.locator("#remove").click()
    page.locator("#remove", has_text="Click again").wait_for()
    assert page.locator("#reader mark.cited").count() == 1
    page.locator("#remove").click()
    page.locator("#removal .message", has_text="no such article").wait_for()
    assert served.uploads.status().articles == before


def test_an_article_that_was_removed_is_put_back(
    page, served: Served, tmp_path, monkeypatch
) -> None:
    served.uploads.look("me", [story(tmp_path, "talks.txt", "They met.")])
    served.uploads.add("me").result()
    before = served.uploads.status().articles
    [name] = [one for one in live_ids(served.uploads._settings) if one.endswith("talks.txt")]
    remove = served.uploads.remove
    monkeypatch.setattr(served.uploads, "remove", lambda _: remove(name))
    tab(page, "Archive")
    row = page.locator(".archive td.headline button", has_text="speak for more than five hours")
    page.get_by_label("Words of headline").fill("five hours")
    row.click()
    page.wait_for_url(lambda url: "article=" in url)
    for _ in range(2):
        page.locator("#remove").click()
    back = page.get_by_role("button", name="Put it back")
    back.wait_for()
    assert served.uploads.status().articles == before - 1
    page.locator("#reader").wait_for(state="detached")
    page.wait_for_url(lambda url: "article=" not in url)
    wait_until(lambda: back.evaluate("e => e === document.activeElement"))
    page.keyboard.press("Enter")
    page.locator("#notice", has_text="In the archive again").wait_for()
    assert served.uploads.status().articles == before
    wait_until(lambda: row.evaluate("e => e === document.activeElement"))
    row.click()
    page.locator("#notice p").wait_for(state="detached")
    for _ in range(2):
        page.locator("#remove").click()
    back.wait_for()
    page.reload()
    back.click()
    page.locator("#notice", has_text="In the archive again").wait_for()
    assert served.uploads.status().articles == before
    page.reload()
    row.wait_for()
    assert not back.is_visible()


def test_the_files_of_a_dropped_folder_are_brought(page, tmp_path) -> None:
    tab(page, "Add articles")
    page.locator("#files input[type=file]").wait_for(state="attached")
    folder = tmp_path / "news"
    (folder / "may").mkdir(parents=True)
    story(folder, "ferry.txt")
    story(folder / "may", "bridge.txt")
    box = page.locator("#files").bounding_box()
    place = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
    dragged = {"items": [], "files": [str(folder)], "dragOperationsMask": 1}
    session = page.context.new_cdp_session(page)
    for kind in ("dragEnter", "dragOver", "drop"):
        session.send("Input.dispatchDragEvent", {"type": kind, "data": dragged, **place})
    page.locator("#preview summary", has_text="2 new").wait_for()
    shown = text_of(page, "#preview .preview")
    assert "ferry.txt" in shown and "bridge.txt" in shown
