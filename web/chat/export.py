"""Answers to take away: as text with their citations, as Markdown, as JSON.

Text that comes from articles, models and askers stays text: in Markdown its signs are escaped.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from rag.english.temporal import meant
from rag.payloads import answer_json
from rag.types import Answer, Citation, Statement
from web import wording
from web.chat.exchange import Exchange
from web.rendering import web_address

_SIGNS = re.compile(r"([\\`*_{}\[\]<>|~])")
_LINE_START = re.compile(r"(?m)^(\s*\d*)([#+.)-])")


def cited_text(answer: Answer) -> str:
    """The answer as plain text, and below it what each of its marks cites."""
    lines = [answer.text, ""]
    lines += [f"[{n}] {_source(one)}" for n, one in enumerate(answer.citations, 1)]
    return "\n".join(lines).strip() + "\n"


def markdown(exchanges: Sequence[Exchange]) -> str:
    """The conversation with a heading for each question and a footnote for each citation."""
    parts: list[str] = []
    notes: list[str] = []
    for exchange in exchanges:
        parts.append(f"## {_escaped(exchange.question.text)}")
        limits = wording.bounds(exchange.question)
        if limits:
            parts.append(f"*Limits: {_escaped(', '.join(limits))}.*")
        parts.append(_checked(exchange, len(notes)))
        citations = exchange.answer.citations if exchange.answer else ()
        notes += [_escaped(_source(one, address=False)) + _address(one) for one in citations]
    parts += [f"[^{number}]: {note}" for number, note in enumerate(notes, 1)]
    return "\n\n".join(parts) + "\n"


def as_json(exchanges: Sequence[Exchange]) -> str:
    """The answers of the conversation as `python -m rag --json` prints them, in a list."""
    answers = [answer_json(one.answer) for one in exchanges if one.answer is not None]
    return json.dumps(answers, ensure_ascii=False, indent=2) + "\n"


def _checked(exchange: Exchange, before: int) -> str:
    """What was answered, its marks as footnotes that count on from those `before`."""
    answer = exchange.answer
    if answer is None:
        return _escaped(exchange.error or "Stopped before it was checked.")
    if not answer.statements:
        return _escaped(answer.text)
    statements = [_statement(one, before) for one in answer.statements]
    return ("\n\n" if "\n" in answer.text else " ").join(statements)


def _statement(statement: Statement, before: int) -> str:
    marks = "".join(f"[^{before + at + 1}]" for at in statement.citations)
    text = _escaped(statement.text)
    return f"{text[:-1]}{marks}." if marks and text.endswith(".") else text + marks


def _source(citation: Citation, *, address: bool = True) -> str:
    """`“Quote.” (Sunday: 18 June 2023) Headline. Source, 18 June 2023. https://…`."""
    day = wording.day(citation.date)
    origin = ", ".join(part for part in (citation.source or "", day) if part)
    quote = " ".join(citation.quote.split())
    days = meant(citation.quote, citation.date)
    text = f"“{quote}”{f' ({days})' if days else ''} {citation.headline.rstrip('.')}. {origin}."
    found = web_address(citation.url) if address else ""
    return f"{text} {found}" if found else text


def _address(citation: Citation) -> str:
    found = web_address(citation.url)
    return f" <{found}>" if found and not re.search(r"[<>]", found) else ""


def _escaped(text: str) -> str:
    return _LINE_START.sub(r"\1\\\2", _SIGNS.sub(r"\\\1", text))
