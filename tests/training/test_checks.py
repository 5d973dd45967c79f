"""Rows of checks: read once each, kept without text; and changes that make a statement wrong."""

from __future__ import annotations

import json
import random
from types import SimpleNamespace

import numpy as np
from langchain_core.messages import HumanMessage

from tests.rag.newsroom import TEMPLATE, window
from training.checks import Check, collect_checks, own_changes
from training.states import LAYERS


class Reader:
    """Reads every prompt as nothing, and counts."""

    def __init__(self) -> None:
        self.template = TEMPLATE
        self.prompts: list[str] = []

    def at_end(self, prompt: str) -> np.ndarray:
        self.prompts.append(prompt)
        return np.zeros((len(LAYERS), 4), dtype=np.float16)


def test_checks_are_read_once_and_kept_without_text(tmp_path) -> None:
    checks = [
        Check("own_s", "plain", at % 2 == 0, "g", [HumanMessage(f"Stated? Okoro {at}")])
        for at in range(30)
    ]
    reader = Reader()
    assert list(collect_checks(tmp_path, checks[:20], reader)) == [20]
    assert list(collect_checks(tmp_path, checks, reader)) == [10]
    assert len(reader.prompts) == 30
    kept = b"".join(path.read_bytes() for path in tmp_path.glob("*.npz"))
    assert b"Okoro" not in kept
    with np.load(next(iter(sorted(tmp_path.glob("*.npz"))))) as shard:
        assert [json.loads(one)["right"] for one in shard["info"]][:3] == [True, False, True]


def test_what_is_changed_is_no_longer_what_the_sentence_states() -> None:
    statement = "Ms Okoro was elected with 812 votes."
    question = "Who was elected mayor of Tellan?"
    near = window("Ms Okoro was elected mayor of Tellan with 812 votes; Li Wei had 640.")
    made = {
        kind: (asked, text)
        for kind, asked, text in own_changes(
            statement, question, SimpleNamespace(evidence=(near,)), random.Random(0)
        )
    }
    assert made == {
        "name": (question, "Ms Li Wei was elected with 812 votes."),
        "number": (question, "Ms Okoro was elected with 640 votes."),
        "question": ("Who was elected mayor of Li Wei?", statement),
        "denied": (question, "Ms Okoro was not elected with 812 votes."),
    }
