"""A person logs in by the page's own form, asks, and is nobody again after leaving."""

from __future__ import annotations

import pytest

from tests.web.conftest import THIRD_PARTY
from tests.web.test_doors import guarded  # noqa: F401

pytestmark = [pytest.mark.slow, *THIRD_PARTY]


def test_a_person_logs_in_and_asks(browser, guarded: str) -> None:  # noqa: F811
    page = browser.new_context().new_page()
    page.set_default_timeout(15_000)
    page.goto(guarded)
    page.get_by_label("Username").fill("ada")
    page.get_by_label("Password").fill("count:less")
    page.get_by_role("button", name="Login").click()
    page.locator(".example").first.wait_for()
    page.get_by_role("textbox", name="Question").fill("Who is the minister?")
    page.keyboard.press("Enter")
    page.locator(".answer").first.wait_for()
    page.context.clear_cookies()
    page.goto(guarded)
    page.get_by_label("Password").wait_for()
