"""The door before every route of a running page: what another site's page gets from it."""

from __future__ import annotations

import gc
import socket
import threading
import time
import warnings
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from gradio_client import Client
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from index.models.download import ensure_embedder
from index.settings import Settings
from tests.conftest import MODELS
from tests.index.archive import HashedEmbeddings
from tests.waiting import until
from tests.web.conftest import THIRD_PARTY, Served
from tests.web.fake_pipeline import FakePipeline
from web.auth import SESSION, TRIES, Role, add_person, read_auth
from web.chat.feedback import FeedbackStore
from web.conversations import browser_key
from web.http import doors
from web.http.doors import CALLS, AccessMiddleware
from web.http.server import add_endpoints
from web.uploads.store import Uploads

pytestmark = THIRD_PARTY
PATHS = (
    "", "config", "healthz", "metrics", "gradio_api/info", "gradio_api/openapi.json", "theme.css",
    "gradio_api/startup-events", "login_check", "gradio_api/call/search/x", "openapi.json",
)  # fmt: skip
POSTS = ("gradio_api/call/ask", "gradio_api/queue/join", "gradio_api/upload", "gradio_api/run/ask",
         "login")  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
def test_a_page_at_another_name_gets_nothing(served: Served, path: str) -> None:
    for host in ("evil.example", "localhost.evil.example:80", "127.0.0.1.evil.example", ""):
        answer = httpx.get(served.url + path, headers={"Host": host})
        assert answer.status_code == 421
        assert "BROADSHEET_HOSTS" in answer.text and len(answer.text) < 120


@pytest.mark.parametrize("path", POSTS)
@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://localhost:1"])
def test_no_foreign_page_may_post(served: Served, path: str, origin: str) -> None:
    asked = len(served.pipeline.questions)
    for method in ("POST", "OPTIONS", "GET"):
        answer = httpx.request(
            method,
            served.url + path,
            json={"data": ["Who?"]} if method == "POST" else None,
            headers={"Origin": origin, "Access-Control-Request-Method": "POST"},
        )
        assert answer.status_code == 403
        assert not [name for name in answer.headers if name.startswith("access-control")]
    assert len(served.pipeline.questions) == asked


def test_its_own_page_and_programs_are_let_in(served: Served) -> None:
    url, home = f"{served.url}gradio_api/call/search", served.url.rstrip("/")
    body = {"data": ["talks", 2, "", "", "", []]}
    for headers in ({}, {"Origin": home}, {"Origin": home, "Sec-Fetch-Site": "same-origin"}):
        assert "event_id" in httpx.post(url, json=body, headers=headers).json()
    from_elsewhere = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    assert httpx.get(served.url, headers=from_elsewhere).status_code == 200, "a link"
    within = from_elsewhere | {"Sec-Fetch-Mode": "no-cors"}
    assert httpx.get(f"{served.url}metrics", headers=within).status_code == 403, (
        "an image's address"
    )


def test_each_answer_tells_the_browser_what_it_may_do(served: Served) -> None:
    for path in ("", "config", "healthz", "nothing"):
        headers = httpx.get(served.url + path).headers
        assert "frame-ancestors 'self'" in headers["content-security-policy"]
        assert "default-src 'self'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"


def test_the_description_that_nobody_guards_is_not_served(served: Served) -> None:
    assert httpx.get(f"{served.url}openapi.json").status_code == 404
    assert httpx.get(f"{served.url}gradio_api/openapi.json").status_code == 200


@pytest.fixture(scope="module")
def guarded(tmp_path_factory) -> Iterator[str]:
    """The address of a page with `--auth`: ada is a reader, eve an editor."""
    from web.page import build_page, launch_options

    data = tmp_path_factory.mktemp("data")
    add_person(data / "people", "ada", Role.READER, "count:less")
    add_person(data / "people", "eve", Role.EDITOR, "apple")
    people, host = read_auth(data / "people"), "127.0.0.1"
    settings = Settings(data_dir=data, model_dir=MODELS)
    pipeline, doors = add_endpoints(
        FakePipeline(pace=0), settings, host=host, people=people, mcp=False
    )
    embeddings = HashedEmbeddings(lambda: ensure_embedder(settings))
    uploads, key = Uploads(settings, embeddings, people.editors), browser_key(data)
    page = build_page(pipeline, FeedbackStore(data), key, max_question=200, uploads=uploads)
    options = launch_options() | doors
    _, url, _ = page.launch(server_name=host, prevent_thread_lock=True, quiet=True, **options)
    yield url
    page.close(verbose=False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


def log_in(url: str, client: Any, password: str, name: str = "ada") -> httpx.Response:
    return client.post(f"{url}login", data={"username": name, "password": password})


def cookie(answer: httpx.Response) -> dict[str, str]:
    """The header that a browser would send after a log-in."""
    name, value = next((n, v) for n, v in answer.cookies.items() if "unsecure" in n)
    return {"Cookie": f"{name}={value}"}


def called(url: str, config: dict, targets: str, data: list, headers: dict) -> str:
    """Have a page's own event run as its browser would; return all that comes of it."""
    number = next(
        one["id"] for one in config["dependencies"]
        if one["targets"] and str(one["api_name"]).startswith(targets)
    )  # fmt: skip
    body = {"data": data, "fn_index": number, "session_hash": "s1"}
    httpx.post(f"{url}gradio_api/queue/join", json=body, headers=headers).raise_for_status()
    stream = httpx.get(
        f"{url}gradio_api/queue/data", params={"session_hash": "s1"}, headers=headers, timeout=10
    )
    return stream.text


def test_a_reader_changes_nothing_and_an_editor_may(guarded: str) -> None:
    reader = cookie(log_in(guarded, httpx, "count:less"))
    editor = cookie(log_in(guarded, httpx, "apple", "eve"))
    file = {"files": ("a.txt", b"date 2024-01-01 One\n\nOnly one.\n")}
    upload = f"{guarded}gradio_api/upload"
    assert httpx.post(upload, files=file).status_code == 401
    assert httpx.post(upload, files=file, headers=reader).status_code == 403
    assert httpx.post(upload, files=file, headers=editor).status_code == 200
    config = httpx.get(f"{guarded}config", headers=reader).json()
    for name in ("add", "remove", "put_back"):
        data = ["2023/talks.txt"] if name == "remove" else []
        assert "only its editors change it" in called(guarded, config, name, data, reader)
    assert "choose them again" in called(guarded, config, "add", [], editor)


def test_a_log_in_is_kept_to_this_site_and_ends(guarded: str) -> None:
    answer = log_in(guarded, httpx, "count:less")
    assert answer.json() == {"success": True}
    cookies = answer.headers.get_list("set-cookie")
    assert cookies
    for one in cookies:
        assert one.endswith(f"Max-Age={SESSION}; SameSite=Strict")
        assert "HttpOnly" in one and one.lower().count("samesite") == 1
    assert httpx.get(f"{guarded}config", headers=cookie(answer)).status_code == 200
    for path in ("config", "metrics", "gradio_api/openapi.json", "gradio_api/info"):
        assert httpx.get(guarded + path).status_code == 401
    assert httpx.get(f"{guarded}openapi.json").status_code == 404


def test_no_endpoint_of_gradios_is_open_to_who_is_not_logged_in(guarded: str) -> None:
    known = cookie(log_in(guarded, httpx, "count:less"))
    for path, body in (
        ("cancel", {"session_hash": "s1", "fn_index": 0, "event_id": "e1"}),
        ("reset", {"event_id": "e1"}),
        ("queue/join", {"data": [], "fn_index": 0, "session_hash": "s1"}),
    ):
        answer = httpx.post(f"{guarded}gradio_api/{path}", json=body)
        assert (answer.status_code, answer.text) == (401, "Log in first.\n")
        inside = httpx.post(f"{guarded}gradio_api/{path}", json=body, headers=known)
        assert inside.status_code != 401
    assert httpx.get(f"{guarded}gradio_api/heartbeat/s1").status_code == 401
    assert httpx.get(guarded).status_code == 200  # the log-in page needs none of them


@pytest.fixture
def caller(request) -> Iterator[httpx.Client]:
    """Calls from an address of its own, which has no wrong log-ins yet."""
    number = zlib.crc32(request.node.name.encode()) % 250 + 2
    with httpx.Client(transport=httpx.HTTPTransport(local_address=f"127.0.1.{number}")) as client:
        yield client


def test_wrong_log_ins_are_slowed_down(guarded: str, caller: httpx.Client) -> None:
    def attempt(n: int) -> int:
        if n % 2:
            return log_in(guarded, caller, f"guess {n}").status_code
        return caller.get(f"{guarded}metrics", auth=("ada", f"guess {n}")).status_code

    with ThreadPoolExecutor(8) as several:
        codes = list(several.map(attempt, range(40)))
    assert codes.count(429) == 40 - TRIES
    refused = log_in(guarded, caller, "count:less")
    assert refused.status_code == 429 and int(refused.headers["Retry-After"]) > 0
    assert caller.get(f"{guarded}healthz").status_code == 200


@pytest.mark.parametrize("path", ["healthz", "fonts/none", "login_check", ""])
def test_nothing_that_is_let_in_forgets_wrong_log_ins(
    guarded: str, caller: httpx.Client, path: str
) -> None:
    codes = []
    for n in range(TRIES + 2):
        codes.append(log_in(guarded, caller, f"guess {n}", "eve").status_code)
        caller.get(guarded + path, headers={"Authorization": "?"})
    assert codes == [400] * TRIES + [429] * 2


def test_own_log_ins_do_not_pay_for_guesses(guarded: str, caller: httpx.Client) -> None:
    codes = []
    for n in range(TRIES + 2):
        codes.append(log_in(guarded, caller, f"guess {n}", "eve").status_code)
        if codes[-1] != 429:
            last = n == TRIES - 1
            assert log_in(guarded, caller, "count:less").status_code == (429 if last else 200)
            metrics = caller.get(f"{guarded}metrics", auth=("ada", "count:less"))
            assert metrics.status_code == (429 if last else 200)
    assert codes == [400] * TRIES + [429] * 2
    assert log_in(guarded, httpx, "count:less").status_code == 200, "from another address"


def test_good_log_ins_are_not_counted(guarded: str, caller: httpx.Client) -> None:
    for _ in range(2 * TRIES):
        assert caller.get(f"{guarded}metrics", auth=("ada", "count:less")).status_code == 200
        assert log_in(guarded, caller, "count:less").status_code == 200
        elsewhere = caller.get(f"{guarded}healthz", auth=("proxy", "own"))
        assert elsewhere.status_code == 200, "no password is checked there"


@pytest.mark.parametrize("version", ["call/ask", "call/v2/ask"])
def test_a_client_that_leaves_frees_the_model_within_a_second(served: Served, version) -> None:
    url, body = f"{served.url}gradio_api/{version}", {"question": f"slow {version}"}
    if version == "call/ask":
        body = {"data": [body["question"], "", "", "", [], []]}
    event = httpx.post(url, json=body).json()["event_id"]
    with httpx.stream("GET", f"{url}/{event}"):
        until(lambda: served.pipeline.questions[-1].text == f"slow {version}")
        cancel = served.pipeline.cancels[-1]
        time.sleep(0.3)
        assert not cancel.is_set()
    assert cancel.wait(1)


def test_a_python_client_that_leaves_frees_the_model_too(served: Served) -> None:
    client = Client(served.url, verbose=False, analytics_enabled=False)
    job = client.submit("slow and left", api_name="/ask")
    until(lambda: served.pipeline.questions[-1].text == "slow and left")
    cancel = served.pipeline.cancels[-1]
    time.sleep(0.3)
    assert not cancel.is_set()
    job.cancel()
    client.close()
    assert cancel.wait(2)


def test_what_is_full_says_when_to_come_again(behind) -> None:
    client = behind(hosts=["localhost"], full=True)
    refused = client.post("/")
    assert refused.status_code == 503 and int(refused.headers["Retry-After"]) > 0


@pytest.fixture
def behind() -> Callable[..., TestClient]:
    """Makes clients of a small app behind a door."""

    async def say(request: Request) -> PlainTextResponse:
        return PlainTextResponse("in")

    async def refuse(request: Request) -> PlainTextResponse:
        return PlainTextResponse("Queue is full.", 503)

    def behind(base: str = "http://localhost", full: bool = False, **options) -> TestClient:
        say_what = refuse if full else say
        app = Starlette(routes=[Route("/", say_what, methods=["GET", "POST"])])
        chosen = {"hosts": ["localhost", "news.example:8443"]} | options
        return TestClient(AccessMiddleware(app, **chosen), base_url=base)

    return behind


@pytest.mark.parametrize(
    ("base", "addresses", "status"),
    [
        ("http://LOCALHOST:9", False, 200),
        ("https://news.example:8443", False, 200),
        ("http://news.example", False, 421),
        ("http://192.168.1.7:7860", False, 421),
        ("http://192.168.1.7:7860", True, 200),
        ("http://[fd00::7]:7860", True, 200),
        ("http://192.168.1.7.evil.example", True, 421),
    ],
)
def test_names_and_addresses(behind, base: str, addresses: bool, status: int) -> None:
    client = behind(base, addresses=addresses)
    assert client.get("/").status_code == status
    own = {"Origin": base.lower()}  # behind a proxy that ends TLS it is https
    assert client.post("/", headers=own).status_code == status


def test_nothing_new_is_begun_at_the_end(behind) -> None:
    ending = threading.Event()
    client = behind(ending=ending)
    assert client.post("/").status_code == 200
    ending.set()
    refused = client.post("/")
    assert refused.status_code == 503 and refused.headers["Retry-After"]
    assert client.get("/").status_code == 200, "what is under way is still fetched"


def test_who_calls_too_often_must_wait_and_others_need_not(behind) -> None:
    client = behind()
    codes = [client.post("/").status_code for _ in range(CALLS + 5)]
    assert codes == [200] * CALLS + [429] * 5
    assert int(client.post("/").headers["Retry-After"]) > 0
    assert client.get("/").status_code == 200, "what is under way is still fetched"
    other = TestClient(client.app, base_url="http://localhost", client=("10.0.0.7", 1))
    assert other.post("/").status_code == 200


def test_a_request_that_stops_in_the_middle_is_cut(served: Served, monkeypatch) -> None:
    monkeypatch.setattr(doors, "PATIENCE", 0.3)
    address = urlsplit(served.url)
    with socket.create_connection((address.hostname, address.port), timeout=10) as half:
        half.sendall(
            b"POST /gradio_api/call/search HTTP/1.1\r\nHost: localhost\r\n"
            b"Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{"
        )
        while half.recv(4096):
            pass  # until the server closes it


@pytest.mark.parametrize("head", [b"", b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: "])
def test_a_head_that_never_ends_is_cut(served: Served, monkeypatch, head: bytes) -> None:
    monkeypatch.setattr(doors, "PATIENCE", 1.0)
    address = urlsplit(served.url)
    with socket.create_connection((address.hostname, address.port), timeout=0.2) as half:
        half.sendall(head)
        begun, open_still = time.monotonic(), True
        while open_still and time.monotonic() < begun + 8:
            try:
                open_still = half.recv(1) != b""
            except TimeoutError:
                half.sendall(head[:1].lower())  # more of it now and then makes it no whole head
            except ConnectionError:
                open_still = False
    assert not open_still
    assert time.monotonic() - begun > 0.9
    assert httpx.get(f"{served.url}healthz").status_code == 200


def test_a_client_that_asks_again_and_again_is_not_cut(served: Served, monkeypatch) -> None:
    monkeypatch.setattr(doors, "PATIENCE", 1.0)
    address = urlsplit(served.url)
    with socket.create_connection((address.hostname, address.port), timeout=5) as kept:
        for _ in range(6):
            kept.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert kept.recv(4096).startswith(b"HTTP/1.1 200")
            time.sleep(0.6)


def test_whoever_waits_for_an_answer_is_not_cut(served: Served, monkeypatch) -> None:
    monkeypatch.setattr(doors, "PATIENCE", 0.2)
    url = f"{served.url}gradio_api/call/ask"
    body = {"data": ["slow and waited for", "", "", "", [], []]}
    event = httpx.post(url, json=body).json()["event_id"]
    with httpx.stream("GET", f"{url}/{event}"):
        until(lambda: served.pipeline.questions[-1].text == "slow and waited for")
        cancel = served.pipeline.cancels[-1]
        time.sleep(0.8)
        assert not cancel.is_set()
