"""Data types: a question, its evidence, and the checked answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Literal

from index.text.days import format_day
from index.types import ArticleRef, Coverage, OfArticle, Passage

ABSTENTION = "The articles do not say."
SURE = 0.6
"""Least confidence at which the model's own words are shown: see docs/experiments.md."""
WITHOUT_MODEL = "No language model is at work: quotes only."


class Outcome(StrEnum):
    """How a question ended."""

    ANSWERED = "answered"
    PARTLY = "partly"
    ABSTAINED = "abstained"
    EVIDENCE_ONLY = "evidence_only"


class Reason(StrEnum):
    """Why an answer is not simply `answered`."""

    NONE = ""
    NOTHING_FOUND = "nothing_found"
    NOT_STATED = "not_stated"
    FALSE_PREMISE = "false_premise"
    OUTSIDE_DATES = "outside_dates"
    NO_MODEL = "no_model"
    FOREIGN_LANGUAGE = "foreign_language"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Turn:
    """One earlier question of a conversation with its answer."""

    question: str
    answer: str


@dataclass(frozen=True, slots=True)
class Question:
    """A question and the bounds that its asker set; dates are inclusive days.

    Attributes:
        as_of: The day the answer is for; later articles are invisible. None means the
            newest article that is not after today.
    """

    text: str
    as_of: date | None = None
    date_from: date | None = None
    date_to: date | None = None
    sources: tuple[str, ...] = ()
    history: tuple[Turn, ...] = ()


@dataclass(frozen=True, slots=True)
class RetrievedPassage(OfArticle):
    """A passage that a search found, best first.

    Attributes:
        score: Fused score, higher is better; only its order carries meaning.
        also_in: Ids of articles that carry a near-duplicate of it.
    """

    passage: Passage
    article: ArticleRef
    score: float
    also_in: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Evidence(OfArticle):
    """One window of neighbouring sentences of one article, as the model sees it.

    `text == article.text[start:end]`; `sentences` are the (start, end) offsets of its sentences
    in the article; `best` is the offset pair of the sentence for which the window was chosen.
    """

    number: int
    article: ArticleRef
    start: int
    end: int
    text: str
    sentences: tuple[tuple[int, int], ...]
    best: tuple[int, int]
    score: float
    also_in: tuple[str, ...] = ()

    @property
    def quote(self) -> str:
        """The sentence for which the window was chosen."""
        return self.text[self.best[0] - self.start : self.best[1] - self.start]


@dataclass(frozen=True, slots=True)
class Citation(OfArticle):
    """An exact quote: `article.text[start:end] == quote`, offsets in code points."""

    article: ArticleRef
    quote: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Statement:
    """One sentence of an answer with what supports it.

    Attributes:
        citations: Positions (from 0) in `Answer.citations` of the sentences it was checked against.
        support: Estimated support, 0 to 1.
        supported: Whether it passed the check; a statement that did not is not in the answer.
        problem: Why it did not pass, for people; empty where it passed.
    """

    text: str
    citations: tuple[int, ...]
    support: float
    supported: bool = True
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two sentences of different articles that give different values for the same thing.

    The citations are positions in `Answer.citations`; `later` is the one published later.
    """

    earlier: int
    later: int


class ExampleKind(StrEnum):
    """What an example shows of what can be asked, in words."""

    FACT = "a fact"
    STORY = "how a story went"
    SAID = "who said what"
    DAY = "as of a day"


@dataclass(frozen=True, slots=True)
class Example:
    """A question, the day that it is asked for, and the sentence that should answer it."""

    kind: ExampleKind
    question: str
    as_of: date | None = None
    article_id: str = ""
    quote: str = ""

    def __str__(self) -> str:
        """`as of a day: What is new? (as of 3 August 2023)`."""
        day = f" (as of {format_day(self.as_of)})" if self.as_of else ""
        return f"{self.kind}: {self.question}{day}"


@dataclass(frozen=True, slots=True)
class Answer:
    """A checked answer.

    Attributes:
        text: The supported statements, each ending in its marks `[1]`; or `ABSTENTION`.
        missing: The part of the question that was not found, for `partly`.
        statements: The supported statements in order.
        removed: What the model wrote and is not told, never part of `text`: the check refused it,
            or a quote stands in its place.
        quoted: Whether sentences that the model's words cite stand in place of these words.
        citations: Numbered from 1 by the marks in `text`.
        examples: Questions to try, of which the last statements tell, a line each.
        notices: What a reader must know: a window that fell back, undated articles left out.
        timings: Seconds since the question was asked, by stage: `retrieval`, `evidence`,
            `first_token`, `total`.
        prompt: Name and digest of the prompt that wrote it; empty where no model did.
        confidence: Probability, 0 to 1, that the model's draft is right, by the judge
            (`rag.llm.judge`), also where it was refused for it; None where nobody judged.
        request_id: Names the question in the log of the page; empty where none is kept.
    """

    question: str
    text: str
    outcome: Outcome
    reason: Reason = Reason.NONE
    missing: str = ""
    statements: tuple[Statement, ...] = ()
    removed: tuple[Statement, ...] = ()
    quoted: bool = False
    citations: tuple[Citation, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    examples: tuple[Example, ...] = ()
    notices: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    coverage: Coverage | None = None
    as_of: date | None = None
    standalone: str = ""
    timings: Mapping[str, float] = field(default_factory=dict)
    prompt: str = ""
    confidence: float | None = None
    request_id: str = ""

    @property
    def abstained(self) -> bool:
        """Whether the archive does not answer the question."""
        return self.outcome is Outcome.ABSTAINED


@dataclass(frozen=True, slots=True)
class Retrieved:
    """First event of a stream: the evidence, best first, before the model writes."""

    evidence: tuple[Evidence, ...]
    standalone: str
    coverage: Coverage | None
    notices: tuple[str, ...] = ()


AnswerStage = Literal["searching", "waiting", "reading", "writing", "checking", "reading on"]


@dataclass(frozen=True, slots=True)
class Progress:
    """What is being done; `position` is the place in the model's queue, 0 when it is our turn."""

    stage: AnswerStage
    position: int = 0


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of the draft, which is not checked yet and must be shown as a draft."""

    text: str


Event = Retrieved | Progress | Token | Answer
