"""Debian's Chromium, and a page that must ask nothing of another host and run nothing hostile."""

from __future__ import annotations

import asyncio
import gc
import os
import warnings
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.web.conftest import Served, served

__all__ = ["served"]

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = (
    "--no-sandbox --disable-background-networking --disable-component-update --disable-sync "
    "--disable-default-apps --no-first-run --disable-dev-shm-usage"
).split()


@pytest.fixture(scope="module", autouse=True)
def loops_are_collected() -> Iterator[None]:
    """End at a module's very end the loops that Gradio leaves unclosed, one set in this thread.

    Later a test of another module would be blamed for them.
    """
    yield
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with suppress(RuntimeError):  # there is none
            loop = asyncio.get_event_loop_policy().get_event_loop()
            if not loop.is_running():
                asyncio.set_event_loop(None)
                loop.close()
        gc.collect()


# Playwright's loop runs in this thread until the browser ends: past the module, no test that
# needs a loop of its own could run.
@pytest.fixture(scope="module")
def browser() -> Iterator[object]:
    sync_api = pytest.importorskip("playwright.sync_api")
    if not CHROMIUM.exists():
        reason = f"{CHROMIUM} is not installed (apt-get install chromium)"
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def page(browser, served: Served) -> Iterator[object]:
    """A fresh page, shown; at the end it is checked that it kept to itself."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.set_default_timeout(15_000)
    requests: list[str] = []
    errors: list[str] = []
    context.on("request", lambda request: requests.append(request.url))
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("dialog", lambda dialog: errors.append(f"dialog: {dialog.message}"))
    page.goto(served.url)
    page.locator(".example").first.wait_for()
    yield page
    pwned = page.evaluate("window.__pwned ?? null")
    context.close()
    home = urlsplit(served.url).netloc
    away = [u for u in requests if urlsplit(u).scheme not in ("data", "blob")]
    away = [u for u in away if urlsplit(u).netloc != home]
    assert away == []
    assert errors == []
    assert pwned is None


# A busy machine can starve Chromium past any wait. What waited in vain is tried once more, and
# the summary says so (R): a test that fails for another reason, or twice, has failed.
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    again = pytest.mark.flaky(reruns=1, only_rerun=["playwright.*TimeoutError"])
    for item in items:
        if "browser" in getattr(item, "fixturenames", ()):
            item.add_marker(again)
