"""The endpoints `/ask` and `/search`, called as programs call them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import httpx
import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError

from rag.types import Turn
from tests.web.conftest import THIRD_PARTY, Served, serving
from tests.web.fake_pipeline import ARTICLES, FakePipeline
from web.http.api import ANSWERS
from web.page import build

pytestmark = THIRD_PARTY


@pytest.fixture(scope="module")
def client(served: Served) -> Iterator[Client]:
    client = Client(served.url, verbose=False, analytics_enabled=False)
    yield client
    client.close()


def test_only_the_two_are_public_and_they_are_documented(client: Client) -> None:
    endpoints = client.view_api(return_format="dict")["named_endpoints"]
    assert set(endpoints) == {"/ask", "/search"}
    ask = endpoints["/ask"]
    required = [p["parameter_name"] for p in ask["parameters"] if not p["parameter_has_default"]]
    assert required == ["question"]
    assert "every statement cites" in ask["description"]
    assert "citations: list[dict(" in ask["returns"][0]["python_type"]["type"]


def test_ask_returns_the_checked_answer_with_exact_quotes(client: Client, served: Served) -> None:
    answer = client.predict(
        "Where did they meet?",
        "2023-06-20",
        "2023-06",
        "",
        ["Wire"],
        [["Who?", "Qin Gang."]],
        api_name="/ask",
    )
    assert answer["outcome"] == "answered"
    assert answer["abstained"] is False
    for one in answer["citations"]:
        assert ARTICLES[one["article_id"]].text[one["start"] : one["end"]] == one["quote"]
    asked = served.pipeline.questions[-1]
    assert asked.as_of == date(2023, 6, 20)
    assert asked.date_from == date(2023, 6, 1)
    assert asked.sources == ("Wire",)
    assert asked.history == (Turn("Who?", "Qin Gang."),)


def test_limits_in_the_question_bound_it(client: Client, served: Served) -> None:
    asked = 'Where did they meet? author:"Ada Pell"'
    assert client.predict(asked, api_name="/ask")["question"] == "Where did they meet?"
    assert served.pipeline.questions[-1].sources == ("author:Ada Pell",)
    found = client.predict("talks section:World", sources=["Wire"], api_name="/search")
    assert found["question"] == "talks"
    assert {"authors", "section", "tags", "language"} <= set(found["passages"][0])


def test_ask_abstains(client: Client) -> None:
    answer = client.predict("absent", api_name="/ask")
    assert answer["abstained"] is True
    assert answer["answer"] == "The articles do not say."
    assert answer["reason"] == "not_stated"
    assert answer["citations"] == []


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"question": "  "}, "Write a question"),
        ({"question": "x" * 201}, "at most 200"),
        ({"question": "Who?", "as_of": "2023-02-30"}, "As of: there is no day 2023-02-30"),
        ({"question": "Who?", "history": [["one"]]}, "each turn is a list of two"),
        ({"question": "fail"}, "does not respond"),
    ],
)
def test_what_cannot_be_answered_is_an_error_with_a_reason(
    client: Client, values: dict[str, object], message: str
) -> None:
    with pytest.raises(AppError, match=message):
        client.predict(**values, api_name="/ask")


@pytest.mark.parametrize(
    ("name", "values", "message"),
    [
        ("ask", [7], "question: expected a text, not 7"),
        ("ask", [None], "question: expected a text, not None"),
        ("ask", [["Who?"]], "question: expected a text, not ['Who?']"),
        ("ask", ["Who?", 2023], "as_of: expected a text, not 2023"),
        ("ask", ["Who?", "", "", {"day": 1}], "date_to: expected a text"),
        ("ask", ["Who?", "", "", "", "Wire"], "sources: a list of texts"),
        ("ask", ["Who?", "", "", "", [3]], "sources: a list of texts"),
        ("ask", ["Who?", "", "", "", [], [["a", None]]], "each turn is a list of two texts"),
        ("ask", ["Who?", "", "", "", [], 5], "each turn is a list of two texts"),
        ("search", ["talks", "ten"], "limit is 'ten'; it must be from 1 to 100"),
        ("search", ["talks", 2.5], "limit is 2.5; it must be from 1 to 100"),
        ("search", ["talks", 10**400], "it must be from 1 to 100"),
    ],
)
def test_values_of_any_type_are_told_what_is_expected(
    served: Served, name: str, values: list[object], message: str
) -> None:
    assert message in called(served, name, values)


def called(served: Served, name: str, values: list[object]) -> str:
    """What a program without the client gets that sends some of the values."""
    address = f"{served.url.rstrip('/')}/gradio_api/call/{name}"
    event = httpx.post(address, json={"data": values}).json()["event_id"]
    return httpx.get(f"{address}/{event}", timeout=30).text


def test_what_a_call_leaves_out_is_as_if_it_were_blank(served: Served) -> None:
    assert "event: complete" in called(served, "ask", ["Where did they meet?"])
    assert "event: complete" in called(served, "search", ["talks"])
    assert served.pipeline.questions[-1].sources == ()


def test_an_endpoint_that_is_not_there_is_no_fault_of_the_server(served: Served) -> None:
    url = served.url.rstrip("/")
    for name in ("nope", "9999"):
        answer = httpx.post(f"{url}/gradio_api/call/{name}", json={"data": []})
        assert (answer.status_code, "no such endpoint" in answer.text) == (404, True)
    joined = {"fn_index": 10**9, "data": [], "session_hash": "x"}
    assert httpx.post(f"{url}/gradio_api/queue/join", json=joined).status_code == 400


def test_a_bug_does_not_leak_its_details(client: Client) -> None:
    with pytest.raises(AppError) as caught:
        client.predict("crash", api_name="/ask")
    assert "secret" not in str(caught.value)


def test_search_returns_passages(client: Client, served: Served) -> None:
    result = client.predict("talks", 2, date_to="2023", api_name="/search")
    assert result["question"] == "talks"
    assert len(result["passages"]) == 2
    first = result["passages"][0]
    assert ARTICLES[first["article_id"]].text[first["start"] : first["end"]] == first["text"]
    assert served.pipeline.questions[-1].date_to == date(2023, 12, 31)


@pytest.mark.parametrize("limit", [0, 101, -1])
def test_search_refuses_an_impossible_limit(client: Client, limit: int) -> None:
    with pytest.raises(AppError, match="must be from 1 to 100"):
        client.predict("talks", limit, api_name="/search")


class Held(FakePipeline):
    """Answers nothing before it is let go."""

    def __init__(self) -> None:
        super().__init__(pace=0)
        self.held, self.go = threading.Semaphore(0), threading.Event()

    def stream(self, question, cancel=None):
        self.held.release()
        self.go.wait(30)
        yield from super().stream(question, cancel)


def test_each_endpoint_has_its_own_queue_and_tells_the_place_in_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(build, "WAITING", 2)
    pipeline = Held()

    def call(name: str, *data: object) -> httpx.Response:
        return httpx.post(f"{served.url}gradio_api/call/{name}", json={"data": [*data]})

    with serving(pipeline, tmp_path) as served:
        ask = ("ask", "Who?", "", "", "", [], [])
        taken = [call(*ask) for _ in range(ANSWERS)]
        assert all(pipeline.held.acquire(timeout=10) for _ in taken)
        taken += [call(*ask), call(*ask)]
        assert {one.status_code for one in taken} == {200}
        refused = call(*ask)
        assert refused.status_code == 503 and int(refused.headers["Retry-After"]) > 0
        assert "number 3 in its queue" in refused.json()["detail"]
        assert call("search", "talks", 2, "", "", "", []).status_code == 200
        pipeline.go.set()
        for one in taken:
            event = one.json()["event_id"]
            answered = httpx.get(f"{served.url}gradio_api/call/ask/{event}", timeout=20)
            assert "event: complete" in answered.text
        assert call(*ask).status_code == 200
