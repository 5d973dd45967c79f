"""Question sets, and a fixed sample of one, stratified by type."""

from __future__ import annotations

import json
import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.figures import shares_of
from evals.machine import ROOT
from evals.metrics import Answers

BBC_QUESTIONS = ROOT.parent / "shared" / "evals" / "bbcqa_dev.jsonl"


@dataclass(frozen=True, slots=True)
class Asked:
    """One question of a set; `answers` is empty where the archive does not answer it."""

    id: str
    type: str
    text: str
    answers: Answers


def load_questions(path: Path) -> list[Asked]:
    """Return the questions of a JSON Lines file (`id`, `type`, `question`, `answers`).

    Raises:
        SystemExit: there is no such file.
    """
    if not path.is_file():
        raise SystemExit(f"there are no questions at {path}; name a file with --questions")
    lines = path.read_text(encoding="utf-8").splitlines()
    records = [json.loads(line) for line in lines if line.strip()]
    return [
        Asked(str(record["id"]), record.get("type", "single"), record["question"],
              () if record.get("type") == "unanswerable" else record["answers"])
        for record in records
    ]  # fmt: skip


def sample(questions: Sequence[Asked], number: int, seed: int) -> list[Asked]:
    """Return the same sample each time: the types in proportion, in a shuffled order."""
    by_type: dict[str, list[Asked]] = defaultdict(list)
    for question in questions:
        by_type[question.type].append(question)
    chooser = random.Random(seed)
    shares = shares_of({name: len(group) for name, group in by_type.items()}, number)
    chosen = [
        one for name in sorted(by_type) for one in chooser.sample(by_type[name], shares[name])
    ]
    chooser.shuffle(chosen)
    return chosen
