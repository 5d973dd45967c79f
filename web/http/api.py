"""The endpoints `/ask` and `/search` for programs: plain values in, plain dictionaries out."""

# No `from __future__ import annotations` here: Gradio documents an endpoint by its return type as
# it stands, and a postponed one stands as text.

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import gradio as gr

from index.errors import BroadsheetError, QuestionError
from rag.payloads import AnswerJson, SearchJson, answer_json, passage_json
from rag.question.understand import make_question
from rag.types import Answer, Question, RetrievedPassage, Turn
from web.events import session_of
from web.http.leaving import ASKING

if TYPE_CHECKING:
    from rag.pipeline import Pipeline

PASSAGES = 100  # most passages that one call of /search returns
ANSWERS = 8  # answers made at the same time; the model has its own queue behind


class AskJson(AnswerJson):
    """What `/ask` returns: an answer, and the question's name in the log."""

    request_id: str


def make_ask(pipeline: "Pipeline", *, max_question: int) -> Callable[..., AskJson]:
    """Return the function behind `/ask`."""

    def ask(
        question: str,
        as_of: str = "",
        date_from: str = "",
        date_to: str = "",
        sources: list[str] | None = None,
        history: list[list[str]] | None = None,
        request: gr.Request | None = None,
    ) -> AskJson:
        """Answer a question from the archive; every statement cites an exact sentence.

        Args:
            question: The question, in plain words.
            as_of: The day the answer is for (2023-06-20); blank means the newest article's day.
            date_from: First day searched (2023-06-01, 2023-06 or 2023); blank means no limit.
            date_to: Last day searched; blank means no limit.
            sources: Publishers searched, and limits: author:NAME, section:, tag:, language:.
            history: Earlier turns for follow-ups, oldest first, each [question, answer].
            request: Who asks; Gradio adds it.

        Returns:
            question, answer, outcome, abstained, reason, timings, request_id, and citations, each
            with article_id, headline, date, authors, section, tags, language, withdrawn, modified,
            notes, quote, start, end (code points of the article's text).
        """
        try:
            asked = read_question(
                question, max_question, as_of, date_from, date_to, sources, history
            )
            with ASKING.begun(session_of(request) if request else "") as cancel:
                *_, answer = pipeline.stream(asked, cancel)
            assert isinstance(answer, Answer)
            return ask_json(answer)
        except BroadsheetError as error:
            raise gr.Error(str(error), print_exception=False) from error

    return ask


def make_search(pipeline: "Pipeline", *, max_question: int) -> Callable[..., SearchJson]:
    """Return the function behind `/search`."""

    def search(
        question: str,
        limit: int = 10,
        as_of: str = "",
        date_from: str = "",
        date_to: str = "",
        sources: list[str] | None = None,
    ) -> SearchJson:
        """Find the passages nearest to a question, without the language model.

        Args:
            question: The question, or words to search for.
            limit: Most passages returned, 1 to 100.
            as_of: The day the search is for (2023-06-20); later articles are left out.
            date_from: First day searched (2023-06-01, 2023-06 or 2023); blank means no limit.
            date_to: Last day searched; blank means no limit.
            sources: Publishers searched, and limits: author:NAME, section:, tag:, language:.

        Returns:
            question and passages, best first, each with article_id, headline, date, source, url,
            authors, section, tags, language, withdrawn, modified, notes, text, start, end (code
            points of the article's text) and score.
        """
        try:
            limit = 10 if limit is None else limit  # a call that leaves it out
            if not isinstance(limit, int) or not 1 <= limit <= PASSAGES:
                raise QuestionError(f"limit is {limit!r:.20}; it must be from 1 to {PASSAGES}.")
            asked = read_question(question, max_question, as_of, date_from, date_to, sources)
            return search_json(asked, pipeline.search(asked, limit))
        except BroadsheetError as error:
            raise gr.Error(str(error), print_exception=False) from error

    return search


def ask_json(answer: Answer) -> AskJson:
    """Return an answer as plain values."""
    return AskJson(**answer_json(answer), request_id=answer.request_id)


def search_json(question: Question, found: Sequence[RetrievedPassage]) -> SearchJson:
    """Return what a search found as plain values."""
    return SearchJson(question=question.text, passages=[passage_json(passage) for passage in found])


def read_question(
    text: str,
    max_question: int,
    as_of: str | None,
    date_from: str | None,
    date_to: str | None,
    sources: Sequence[str] | None,
    history: Sequence[Sequence[str]] | None = None,
) -> Question:
    """Return a question from the plain values of a call; raises `QuestionError`.

    A program may send anything: types are checked here, as nobody else does.
    """
    days = {"as_of": as_of or "", "date_from": date_from or "", "date_to": date_to or ""}
    for name, value in {"question": text, **days}.items():
        if not isinstance(value, str):
            raise QuestionError(f"{name}: expected a text, not {value!r:.40}")
    if not _are_texts(sources or []):
        raise QuestionError("sources: a list of texts.")
    turns = history or []
    if not isinstance(turns, list) or not all(_are_texts(turn, 2) for turn in turns):
        raise QuestionError("history: each turn is a list of two texts, [question, answer].")
    return make_question(
        text,
        max_question=max_question,
        as_of=as_of or "",
        date_from=date_from or "",
        date_to=date_to or "",
        sources=sources or (),
        history=tuple(Turn(question, answer) for question, answer in turns),
    )


def _are_texts(value: object, many: int | None = None) -> bool:
    """Whether a value is a list of texts, of so many if that is said."""
    if not isinstance(value, list | tuple) or many not in (None, len(value)):
        return False
    return all(isinstance(one, str) for one in value)
