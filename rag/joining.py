"""Puts together what was found for the parts of a question, and the answers to them.

Pure functions; a question of one part passes through unchanged.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from rag.answering import Found, marked
from rag.comparison import Comparison, compared, difference
from rag.types import Answer, Citation, Conflict, Evidence, Outcome, Reason, Statement


def found_together(question: str, parts: Sequence[Found]) -> Found:
    """Return what was found for all parts as for one question."""
    if len(parts) == 1:
        return parts[0]
    first = parts[0]
    return Found(
        asked=replace(first.asked, text=question, standalone=question),
        evidence=tuple(_once(item for part in parts for item in part.evidence)),
        coverage=first.coverage,
        notices=tuple(dict.fromkeys(notice for part in parts for notice in part.notices)),
    )


def answered_together(whole: Found, answers: Sequence[Answer]) -> Answer:
    """Return one answer from those to the parts, in order.

    Parts that the articles do not answer are its `missing`, and make it `partly` answered;
    it abstains only where all do. How far two compared values are apart is its last statement.

    Args:
        whole: What was found for all parts.
        answers: One for each part; where the asker stopped one of them, the whole is `stopped`.
    """
    if len(answers) == 1:
        return replace(answers[0], question=whole.asked.text)
    asked = compared(whole.asked.text)
    if asked:
        answers = _without_each_other(answers)
    citations: list[Citation] = []
    statements: list[Statement] = []
    conflicts: list[Conflict] = []
    for answer in answers:
        places = [_place(citation, citations) for citation in answer.citations]
        statements += [
            replace(one, citations=tuple(places[at] for at in one.citations))
            for one in answer.statements
        ]
        conflicts += [Conflict(places[one.earlier], places[one.later]) for one in answer.conflicts]
    outcome, reason = _outcome(answers)
    between = "\n\n" if outcome is Outcome.EVIDENCE_ONLY else " "
    text = between.join(marked(statement) for statement in statements)
    joined = replace(
        answers[0],
        question=whole.asked.text,
        standalone=whole.asked.standalone,
        text=answers[0].text if outcome is Outcome.ABSTAINED else text,
        outcome=outcome,
        reason=reason,
        missing=" ".join(answer.missing for answer in answers if answer.missing),
        statements=tuple(statements),
        removed=tuple(one for answer in answers for one in answer.removed),
        citations=tuple(citations),
        conflicts=tuple(conflicts),
        notices=tuple(dict.fromkeys(n for answer in answers for n in answer.notices)),
        evidence=tuple(_once(item for answer in answers for item in answer.evidence)),
        confidence=_least(answers),
    )
    return _with_difference(asked, answers, joined) if asked else joined


def _with_difference(asked: Comparison, answers: Sequence[Answer], joined: Answer) -> Answer:
    text, cited = difference(asked, answers)
    if not text:
        return joined
    places = tuple(joined.citations.index(citation) for citation in cited)
    closing = Statement(text, places, 1.0)
    return replace(
        joined,
        text=f"{joined.text} {marked(closing)}",
        statements=(*joined.statements, closing),
    )


def _without_each_other(parts: Sequence[Answer]) -> list[Answer]:
    """Return the answers without a disagreement that is none: the other thing's sentence.

    "The strike lasted 118 days" is no other report of the strike that lasted 148.
    """
    own = [_own_citations(part) for part in parts]
    made: list[Answer] = []
    for at, part in enumerate(parts):
        others = {one.article_id for other in (*own[:at], *own[at + 1 :]) for one in other}
        if (
            part.conflicts
            and not {one.article_id for one in part.citations}
            - {one.article_id for one in own[at]}
            - others
        ):
            part = replace(part, statements=part.statements[:-1], conflicts=(), citations=own[at])
        made.append(part)
    return made


def _own_citations(answer: Answer) -> tuple[Citation, ...]:
    """What the model's statements cite, without what another article says otherwise."""
    statements = answer.statements[:-1] if answer.conflicts else answer.statements
    cited = {at for statement in statements for at in statement.citations}
    return tuple(one for at, one in enumerate(answer.citations) if at in cited)


def _least(answers: Sequence[Answer]) -> float | None:
    """The confidence of the part that is least sure."""
    return min((one.confidence for one in answers if one.confidence is not None), default=None)


def _outcome(answers: Sequence[Answer]) -> tuple[Outcome, Reason]:
    if any(answer.reason is Reason.STOPPED for answer in answers):
        return Outcome.EVIDENCE_ONLY, Reason.STOPPED
    outcomes = {answer.outcome for answer in answers}
    if len(outcomes) == 1:
        return answers[0].outcome, answers[0].reason
    if Outcome.EVIDENCE_ONLY in outcomes:  # without a model
        reason = next(a.reason for a in answers if a.outcome is Outcome.EVIDENCE_ONLY)
        return Outcome.EVIDENCE_ONLY, reason
    return Outcome.PARTLY, Reason.NONE


def _place(citation: Citation, citations: list[Citation]) -> int:
    if citation not in citations:
        citations.append(citation)
    return citations.index(citation)


def _once(items: Iterable[Evidence]) -> Iterator[Evidence]:
    """Each window once, numbered from 1."""
    spans: set[tuple[str, int, int]] = set()
    for item in items:
        span = (item.article_id, item.start, item.end)
        if span not in spans:
            spans.add(span)
            yield replace(item, number=len(spans))
