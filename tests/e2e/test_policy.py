"""What the page's headers do in a real browser: it works, and other pages get nothing."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.loopback import QuietHandler, serving
from tests.web.conftest import THIRD_PARTY

pytestmark = [pytest.mark.slow, *THIRD_PARTY]
TRIES = """
async ([url]) => {
    const got = {};
    const attempt = async (name, options) => {
        try {
            const answer = await fetch(url + name, options);
            got[name] = options.mode === "no-cors" ? "sent" : await answer.text();
        } catch (error) { got[name] = "refused"; }
    };
    const body = JSON.stringify({data: ["planted", 2, "", "", "", []]});
    await attempt("config", {credentials: "include"});
    await attempt("healthz", {});
    await attempt("gradio_api/call/search", {method: "POST", body});
    await attempt("gradio_api/call/ask", {method: "POST", body, mode: "no-cors"});
    const frame = document.createElement("iframe");
    frame.src = url;
    document.body.append(frame);
    await new Promise(done => { frame.onload = done; setTimeout(done, 3000); });
    try { got.frame = frame.contentWindow.document.body.innerText; }
    catch (error) { got.frame = "refused"; }
    return got;
}
"""


@pytest.fixture
def elsewhere() -> Iterator[str]:
    """The address of another site's page."""

    class Page(QuietHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(b"<!doctype html><title>Elsewhere</title><body>Hello</body>")

    with serving(Page) as url:
        yield f"{url.replace('127.0.0.1', 'localhost')}/"


def test_a_page_from_elsewhere_reads_and_asks_nothing(browser, served, elsewhere: str) -> None:
    asked = len(served.pipeline.questions)
    context = browser.new_context()
    page = context.new_page()
    page.goto(elsewhere)
    got = page.evaluate(TRIES, [served.url])
    context.close()
    assert len(got) == 5 and set(got.values()) == {"refused"}
    assert len(served.pipeline.questions) == asked


def test_the_page_breaks_none_of_its_own_rules(browser, served) -> None:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    told: list[str] = []
    page.on("console", lambda line: told.append(line.text))
    page.goto(served.url)
    page.locator(".example").first.click()
    page.locator("#now .text .mark").first.wait_for()
    blocked = page.evaluate(
        """() => new Promise(done => {
            document.addEventListener("securitypolicyviolation", e => done(e.blockedURI));
            const image = new Image();
            image.src = "http://192.0.2.1/spy.png";
            document.body.append(image);
            setTimeout(() => done("nothing"), 3000);
        })"""
    )
    context.close()
    broken = [line for line in told if "Content Security Policy" in line and "spy" not in line]
    assert broken == []
    assert blocked.startswith("http://192.0.2.1")
