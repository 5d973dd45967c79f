"""One question with all that is known of its answer so far. Knows nothing of Gradio or markup."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from index.types import Coverage
from rag.types import (
    Answer,
    Event,
    Evidence,
    Progress,
    Question,
    Reason,
    Retrieved,
    Token,
    Turn,
)

HISTORY = 4  # earlier turns that a follow-up may refer to


@dataclass(frozen=True, slots=True)
class Exchange:
    """A question and the state of its answer.

    Attributes:
        draft: What the model has written so far, unchecked.
        error: A message for people where answering failed.
        stopped: Whether the asker stopped it; the draft is then kept, marked as such.
    """

    question: Question
    evidence: tuple[Evidence, ...] = ()
    coverage: Coverage | None = None
    notices: tuple[str, ...] = ()
    stage: Progress = field(default_factory=lambda: Progress("searching"))
    draft: str = ""
    answer: Answer | None = None
    error: str = ""
    stopped: bool = False

    @property
    def done(self) -> bool:
        """Whether nothing more will come."""
        return self.answer is not None or bool(self.error) or self.stopped


@dataclass(frozen=True, slots=True)
class Place:
    """A sentence to open in its article; offsets in code points of the article's text."""

    article_id: str
    headline: str
    quote: str
    start: int
    end: int


def advance(exchange: Exchange, event: Event) -> Exchange:
    """Return the exchange as it is after one event of its stream."""
    match event:
        case Retrieved():
            return replace(
                exchange,
                evidence=event.evidence,
                coverage=event.coverage,
                notices=event.notices,
            )
        case Progress():
            return replace(exchange, stage=event)
        case Token():
            draft = exchange.draft + event.text
            return replace(exchange, draft=draft, stage=Progress("writing"))
        case Answer():
            if event.reason is Reason.STOPPED:
                return replace(exchange, stopped=True)
            evidence = event.evidence or exchange.evidence
            return replace(exchange, answer=event, evidence=evidence, notices=event.notices)


def history(exchanges: Sequence[Exchange]) -> tuple[Turn, ...]:
    """Return the last answered turns, oldest first."""
    turns = [Turn(e.question.text, e.answer.text) for e in exchanges if e.answer is not None]
    return tuple(turns[-HISTORY:])


def place(exchanges: Sequence[Exchange], named: Mapping[str, object]) -> Place | None:
    """Return the sentence behind a mark that the browser names, or None: its word is not trusted.

    Args:
        exchanges: The conversation.
        named: `turn`, the position of the exchange; `kind`, `cite` for a citation of the answer
            or `evidence` for an item of the evidence; `number`, the position of either.
    """
    turn, kind, number = (named.get(name) for name in ("turn", "kind", "number"))
    if type(turn) is not int or type(number) is not int or not 0 <= turn < len(exchanges):
        return None
    exchange = exchanges[turn]
    if kind == "cite":
        citations = exchange.answer.citations if exchange.answer else ()
        if not 0 <= number < len(citations):
            return None
        one = citations[number]
        return Place(one.article_id, one.headline, one.quote, one.start, one.end)
    if kind != "evidence" or not 0 <= number < len(exchange.evidence):
        return None
    item = exchange.evidence[number]
    return Place(item.article_id, item.headline, item.quote, *item.best)
