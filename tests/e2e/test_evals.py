"""`python -m evals` over the sample archive, as a person runs it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
SET = "evals/sets/sample_archive.jsonl"

pytestmark = pytest.mark.slow


def evals(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "evals", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=900)


def result(path: Path) -> tuple[dict[str, Any], dict[str, float]]:
    made = json.loads(path.read_text(encoding="utf-8"))
    return made, {figure["name"]: figure["value"] for figure in made["figures"]}


def test_retrieval_finds_the_evidence_of_the_own_set(tmp_path: Path) -> None:
    out = tmp_path / "found.json"
    done = evals("run", SET, "--articles", "articles", "--retrieval-only", "--json", str(out))
    assert done.returncode == 0, done.stderr
    made, figures = result(out)
    assert len(made["rows"]) >= 60
    assert figures["evidence article in first 4"] >= 0.9
    assert figures["evidence article in first 10"] >= 0.97


def test_whole_answers_quote_exactly_and_hold_no_texts(tmp_path: Path) -> None:
    out = tmp_path / "answers.json"
    asking = ("run", SET, "--articles", "articles", "--sample", "4", "--json", str(out))
    done = evals(*asking)
    assert done.returncode == 0, done.stderr
    made, figures = result(out)
    assert figures["citations later than as_of"] == 0
    assert figures["quotes exact"] == 1.0
    questions = [json.loads(line)["question"] for line in (ROOT / SET).read_text().splitlines()]
    assert not any(question in out.read_text(encoding="utf-8") for question in questions)
    again = evals(*asking)  # everything is asked already
    assert result(out)[0]["rows"] == made["rows"], again.stderr
    same = evals("compare", str(out), str(out))
    assert "better 0, worse 0" in same.stdout


def test_questions_may_bring_their_own_passages(tmp_path: Path) -> None:
    lines = [
        {
            "id": number,
            "query": f"Who leads the {town} council?",
            "answer": name,
            "fakeanswer": "Otto Falk",
            "positive": [f"The {town} council is led by {name}.", "b c", "d e"],
            "positive_wrong": [f"The {town} council is led by Otto Falk."],
            "negative": ["Rain fell all day.", "A train was late.", "The fair opens on Sunday."],
        }
        for number, town, name in ((1, "Ulm", "Ida Brandt"), (2, "Gera", "Max Lorenz"))
    ]
    questions = tmp_path / "passages.jsonl"
    questions.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    out = tmp_path / "out.json"
    done = evals("run", str(questions), "--retrieval-only", "--json", str(out))
    assert done.returncode == 0, done.stderr
    assert [row["type"] for row in result(out)[0]["rows"]] == ["noise", "conflict"] * 2


def test_what_a_person_can_mend_is_said(tmp_path: Path) -> None:
    broken = tmp_path / "set.jsonl"
    broken.write_text('{"id": "1"}\n', encoding="utf-8")
    done = evals("run", str(broken), "--articles", "articles")
    assert done.returncode == 2
    assert "set.jsonl:1" in done.stderr.replace("\n", "")  # the terminal may be narrow
    missing = evals("run", SET, "--articles", str(tmp_path / "nowhere"))
    assert missing.returncode == 2
    assert "no articles" in missing.stderr
