"""Questions to go on with: made while nobody waits for an answer, gone when one is asked."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from typing import TYPE_CHECKING, Any

import gradio as gr

from index.errors import BroadsheetError
from web.chat.answering import Exchanges, Running, make_stop
from web.events import AT_ONCE, UNLISTED, session_of
from web.rendering import safe

if TYPE_CHECKING:
    from gradio.events import Dependency

    from rag.pipeline import Pipeline

_log = logging.getLogger(__name__)


def wire_suggestions(
    page: gr.Blocks,
    parts: dict[str, Any],
    pipeline: Pipeline,
    running: Running,
    answered: Sequence[Dependency],
) -> None:
    """Wire what is suggested; a click on it is the script's, as for Ask again.

    Args:
        page: The page.
        parts: The parts of the page.
        pipeline: What suggests.
        running: The answers being written: nothing is suggested while there is one.
        answered: The events that answer a question.
    """
    suggesting = Running()
    suggest, drop = make_suggest(pipeline, running, suggesting), make_drop(suggesting)
    gone: list[Any] = [parts["box"].submit, parts["ask"].click, parts["shelf"].click]
    gone += [parts["renew"].click, *(example.click for example in parts["examples"])]
    gr.on(gone, drop, None, parts["next"], **AT_ONCE)
    limit: dict[str, Any] = {"concurrency_limit": None, "trigger_mode": "always_last"}
    for one in answered:
        one.success(suggest, parts["exchanges"], parts["next"], **limit, **UNLISTED)
    page.unload(make_stop(suggesting))


def make_suggest(
    pipeline: Pipeline, running: Running, suggesting: Running
) -> Callable[..., Iterator[str]]:
    """Return what adds suggestions one by one. Its output: next."""

    def suggest(exchanges: Exchanges, request: gr.Request) -> Iterator[str]:
        yield ""
        last = exchanges[-1] if exchanges else None
        if last is None or last.answer is None or running or suggesting:
            return
        cancel = suggesting.start(session_of(request))
        made: list[str] = []
        try:
            with closing(pipeline.suggest(last.question, last.answer, cancel)) as questions:
                for question in questions:
                    if cancel.is_set():
                        return
                    made.append(question)
                    yield suggested(made)
        except BroadsheetError:
            _log.info("nothing is suggested", exc_info=True)
        finally:
            suggesting.end(session_of(request), cancel)

    return suggest


def make_drop(suggesting: Running) -> Callable[[], str]:
    """Return what takes suggestions away and frees the model for a question, whoever asks it."""

    def drop() -> str:
        suggesting.stop_all()
        return ""

    return drop


def suggested(questions: Sequence[str]) -> str:
    """Questions to go on with; the script asks the one that is clicked."""
    items = "".join(
        f'<li><button type="button" class="tool" data-ask="{safe(question)}">'
        f'<span dir="auto">{safe(question)}</span></button></li>'
        for question in questions
    )
    return f'<ul class="next" aria-label="Questions to go on with">{items}</ul>' if items else ""
