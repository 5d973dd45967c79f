"""Conversations as a browser keeps them: exchange -> JSON -> exchange. Knows nothing of Gradio.

What comes back from a browser is untrusted: it is validated here, and what cannot be read is left
out. An answer is kept with its quotes, not with the passages around them. The form is that of
`python -m rag --json`, with what the page shows besides. What joins exchanges to conversations,
and caps them, is `conversations.js`, so that none leaves the browser but the one that is opened.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from pydantic_core import PydanticSerializationError

from index.errors import BroadsheetError
from index.types import Coverage
from rag.types import Answer, Citation, Conflict, Evidence, Outcome, Question, Reason, Statement
from web.chat.exchange import Exchange, history

LONGEST_TITLE = 80  # characters
_LONGEST = 4_000_000  # characters of one conversation: more than a browser keeps
_NAME = Annotated[str, Field(pattern="^[0-9a-f]{32}$")]
_ELLIPSIS = "…"


class _Kept(BaseModel):
    model_config = ConfigDict(frozen=True, str_max_length=50_000)


class KeptQuote(_Kept):
    """A sentence of an article: a citation, or an item of the evidence."""

    article_id: str
    headline: str
    date: dt.date | None = None
    quote: str
    start: int
    end: int
    source: str | None = None
    url: str | None = None
    also_in: tuple[str, ...] = ()


class KeptExchange(_Kept):
    """A question with its bounds, and its checked answer with its quotes."""

    id: _NAME
    question: str
    as_of: dt.date | None = None
    date_from: dt.date | None = None
    date_to: dt.date | None = None
    sources: tuple[str, ...] = ()
    answer: str
    outcome: Outcome
    reason: Reason = Reason.NONE
    missing: str = ""
    statements: tuple[Statement, ...] = ()
    removed: tuple[Statement, ...] = ()
    citations: tuple[KeptQuote, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    notices: tuple[str, ...] = ()
    evidence: tuple[KeptQuote, ...] = ()
    coverage: Coverage | None = None
    confidence: float | None = Field(None, ge=0, le=1)
    timings: Mapping[str, float] = {}


class Listed(_Kept):
    """A conversation in the list: its name, its title, and the day of its last question."""

    id: _NAME
    title: str
    day: dt.date


class Change(_Kept):
    """What the browser is told when an answer is finished."""

    id: _NAME
    title: str
    exchange: KeptExchange


class _Conversation(_Kept):
    exchanges: tuple[Any, ...]


_LIST: TypeAdapter[tuple[Any, ...]] = TypeAdapter(tuple[Any, ...])


def change(exchanges: Sequence[Exchange]) -> str:
    """Return the last exchange as JSON, for the browser to keep; nothing if it has no answer."""
    if not exchanges or exchanges[-1].answer is None:
        return ""
    first, last = exchanges[0], exchanges[-1]
    try:
        made = Change(id=first.id, title=title(first.question.text), exchange=kept(last))
        return made.model_dump_json(exclude_defaults=True)
    except (ValidationError, PydanticSerializationError):  # no JSON can carry it
        return ""


def title(question: str) -> str:
    """Return a question as the title of its conversation: one line, shortened at a word."""
    line = " ".join(question.split())
    if len(line) <= LONGEST_TITLE:
        return line
    cut = line[: LONGEST_TITLE - 1]
    return (cut.rsplit(" ", 1)[0] if " " in cut else cut).rstrip(",;:") + _ELLIPSIS


def kept(exchange: Exchange) -> KeptExchange:
    """Return what is kept of an answered exchange."""
    answer, question = exchange.answer, exchange.question
    assert answer is not None
    return KeptExchange(
        id=exchange.id,
        question=question.text,
        as_of=question.as_of,
        date_from=question.date_from,
        date_to=question.date_to,
        sources=question.sources,
        answer=answer.text,
        outcome=answer.outcome,
        reason=answer.reason,
        missing=answer.missing,
        statements=answer.statements,
        removed=answer.removed,
        citations=tuple(_quote(one, one.start, one.end) for one in answer.citations),
        conflicts=answer.conflicts,
        notices=answer.notices,
        evidence=tuple(_quote(one, *one.best, one.also_in) for one in exchange.evidence),
        coverage=answer.coverage,
        confidence=answer.confidence,
        timings={"total": answer.timings["total"]} if "total" in answer.timings else {},
    )


def restored(conversation: str) -> tuple[Exchange, ...]:
    """Return the exchanges of a conversation that a browser kept; what is unreadable is left out.

    Each question follows on those before it, as it did.
    """
    if len(conversation) > _LONGEST:
        return ()
    try:
        found = _Conversation.model_validate_json(conversation).exchanges
    except (ValidationError, ValueError):
        return ()
    exchanges: list[Exchange] = []
    for one in found:
        try:
            exchanges.append(_exchange(KeptExchange.model_validate(one), exchanges))
        except ValidationError:
            continue
    return tuple(exchanges)


def listed(conversations: str) -> list[Listed]:
    """Return the list that a browser names, without what is unreadable in it."""
    try:
        found = _LIST.validate_json(conversations)
    except ValidationError:
        return []
    rows = []
    for one in found:
        try:
            rows.append(Listed.model_validate(one))
        except ValidationError:
            continue
    return rows


def _exchange(one: KeptExchange, before: Sequence[Exchange]) -> Exchange:
    evidence = tuple(_evidence(item, number) for number, item in enumerate(one.evidence, 1))
    question = Question(
        one.question, one.as_of, one.date_from, one.date_to, one.sources, history(before)
    )
    answer = Answer(
        one.question,
        one.answer,
        one.outcome,
        one.reason,
        one.missing,
        one.statements,
        one.removed,
        tuple(_citation(item) for item in one.citations),
        one.conflicts,
        one.notices,
        evidence,
        one.coverage,
        confidence=one.confidence,
        timings=one.timings,
    )
    return Exchange(question, evidence, notices=one.notices, answer=answer, id=one.id)


def _quote(
    one: Citation | Evidence, start: int, end: int, also_in: tuple[str, ...] = ()
) -> KeptQuote:
    return KeptQuote(
        article_id=one.article_id,
        headline=one.headline,
        date=one.date,
        quote=one.quote,
        start=start,
        end=end,
        source=one.source,
        url=one.url,
        also_in=also_in,
    )


def _citation(one: KeptQuote) -> Citation:
    return Citation(
        one.article_id, one.headline, one.date, one.quote, one.start, one.end, one.source, one.url
    )


def _evidence(one: KeptQuote, number: int) -> Evidence:
    """An item of the evidence whose window is its quote alone."""
    start, span = one.start, (one.start, one.start + len(one.quote))
    return Evidence(
        number,
        one.article_id,
        one.headline,
        one.date,
        one.source,
        one.url,
        *span,
        one.quote,
        (span,),
        (start, span[1]),
        0.0,
        one.also_in,
    )


_FILE = "browser-key.json"
_HEX = re.compile("[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class BrowserKey:
    """The name in the browser's storage, and what is stored there is encrypted with."""

    name: str
    secret: str


def browser_key(data_dir: Path) -> BrowserKey:
    """Return the key of this data folder; the first call makes it, readable by its owner alone.

    A file that holds no key is made anew: what browsers have kept under the old one stays unread.

    Raises:
        BroadsheetError: the file cannot be read or written.
    """
    path = data_dir.expanduser() / _FILE
    try:
        found = _read_key(path)
        if found is None:
            found = BrowserKey(f"broadsheet-{secrets.token_hex(8)}", secrets.token_hex(16))
            _write_key(path, found)
        return found
    except OSError as error:
        raise BroadsheetError(f"{path}: {error}") from error


def _read_key(path: Path) -> BrowserKey | None:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        name, secret = found["name"], found["secret"]
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None
    known = isinstance(name, str) and isinstance(secret, str)
    if known and re.fullmatch("broadsheet-[0-9a-f]{16}", name) and _HEX.fullmatch(secret):
        return BrowserKey(name, secret)
    return None


def _write_key(path: Path, key: BrowserKey) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
        json.dump({"name": key.name, "secret": key.secret}, out)
    draft.replace(path)
