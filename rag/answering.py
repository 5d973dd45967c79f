"""Puts an answer together from checked statements; the only place that makes an `Answer`.

Knows nothing of models or stores.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from index.days import spoken
from index.types import Coverage
from rag.citing import Sentence, cite
from rag.conflicts import find_conflict
from rag.facts import name_stands
from rag.grounding import Grounded
from rag.listing import Listing
from rag.premise import subject_of
from rag.question import Understood
from rag.types import (
    ABSTENTION,
    Answer,
    Citation,
    Conflict,
    Evidence,
    Outcome,
    Reason,
    Statement,
)

_EVIDENCE_ONLY = 3


@dataclass(frozen=True, slots=True)
class Found:
    """What is known of a question before anything is written.

    `further` are the next windows, for a second look.
    """

    asked: Understood
    evidence: tuple[Evidence, ...]
    coverage: Coverage
    notices: tuple[str, ...]
    further: tuple[Evidence, ...] = ()


def answered(found: Found, grounded: Sequence[Grounded], prompt: str) -> Answer:
    """Return the answer that the supported statements make; the others are `removed`."""
    citations: list[Citation] = []
    kept = [_statement(item, citations) for item in grounded if item.supported]
    removed = _removed(item for item in grounded if not item.supported)
    conflicts = _add_conflict(found, kept, citations)
    return replace(
        _answer(found, Outcome.PARTLY if removed else Outcome.ANSWERED, prompt),
        text=" ".join(marked(statement) for statement in kept),
        statements=tuple(kept),
        removed=removed,
        missing=" ".join(statement.text for statement in removed),
        citations=tuple(citations),
        conflicts=conflicts,
    )


def abstained(
    found: Found, reason: Reason, removed: Sequence[Grounded] = (), prompt: str = ""
) -> Answer:
    """Return "The articles do not say.", with why and with what was written but not supported."""
    return replace(
        _answer(found, Outcome.ABSTAINED, prompt),
        text=ABSTENTION,
        reason=reason,
        missing=found.asked.text,
        removed=_removed(removed),
    )


def not_borne_out(found: Found, premise: str, refused: Answer) -> Answer:
    """Return a refusal that quotes what the articles do say of whom the question is about.

    Args:
        found: What was found; the quote is its best sentence that names its subject.
        premise: What is assumed and not borne out, as `rag.premise` makes it.
        refused: The refusal without it.
    """
    refused = replace(refused, reason=Reason.FALSE_PREMISE)
    subject = subject_of(premise)
    ranked = sorted(found.evidence, key=lambda item: -item.score)
    spoken_of = [item for item in ranked if subject and name_stands(subject, item.quote)]
    if not spoken_of:
        return refused
    citation = cite(Sentence(spoken_of[0], spoken_of[0].best))
    said = Statement(f"Of {subject} they say: “{citation.quote}”", (0,), 1.0)
    text = f"{ABSTENTION} {marked(said)}"
    return replace(refused, text=text, statements=(said,), citations=(citation,))


def listed(found: Found, listing: Listing) -> Answer:
    """Return how many articles mention a subject, and which; the index counted, no model."""
    head, *lines = listing.lines
    return _in_lines(found, lines, listing.citations, head)


def told(found: Found) -> Answer:
    """Return the evidence as a story, a dated quote a line; no model wrote it."""
    citations = [cite(Sentence(item, item.best)) for item in found.evidence]
    lines = [f"{spoken(one.date)}: “{one.quote}”" for one in citations if one.date]
    return _in_lines(found, lines, citations)


def _in_lines(
    found: Found, lines: Sequence[str], citations: Sequence[Citation], head: str = ""
) -> Answer:
    """One citation a line; a head needs none, for the lines below it are what it counts."""
    statements = [Statement(head, (), 1.0)] if head else []
    statements += [Statement(line, (at,), 1.0) for at, line in enumerate(lines)]
    return replace(
        _answer(found, Outcome.ANSWERED),
        text="\n".join(marked(statement) for statement in statements),
        statements=tuple(statements),
        citations=tuple(citations),
    )


def evidence_only(found: Found, notice: str) -> Answer:
    """Return the best sentences themselves, quoted and cited: there is no model to write."""
    best = sorted(found.evidence, key=lambda item: -item.score)[:_EVIDENCE_ONLY]
    citations = tuple(cite(Sentence(item, item.best)) for item in best)
    statements = tuple(
        Statement(f"“{citation.quote}”", (at,), 1.0) for at, citation in enumerate(citations)
    )
    return replace(
        _answer(found, Outcome.EVIDENCE_ONLY),
        text="\n\n".join(marked(statement) for statement in statements),
        reason=Reason.NO_MODEL,
        statements=statements,
        citations=citations,
        notices=(*found.notices, notice),
    )


def stopped(found: Found) -> Answer:
    """Return what is left when the asker stopped the model: the evidence, and no answer."""
    return replace(_answer(found, Outcome.EVIDENCE_ONLY), reason=Reason.STOPPED)


def marked(statement: Statement) -> str:
    """Return a statement with its marks, `[1]` for the first citation, before its full stop."""
    marks = "".join(f" [{at + 1}]" for at in statement.citations)
    if marks and statement.text.endswith("."):
        return f"{statement.text[:-1]}{marks}."
    return statement.text + marks


def _sentence(text: str) -> str:
    """End a statement with a stop, so that another may follow it."""
    return text if text[-1:] in ".!?\"”’'" else f"{text}."


def _answer(found: Found, outcome: Outcome, prompt: str = "") -> Answer:
    return Answer(
        question=found.asked.text,
        text="",
        outcome=outcome,
        notices=found.notices,
        evidence=found.evidence,
        coverage=found.coverage,
        as_of=found.asked.as_of,
        standalone=found.asked.standalone,
        prompt=prompt,
    )


def _statement(grounded: Grounded, citations: list[Citation]) -> Statement:
    for citation in grounded.citations:
        if citation not in citations:
            citations.append(citation)
    positions = tuple(citations.index(citation) for citation in grounded.citations)
    return Statement(grounded.text, positions, grounded.support)


def _removed(grounded: Iterable[Grounded]) -> tuple[Statement, ...]:
    return tuple(
        Statement(item.text, (), item.support, False, item.problem or "the judge doubts it")
        for item in grounded
    )


def _add_conflict(
    found: Found, kept: list[Statement], citations: list[Citation]
) -> tuple[Conflict, ...]:
    """Add what another article says otherwise: its citation and its statement."""
    for statement in list(kept):
        mine = statement.citations[0]
        asked = found.asked.standalone
        other = find_conflict(asked, statement.text, citations[mine], found.evidence)
        if other is None:
            continue
        if other.citation not in citations:
            citations.append(other.citation)
        theirs = citations.index(other.citation)
        kept[:] = [replace(one, text=_sentence(one.text)) for one in kept]
        kept.append(Statement(other.text, (theirs,), 1.0))
        days = citations[mine].date, citations[theirs].date
        later_mine = days[0] is not None and days[1] is not None and days[0] > days[1]
        return (Conflict(theirs, mine) if later_mine else Conflict(mine, theirs),)
    return ()
