"""Two models answer the same questions of the bundled sets, in turns: is the other one better?

The stories of the sample archive are divided: about some the models are asked, from the others
heads of a judge may be fitted (`training.own`), so that no judge is measured on what it was
fitted on.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from langchain_core.language_models.chat_models import BaseChatModel
from rich.table import Table

from evals.ask import Ask
from evals.compare import is_right, mcnemar
from evals.questions import EvalQuestion, load_questions, stratified
from evals.results import Run
from evals.rows import Row
from index.errors import ModelUnavailable
from index.progress import Meter
from rag.types import Reason

SETS = Path(__file__).with_name("sets")
BUNDLED = ("sample_archive.jsonl", "traps.jsonl")
_CHANCE = 0.1  # probability of a difference by chance above which it is none


@dataclass(frozen=True, slots=True)
class Tally:
    """What one model came to.

    Attributes:
        outcomes: Whether each question ended as it should, in the order asked; a refusal of what
            the articles do not say is right.
        refused: Of those that the articles answer.
        answered: Of all.
        wrong: Of what was answered.
        first: Seconds to the first token, the median; None where nothing was written.
        whole: Seconds to the whole answer, the median.
        gigabytes: Of memory, of its own processes; None where it is not known.
    """

    outcomes: tuple[bool, ...]
    refused: int
    answered: int
    wrong: int
    first: float | None
    whole: float
    gigabytes: float | None = None

    @property
    def asked(self) -> int:
        """How many questions it was asked."""
        return len(self.outcomes)

    @property
    def right(self) -> int:
        """How many of them ended as they should."""
        return sum(self.outcomes)

    @property
    def line(self) -> str:
        """The figures in a line, for the page and the list."""
        return (
            f"here, of {self.asked} questions: {self.right} right, {self.refused} refused "
            f"falsely; {self.wrong} wrong of {self.answered} answers; {self.whole:.1f} s"
        )

    def better_than(self, other: Tally) -> bool:
        """Whether it may take the other's place: more right, not by chance, and no more wrong."""
        surely = self.right > other.right and self.chance(other) < _CHANCE
        return surely and self.wrong <= other.wrong

    def chance(self, other: Tally) -> float:
        """Return how probable such a difference is if both are equally good (McNemar's test)."""
        pairs = list(zip(self.outcomes, other.outcomes, strict=True))
        return mcnemar(pairs.count((True, False)), pairs.count((False, True)))


def tally(rows: Sequence[Row], gigabytes: float | None = None) -> Tally:
    """Count the rows of one model."""
    answered = [row for row in rows if not row.abstained]
    first = [row.seconds["first_token"] for row in rows if "first_token" in row.seconds]
    return Tally(
        outcomes=tuple(map(is_right, rows)),
        refused=sum(row.abstained and row.answerable for row in rows),
        answered=len(answered),
        wrong=sum(not is_right(row) for row in answered),
        first=median(first) if first else None,
        whole=median(row.seconds["total"] for row in rows),
        gigabytes=gigabytes,
    )


def divided(most: int = 0) -> tuple[list[EvalQuestion], list[EvalQuestion]]:
    """Return the questions to fit on, and at `most` so many to measure by; 0: all there are."""
    bundled = [one for name in BUNDLED for one in load_questions(SETS / name)]
    fitting = [one for one in bundled if all(map(_for_fitting, _stories(one)))]
    measuring = [one for one in bundled if not any(map(_for_fitting, _stories(one)))]
    return fitting, stratified(measuring, most)


def _stories(question: EvalQuestion) -> set[str]:
    """The folders of the articles that it is about; itself where it is about none."""
    return {one.article.partition("/")[0] for one in question.evidence} or {question.id}


def _for_fitting(story: str) -> bool:
    return hashlib.sha256(story.encode()).digest()[0] % 2 == 0


def ask_in_turns(
    questions: Sequence[EvalQuestion], sides: Sequence[tuple[Ask, Run]], meter: Meter
) -> list[list[Row]]:
    """Ask every question of each side, now one first and now the other; returns rows by side.

    What a run holds already is not asked again.

    Raises:
        ModelUnavailable: a model did not answer: quotes in its place say nothing of it.
    """
    rows: list[list[Row]] = [[] for _ in sides]
    for at, question in enumerate(questions):
        turns = list(zip(sides, rows, strict=True))
        for (ask, run), own in turns if at % 2 else reversed(turns):
            own.append(run.kept(question.id) or run.add(_answered(ask(question))))
        meter.show("questions", at + 1, len(questions), "questions")
    return rows


def _answered(row: Row) -> Row:
    if row.reason == Reason.NO_MODEL:
        raise ModelUnavailable(
            f"a model did not answer question {row.id}; the line above says why. What was "
            "answered before is kept: try again"
        )
    return row


def memory_of(model: BaseChatModel | None) -> float | None:
    """Return the GB that the processes of a model hold; None where the system does not tell."""
    parts = (getattr(model, name, None) for name in ("writer", "reader"))
    engines = [getattr(part, "engine", None) for part in (model, *parts)]
    total = 0
    for engine in filter(None, engines):
        status = Path(f"/proc/{engine.process_id}/status")
        lines = status.read_text("utf-8").splitlines() if status.is_file() else []
        held = [int(line.split()[1]) for line in lines if line.startswith("VmRSS:")]
        if not held:
            return None
        total += held[0]
    return total / 1e6 if total else None


def table(tallies: Mapping[str, Tally]) -> Table:
    """Return the figures side by side."""
    made = Table("", *(Path(name).name for name in tallies))  # a file's name is shorter
    sides = tallies.values()
    made.add_row("right", *(f"{one.right} of {one.asked}" for one in sides))
    made.add_row("refused though answerable", *(str(one.refused) for one in sides))
    made.add_row("wrong of what is answered", *(f"{one.wrong} of {one.answered}" for one in sides))
    made.add_row("seconds to the first token", *(_number(one.first) for one in sides))
    made.add_row("seconds to the whole answer", *(_number(one.whole) for one in sides))
    made.add_row("memory, GB", *(_number(one.gigabytes) for one in sides))
    return made


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f}"
