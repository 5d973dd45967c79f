"""`/healthz` and `/metrics`, who may read them, and a door that stays shut."""

from __future__ import annotations

import pytest
from argon2 import PasswordHasher
from starlette.applications import Starlette
from starlette.testclient import TestClient

from index.errors import IndexMissing
from index.settings import Settings
from rag.llm.loader import ModelState, ModelStatus
from rag.types import Question
from tests.web.fake_pipeline import FakePipeline
from web.auth import People, Person, Role
from web.http.doors import hosts_of
from web.http.server import add_endpoints

SECRET = "Where did Qin Gang greet Blinken?"


@pytest.fixture
def fake() -> FakePipeline:
    return FakePipeline(pace=0)


@pytest.fixture
def endpoints(fake: FakePipeline):
    """The pipeline behind the endpoints, and a client of an app that has no other."""

    def endpoints(**options):
        chosen = {"host": "127.0.0.1", "people": None, "mcp": False} | options
        pipeline, made = add_endpoints(fake, Settings(), **chosen)
        return pipeline, TestClient(Starlette(**made["app_kwargs"]))

    return endpoints


def values(client: TestClient) -> dict[str, float]:
    text = client.get("/metrics").text
    lines = (line for line in text.splitlines() if not line.startswith("#"))
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}


def test_health_tells_of_model_and_index(endpoints, fake: FakePipeline) -> None:
    _, client = endpoints()
    fake.status = ModelStatus(ModelState.FETCHING)
    health = client.get("/healthz")
    assert health.status_code == 200
    said = health.json()
    assert (said["status"], said["model"]) == ("ok", "fetching")
    assert said["index"]["generation"] == 7
    assert (said["index"]["articles"], said["index"]["passages"]) == (46, 321)
    assert said["index"]["made"].startswith("2024-01-02T03:04:05")


@pytest.mark.parametrize(
    ("error", "problem"),
    [
        (IndexMissing("nothing is indexed yet"), "nothing is indexed yet"),
        (OSError("/secret/place"), "The index cannot be read. The log says why."),
    ],
)
def test_without_an_index_it_is_not_well(endpoints, fake: FakePipeline, error, problem) -> None:
    _, client = endpoints()
    fake.unreadable = error
    health = client.get("/healthz")
    assert health.status_code == 503
    said = health.json()
    assert (said["status"], said["problem"]) == ("unavailable", problem)
    measured = values(client)
    assert measured["broadsheet_index_readable"] == 0
    assert "broadsheet_index_articles" not in measured


def test_questions_are_counted_by_how_they_end(endpoints) -> None:
    pipeline, client = endpoints()
    for text in (SECRET, "absent", "absent", "bare"):
        list(pipeline.stream(Question(text)))
    with pytest.raises(RuntimeError):
        list(pipeline.stream(Question("crash")))
    pipeline.stream(Question("never begun"))
    left = pipeline.stream(Question(SECRET))
    while getattr(next(left), "stage", "") != "waiting":
        pass
    during = values(client)
    assert during["broadsheet_questions_in_progress"] == 1
    assert during["broadsheet_questions_waiting"] == 1
    left.close()
    after = values(client)
    outcomes = ("answered", "partly", "abstained", "evidence_only", "failed", "stopped")
    counted = [after[f'broadsheet_questions_total{{outcome="{one}"}}'] for one in outcomes]
    assert counted == [1, 0, 2, 1, 1, 1]
    stages = ("finding", "first_token", "whole")
    timed = [after[f'broadsheet_question_seconds_count{{stage="{one}"}}'] for one in stages]
    assert timed == [5, 3, 4], "a whole is an answer's"
    assert after["broadsheet_questions_in_progress"] == 0
    assert after["broadsheet_questions_waiting"] == 0


def test_index_and_model_are_measured_as_they_are(endpoints, fake: FakePipeline) -> None:
    _, client = endpoints()
    fake.status = ModelStatus(ModelState.LOADING)
    measured = values(client)
    assert measured["broadsheet_index_generation"] == 7
    assert measured["broadsheet_index_articles"] == 46
    assert measured["broadsheet_index_passages"] == 321
    assert measured["broadsheet_index_age_seconds"] > 86_400
    states = {name: value for name, value in measured.items() if "model_state" in name}
    assert len(states) == len(ModelState)
    assert [name for name, value in states.items() if value] == [
        'broadsheet_model_state{broadsheet_model_state="loading"}'
    ]


def test_no_question_is_in_the_metrics(endpoints) -> None:
    pipeline, client = endpoints()
    list(pipeline.stream(Question(SECRET)))
    text = client.get("/metrics").text
    assert "Qin" not in text
    assert "Diaoyutai" not in text


def test_names_and_passwords_hold_for_all_but_health(endpoints) -> None:
    passwords = {"ada": "count:less", "béla": "jelszó"}
    hashes = {name: PasswordHasher().hash(password) for name, password in passwords.items()}
    people = People(Person(name, Role.READER, made) for name, made in hashes.items())
    _, client = endpoints(people=people, mcp=True)
    assert client.get("/healthz").status_code == 200
    for path in ("/metrics", "/mcp"):
        refused = client.get(path)
        assert refused.status_code == 401
        assert refused.headers["WWW-Authenticate"].startswith("Basic ")
        assert client.get(path, auth=("ada", "wrong")).status_code == 401
    for said in ("Basic", "Basic !", "Bearer YWRhOmNvdW50Omxlc3M=", "Basic YWRh"):
        assert client.get("/mcp", headers={"Authorization": said}).status_code == 401
    assert client.get("/metrics", auth=("ada", "count:less")).status_code == 200
    assert client.get("/metrics", auth=("béla".encode(), "jelszó".encode())).status_code == 200


def test_without_its_flag_there_is_no_mcp(endpoints) -> None:
    _, client = endpoints()
    assert client.post("/mcp", json={}).status_code == 404


@pytest.mark.parametrize(
    ("host", "others", "added"),
    [
        ("127.0.0.1", "", []),
        ("0.0.0.0", "", []),
        ("10.0.0.5", "", ["10.0.0.5"]),
        ("fe80::1", "", ["[fe80::1]"]),
        ("::", " news.example, news.example:8443,", ["news.example", "news.example:8443"]),
    ],
)
def test_clients_may_call_by_our_names_only(host: str, others: str, added: list[str]) -> None:
    assert hosts_of(host, others) == ["127.0.0.1", "localhost", "[::1]", *added]
