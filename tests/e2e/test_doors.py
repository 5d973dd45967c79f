"""The tools, called by an MCP client over HTTP on a running page; what `/ask` is, they are."""

from __future__ import annotations

import gc
import urllib.error
import urllib.request
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import anyio
import pytest
from gradio_client import Client as GradioClient
from mcp import Client

from index.settings import Settings
from rag.types import Turn
from tests.web.conftest import THIRD_PARTY
from tests.web.fake_pipeline import ARTICLES, FakePipeline
from web.chat.feedback import FeedbackStore
from web.conversations import browser_key
from web.http.server import add_endpoints

pytestmark = [pytest.mark.slow, *THIRD_PARTY]


@pytest.fixture(scope="module")
def fake() -> FakePipeline:
    return FakePipeline(pace=0.02)


@pytest.fixture(scope="module")
def url(fake: FakePipeline, tmp_path_factory) -> Iterator[str]:
    """The address of a page whose doors are open."""
    from web.page import build_page, launch_options

    data = tmp_path_factory.mktemp("data")
    settings, host = Settings(data_dir=data, max_question=200), "127.0.0.1"
    pipeline, doors = add_endpoints(fake, settings, host=host, people=None, mcp=True)
    page = build_page(pipeline, FeedbackStore(data), browser_key(data), max_question=200)
    options = launch_options() | doors
    _, url, _ = page.launch(server_name=host, prevent_thread_lock=True, quiet=True, **options)
    yield url
    page.close(verbose=False)
    with warnings.catch_warnings():  # Gradio's server and client leave event loops unclosed
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


@pytest.fixture(params=["auto", "legacy"])
def client(url: str, request) -> Callable[[], Client]:
    """Makes clients of the protocol of today, or such as begin with a handshake."""
    return lambda: Client(f"{url}mcp", mode=request.param)


async def call(
    client: Callable[[], Client], tool: str, arguments: dict[str, Any], progress: Any = None
) -> Any:
    async with client() as one:
        return await one.call_tool(tool, arguments, progress_callback=progress)


async def test_the_tools_say_what_they_take_and_give(client) -> None:
    async with client() as one:
        tools = {tool.name: tool for tool in (await one.list_tools()).tools}
    assert set(tools) == {"ask", "search", "read_article", "list_articles"}
    for tool in tools.values():
        assert tool.annotations.read_only_hint
        assert len(tool.description) > 40
        for one in tool.input_schema["properties"].values():
            assert one["description"]
    ask = tools["ask"]
    assert ask.input_schema["required"] == ["question"]
    assert ask.input_schema["properties"]["question"]["maxLength"] == 200
    assert ask.input_schema["properties"]["date_from"]["pattern"].startswith("^(")
    assert {"answer", "abstained", "citations"} <= set(ask.output_schema["required"])
    assert "quote" in ask.output_schema["$defs"]["CitationJson"]["required"]
    listed = tools["list_articles"].input_schema
    assert listed["$defs"]["Order"]["enum"] == ["date", "headline", "source", "passages"]


async def test_ask_gives_exact_quotes_and_tells_how_far_it_is(client, fake) -> None:
    told: list[str] = []

    async def progress(done: float, total: float | None, message: str | None) -> None:
        told.append(message or "")

    result = await call(
        client,
        "ask",
        {
            "question": "Where did they meet?",
            "as_of": "2023-06-20",
            "date_from": "2023-06",
            "sources": ["Wire"],
            "history": [["Who?", "Qin Gang."]],
        },
        progress,
    )
    assert not result.is_error
    answer = result.structured_content
    assert (answer["outcome"], answer["abstained"]) == ("answered", False)
    assert answer["answer"].endswith("They met on Sunday [2].")
    assert len(answer["citations"]) == 2
    for one in answer["citations"]:
        article = ARTICLES[one["article_id"]]
        assert article.text[one["start"] : one["end"]] == one["quote"]
        assert (one["headline"], one["date"]) == (article.headline, article.date.isoformat())
    assert told[:2] == [
        "Searching the articles",
        "Waiting for the language model: 1 question before yours",
    ]
    asked = fake.questions[-1]
    assert (str(asked.as_of), str(asked.date_from)) == ("2023-06-20", "2023-06-01")
    assert (asked.sources, asked.history) == (("Wire",), (Turn("Who?", "Qin Gang."),))


async def test_ask_abstains(client) -> None:
    answer = (await call(client, "ask", {"question": "absent"})).structured_content
    assert (answer["abstained"], answer["reason"]) == (True, "not_stated")
    assert answer["citations"] == []


async def test_what_is_found_can_be_read(client) -> None:
    found = await call(client, "search", {"question": "talks", "limit": 2})
    first, _ = found.structured_content["passages"]
    read = await call(client, "read_article", {"article_id": first["article_id"]})
    article = read.structured_content
    assert article["text"][first["start"] : first["end"]] == first["text"]
    assert (article["headline"], article["date"]) == (first["headline"], "2023-06-20")


async def test_articles_are_listed(client) -> None:
    limits = {"words": "wire", "date_from": "2023-06", "date_to": "2023-06", "limit": 3}
    result = await call(
        client, "list_articles", limits | {"order": "headline", "descending": False}
    )
    listed = result.structured_content
    assert listed["total"] == 6
    assert [one["headline"][:5] for one in listed["articles"]] == ["Blink", "Story", "Story"]
    assert {one["date"][:7] for one in listed["articles"]} == {"2023-06"}


@pytest.mark.parametrize(
    ("tool", "arguments", "message"),
    [
        ("ask", {}, "question\n  Field required"),
        ("ask", {"question": " "}, "Write a question"),
        ("ask", {"question": "x" * 201}, "at most 200 characters"),
        ("ask", {"question": "Who?", "from": "2023"}, "from\n  Extra inputs are not permitted"),
        ("ask", {"question": "Who?", "date_from": "June"}, "write it as 18 June 2023"),
        ("ask", {"question": "Who?", "history": [["one"]]}, "each turn is a list of two"),
        ("ask", {"question": "fail"}, "does not respond"),
        ("search", {"question": "Who?", "limit": 101}, "less than or equal to 100"),
        ("list_articles", {"order": "size"}, "'date', 'headline', 'source' or 'passages'"),
        ("list_articles", {"date_to": "2023-13"}, "there is no day 2023-13"),
        ("read_article", {"article_id": "none"}, "there is no article 'none'"),
    ],
)
async def test_what_cannot_be_done_is_an_error_with_a_reason(
    client, tool: str, arguments: dict[str, object], message: str
) -> None:
    result = await call(client, tool, arguments)
    assert result.is_error
    assert message in result.content[0].text


async def test_a_bug_does_not_leak_its_details(client) -> None:
    result = await call(client, "ask", {"question": "crash"})
    assert result.is_error
    assert "secret" not in result.content[0].text


async def test_a_call_that_is_given_up_frees_the_model(client, url: str) -> None:
    name = 'broadsheet_questions_total{outcome="stopped"}'
    before = await anyio.to_thread.run_sync(metric, url, name)
    async with client() as one:
        with anyio.CancelScope() as scope:

            async def progress(done: float, total: float | None, message: str | None) -> None:
                scope.cancel()

            await one.call_tool("ask", {"question": "slow"}, progress_callback=progress)
        assert scope.cancelled_caught
        with anyio.fail_after(10):
            while await anyio.to_thread.run_sync(metric, url, name) == before:
                await anyio.sleep(0.05)


def refused(url: str, **headers: str) -> int:
    kind = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
    request = urllib.request.Request(f"{url}mcp", b"{}", kind | headers)
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(request, timeout=10)
    return caught.value.code


def test_pages_of_other_sites_are_kept_out(url: str) -> None:
    assert refused(url, Host="evil.example") == 421
    assert refused(url, Host="localhost.evil.example:80") == 421
    assert refused(url, Origin="http://evil.example") == 403
    assert refused(url, Origin="null") == 403
    assert refused(url, Origin=url.rstrip("/")) == 400, "let in, and then not understood"


def metric(url: str, name: str) -> float:
    with urllib.request.urlopen(f"{url}metrics", timeout=10) as measured:
        lines = measured.read().decode().splitlines()
    return next(float(line.split()[-1]) for line in lines if line.startswith(name))


def test_the_endpoint_counts_too(url: str) -> None:
    name = 'broadsheet_questions_total{outcome="answered"}'
    before = metric(url, name)
    client = GradioClient(url, verbose=False, analytics_enabled=False)
    answer = client.predict("Where did they meet?", api_name="/ask")
    client.close()
    assert len(answer["request_id"]) == 32
    assert metric(url, name) == before + 1


def test_health_is_told_beside_the_page(url: str) -> None:
    with urllib.request.urlopen(f"{url}healthz", timeout=10) as health:
        assert health.status == 200
    with urllib.request.urlopen(url, timeout=10) as page:
        assert b"Broadsheet" in page.read()


def test_the_door_is_shut_on_a_page_without_the_flag(served) -> None:
    assert refused(served.url) in (404, 405)
