"""A closed set leaves no id, question, answer or article behind, and goes on where it stopped."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from evals import __main__ as commands
from evals.ask import Ask
from evals.questions import EvalQuestion, load_questions
from evals.rows import Row, fields_of_answer, row_of_search
from index.types import Article, ArticleRef
from rag.types import Answer, Citation, Outcome, Reason, Statement

ARTICLE = Article("bakery/loaf-7.txt", "/loaf", "Loaf", "Zelda Quince baked the rye.", None)
NAME = "made_closed.jsonl"
HIDDEN = ("pantry-", "rye", "zelda", "quince", "loaf", "bakery", "oat")
KINDS = ("single", "single", "numeric", "unanswerable", "false_premise")


def record(at: int, kind: str) -> dict[str, Any]:
    able = kind in {"single", "numeric"}
    return {
        "id": f"pantry-{at}",
        "type": kind,
        "question": f"Who baked rye number {at} with oats?",
        "answers": ["Zelda Quince"] if able else [],
        "evidence": [{"article": ARTICLE.id, "quote": ARTICLE.text}],
    }


def answered(question: EvalQuestion, *, refused: bool) -> Row:
    cited = Citation(ArticleRef(ARTICLE.id, "Loaf"), ARTICLE.text, 0, len(ARTICLE.text))
    said = Statement("Zelda Quince baked it.", (0,), 1.0)
    answer = Answer(question.text, "Zelda Quince baked it [1].", Outcome.ANSWERED)
    if refused:
        end = {"outcome": Outcome.ABSTAINED, "reason": Reason.FALSE_PREMISE, "removed": (said,)}
        answer = replace(answer, **end)
    else:
        answer = replace(answer, statements=(said,), citations=(cited,))
    fields = fields_of_answer(question, answer, {ARTICLE.id: ARTICLE}.get)
    fields |= {"confidence": int(question.id[-1]) / 10, "tokens": (300, 9)}
    return replace(row_of_search(question, []), **fields)


class Asking:
    """Stands for our pipeline; counts, and ends as by a power cut when it is told to."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.ends_at = 2
        self.refuses = False

    def __call__(self, question: EvalQuestion) -> Row:
        if len(self.asked) == self.ends_at:
            raise RuntimeError("power cut")
        self.asked.append(question.id)
        return answered(question, refused=self.refuses or not question.answerable)


@pytest.fixture
def asking(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Asking:
    made = Asking()

    @contextmanager
    def side(*_: object) -> Iterator[Ask]:
        yield made

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(commands, "our_side", side)
    monkeypatch.setattr(commands, "load_chat_model", lambda *_, **__: object())
    monkeypatch.setattr(commands, "system_text", lambda: "")
    monkeypatch.setattr(commands, "made_by", lambda _: {"code": "made"})
    monkeypatch.setattr("evals.results.describe", dict)
    (tmp_path / "sets").mkdir()
    lines = (json.dumps(record(at, kind)) + "\n" for at, kind in enumerate(KINDS, 1))
    (tmp_path / "sets" / NAME).write_text("".join(lines), encoding="utf-8")
    return made


def call(*arguments: str) -> Result:
    return CliRunner().invoke(commands.app, list(arguments))


def leaks(*texts: str) -> list[str]:
    return [word for text in texts for word in HIDDEN if word in text.lower()]


def written(home: Path) -> list[str]:
    files = [one for one in home.rglob("*") if one.is_file() and one.parent.name != "sets"]
    return [f"{one.relative_to(home)} {one.read_text(encoding='utf-8')}" for one in files]


def test_neither_files_nor_output_hold_anything_readable(asking: Asking, tmp_path: Path) -> None:
    run = ("run", f"sets/{NAME}", "--json", "out/first.json")
    cut = call(*run)
    assert str(cut.exception) == "power cut" and len(asking.asked) == 2
    asking.ends_at = 99
    whole = call(*run)
    assert whole.exit_code == 0, whole.output
    assert asking.asked == [f"pantry-{at}" for at in range(1, 6)]  # none of them twice
    sample = call(*run[:2], "--sample", "3", "--json", "out/sample.json")
    assert sample.exit_code == 0 and len(asking.asked) == 5

    asking.refuses = True
    (tmp_path / ".data").rename(tmp_path / "before")
    call(*run[:2], "--json", "out/second.json")
    compared = call("compare", "out/first.json", "out/second.json")
    assert "numeric" in compared.output and "better 0, worse 3" in compared.output
    drawn = call("curve", "out/first.json", "--out", "out/curve.svg")
    assert drawn.exit_code == 0 and "as run" in drawn.output

    files = written(tmp_path)
    assert len(files) == 6  # two runs under way, three results, one picture
    ids = [row["id"] for row in json.loads(Path("out/first.json").read_text())["rows"]]
    calls = (cut, whole, sample, compared, drawn)
    assert leaks(*files, *(one.output for one in calls)) == []
    assert not any(name in compared.output for name in ids)
    assert len(set(ids)) == 5 and all(len(name) == 16 and int(name, 16) for name in ids)


def test_numbers_and_outcomes_are_kept(asking: Asking) -> None:
    asking.ends_at = 99
    call("run", f"sets/{NAME}", "--json", "out.json")
    result = json.loads(Path("out.json").read_text())
    figures = {one["name"]: one["value"] for one in result["figures"]}
    assert figures["correct"] == 1.0 and figures["refused, not answerable: false_premise"] == 1.0
    first = result["rows"][0]
    assert (first["type"], first["outcome"], first["correct"]) == ("single", "answered", True)
    assert (first["confidence"], first["tokens"], first["by_span"]) == (0.1, [300, 9], 1)
    assert all((row["cited"], row["reason"]) == ([], "") for row in result["rows"])


def test_an_open_set_keeps_its_ids(asking: Asking) -> None:
    asking.ends_at = 99
    Path("sets", NAME).rename("sets/made_open.jsonl")
    call("run", "sets/made_open.jsonl", "--json", "out.json")
    rows = json.loads(Path("out.json").read_text())["rows"]
    assert [row["id"] for row in rows] == [
        q.id for q in load_questions(Path("sets/made_open.jsonl"))
    ]
    assert rows[0]["cited"] == [[ARTICLE.id, 0, len(ARTICLE.text)]]
