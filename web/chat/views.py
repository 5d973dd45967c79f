"""Exchange and evidence -> escaped HTML. Only `web.chat.views*` make markup.

Everything that comes from articles, models and askers passes through `web.rendering.safe`. The page
sets the result as HTML and runs no Markdown over it. Marks carry positions, never ids:
`data-turn`, `data-kind` and `data-number`, which `web.chat.exchange.place` checks.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from index.types import Coverage
from rag.english.temporal import meant
from rag.llm.loader import ModelStatus
from rag.types import ABSTENTION, Answer, Citation, Evidence, Outcome, Statement
from web import wording
from web.chat.exchange import Exchange
from web.chat.export import cited_text
from web.chat.feedback import LONGEST_NOTE, Verdict
from web.chat.limits import link
from web.rendering import safe

RECENT = 10  # exchanges that are over and shown without being asked for
_MARK = re.compile(r"\[(\d{1,4})\]")
_LAST_MARKS = re.compile(r"(?:\s*\[\d{1,4}\])+(?=[.!?]?\s*$)")


def header(archive: Coverage) -> str:
    """The name, what the page does, and what is indexed."""
    return (
        '<div class="masthead"><h1>Broadsheet</h1>'
        '<p class="purpose">Ask the archive. Every statement of an answer cites the sentence '
        "that supports it.</p>"
        f'<p class="coverage">{safe(wording.coverage(archive))}</p></div>'
    )


def model_state(status: ModelStatus) -> str:
    """The line on the language model; empty when it is ready."""
    line = wording.model_state(status)
    if not line:
        return ""
    bar = ""
    if status.state == "fetching" and status.total > 0:
        value = min(100, round(100 * status.done / status.total))
        bar = f'<progress max="100" value="{value}" aria-label="Model fetched, percent"></progress>'
    return f'<p class="model-state">{safe(line)}</p>{bar}'


def spoken(text: str) -> str:
    """What screen readers announce, once for each change."""
    return f'<p class="spoken" role="status" aria-live="polite">{safe(text)}</p>'


def chips(labels: Sequence[str]) -> str:
    """Limits that are set, each a button that drops it."""
    items = "".join(
        f'<li><button type="button" data-kind="chip" data-number="{number}"'
        f' aria-label="{safe(f"Drop the limit: {label}")}"><span dir="auto">{safe(label)}</span>'
        '<span aria-hidden="true"> ×</span></button></li>'
        for number, label in enumerate(labels)
    )
    return f'<ul class="bounds set" aria-label="Limits">{items}</ul>' if items else ""


def conversation(exchanges: Sequence[Exchange], first: int | None = None) -> str:
    """Exchanges that are over, oldest first, from the one at `first` on, else the recent ones.

    Above them stands a button that shows as many again: a page of hundreds would be slow.
    """
    first = max(0, len(exchanges) - RECENT) if first is None else first
    shown = "".join(
        reply(exchange, turn) + evidence(exchange, turn, open_now=False)
        for turn, exchange in enumerate(exchanges[first:], first)
    )
    if not first:
        return shown
    name, to = wording.earlier(min(first, 2 * RECENT)), max(0, first - 2 * RECENT)
    return (
        f'<button type="button" class="earlier" data-kind="earlier" data-number="{to}">'
        f"{safe(name)}</button>{shown}"
    )


def reply(exchange: Exchange, turn: int) -> str:
    """A question with its answer, draft or error."""
    labels = wording.bounds(exchange.question)
    chips = "".join(f'<li dir="auto">{safe(label)}</li>' for label in labels)
    return (
        f'<section class="exchange" data-turn="{turn}" aria-label="Question {turn + 1}">'
        f'<h2 class="asked" dir="auto">{safe(exchange.question.text)}</h2>'
        + (f'<ul class="bounds" aria-label="Limits">{chips}</ul>' if chips else "")
        + _body(exchange, turn)
        + "</section>"
    )


def evidence(exchange: Exchange, turn: int, *, open_now: bool = True) -> str:
    """The sentences that were found, best first; open while they are the newest."""
    if not exchange.evidence or exchange.error:
        return ""
    answer = exchange.answer
    abstained = answer is not None and answer.abstained
    quoted = answer is not None and answer.outcome is Outcome.EVIDENCE_ONLY
    title = wording.evidence_title(exchange.evidence, abstained=abstained)
    items = "".join(_evidence_item(exchange, turn, n) for n in range(len(exchange.evidence)))
    state = " open" if open_now and not quoted else ""
    return (
        f'<details class="evidence"{state}><summary>{safe(title)}</summary>'
        f"<ol>{items}</ol></details>"
    )


def _body(exchange: Exchange, turn: int) -> str:
    if exchange.error:
        return f'<div class="answer failed" role="alert"><p>{safe(exchange.error)}</p></div>'
    if exchange.answer is not None:
        return _answer(exchange, exchange.answer, turn)
    if exchange.stopped:
        return _draft("Stopped. This draft was not checked.", exchange.draft)
    label = "Draft, not checked yet" if exchange.draft else ""
    stage = f'<p class="stage"><span class="dot"></span>{safe(wording.stage(exchange.stage))}…</p>'
    return _draft(label, exchange.draft) + stage + _notices(exchange.notices)


def _draft(label: str, text: str) -> str:
    words = f'<p class="label">{safe(label)}</p>' if label else ""
    body = f'<p dir="auto">{safe(text)}</p>' if text else ""
    return f'<div class="answer draft">{words}{body}</div>'


def _answer(exchange: Exchange, answer: Answer, turn: int) -> str:
    parts = [f'<p class="reason">{safe(wording.reason(answer))}</p>'] if _explained(answer) else []
    if answer.abstained:
        parts.insert(0, f'<p class="verdict">{safe(ABSTENTION)}</p>')
        if answer.statements:
            parts += [_statements(exchange, answer, turn), _since(exchange)]
        searched = wording.searched(answer, exchange.question)
        hint = wording.suggestion(exchange.question, answer.reason)
        parts.append(f'<p class="searched">{safe(f"{searched} {hint}".strip())}</p>')
    else:
        parts += [_statements(exchange, answer, turn), _since(exchange)]
    if answer.missing and answer.missing != exchange.question.text:
        parts.append(f'<p class="missing">Not in the articles: {safe(answer.missing)}</p>')
    parts.append(_conflicts(exchange, answer, turn))
    parts.append(_removed(answer.removed))
    parts.append(_notices(answer.notices))
    foot = wording.footer(answer)
    parts.append(f'<p class="footer">{safe(foot)}</p>' if foot else "")
    parts.append(answer_tools(exchange, answer, turn))
    return f'<div class="answer {answer.outcome.value}">{"".join(parts)}</div>'


def _explained(answer: Answer) -> bool:
    return bool(wording.reason(answer))


def _statements(exchange: Exchange, answer: Answer, turn: int) -> str:
    if not answer.statements:
        return f'<p class="text" dir="auto">{_marked(exchange, answer, turn)}</p>'
    separate = answer.outcome is Outcome.EVIDENCE_ONLY or "\n" in answer.text  # quotes, or a list
    sentences = [_statement(exchange, answer, one, turn) for one in answer.statements]
    if separate:
        return "".join(f'<p class="text" dir="auto">{sentence}</p>' for sentence in sentences)
    return f'<p class="text" dir="auto">{" ".join(sentences)}</p>'


def _statement(exchange: Exchange, answer: Answer, statement: Statement, turn: int) -> str:
    text = _LAST_MARKS.sub("", statement.text)
    cited = [n for n in statement.citations if 0 <= n < len(answer.citations)]
    return safe(text) + "".join(_mark(exchange, turn, n, answer.citations[n]) for n in cited)


def _marked(exchange: Exchange, answer: Answer, turn: int) -> str:
    """Escape the answer's text and turn each `[n]` that names a citation into a mark."""
    pieces = []
    for place, piece in enumerate(_MARK.split(answer.text)):
        if place % 2 == 0:
            pieces.append(safe(piece))
        elif 1 <= int(piece) <= len(answer.citations):
            number = int(piece) - 1
            pieces.append(_mark(exchange, turn, number, answer.citations[number]))
        else:
            pieces.append(f"[{piece}]")
    return "".join(pieces)


def _since(exchange: Exchange) -> str:
    """What has become of the quotes of an old answer, where they stand no more."""
    became = [(number, one) for (kind, number), one in exchange.since.items() if kind == "cite"]
    return "".join(
        f'<p class="since">[{number + 1}] {safe(wording.since(one))}</p>' for number, one in became
    )


def _mark(exchange: Exchange, turn: int, number: int, citation: Citation) -> str:
    day = wording.day_or_undated(citation.date)
    name = safe(f"Source {number + 1}: {citation.headline}, {day}")
    became = exchange.since.get(("cite", number))
    since = f'<span class="since">{safe(wording.since(became))}</span>' if became else ""
    return (
        f'<button type="button" class="mark" data-turn="{turn}" data-kind="cite"'
        f' data-number="{number}" aria-label="{name}">[{number + 1}]'
        f'<span class="tip" aria-hidden="true"><b dir="auto">{safe(citation.headline)}</b>'
        f'<time>{safe(day)}</time><q dir="auto">{safe(citation.quote)}</q>'
        f"{_meant(citation)}{since}</span></button>"
    )


def _evidence_item(exchange: Exchange, turn: int, number: int) -> str:
    item, became = exchange.evidence[number], exchange.since.get(("evidence", number))
    since = f'<span class="since">{safe(wording.since(became))}</span>' if became else ""
    day = wording.day_or_undated(item.date)
    origin = " · ".join(part for part in (day, item.source or "") if part)
    also = f" · also in {wording.count(len(item.also_in), 'article')}" if item.also_in else ""
    return (
        f'<li><button type="button" class="open" data-turn="{turn}" data-kind="evidence"'
        f' data-number="{number}"><q dir="auto">{safe(item.quote)}</q>'
        f'<span class="from"><b dir="auto">{safe(item.headline)}</b>'
        f' <span dir="auto">{safe(origin + also)}</span>{_meant(item)}</span>{since}</button></li>'
    )


def _meant(quoted: Citation | Evidence) -> str:
    """The days that words of the quote mean."""
    told = meant(quoted.quote, quoted.date)
    return f'<span class="meant">{safe(told)}</span>' if told else ""


def _conflicts(exchange: Exchange, answer: Answer, turn: int) -> str:
    blocks = []
    for conflict in answer.conflicts:
        if not all(0 <= n < len(answer.citations) for n in (conflict.earlier, conflict.later)):
            continue
        rows = "".join(
            _conflict_row(exchange, turn, n, answer.citations[n], label)
            for n, label in ((conflict.earlier, "earlier"), (conflict.later, "later"))
        )
        blocks.append(f'<div class="conflict"><p>The articles differ:</p><ul>{rows}</ul></div>')
    return "".join(blocks)


def _conflict_row(
    exchange: Exchange, turn: int, number: int, citation: Citation, label: str
) -> str:
    day = wording.day_or_undated(citation.date)
    return (
        f'<li><span class="when">{safe(day)} <em>{label}</em></span>'
        f' <q dir="auto">{safe(citation.quote)}</q>'
        f"{_mark(exchange, turn, number, citation)}</li>"
    )


def _removed(removed: Sequence[Statement]) -> str:
    if not removed:
        return ""
    rows = "".join(
        f'<li><s dir="auto">{safe(one.text)}</s>'
        + (f' <span dir="auto">{safe(one.problem)}</span>' if one.problem else "")
        + "</li>"
        for one in removed
    )
    title = safe(wording.removed_title(len(removed)))
    return f'<details class="removed"><summary>{title}</summary><ul>{rows}</ul></details>'


def _notices(notices: Sequence[str]) -> str:
    return "".join(f'<p class="notice" dir="auto">{safe(notice)}</p>' for notice in notices)


def answer_tools(exchange: Exchange, answer: Answer, turn: int) -> str:
    """Buttons with what they copy, ask or edit as data, and the question whether it is right."""
    copied = (
        ("Copy with citations", "copy", cited_text(answer)),
        ("Copy link", "link", link(exchange.question)),
        ("Ask again", "ask", exchange.question.text),
        ("Edit and ask again", "edit", exchange.question.text),
    )
    buttons = "".join(
        f'<button type="button" class="tool" data-{kind}="{safe(text)}">{name}</button>'
        for name, kind, text in copied
    )
    return f'<div class="tools">{buttons}{_vote(answer, turn)}</div>'


def _vote(answer: Answer, turn: int) -> str:
    """Was it right? One click for yes; for no, what is wrong and a note of what is right."""

    def button(verdict: Verdict, name: str) -> str:
        number = list(Verdict).index(verdict)
        return (
            f'<button type="button" class="tool" data-turn="{turn}" data-kind="vote"'
            f' data-number="{number}">{safe(name)}</button>'
        )

    reasons = "".join(button(one, name) for one, name in wording.verdicts(answer).items())
    return (
        f'<div class="vote"><span>Right?</span>{button(Verdict.RIGHT, "Yes")}'
        "<details><summary>No</summary><label>What would be right, if you know"
        f'<textarea rows="2" maxlength="{LONGEST_NOTE}"></textarea></label>{reasons}'
        "</details></div>"
    )
