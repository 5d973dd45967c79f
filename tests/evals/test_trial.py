"""Trying a model against the present one: a better one is adopted, and a worse one is not."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from broadsheet.__main__ import cli
from evals.results import Run
from evals.rows import Row
from evals.trial import Tally, divided, tally
from index.models.catalogue import EMBEDDER
from index.settings import load_settings
from rag.llm.catalogue import read_choice
from tests.conftest import MODELS
from tests.loopback import QuietHandler, serving
from tests.rag.tiny_gguf import write_gguf

ASKED = [
    one
    for kind, most in (("single", 4), ("absent", 1), ("twin", 4), ("numeric", 1), ("trap", 1))
    for one in [one for one in divided()[1] if one.type == kind][:most]
]
ONE = ("single", "follow_up", "twin")  # types whose questions are asked once and as they are


def test_no_story_is_measured_that_a_judge_is_fitted_on() -> None:
    fitting, measuring = divided()
    told = [{source.article.split("/")[0] for q in half for source in q.evidence}
            for half in (fitting, measuring)]  # fmt: skip
    assert told[0] and told[1] and not told[0] & told[1]
    assert 60 <= len(measuring) <= 100 < len(fitting)
    kinds = {question.type for question in measuring}
    assert {"single", "absent", "false_premise", "trap", "twin", "numeric", "as_of"} <= kinds
    assert len(divided(20)[1]) < len(measuring)


def made(right: int, wrong: int, refused: int) -> Tally:
    rows = [Row(f"r{n}", "single", True, "answered", correct=True, seconds={"total": 2.0})
            for n in range(right)]  # fmt: skip
    rows += [Row(f"w{n}", "single", True, "answered", correct=False, seconds={"total": 4.0})
             for n in range(wrong)]  # fmt: skip
    rows += [Row(f"x{n}", "single", True, "abstained", correct=False, seconds={"total": 9.0})
             for n in range(refused)]  # fmt: skip
    rows += [Row("n", "absent", False, "abstained", seconds={"total": 1.0, "first_token": 0.5})]
    return tally(rows)


def test_what_is_counted() -> None:
    one = made(right=3, wrong=2, refused=1)
    assert (one.asked, one.right, one.refused, one.answered, one.wrong) == (7, 4, 1, 5, 2)
    assert (one.first, one.whole) == (0.5, 2.0)
    assert "4 right, 1 refused falsely; 2 wrong of 5 answers" in one.line


@pytest.mark.parametrize(
    ("other", "better"),
    [
        ((10, 1, 0), True),  # 5 better and none worse: p = .06
        ((9, 1, 1), False),  # 4 better: p = .13, chance
        ((9, 2, 0), False),  # one more is wrong
        ((5, 0, 6), False),  # no more are right
    ],
)
def test_more_must_be_right_not_by_chance_and_no_more_wrong(
    other: tuple[int, int, int], better: bool
) -> None:
    assert made(*other).better_than(made(5, 1, 5)) is better


class Sage:
    """Models behind one server: `better` knows the sentence, `worse` takes another, `shy` none."""

    def __init__(self) -> None:
        self.known = {one.text: one for one in ASKED}
        self.asked: list[str] = []
        self.url = ""

    def reply(self, model: str, prompt: str) -> str:
        self.asked.append(model)
        if model == "silent":
            raise ConnectionError
        question = self.known.get(prompt.rpartition("Question: ")[2].split("\n")[0])
        if question is None:  # a part of one, or what one takes for granted
            return "The articles do not say."
        there = [one.quote for one in question.evidence if one.quote in prompt]
        right = [one for one in there if question.scored(one, abstained=False)]
        quotes = right if question.type in ONE else []
        if model == "better" and quotes:
            return f"<think>\nIt stands in the article.\n</think>\n\n{quotes[0]}"
        if model == "worse":
            lines = prompt.rpartition("Articles:\n")[2].partition("\n\nQuestion")[0].split("\n")
            return max((line for line in lines if line not in there), key=len)
        return "The articles do not say."


@pytest.fixture(scope="module")
def sage() -> Iterator[Sage]:
    state = Sage()

    class Handler(QuietHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            said = state.reply(asked["model"], asked["messages"][-1]["content"])
            head = {"id": "1", "created": 1, "model": "m", "object": "chat.completion.chunk"}
            parts = [{"content": said[at : at + 9]} for at in range(0, len(said), 9)]
            chunks = [{"index": 0, "delta": part, "finish_reason": None} for part in parts]
            chunks.append({"index": 0, "delta": {}, "finish_reason": "stop"})
            lines = [json.dumps(head | {"choices": [one]}) for one in chunks]
            if not asked.get("stream"):
                message = {"role": "assistant", "content": said}
                whole = {"index": 0, "message": message, "finish_reason": "stop"}
                lines = [json.dumps(head | {"object": "chat.completion", "choices": [whole]})]
            body = "".join(f"data: {line}\n\n" for line in [*lines, "[DONE]"])
            self.send_response(200)
            stream = bool(asked.get("stream"))
            kind = "text/event-stream" if stream else "application/json"
            self.send_header("Content-Type", kind)
            self.end_headers()
            self.wfile.write((body if stream else lines[0]).encode())

    with serving(Handler) as url:
        state.url = f"{url}/v1"
        yield state


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("trial")


@pytest.fixture(autouse=True)
def surroundings(monkeypatch: pytest.MonkeyPatch, home: Path, sage: Sage) -> None:
    """Few questions; one folder, so that the archive is indexed once; a choice for each test."""
    monkeypatch.chdir(home)
    monkeypatch.setattr("evals.trial.divided", lambda most: ([], ASKED))
    (home / ".data" / "model.json").unlink(missing_ok=True)
    given = {"LLM": "openai:shy", "LLM_BASE_URL": sage.url, "JUDGE": "none", "MODEL_DIR": MODELS}
    for name, value in given.items():
        monkeypatch.setenv(f"BROADSHEET_{name}", str(value))


def run(*words: str, typed: str = "") -> Result:
    return CliRunner().invoke(cli, ["model", *words], input=typed)


def test_a_better_model_is_adopted_and_a_worse_one_is_not(sage: Sage) -> None:
    good = run("try", "openai:better", "--yes")
    assert good.exit_code == 0, good.output
    assert "It gives clearly more right answers, and not more wrong" in good.output, good.output
    choice = read_choice(load_settings())
    assert choice.name == "openai:better" and "0 wrong of" in choice.figures["openai:better"]
    assert sage.asked[:2] in (["better", "shy"], ["shy", "better"]), "they take turns"
    bad = run("try", "openai:worse", "--yes")
    assert bad.exit_code == 0, bad.output
    assert "Not adopted" in bad.output and "broadsheet model use openai:worse" in bad.output
    assert read_choice(load_settings()).name == "openai:better"


def test_an_interrupted_trial_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    added: list[str] = []
    keep = Run.add

    def add(self: Run, row: Row) -> Row:
        if len(added) == 5:
            raise KeyboardInterrupt
        added.append(row.id)
        return keep(self, row)

    monkeypatch.setattr(Run, "add", add)
    first = run("try", "openai:other", "--yes")
    assert first.exit_code == 130 and "goes on where it stopped" in first.output
    added.clear()
    monkeypatch.setattr(Run, "add", lambda self, row: added.append(row.id) or keep(self, row))
    again = run("try", "openai:other", "--yes")
    assert "Not adopted" in again.output, again.output
    assert len(added) == 2 * len(ASKED) - 5


def test_a_server_that_does_not_answer_is_not_judged() -> None:
    said = run("try", "openai:silent", "--yes")
    assert said.exit_code == 2 and "a model did not answer question" in said.output
    assert read_choice(load_settings()).figures == {}


def test_nothing_is_fetched_or_asked_without_a_yes(sage: Sage) -> None:
    sage.asked.clear()
    said = run("try", "qwen3-4b", typed="n\n")
    assert said.exit_code == 1 and sage.asked == []
    assert "2,497 MB to fetch" in said.output and "not measured by us" in said.output


def test_a_mistyped_name_is_refused_with_the_nearest() -> None:
    said = run("use", "qwen3-4")
    assert said.exit_code == 2 and "did you mean qwen3-4b?" in said.output


def test_use_and_back(monkeypatch: pytest.MonkeyPatch) -> None:
    said = run("use", "qwen3-4b", "--context", "480")
    assert "qwen3-4b answers from now on" in said.output
    assert "BROADSHEET_LLM or BROADSHEET_LLM_FILE is set" in said.output
    monkeypatch.delenv("BROADSHEET_LLM")
    assert "qwen3-4b  <- answers now" in run("list").output
    assert (read_choice(load_settings()).name, read_choice(load_settings()).context) == (
        "qwen3-4b",
        480,
    )
    assert "embedded answers from now on" in run("back").output
    assert "embedded  <- answers now" in run("list").output


def test_a_gguf_file_of_ones_own_is_tried_and_used(
    monkeypatch: pytest.MonkeyPatch, home: Path
) -> None:
    models = home / "models"
    models.mkdir()
    (models / EMBEDDER.folder).symlink_to(MODELS.resolve() / EMBEDDER.folder)
    monkeypatch.setenv("BROADSHEET_MODEL_DIR", str(models))
    file = write_gguf(home / "mine.gguf", "llama")
    said = run("try", "./mine.gguf", "--yes")
    assert said.exit_code == 0, said.output
    assert "mine.gguf, a file of your own (not measured by us)" in said.output
    assert "Not adopted" in said.output, "random weights are no better"
    assert f"broadsheet model use {file}" in said.output
    assert f"{file} answers from now on" in run("use", "./mine.gguf").output
    assert "a file of your own" in run("list").output
    assert run("use", "./yours.gguf").output.startswith("error: ")
    file.write_bytes(file.read_bytes() + b"!")
    assert "is not the file that it was" in run("use", "./mine.gguf").output
