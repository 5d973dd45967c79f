"""Conversations, which the browser keeps: exchange -> JSON -> exchange, and the list of them.

What comes back from a browser is untrusted: it is validated here, and what cannot be read is left
out. An answer, or a draft that was stopped, is kept with its quotes, not with the passages around
them. The form is that of `python -m rag --json`, with what the page shows besides. What joins
exchanges to conversations, and caps them, is `conversations.js`, so that none leaves the browser
but the one that is opened.
"""

from __future__ import annotations

import datetime as dt
import os
import secrets
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import gradio as gr
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from pydantic_core import PydanticSerializationError

from index.errors import BroadsheetError
from index.readers.text import shorten
from index.types import ArticleRef, Coverage
from rag.types import Answer, Citation, Conflict, Evidence, Outcome, Question, Reason, Statement
from web import wording
from web.chat import views
from web.chat.answering import Exchanges, Running, buttons
from web.chat.exchange import Exchange, check_quotes, history
from web.events import clicked, position, session_of
from web.rendering import Macros, announce, message

if TYPE_CHECKING:
    from rag.pipeline import Pipeline


LONGEST_TITLE = 80  # characters
UNREADABLE = "This conversation is not kept in this browser, or cannot be read any more."
_LONGEST = 4_000_000  # characters of one conversation: more than a browser keeps
_ID = Annotated[str, Field(pattern="^[0-9a-f]{32}$")]
_KEY_FILE = "browser-key.json"
_M = TypeVar("_M", bound=BaseModel)

conversation_list = Macros("conversations.html", LONGEST_TITLE=LONGEST_TITLE).conversations


class _Kept(BaseModel):
    model_config = ConfigDict(frozen=True, from_attributes=True, str_max_length=50_000)


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
    """A question with its bounds and quotes, and its checked answer, or the draft if stopped."""

    id: _ID
    question: str
    as_of: dt.date | None = None
    date_from: dt.date | None = None
    date_to: dt.date | None = None
    sources: tuple[str, ...] = ()
    draft: str = ""
    answer: str = ""
    outcome: Outcome | None = None
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


_OF_QUESTION = ("as_of", "date_from", "date_to", "sources")
_OF_ANSWER = (
    *("outcome", "reason", "missing", "statements", "removed", "conflicts", "notices"),
    *("coverage", "confidence"),
)


class Listed(_Kept):
    """A conversation in the list: its id, its title, and the day of its last question."""

    id: _ID
    title: str
    day: dt.date


class Change(_Kept):
    """What the browser gets when an answer is finished."""

    id: _ID
    title: str
    exchange: KeptExchange


_ANY_LIST: TypeAdapter[tuple[Any, ...]] = TypeAdapter(tuple[Any, ...])


def change(exchanges: Sequence[Exchange]) -> str:
    """Return the last exchange as JSON, for the browser; nothing of a failure or small talk."""
    first = _first_kept(exchanges)
    if first is None or not _is_kept(last := exchanges[-1]):
        return ""
    try:
        made = Change(id=first.id, title=title(first.question.text), exchange=keep(last))
        return made.model_dump_json(exclude_defaults=True)
    except (ValidationError, PydanticSerializationError):  # no JSON can carry it
        return ""


def _is_kept(exchange: Exchange) -> bool:
    over = exchange.answer is not None or exchange.stopped
    return over and not views.is_small_talk(exchange)


def _first_kept(exchanges: Sequence[Exchange]) -> Exchange | None:
    """The exchange that names a conversation, so a reopened one matches."""
    return next(filter(_is_kept, exchanges), None)


def title(question: str) -> str:
    """Return a question as the title of its conversation: one line, cut between words."""
    return shorten(question, LONGEST_TITLE)


def keep(exchange: Exchange) -> KeptExchange:
    """Return what is kept of an exchange that is over."""
    answer = exchange.answer
    evidence = [
        KeptQuote.model_validate(item).model_copy(
            update={"start": item.best[0], "end": item.best[1]}
        )
        for item in exchange.evidence
    ]
    answered: dict[str, Any] = {}
    if answer is not None:
        answered = {
            "answer": answer.text,
            "citations": tuple(map(KeptQuote.model_validate, answer.citations)),
            "timings": {"total": answer.timings["total"]} if "total" in answer.timings else {},
            **_values(answer, _OF_ANSWER),
        }
    return KeptExchange(
        id=exchange.id,
        question=exchange.question.text,
        draft=exchange.draft if exchange.stopped else "",
        evidence=tuple(evidence),
        **_values(exchange.question, _OF_QUESTION),
        **answered,
    )


def restore(conversation: str) -> tuple[Exchange, ...]:
    """Return the exchanges of a conversation that a browser kept; what is unreadable is left out.

    Each question follows on those before it, as it did.
    """
    exchanges: list[Exchange] = []
    for kept in readable(KeptExchange, conversation):
        exchanges.append(_exchange(kept, exchanges))
    return tuple(exchanges)


def readable(kind: type[_M], text: str) -> list[_M]:
    """Return the list that a browser names, without what is unreadable in it."""
    items = []
    with suppress(ValueError):
        for value in _ANY_LIST.validate_json(text[:_LONGEST]):
            with suppress(ValidationError):
                items.append(kind.model_validate(value))
    return items


def _exchange(kept: KeptExchange, before: Sequence[Exchange]) -> Exchange:
    evidence = tuple(_evidence(item, number) for number, item in enumerate(kept.evidence, 1))
    asked = _values(kept, _OF_QUESTION)
    answer = Answer(
        kept.question,
        kept.answer,
        citations=tuple(
            Citation(_article(item), item.quote, item.start, item.end) for item in kept.citations
        ),
        evidence=evidence,
        timings=kept.timings,
        **_values(kept, _OF_ANSWER),
    )
    question = Question(kept.question, history=history(before), **asked)
    if kept.outcome is None:
        return Exchange(question, evidence, draft=kept.draft, stopped=True, id=kept.id)
    return Exchange(question, evidence, notices=kept.notices, answer=answer, id=kept.id)


def _evidence(quote: KeptQuote, number: int) -> Evidence:
    """An item of the evidence whose window is its quote alone."""
    span = (quote.start, quote.start + len(quote.quote))
    return Evidence(
        number,
        article=_article(quote),
        start=span[0],
        end=span[1],
        text=quote.quote,
        sentences=(span,),
        best=span,
        score=0.0,
        also_in=quote.also_in,
    )


def _article(quote: KeptQuote) -> ArticleRef:
    return ArticleRef(quote.article_id, quote.headline, quote.date, quote.source, quote.url)


def _values(holder: object, names: Sequence[str]) -> dict[str, Any]:
    return {name: getattr(holder, name) for name in names}


class BrowserKey(BaseModel):
    """The name in the browser's storage, and what is stored there is encrypted with."""

    name: str = Field(pattern="^broadsheet-[0-9a-f]{16}$")
    secret: str = Field(pattern="^[0-9a-f]{32}$")


def browser_key(data_dir: Path) -> BrowserKey:
    """Return the key of this data folder; the first call makes it, readable by its owner alone.

    Without the same key after a restart the page could not read what it had a browser keep. A file
    that holds no key is made anew: what browsers have kept under the old one stays unread.

    Raises:
        BroadsheetError: the file cannot be read or written.
    """
    path = data_dir.expanduser() / _KEY_FILE
    try:
        return BrowserKey.model_validate_json(path.read_bytes())
    except (FileNotFoundError, ValidationError):
        key = BrowserKey(name=f"broadsheet-{secrets.token_hex(8)}", secret=secrets.token_hex(16))
    except OSError as error:
        raise BroadsheetError(f"{path}: {error}") from error
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f"{path.name}.{os.getpid()}")
        draft.unlink(missing_ok=True)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
            out.write(key.model_dump_json())
        draft.replace(path)
    except OSError as error:
        raise BroadsheetError(f"{path}: {error}") from error
    return key


def show_list(kept: str, words: str | None, exchanges: Exchanges) -> str:
    """Return the list of conversations that the browser keeps, the open one marked.

    While a page opens, Gradio gives None for what is empty.
    """
    first = _first_kept(exchanges)
    current = first.id if first else ""
    return conversation_list(
        readable(Listed, kept or "[]"), current, narrowed=bool((words or "").strip())
    )


def make_open_conversation(pipeline: Pipeline, running: Running) -> Callable[..., tuple[Any, ...]]:
    """Return what a click on a conversation does; it gets what the browser kept of it.

    Its outputs: exchanges, past, now, evidence, spoken, message, welcome, ask and stop button.
    """

    def open_conversation(conversation: str, request: gr.Request) -> tuple[Any, ...]:
        exchanges = restore(conversation or "")
        if not exchanges:
            return *(gr.skip(),) * 5, message(UNREADABLE), *(gr.skip(),) * 3
        running.discard(session_of(request))
        with suppress(BroadsheetError):  # the index is being made: what has become is not known
            article = cache(pipeline.article)
            exchanges = tuple(check_quotes(exchange, article) for exchange in exchanges)
        turn = len(exchanges) - 1
        return (
            exchanges,
            views.conversation(exchanges[:-1]),
            views.reply(exchanges[-1], turn),
            views.sources(exchanges[-1], turn),
            announce(f"Conversation of {wording.count(len(exchanges), 'question')}"),
            gr.skip(),  # a page that was reloaded may say why
            gr.update(visible=False),
            *buttons(busy=False),
        )

    return open_conversation


def show_earlier(exchanges: Exchanges, click: gr.EventData) -> Any:
    """Return the past with more of its earlier exchanges. Its output: past."""
    first = position(clicked(click), "earlier", len(exchanges))
    return gr.skip() if first is None else views.conversation(exchanges[:-1], first)
