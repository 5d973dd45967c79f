"""Takes the pictures of the documentation from the running app: `make screenshots`.

Serves the sample archive with the real models, asks, and writes `docs/images/*.png`, wide, for a
laptop and for a phone, light and dark; the other tabs in light.
"""

from __future__ import annotations

import sys
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks.processes import free_port, served

ROOT = Path(__file__).resolve().parents[1]
IMAGES = ROOT / "docs" / "images"
ANSWERED = "Who scored the goal in the Women's World Cup final?"
ABSENT = "Who won the 1998 World Cup?"
SOUGHT = "wildfires on Maui"
SIZES = {"wide": (1440, 900), "laptop": (1024, 768), "phone": (390, 844)}
TABS = {"Search": "#results button", "Archive": "#table button", "Add articles": "#status table"}
FLAGS = ["--no-sandbox", "--disable-background-networking", "--no-first-run"]
_MODEL_MS = 600_000


def main() -> None:
    """Take every picture."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    port = free_port()
    command = [sys.executable, "app.py", "--port", str(port)]
    data = {"BROADSHEET_DATA_DIR": str(ROOT / ".data" / "screenshots")}
    with served(command, ROOT, data, port) as app, sync_playwright() as playwright:
        app.wait_for_page(120)
        app.wait_for_model(600)
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        for size in SIZES:
            for theme in ("light", "dark"):
                _shoot(browser, port, size, theme)
        browser.close()


def _shoot(browser: Browser, port: int, size: str, theme: str) -> None:
    width, height = SIZES[size]
    page = browser.new_page(viewport={"width": width, "height": height})
    page.set_default_timeout(_MODEL_MS)
    page.goto(f"http://127.0.0.1:{port}/?__theme={theme}")
    page.locator(".example").first.wait_for()
    page.screenshot(path=IMAGES / f"empty-{size}-{theme}.png")
    _ask(page, ANSWERED)
    page.locator(".mark").first.click()
    page.locator("#article mark").first.wait_for()
    page.wait_for_timeout(800)
    page.screenshot(path=IMAGES / f"answered-{size}-{theme}.png")
    page.locator("#close").click()
    _ask(page, ABSENT)
    page.wait_for_timeout(800)
    page.screenshot(path=IMAGES / f"abstained-{size}-{theme}.png")
    if theme == "light":
        _shoot_tabs(page, size)
    page.close()


def _shoot_tabs(page: Page, size: str) -> None:
    for name, shown in TABS.items():
        page.get_by_role("tab", name=name).click()
        if name == "Search":
            page.locator("#search-row input, #search-row textarea").first.fill(SOUGHT)
            page.locator("#find").click()
        page.locator(shown).first.wait_for()
        page.wait_for_timeout(500)
        page.screenshot(path=IMAGES / f"{name.split()[0].lower()}-{size}-light.png")


def _ask(page: Page, question: str) -> None:
    page.locator("#box textarea").fill(question)
    page.locator("#box textarea").press("Enter")
    page.locator("#stop").wait_for(state="visible")
    page.locator("#ask").wait_for(state="visible")


if __name__ == "__main__":
    main()
