"""An exchange -> escaped HTML, by `templates/chat.html`, and the words that it takes.

Marks carry positions, never ids: `data-turn`, `data-kind` and `data-number`, which
`web.chat.exchange.locate` checks.
"""

from __future__ import annotations

import re

from rag.english.facts import facts
from rag.english.temporal import meant
from rag.types import ABSTENTION, WITHOUT_MODEL, Answer, Outcome, Question, Reason
from web import wording
from web.chat import sources as by_article
from web.chat import word
from web.chat.exchange import Exchange, QuoteChange
from web.chat.export import cited_text
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
_MARK = re.compile(r"\[(\d{1,4})\]")
_LAST_MARKS = re.compile(r"(?:\s*\[\d{1,4}\])+(?=[.!?]?\s*$)")


def reason(answer: Answer) -> str:
    """Why the answer is not simply an answer; empty where it is one."""
    if answer.outcome is Outcome.EVIDENCE_ONLY:
        return QUOTES_ONLY
    return REASONS.get(answer.reason, "")


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
    """`From 2 articles, 18–20 June 2023 · very likely right (94%) · 3.4 s`, of what there is."""
    parts = []
    if answer.citations:
        articles = wording.count(len({one.article_id for one in answer.citations}), "article")
        days = sorted(one.date for one in answer.citations if one.date)
        parts.append(f"From {articles}, {wording.span(days[0], days[-1]) if days else 'undated'}")
    if answer.confidence is not None and not answer.abstained:
        parts.append(confidence(answer.confidence))
    if answer.timings.get("total", 0.0) >= 0.05:
        parts.append(f"{answer.timings['total']:.1f} s")
    return " · ".join(parts)


def confidence(probability: float) -> str:
    """The judge's probability in words; by calibration so many of such answers are right."""
    steps = ((0.9, "very likely right"), (0.75, "likely right"), (0.6, "probably right"))
    words = next((words for least, words in steps if probability >= least), "unsure")
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


_macros = Macros(
    "chat.html",
    ABSTENTION=ABSTENTION,
    CHANGES=CHANGES,
    LONGEST_NOTE=LONGEST_NOTE,
    RECENT=RECENT,
    VERDICTS=list(Verdict),
    WITHOUT_MODEL=WITHOUT_MODEL,
    WORD=word.can_write(),
    also_read=by_article.also_read,
    bounds=wording.bounds,
    cited=by_article.cited,
    cited_text=cited_text,
    days_meant=meant,
    differing=by_article.differing,
    first_cited=by_article.first_cited,
    footer=footer,
    instance=by_article.instance,
    is_small_talk=by_article.is_small_talk,
    is_table=by_article.is_table,
    link=link,
    names_its_articles=by_article.names_its_articles,
    reason=reason,
    searched=searched,
    split_marks=split_marks,
    stage=wording.stage,
    told=by_article.told,
    undated=by_article.undated,
    without_marks=without_marks,
)
conversation, reply, sources = _macros.conversation, _macros.reply, _macros.sources
