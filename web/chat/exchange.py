"""One question with all that is known of its answer so far."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from uuid import uuid4

from index.types import Article, Coverage
from rag.types import (
    Answer,
    Citation,
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


class QuoteChange(StrEnum):
    """What has become of a quote since it was cited."""

    GONE = "gone"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class Exchange:
    """A question and the state of its answer.

    Attributes:
        draft: What the model has written so far, unchecked.
        error: A message for people where answering failed.
        stopped: Whether the asker stopped it; the draft is then kept, marked as such.
        quote_changes: What has become of those quotes that stand no more where they were taken
            from, by kind (`cite` or `evidence`) and position; for old exchanges alone.
        id: Names the exchange in the browser that keeps it, and its conversation if it is the
            first with an answer: 32 hexadecimal digits.
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
    quote_changes: Mapping[tuple[str, int], QuoteChange] = field(default_factory=dict)
    id: str = field(default_factory=lambda: uuid4().hex)

    @property
    def done(self) -> bool:
        """Whether nothing more will come."""
        return self.answer is not None or bool(self.error) or self.stopped

    @property
    def citations(self) -> tuple[Citation, ...]:
        """What its answer cites; nothing while there is none."""
        return self.answer.citations if self.answer else ()


@dataclass(frozen=True, slots=True)
class Place:
    """A sentence to open in its article; offsets in code points of the article's text.

    `others` are what the same answer cites of the same article.
    """

    article_id: str
    headline: str
    quote: str
    start: int
    end: int
    others: tuple[Place, ...] = ()

    def span_in(self, text: str) -> tuple[int, int]:
        """Return where the quote stands in the article's text now; an empty span if nowhere."""
        if text[self.start : self.end] == self.quote:
            return self.start, self.end
        at = text.find(self.quote) if self.quote else -1
        return (at, at + len(self.quote)) if at >= 0 else (0, 0)


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


def locate(exchanges: Sequence[Exchange], named: Mapping[str, object]) -> Place | None:
    """Return the sentence behind a mark that the browser names, or None where it names none.

    Args:
        exchanges: The conversation.
        named: `turn`, the position of the exchange; `kind`, `cite` for a citation of the answer
            or `evidence` for an item of the evidence; `number`, the position of either.
    """
    turn, kind, number = (named.get(name) for name in ("turn", "kind", "number"))
    if type(turn) is not int or type(number) is not int or not 0 <= turn < len(exchanges):
        return None
    every = places(exchanges[turn])
    found = every.get((str(kind), number))
    if found is None:
        return None
    cited = (one for (of, _), one in every.items() if of == "cite")
    others = tuple(one for one in cited if one.article_id == found.article_id and one != found)
    return replace(found, others=others)


def places(exchange: Exchange) -> dict[tuple[str, int], Place]:
    """Return every quote of an exchange, by `cite` or `evidence` and its position."""
    found = {
        ("cite", number): Place(one.article_id, one.headline, one.quote, one.start, one.end)
        for number, one in enumerate(exchange.citations)
    }
    for number, item in enumerate(exchange.evidence):
        place = Place(item.article_id, item.headline, item.quote, *item.best)
        found["evidence", number] = place
    return found


def check_quotes(exchange: Exchange, article: Callable[[str], Article | None]) -> Exchange:
    """Return an old exchange with what has become of its quotes in the articles as they are now."""
    changes = {}
    for name, one in places(exchange).items():
        now = article(one.article_id)
        if now is None:
            changes[name] = QuoteChange.GONE
        elif one.quote and one.span_in(now.text) == (0, 0):
            changes[name] = QuoteChange.CHANGED
    return replace(exchange, quote_changes=changes)
