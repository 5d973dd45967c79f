"""The Search tab: passages without the model, in the order in which answers are made from them."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from index.errors import BroadsheetError
from rag.question.understand import make_question
from rag.types import RetrievedPassage
from web import render_lists
from web.events import position
from web.exchange import Place
from web.markup import message

if TYPE_CHECKING:
    from rag.pipeline import Pipeline

PASSAGES = 20


def make_find(pipeline: Pipeline, *, max_question: int) -> Callable[..., tuple[Any, ...]]:
    """Return what a search does. Its outputs: passages found, results."""

    def find(text: str, date_from: str, date_to: str) -> tuple[Any, ...]:
        begun = time.perf_counter()
        try:
            question = make_question(
                text, max_question=max_question, date_from=date_from, date_to=date_to
            )
            found = tuple(pipeline.search(question, PASSAGES))
        except BroadsheetError as error:
            return (), message(str(error))
        return found, render_lists.passages(found, question.text, time.perf_counter() - begun)

    return find


def found_at(found: Sequence[RetrievedPassage], named: Mapping[str, object]) -> Place | None:
    """Return the passage that the browser names, or None: its word is not trusted."""
    number = position(named, "found", len(found))
    if number is None:
        return None
    passage = found[number].passage
    return Place(
        passage.article_id, found[number].headline, passage.text, passage.start, passage.end
    )
