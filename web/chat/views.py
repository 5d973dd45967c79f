"""An exchange -> escaped HTML, by `templates/chat.html`: its words, its sources by article.

Marks carry positions, never ids: `data-turn`, `data-kind` and `data-number`, which
`web.chat.exchange.locate` checks.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from rag.checking.conflicts import differing_spans
from rag.english.facts import facts
from rag.english.temporal import meant
from rag.question.parts import premise_of
from rag.retrieval.overviews import about_archive
from rag.types import (
    ABSTENTION,
    WITHOUT_MODEL,
    Answer,
    Citation,
    Conflict,
    Evidence,
    Outcome,
    Question,
    Reason,
    Statement,
)
from web import wording
from web.chat.exchange import Exchange, QuoteChange
from web.chat.export import WRITES_WORD, cited_text
from web.chat.feedback import LONGEST_NOTE, Verdict
from web.chat.limits import link
from web.rendering import Macros

RECENT = 10  # exchanges that are over and shown without being asked for: hundreds would be slow
CHANGES = {
    QuoteChange.GONE: "This article is no longer in the archive.",
    QuoteChange.CHANGED: "The article has changed: this sentence is no longer in it.",
}
REASONS = {
    Reason.NOTHING_FOUND: "No article comes close to the question.",
    Reason.NOT_STATED: "Some articles are close, but none states the answer.",
    Reason.FALSE_PREMISE: "The question assumes something the articles do not say.",
    Reason.OUTSIDE_DATES: "The articles do not cover these days.",
    Reason.NO_MODEL: "The language model is not available.",
    Reason.FOREIGN_LANGUAGE: "The question is not in English.",
    Reason.STOPPED: "Stopped.",
}
QUOTES_ONLY = "The closest sentences, word for word:"
NO_REASON = "Some articles are close, but none says why."
ESTIMATED = """An estimate: what goes on in the language model as it answers, compared with answers
known to be right or wrong. It can err; the quotes show what the articles say."""
_MARK = re.compile(r"\[(\d{1,4})\]")
_WHY = re.compile(r"\W*(?:(?:and|so|but)\W+)?why\b", re.IGNORECASE)
_LAST_MARKS = re.compile(r"(?:\s*\[\d{1,4}\])+(?=[.!?]?\s*$)")


def reason(answer: Answer) -> str:
    """Why the answer is not simply an answer; empty where it is one."""
    if answer.outcome is Outcome.EVIDENCE_ONLY:
        return QUOTES_ONLY
    asked, why = answer.standalone or answer.question, REASONS.get(answer.reason, "")
    if answer.reason is Reason.FALSE_PREMISE and (premise := premise_of(asked)):
        return f"{why} Ask first: “{premise}”"
    return NO_REASON if answer.reason is Reason.NOT_STATED and _WHY.match(asked) else why


def searched(answer: Answer, question: Question) -> str:
    """What an abstention rests on: what was searched, within which bounds, and what may help."""
    parts = [f"Searched {wording.coverage(answer.coverage)}."] if answer.coverage else []
    if labels := wording.bounds(question):
        parts.append(f"Limits: {', '.join(labels)}.")
    return " ".join(part for part in (*parts, hint(question, answer.reason)) if part)


def hint(question: Question, why: Reason = Reason.NOT_STATED) -> str:
    """What may help where the articles do not say; nothing where they say otherwise."""
    if why is Reason.FALSE_PREMISE:
        return ""
    if question.date_from or question.date_to or question.as_of:
        return "Try wider dates."
    if question.sources:
        return "Try other sources."
    if not facts(question.text).names:
        return "Try naming the person, the place or the organisation."
    return "Try other words."


def footer(answer: Answer) -> str:
    """`From 2 articles, 18–20 June 2023 · 3.4 s`, of what there is."""
    parts = []
    if answer.citations:
        articles = wording.count(len({one.article_id for one in answer.citations}), "article")
        days = sorted(one.date for one in answer.citations if one.date)
        parts.append(f"From {articles}, {wording.span(days[0], days[-1]) if days else 'undated'}")
    if answer.timings.get("total", 0.0) >= 0.05:
        parts.append(f"{answer.timings['total']:.1f} s")
    return " · ".join(parts)


def confidence(probability: float) -> str:
    """The judge's probability in words and in percent."""
    steps = ((0.9, "Very likely right"), (0.75, "Likely right"), (0.6, "Probably right"))
    words = next((words for least, words in steps if probability >= least), "Unsure")
    return f"{words} ({probability:.0%})"


def announcement(exchange: Exchange) -> str:
    """What a screen reader announces: the stage, then the answer."""
    answer = exchange.answer
    if answer is not None:
        return f"{answer.text} {reason(answer)}" if answer.abstained else f"Answer: {answer.text}"
    if exchange.error or exchange.stopped:
        return exchange.error or "Stopped"
    return wording.stage(exchange.stage)


def without_marks(statement: str) -> str:
    """Return a statement without the marks at its end."""
    return _LAST_MARKS.sub("", statement)


def split_marks(answer: Answer) -> list[str | int]:
    """Return the answer's text in pieces: each `[n]` that names a citation as its position."""
    pieces: list[str | int] = []
    for place, piece in enumerate(_MARK.split(answer.text)):
        if place % 2 == 0:
            pieces.append(piece)
        else:
            known = 1 <= int(piece) <= len(answer.citations)
            pieces.append(int(piece) - 1 if known else f"[{piece}]")
    return pieces


@dataclass(frozen=True, slots=True)
class Quoted:
    """A quote as the browser names it: `cite` or `evidence`, and its position there."""

    kind: str
    number: int
    item: Citation | Evidence
    also_in: tuple[str, ...] = ()


Articles = list[list[Quoted]]  # the quotes of each article


def cited(exchange: Exchange) -> Articles:
    """Return what the answer cites, by article, in the order of its marks."""
    quotes = []
    for number, one in enumerate(exchange.citations):
        copies = (item.also_in for item in exchange.evidence if _overlap(one, item))
        quotes.append(Quoted("cite", number, one, next(copies, ())))
    return _by_article(quotes)


def also_read(exchange: Exchange) -> Articles:
    """Return what was read and is not cited, by article, best first."""
    citations = exchange.citations
    return _by_article(
        [
            Quoted("evidence", number, item, item.also_in)
            for number, item in enumerate(exchange.evidence)
            if not any(_overlap(one, item) for one in citations)
        ]
    )


def _overlap(citation: Citation, item: Evidence) -> bool:
    first, last = item.best
    same = citation.article_id == item.article_id
    return same and citation.start < last and first < citation.end


def _by_article(quotes: Sequence[Quoted]) -> Articles:
    articles: dict[str, list[Quoted]] = {}
    for one in quotes:
        articles.setdefault(one.item.article_id, []).append(one)
    return list(articles.values())


def is_table(answer: Answer) -> bool:
    """Whether an answer is a list or a timeline, a line for each entry."""
    if answer.outcome is Outcome.EVIDENCE_ONLY or "\n" not in answer.text:
        return False
    return not any("\n" in statement.text for statement in answer.statements)


def is_small_talk(exchange: Exchange) -> bool:
    """Whether a greeting, or a question about the archive itself, was answered."""
    asked = exchange.question
    about = about_archive(asked.text, continues=bool(asked.history))
    return not exchange.citations and about is not None


def names_its_articles(answer: Answer | None) -> bool:
    """Whether an answer shows its articles itself, so that sources would repeat it."""
    return answer is not None and (
        is_table(answer) or (answer.outcome is Outcome.EVIDENCE_ONLY and bool(answer.statements))
    )


def first_cited(statement: Statement, answer: Answer) -> Citation | None:
    """Return the first citation of a statement; None where it has none."""
    known = [at for at in statement.citations if at < len(answer.citations)]
    return answer.citations[known[0]] if known else None


def undated(statement: Statement, answer: Answer) -> str:
    """Return a line of a list or a timeline without the day that it begins with."""
    of = first_cited(statement, answer)
    return statement.text.removeprefix(f"{wording.day(of.date)}: ") if of else statement.text


def conflicting_citations(answer: Answer) -> list[tuple[int, list[tuple[str, bool]]]]:
    """Return the positions of the citations that disagree, the oldest first, each with its quote.

    A quote comes in pieces, each with whether it is what the others give otherwise.
    """
    numbers = {at for one in _known(answer) for at in (one.earlier, one.later)}
    ordered = sorted(numbers, key=lambda at: (answer.citations[at].date or date.min, at))
    quotes = [answer.citations[at] for at in ordered]
    said = answer.statements[0].text if answer.statements else ""
    spans = differing_spans(answer.standalone or answer.question, said, quotes)
    pieces = [list(_split(one.quote, of)) for one, of in zip(quotes, spans, strict=True)]
    return list(zip(ordered, pieces, strict=True))


def statements_beside_table(answer: Answer) -> list[Statement]:
    """Return the statements that do not quote what the table of conflicts beside them shows."""
    shown = {at for one in _known(answer) for at in (one.earlier, one.later)}
    return [
        one
        for one in answer.statements
        if not any(f"“{answer.citations[at].quote}”" in one.text for at in shown & {*one.citations})
    ]


def _known(answer: Answer) -> list[Conflict]:
    known = range(len(answer.citations))
    return [one for one in answer.conflicts if one.earlier in known and one.later in known]


def _split(quote: str, spans: Sequence[tuple[int, int]]) -> Iterator[tuple[str, bool]]:
    at = 0
    for start, end in spans:
        if start >= at:
            yield from ((quote[at:start], False), (quote[start:end], True))
            at = end
    yield quote[at:], False


_macros = Macros(
    "chat.html",
    ABSTENTION=ABSTENTION,
    CHANGES=CHANGES,
    ESTIMATED=ESTIMATED,
    LONGEST_NOTE=LONGEST_NOTE,
    RECENT=RECENT,
    VERDICTS=list(Verdict),
    WITHOUT_MODEL=WITHOUT_MODEL,
    WORD=WRITES_WORD,
    also_read=also_read,
    bounds=wording.bounds,
    cited=cited,
    cited_text=cited_text,
    confidence=confidence,
    conflicting_citations=conflicting_citations,
    days_meant=meant,
    first_cited=first_cited,
    footer=footer,
    is_small_talk=is_small_talk,
    is_table=is_table,
    link=link,
    names_its_articles=names_its_articles,
    reason=reason,
    searched=searched,
    split_marks=split_marks,
    stage=wording.stage,
    statements_beside_table=statements_beside_table,
    undated=undated,
    without_marks=without_marks,
)
conversation, reply, sources = _macros.conversation, _macros.reply, _macros.sources
