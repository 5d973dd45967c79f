"""`python -m rag`, in a process of its own, without a language model."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from index.settings import Settings
from rag.__main__ import main
from tests.index.archive import environment


def command(settings: Settings, *words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "rag", *words],
        env=environment(settings, BROADSHEET_LLM="none", COLUMNS="100", NO_COLOR="1"),
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=300,
    )


def test_json_has_the_published_shape(indexed: Settings, tmp_path: Path) -> None:
    done = command(indexed, "Who is China's foreign minister?", "--json", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    answer = json.loads(done.stdout)
    assert list(answer) == [
        "question", "answer", "outcome", "abstained", "reason", "missing", "confidence",
        "citations", "timings",
    ]  # fmt: skip
    assert answer["outcome"] == "evidence_only" and answer["abstained"] is False
    assert answer["reason"] == "no_model"
    best = answer["citations"][0]
    assert list(best) == [
        "article_id", "headline", "date", "quote", "start", "end",
        "authors", "section", "tags", "language", "withdrawn", "modified", "notes",
    ]  # fmt: skip
    assert (best["article_id"], best["date"]) == ("beijing.txt", "2023-06-18")
    assert best["end"] - best["start"] == len(best["quote"])
    assert answer["timings"]["total"] > 0


def test_text_shows_quote_day_and_article(indexed: Settings, tmp_path: Path) -> None:
    done = command(indexed, "Who scored the goal?", "--to", "2023-08-31", cwd=tmp_path)
    assert done.returncode == 0
    assert re.search(r"^\[1\] 2023-08-20 Spain win .*\(sydney\.txt\)$", done.stdout, re.MULTILINE)
    assert "“Olga Carmona scored the only goal" in done.stdout
    assert "Note: 1 article without a date was left out." in done.stdout


def test_what_the_articles_do_not_say_is_exit_1(indexed: Settings, tmp_path: Path) -> None:
    done = command(indexed, "Who won?", "--to", "1999", "--json", cwd=tmp_path)
    assert done.returncode == 1
    assert json.loads(done.stdout)["reason"] == "outside_dates"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("Who?", "--as-of", "2023-02-30"), "As of"),
        ((" ",), "question"),
        (("Who?", "--from", "2024", "--to", "2023"), "no article can match"),
    ],
)
def test_what_cannot_be_asked_is_exit_2(
    indexed: Settings, tmp_path: Path, words: tuple[str, ...], message: str
) -> None:
    done = command(indexed, *words, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: ") and message in done.stderr
    assert "Traceback" not in done.stderr


def test_without_an_index_the_command_to_make_one_is_named(
    settings: Settings, tmp_path: Path
) -> None:
    done = command(settings, "Who?", cwd=tmp_path)
    assert done.returncode == 2
    assert "broadsheet index build" in " ".join(done.stderr.split())


def test_help_names_every_option(settings: Settings, tmp_path: Path) -> None:
    done = command(settings, "--help", cwd=tmp_path)
    assert done.returncode == 0
    for option in ("--as-of", "--from", "--to", "--source", "--json"):
        assert option in done.stdout
    assert main.__doc__ is not None
    assert "Exit codes" in done.stdout
