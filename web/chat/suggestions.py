"""Questions to go on with: made while nobody waits for an answer, gone when one is asked."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import closing
from typing import TYPE_CHECKING

import gradio as gr

from index.errors import BroadsheetError
from web.chat.answering import Exchanges, Running
from web.events import session_of
from web.rendering import Macros

if TYPE_CHECKING:
    from rag.pipeline import Pipeline

suggested = Macros("ask.html").suggestions
_log = logging.getLogger(__name__)


class Suggestions:
    """What is suggested below an answer. The output of its events: next."""

    def __init__(self, pipeline: Pipeline, answering: Running) -> None:
        """Nothing is suggested while there is an answer in `answering`."""
        self._pipeline, self._answering = pipeline, answering
        self._running = Running()

    def suggest(self, exchanges: Exchanges, request: gr.Request) -> Iterator[str]:
        """Add suggestions one by one."""
        yield ""
        last = exchanges[-1] if exchanges else None
        if last is None or last.answer is None or self._answering or self._running:
            return
        cancel = self._running.start(session_of(request))
        made: list[str] = []
        try:
            with closing(self._pipeline.suggest(last.question, last.answer, cancel)) as questions:
                for question in questions:
                    if cancel.is_set():
                        return
                    made.append(question)
                    yield suggested(made)
        except BroadsheetError:
            _log.info("nothing is suggested", exc_info=True)
        finally:
            self._running.end(session_of(request), cancel)

    def drop(self) -> str:
        """Take suggestions away and free the model for a question, whoever asks it."""
        self._running.stop_all()
        return ""

    def stop(self, request: gr.Request) -> None:
        """Do what a closed page does."""
        self._running.stop(session_of(request))
