"""Rows for a head that checks one statement: is the whole of it stated in what is cited?

It is not in use: docs/judge.md says what it is worth. Its rows come from the drafts that were
collected for the other heads (`training.rows`), with what the pipeline cites for them, and the same
with a name or number of the same window put in, of another asked, or denied; and from sets of
premises and statements that people or programs made. Nothing is written: a check is read once. No
text is kept.
"""

from __future__ import annotations

import json
import lzma
import random
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from langchain_core.messages import BaseMessage
from langchain_core.prompts import ChatPromptTemplate

from evals.questions import EvalQuestion
from index.store.snapshot import IndexReader
from rag.checking.attribution import split_statements
from rag.checking.support import ground
from rag.english.facts import facts
from rag.retrieval.search import Context, Finder
from rag.types import Citation
from training.cases import cases_of, find
from training.rows import SHARD, hashed, records, save_shard
from training.states import ModelStates

_PROMPT = ChatPromptTemplate.from_messages(
    [
        (
            "system",
            "You check an answer against sentences from news articles. Does what they say state "
            "every part of the answer: who, what, when, where, how many, and whether it happened "
            "at all?",
        ),
        (
            "human",
            "{sentences}\n\nQuestion: {question}\nAnswer: {answer}\n\n"
            "Is all of the answer stated there? Yes or No.",
        ),
    ]
)
SETS: Mapping[str, int] = {
    "fused": 260, "wikisplit": 80, "roles": 130, "srl": 70, "gap": 80, "squadplaus": 90,
    "qaswap": 200, "vitaminc": 150, "condaqa": 60, "negnli": 60, "verbver": 100, "bump": 80,
    "conjnli": 40, "mnlidev": 60, "feversym": 60, "falke": 110, "factcc1k": 140, "fever": 140,
    "rte": 120, "qags_cnndm": 80,
}  # fmt: skip
"""Rows taken of each foreign set, half of them supported."""
HELD_OUT = ("falke", "factcc1k", "fever", "rte", "qags_cnndm")
"""Sets that serve measuring only."""
_LONGEST = 700  # characters of a premise that is taken
_ASKS_NOTHING = "What do the articles say?"
_VERB = re.compile(r"\b(?:was|were|is|are|has|had|will)\b")


@dataclass(frozen=True, slots=True)
class Check:
    """A statement with what it is checked against, and whether that states the whole of it."""

    set: str
    kind: str
    right: bool
    group: str
    messages: list[BaseMessage]
    draft: str = ""  # the row of the draft whose statement it is, unchanged

    @property
    def name(self) -> str:
        """Names the check among all."""
        return hashed(f"{self.set} {self.messages[-1].content}")


def foreign_checks(folder: Path) -> Iterator[Check]:
    """Yield the rows of the foreign sets in a folder: `support_NAME.jsonl.xz`."""
    for name, most in SETS.items():
        with lzma.open(folder / f"support_{name}.jsonl.xz", "rt") as file:
            rows = [json.loads(line) for line in file]
        random.Random(name).shuffle(rows)
        left = {0: most // 2, 1: most // 2}
        for row in rows:
            if len(row["premise"]) > _LONGEST or not left[row["label"]]:
                continue
            left[row["label"]] -= 1
            question, _, answer = row["statement"].rpartition("? ")
            asked = f"{question}?" if question else _ASKS_NOTHING
            messages = _PROMPT.format_messages(
                sentences=row["premise"], question=asked, answer=answer
            )
            group = hashed(row["premise"][:60])
            yield Check(name, str(row.get("kind")), bool(row["label"]), group, messages)


def own_checks(
    set_name: str,
    questions: list[EvalQuestion],
    home: Path,
    finder: Finder,
    reader: IndexReader,
    seed: int = 0,
) -> Iterator[Check]:
    """Yield the checks that the drafts of a collected set give, right and changed to wrong ones."""
    chance = random.Random(seed)
    drafts = (home / set_name / "drafts.jsonl").read_text("utf-8").splitlines()
    known = {draft["id"]: draft for draft in map(json.loads, drafts)}
    for case in cases_of(questions, seed, again=True):
        draft = known.get(hashed(f"{set_name} {case.name}"))
        if not draft or draft["right"] is None:
            continue
        with reader.snapshot() as snapshot:
            found = find(finder, snapshot, case)
        statements = split_statements(draft["draft"])
        if found and statements:
            yield from _of_statement(set_name, draft, case.variant, statements[0], found, chance)


def _of_statement(
    set_name: str,
    draft: Mapping[str, Any],
    variant: str,
    statement: str,
    found: Context,
    chance: random.Random,
) -> Iterator[Check]:
    asked = found.asked.standalone
    grounded = ground(statement, asked, found.evidence)
    if not grounded.supported:
        return
    group = grounded.citations[0].article.id

    def check(kind: str, is_right: bool, question: str, text: str) -> Check:
        messages = _messages(question, text, grounded.citations)
        return Check(f"own_{set_name}", kind, is_right, hashed(group), messages)

    right = bool(draft["right"])
    yield replace(check(variant, right, asked, statement), draft=draft["id"])
    if right:
        made = list(own_changes(statement, asked, found, chance))
        for kind, question, text in chance.sample(made, min(2, len(made))):
            yield check(kind, False, question, text)


def own_changes(
    statement: str, question: str, found: Context, chance: random.Random
) -> Iterator[tuple[str, str, str]]:
    """Yield kinds of change with the question and the statement changed to what is not stated."""
    near = facts(" ".join(one.text for one in found.evidence[:3]))
    taken = {word for text in (statement, question) for word in text.split()}
    own = [name for name in facts(statement).names if name in statement]
    others = [name for name in near.names if not set(name.split()) & taken]
    if own and others:
        yield "name", question, statement.replace(chance.choice(own), chance.choice(others))
    numbers = [number for number in facts(statement).numbers if number in statement]
    rest = [number for number in near.numbers if number not in statement]
    if numbers and rest:
        yield "number", question, statement.replace(chance.choice(numbers), chance.choice(rest))
    asked = [name for name in facts(question).names if name in question]
    if asked and others:
        old, new = chance.choice(asked), chance.choice(others)
        yield "question", question.replace(old, new), statement.replace(old, new)
    if verb := _VERB.search(statement):
        yield "denied", question, f"{statement[: verb.end()]} not{statement[verb.end() :]}"


def _messages(question: str, text: str, citations: Iterable[Citation]) -> list[BaseMessage]:
    sentences = [
        f"[{one.headline} — {one.date.isoformat() if one.date else 'no date'}] {one.quote}"
        for one in citations
    ]
    return _PROMPT.format_messages(sentences="\n".join(sentences), question=question, answer=text)


def collect_checks(home: Path, checks: list[Check], model: ModelStates) -> Iterator[int]:
    """Read the checks that are not there yet, and yield how many are done."""
    home.mkdir(parents=True, exist_ok=True)
    known = {row["id"] for row in records(home)}
    open_checks = [check for check in checks if check.name not in known]
    for first in range(0, len(open_checks), SHARD):
        part = open_checks[first : first + SHARD]
        info = [
            {
                "id": c.name,
                "set": c.set,
                "variant": c.kind,
                "right": c.right,
                "group": c.group,
                "draft": c.draft,
            }
            for c in part
        ]
        states = [model.at_end(model.template.prompt(check.messages)) for check in part]
        save_shard(home, info, check=np.stack(states))
        yield first + len(part)
