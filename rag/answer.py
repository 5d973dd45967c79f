"""Puts an answer together from checked statements; the only place that makes an `Answer`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date

from index.text.days import format_day
from rag.checking.attribution import Sentence, best_first, cite, cite_best
from rag.checking.conflicts import find_conflicts
from rag.checking.support import Grounded
from rag.english.facts import facts
from rag.question.parts import compared, difference, subject_of
from rag.retrieval.evidence import POINTS_BACK
from rag.retrieval.overviews import About
from rag.retrieval.search import Context
from rag.types import (
    ABSTENTION,
    Answer,
    Citation,
    Conflict,
    Evidence,
    Example,
    Outcome,
    Reason,
    Statement,
)

_EVIDENCE_ONLY = 3
_PUBLISHERS = 8  # that are named


def build_answer(found: Context, grounded: Sequence[Grounded], prompt: str) -> Answer:
    """Return the answer that the supported statements make; the others are `removed`."""
    citations: list[Citation] = []
    kept = [_statement(item, citations) for item in grounded if item.supported]
    removed = _removed(item for item in grounded if not item.supported)
    conflicts = _add_conflicts(found, kept, citations)
    return replace(
        _answer(found, Outcome.PARTLY if removed else Outcome.ANSWERED, prompt),
        text=" ".join(with_marks(statement) for statement in kept),
        statements=tuple(kept),
        removed=removed,
        missing=" ".join(statement.text for statement in removed),
        citations=tuple(citations),
        conflicts=conflicts,
    )


def quote_cited(answer: Answer, *, unsure: bool, newest: bool) -> Answer:
    """Return an answer with the sentences that it cites in place of the model's own words.

    Args:
        answer: In the model's words.
        unsure: Whether it may not be right.
        newest: Whether the newest state is asked for. No sentence can vouch for that, so its day
            is told.
    """
    own = _own(answer)
    places = dict.fromkeys(at for statement in own for at in statement.citations)
    quotes = [Statement(f"“{answer.citations[at].quote}”", (at,), 1.0) for at in places]
    day = answer.citations[0].date if newest else None
    lead = ["this may answer it"] if unsure else []
    lead += [f"as of {format_day(day)}"] if day else []
    text = ", ".join(lead) or "the articles say"
    quotes[0] = replace(quotes[0], text=f"{text[0].upper()}{text[1:]}: {quotes[0].text}")
    problem = "it may not be right" if unsure else "a sentence tells of its own day only"
    left_out = [replace(one, citations=(), supported=False, problem=problem) for one in own]
    statements = (*quotes, *answer.statements[len(own) :])
    return replace(
        answer,
        text=" ".join(with_marks(statement) for statement in statements),
        statements=statements,
        removed=(*left_out, *answer.removed),
        quoted=True,
    )


def refuse(
    found: Context, reason: Reason, removed: Sequence[Grounded] = (), prompt: str = ""
) -> Answer:
    """Return "The articles do not say.", with why and with what was written but not supported."""
    return replace(
        _answer(found, Outcome.ABSTAINED, prompt),
        text=ABSTENTION,
        reason=reason,
        missing=found.asked.text,
        removed=_removed(removed),
    )


def explain_refusal(found: Context, premise: str, refused: Answer) -> Answer:
    """Return a refusal that quotes what the articles do say of whom the question is about.

    Args:
        found: What was found; the quote is its best sentence that names its subject.
        premise: What the question assumes and the articles do not say; see `rag.question.parts`.
        refused: The refusal without it.
    """
    refused = replace(refused, reason=Reason.FALSE_PREMISE)
    subject = subject_of(premise)
    ranked = best_first(found.evidence)
    spoken_of = [item for item in ranked if subject and facts(item.quote).has_name(subject)]
    if not spoken_of:
        return refused
    citation = cite_best(spoken_of[0])
    known = Statement(f"Of {subject} they say: “{citation.quote}”", (0,), 1.0)
    text = f"{ABSTENTION} {with_marks(known)}"
    return replace(refused, text=text, statements=(known,), citations=(citation,))


def build_list(found: Context, subject: str, count: int) -> Answer:
    """Return how many articles mention a subject, and which; the index counted, no model."""
    if not count:
        reason = Reason.NOTHING_FOUND if found.coverage.articles else Reason.OUTSIDE_DATES
        none = Statement(f"No articles mention “{subject}”.", (), 1.0)
        return replace(refuse(found, reason), text=none.text, statements=(none,))
    noun = "article mentions" if count == 1 else "articles mention"
    shown = len(found.evidence)
    more = f"; the first {shown} are" if count > shown else ""
    # The head needs no citation: the lines below it are what it counts.
    head = Statement(f"{count} {noun} “{subject}”{more}.", (), 1.0)
    citations = [cite_best(item) for item in found.evidence]
    lines = _one_citation_each(_dated(citation.date, citation.headline) for citation in citations)
    return _in_lines(found, [head, *lines], citations)


def build_about(
    found: Context, about: About, publishers: Sequence[str], examples: Sequence[Example]
) -> Answer:
    """Return what the archive is and can be asked; about the newest articles, their first lines."""
    if about is About.NEWEST:
        return build_timeline(found)
    coverage = found.coverage
    holds = f"{coverage.articles:,} article{'' if coverage.articles == 1 else 's'}"
    if coverage.first and coverage.last:
        holds += f", {format_day(coverage.first)} to {format_day(coverage.last)}"
    if about is About.THANKS:
        lines = ["You are welcome. Ask on."]
    elif about is About.COVERAGE:
        whole = not (found.asked.bounds.sources or found.asked.bounds.dated)
        lines = [f"{'This' if whole else 'Within these limits this'} archive holds {holds}."]
        if coverage.undated:
            lines.append(f"{coverage.undated:,} of them have no date.")
        if publishers:
            more = len(publishers) - _PUBLISHERS
            others = f" and {more:,} more" if more > 0 else ""
            lines.append(f"Publishers: {', '.join(publishers[:_PUBLISHERS])}{others}.")
    else:
        lines = [
            f"Ask a question about the {holds}; each statement cites an exact sentence.",
            *(f"For instance, {example}" for example in examples),
        ]
    answer = _in_lines(found, [Statement(line, (), 1.0) for line in lines])
    return replace(answer, examples=tuple(examples))


def build_timeline(found: Context) -> Answer:
    """Return the evidence as a story, a dated quote a line; no model wrote it."""
    citations = [cite_best(item) for item in found.evidence]
    lines = _one_citation_each(
        _dated(citation.date, f"“{citation.quote}”") for citation in citations
    )
    return _in_lines(found, lines, citations)


def _dated(day: date | None, text: str) -> str:
    return f"{format_day(day)}: {text}" if day else text


def _one_citation_each(lines: Iterable[str]) -> list[Statement]:
    return [Statement(line, (at,), 1.0) for at, line in enumerate(lines)]


def _in_lines(
    found: Context, statements: Sequence[Statement], citations: Sequence[Citation] = ()
) -> Answer:
    return replace(
        _answer(found, Outcome.ANSWERED),
        text="\n".join(with_marks(statement) for statement in statements),
        statements=tuple(statements),
        citations=tuple(citations),
    )


def quote_evidence(found: Context, reason: Reason, notice: str) -> Answer:
    """Return the best sentences themselves, quoted and cited, where no model writes."""
    citations = tuple(map(_understood, best_first(found.evidence)[:_EVIDENCE_ONLY]))
    statements = tuple(
        Statement(f"“{citation.quote}”", (at,), 1.0) for at, citation in enumerate(citations)
    )
    return replace(
        _answer(found, Outcome.EVIDENCE_ONLY),
        text="\n\n".join(with_marks(statement) for statement in statements),
        reason=reason,
        statements=statements,
        citations=citations,
        notices=(*found.notices, notice),
    )


def _understood(item: Evidence) -> Citation:
    """Cite a window's best sentence, from the one before where it begins with “She”."""
    before = [start for start, _ in item.sentences if start < item.best[0]]
    start = max(before, default=None) if POINTS_BACK.search(item.quote) else None
    return cite(Sentence(item, item.best), start)


def build_quote(found: Context, prompt: str) -> Answer:
    """Return the best sentence as the answer, in the article's words and no others."""
    citation = cite_best(best_first(found.evidence)[0])
    quote = Statement(f"The articles say: “{citation.quote}”", (0,), 1.0)
    return replace(_in_lines(found, [quote], [citation]), prompt=prompt)


def build_stopped(found: Context) -> Answer:
    """Return what is left when the asker stopped the model: the evidence, and no answer."""
    return replace(_answer(found, Outcome.EVIDENCE_ONLY), reason=Reason.STOPPED)


def with_marks(statement: Statement) -> str:
    """Return a statement with its marks, `[1]` for the first citation, before its full stop."""
    marks = "".join(f" [{at + 1}]" for at in statement.citations)
    if marks and statement.text.endswith("."):
        return f"{statement.text[:-1]}{marks}."
    return statement.text + marks


def _sentence(text: str) -> str:
    """End a statement with a stop, so that another may follow it."""
    return text if text[-1:] in ".!?\"”’'" else f"{text}."


def _answer(found: Context, outcome: Outcome, prompt: str = "") -> Answer:
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
    positions = tuple(_place(citation, citations) for citation in grounded.citations)
    return Statement(grounded.text, positions, grounded.support)


def _removed(grounded: Iterable[Grounded]) -> tuple[Statement, ...]:
    return tuple(
        Statement(item.text, (), item.support, False, item.problem or "it is probably not right")
        for item in grounded
    )


def _add_conflicts(
    found: Context, kept: list[Statement], citations: list[Citation]
) -> tuple[Conflict, ...]:
    """Add what other articles say against the first statement that they disagree with."""
    for statement in list(kept):
        mine = statement.citations[0]
        asked = found.asked.standalone
        others = find_conflicts(asked, statement.text, citations[mine], found.evidence)
        if not others:
            continue
        kept[:] = [replace(known, text=_sentence(known.text)) for known in kept]
        conflicts: list[Conflict] = []
        others[0] = replace(others[0], text=_origin(citations[mine]) + others[0].text)
        for other in others:
            theirs = _place(other.citation, citations)
            kept.append(Statement(other.text, (theirs,), 1.0))
            days = citations[mine].date, citations[theirs].date
            later_mine = days[0] is not None and days[1] is not None and days[0] > days[1]
            conflicts.append(Conflict(theirs, mine) if later_mine else Conflict(mine, theirs))
        return tuple(conflicts)
    return ()


def _origin(citation: Citation) -> str:
    """Say whose the first side of a disagreement is, and of which day."""
    day = format_day(citation.date) if citation.date else ""
    known = ", ".join(filter(None, (citation.source, day)))
    return f"That is from {known}. " if known else ""


def join_contexts(question: str, parts: Sequence[Context]) -> Context:
    """Return what was found for all parts as for one question."""
    if len(parts) == 1:
        return parts[0]
    first = parts[0]
    return Context(
        asked=replace(first.asked, text=question, standalone=question),
        evidence=tuple(_once(item for part in parts for item in part.evidence)),
        coverage=first.coverage,
        notices=tuple(dict.fromkeys(notice for part in parts for notice in part.notices)),
    )


def join_answers(whole: Context, answers: Sequence[Answer]) -> Answer:
    """Return one answer from those to the parts, in order.

    Parts that the articles do not answer are its `missing`, and make it `partly` answered;
    it abstains only where all do. How far two compared values are apart is its last statement.

    Args:
        whole: What was found for all parts.
        answers: One for each part; where the asker stopped one of them, the whole is `stopped`.
    """
    if len(answers) == 1:
        return replace(answers[0], question=whole.asked.text)
    parts = compared(whole.asked.text)
    if parts:
        answers = _without_each_other(answers)
    citations: list[Citation] = []
    statements: list[Statement] = []
    conflicts: list[Conflict] = []
    for answer in answers:
        places = [_place(citation, citations) for citation in answer.citations]
        statements += [
            replace(statement, citations=tuple(places[at] for at in statement.citations))
            for statement in answer.statements
        ]
        conflicts += [
            Conflict(places[conflict.earlier], places[conflict.later])
            for conflict in answer.conflicts
        ]
    outcome, reason = _outcome(answers)
    between = "\n\n" if outcome is Outcome.EVIDENCE_ONLY else " "
    text = between.join(with_marks(statement) for statement in statements)
    joined = replace(
        answers[0],
        question=whole.asked.text,
        standalone=whole.asked.standalone,
        text=answers[0].text if outcome is Outcome.ABSTAINED else text,
        outcome=outcome,
        reason=reason,
        missing=" ".join(answer.missing for answer in answers if answer.missing),
        statements=tuple(statements),
        removed=tuple(statement for answer in answers for statement in answer.removed),
        quoted=any(answer.quoted for answer in answers),
        citations=tuple(citations),
        conflicts=tuple(conflicts),
        notices=tuple(dict.fromkeys(n for answer in answers for n in answer.notices)),
        evidence=tuple(_once(item for answer in answers for item in answer.evidence)),
        confidence=min(
            (answer.confidence for answer in answers if answer.confidence is not None), default=None
        ),
    )
    return _with_difference(parts, answers, joined) if parts else joined


def _with_difference(parts: Sequence[str], answers: Sequence[Answer], joined: Answer) -> Answer:
    text, cited = difference(parts, answers)
    if not text:
        return joined
    places = tuple(joined.citations.index(citation) for citation in cited)
    closing = Statement(text, places, 1.0)
    return replace(
        joined,
        text=f"{joined.text} {with_marks(closing)}",
        statements=(*joined.statements, closing),
    )


def _without_each_other(parts: Sequence[Answer]) -> list[Answer]:
    """Return the answers without a disagreement that is none: the other thing's sentence.

    "The strike lasted 118 days" is no other report of the strike that lasted 148.
    """
    singles = [_without_conflicts(part) for part in parts]
    cited = {citation.article_id for part in singles for citation in part.citations}
    return [
        single if {citation.article_id for citation in part.citations} <= cited else part
        for part, single in zip(parts, singles, strict=True)
    ]


def _without_conflicts(answer: Answer) -> Answer:
    """What the model's statements say and cite, without what other articles say against it."""
    statements = _own(answer)
    cited = {at for statement in statements for at in statement.citations}
    citations = tuple(citation for at, citation in enumerate(answer.citations) if at in cited)
    return replace(answer, statements=statements, conflicts=(), citations=citations)


def _own(answer: Answer) -> tuple[Statement, ...]:
    """The statements without those that tell what other articles say, which come last."""
    return answer.statements[: len(answer.statements) - len(answer.conflicts)]


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
