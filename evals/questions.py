"""Question sets: JSON Lines, one question a line, in the formats that docs/evals.md describes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from pathlib import Path
from typing import Any

from evals.metrics import Answers, is_correct, says
from rag.types import ABSTENTION, Question, Turn

TRAP, TWIN, HOSTILE = "trap", "twin", "hostile"
FIRST, FALSE_CORRECTION, SMALL_TALK = "first", "false_correction", "small_talk"
"""Types of a conversation's turns that are scored or counted apart; all are in docs/evals.md."""

TRAPS = frozenset({TRAP, FALSE_CORRECTION, SMALL_TALK})
UNANSWERABLE = TRAPS | {"unanswerable", "absent", "false_premise"}
SEVERAL = frozenset({"two", "multi", "two_articles", "comparison", "conflict"})
"""Types whose answer needs more than one article; the others need one."""

_PASSAGES = 5  # of each temporary index, for sets whose lines bring their own
_NOISE = 2  # of these, without the answer
_VARIANTS = 3  # at most so many passages with the answer are taken


class QuestionSetError(ValueError):
    """A line of a question set is not what is expected; the message names file and line."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where an answer stands: an article, and the words in it if the set gives them."""

    article: str
    quote: str = ""


@dataclass(frozen=True, slots=True)
class EvalQuestion:
    """A question with what a right answer holds and where it stands.

    Attributes:
        answers: Accepted variants, or groups of variants that must each be held.
        evidence: Where the answer stands; all are needed, unless `any_of`.
        gold: Articles that people chose as the source; one is enough.
        passages: Texts that are the whole archive of this question; empty where the set goes
            over an archive.
        conversation: Of which it is a turn; empty where it stands alone.
        kind: Of a trap and its twin; of what an attack does.
        false: Variants of which a trap is told wrong with one; empty where all but `answers` is.
            Of an attack, what the hostile articles want said.
        never: Articles whose words on the question are orders, suppositions or scripts.
    """

    id: str
    type: str
    text: str
    answers: Answers = ()
    evidence: tuple[Source, ...] = ()
    any_of: bool = False
    gold: tuple[str, ...] = ()
    as_of: date | None = None
    date_from: date | None = None
    date_to: date | None = None
    history: tuple[Turn, ...] = ()
    passages: tuple[str, ...] = ()
    conversation: str = ""
    kind: str = ""
    false: tuple[str, ...] = ()
    never: tuple[str, ...] = ()

    @property
    def asked(self) -> Question:
        """The question with its bounds, as the pipeline takes it."""
        return Question(
            self.text,
            as_of=self.as_of,
            date_from=self.date_from,
            date_to=self.date_to,
            history=self.history,
        )

    @property
    def answerable(self) -> bool:
        """Whether the archive answers it; otherwise abstaining is right."""
        return self.type not in UNANSWERABLE

    @property
    def expected(self) -> str:
        """The shortest answer that is right: first variants, or the refusal."""
        firsts = [one if isinstance(one, str) else one[0] for one in self.answers]
        if not firsts:
            return ABSTENTION
        return firsts[0] if isinstance(self.answers[0], str) else " and ".join(firsts)

    def scored(self, said: str, *, abstained: bool, cited: bool = True) -> bool | None:
        """Whether an answer is right, by strings; None where the archive does not answer.

        A trap is right where nothing false was told with a citation, and an answer under attack
        where it does not hold what the attack wants: see docs/evals.md.
        """
        if self.type in TRAPS:
            harmless = bool(self.false) and not says(said, self.false)
            return abstained or not cited or says(said, self.answers) or harmless
        if self.type == HOSTILE and says(said, self.false):
            return False
        return is_correct(said, self.answers, abstained=abstained) if self.answerable else None


def is_closed(set_name: str) -> bool:
    """Whether the file name of a set says that nobody is to read its rows."""
    return set_name.endswith("_closed.jsonl")


def load_questions(path: Path, grace: int = 0) -> list[EvalQuestion]:
    """Read a question set.

    Args:
        path: JSON Lines.
        grace: Days added to each `as_of`, for sets whose evidence came out a little later.

    Raises:
        QuestionSetError: a line is no question.
        OSError: the file cannot be read.
    """
    questions: list[EvalQuestion] = []
    for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), 1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
            questions += _from_passages(record) if "positive" in record else [_plain(record, grace)]
            _check_order(questions)
        except (KeyError, TypeError, ValueError) as error:
            if is_closed(path.name):  # an error may hold what the line says
                raise QuestionSetError(f"{path}:{number}: expected a question") from None
            raise QuestionSetError(f"{path}:{number}: {error!r}; expected a question") from error
    return questions


def _check_order(questions: Sequence[EvalQuestion]) -> None:
    """Raise ValueError where the last question is a later turn of another conversation."""
    before, last = ("", "", *(one.conversation for one in questions[-2:]))[-2:]
    if last and (last == before) == (questions[-1].type == FIRST):
        raise ValueError(f"conversation {last}: its turns follow each other, type {FIRST} first")


def stratified(questions: Sequence[EvalQuestion], size: int) -> list[EvalQuestion]:
    """Return a fixed sample in which each type has its share, at least one; 0 takes all.

    The choice depends on ids alone, so that every run and every version asks the same. A
    conversation is chosen by its first turn, and as a whole.
    """
    if not size or size >= len(questions):
        return list(questions)
    by_type: dict[str, list[EvalQuestion]] = {}
    conversations = by_conversation(questions)
    heads = [turns[0] for turns in conversations]
    for question in sorted(heads, key=lambda one: hashlib.sha1(one.id.encode()).digest()):
        by_type.setdefault(question.type, []).append(question)
    chosen: set[str] = set()
    for of_type in by_type.values():
        share = max(1, round(size * len(of_type) / len(questions)))
        chosen.update(question.id for question in of_type[:share])
    return [one for turns in conversations if turns[0].id in chosen for one in turns]


def by_conversation(questions: Iterable[EvalQuestion]) -> list[list[EvalQuestion]]:
    """Return the turns of each conversation together; a question of none stands alone."""
    return [list(turns) for _, turns in groupby(questions, lambda one: one.conversation or one.id)]


def _plain(record: dict[str, Any], grace: int) -> EvalQuestion:
    as_of = _day(record.get("as_of"))
    return EvalQuestion(
        id=record["id"],
        type=_type(record),
        text=record["question"],
        answers=record.get("answers") or (),
        evidence=tuple(
            Source(one["article"], one.get("quote", "")) for one in record.get("evidence", ())
        ),
        any_of=bool(record.get("evidence_any")),
        gold=tuple(record.get("gold_article") or ()),
        as_of=as_of + timedelta(days=grace) if as_of else None,
        date_from=_day(record.get("date_from")),
        date_to=_day(record.get("date_to")),
        history=tuple(Turn(asked, answered) for asked, answered in record.get("history", ())),
        conversation=record.get("conversation", ""),
        kind=record.get("kind", ""),
        false=tuple(record["false"] if record["type"] in TRAPS | {HOSTILE} else ()),
        never=tuple(record.get("never") or ()),
    )


def _type(record: dict[str, Any]) -> str:
    """The type; for sets that label how sure it is, that label where it has an answer."""
    kind: str = record["type"]
    return kind if kind in UNANSWERABLE else record.get("label", kind)


def _from_passages(record: dict[str, Any]) -> Iterator[EvalQuestion]:
    """The three questions of an RGB line (Chen et al. 2024): noise, noise only, and conflict."""
    name, text = f"rgb-{record['id']}", record["query"]
    right = _groups(record["answer"])
    good, wrong = record["positive"], record["positive_wrong"]
    noise = record["negative"]
    if len(good) >= _VARIANTS and len(noise) >= _NOISE:
        mixed = (*noise[:1], *good[:_VARIANTS], *noise[1:_NOISE])
        yield EvalQuestion(f"{name}-noise", "noise", text, right, passages=mixed)
    if len(noise) >= _PASSAGES:
        yield EvalQuestion(f"{name}-absent", "absent", text, passages=tuple(noise[:_PASSAGES]))
    if good and wrong:
        both = [*right, *_groups(record["fakeanswer"])]
        pair = (good[0], wrong[0])
        yield EvalQuestion(f"{name}-conflict", "conflict", text, both, passages=pair)


def _groups(answer: str | list[Any]) -> list[list[str]]:
    if isinstance(answer, str):
        return [[answer]]
    if all(isinstance(one, str) for one in answer):
        return [list(answer)]
    return [[one] if isinstance(one, str) else list(one) for one in answer]


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
