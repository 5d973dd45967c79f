"""Asks the model for the answer, and then whether that is correct.

The model is not told to abstain: an order to do so blunts its judgement (see docs/quality.md),
on which `rag.abstention` decides. The second question begins as the first does, so that most of
it is read from the engine's prefix cache. Knows nothing of how answers are
checked.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.messages import AIMessageChunk, BaseMessage

from rag.abstention import Doubts
from rag.asking import LONGEST_ANSWER
from rag.embedded import OpenVinoChat
from rag.evidence import shown
from rag.judge import probability_of
from rag.kinds import Kind, kind_asked
from rag.prompts import Prompt, load_prompt
from rag.question import Understood
from rag.types import Evidence, Progress, Token

_VARIABLES = frozenset({"articles", "earlier", "question", "task"})
_ANSWER = {
    Kind.NAME: "Answer in one short sentence that gives the name:",
    Kind.NUMBER: "Answer in one short sentence that gives the number:",
    Kind.DATE: "Answer in one short sentence that gives the date or day:",
    Kind.OTHER: "Answer in one short sentence:",
}
_ASSUMED = "According to the articles, reply Yes or No:"
_CHECK = "Proposed answer: {answer}\nIs it correct? Reply Yes or No:"  # of six: docs/quality.md


def answer_prompt() -> Prompt:
    """The prompt that answers are written by."""
    return load_prompt("answer", _VARIABLES)


def system_text() -> str:
    """The fixed beginning of every prompt, to be kept in the prefix cache."""
    messages = answer_prompt().template.format_messages(
        articles="", earlier="", question="", task=""
    )
    return str(messages[0].content)


def stoppable(model: BaseChatModel, cancel: threading.Event | None) -> BaseChatModel:
    """Return the model such that setting `cancel` ends its work at once, in the queue too.

    Only the embedded model can; any other is left after its next piece, see `tokens`.
    """
    if cancel is None or not isinstance(model, OpenVinoChat):
        return model
    return model.stopped_by(cancel)


def answer_messages(
    asked: Understood, evidence: Sequence[Evidence], task: str = ""
) -> list[BaseMessage]:
    """Return the messages that ask `task` of the evidence; article text is only ever a value.

    Without a task they ask for the answer, in the kind that the question wants.
    """
    earlier = ""
    if asked.earlier:
        earlier = f"Earlier question: {asked.earlier.question}\n"
        earlier += f"Earlier answer: {asked.earlier.answer[:LONGEST_ANSWER]}\n"
    return answer_prompt().template.format_messages(
        articles=shown(evidence),
        earlier=earlier,
        question=asked.text,
        task=task or _ANSWER[kind_asked(asked.text)],
    )


def doubts(
    model: BaseChatModel,
    asked: Understood,
    evidence: Sequence[Evidence],
    answer: str,
    draft: Sequence[Token],
) -> Doubts:
    """Ask the model whether its answer is correct, and note how sure it was while writing it.

    A follow-up is judged as the self-contained question: the turn before confuses the judge.
    """
    alone = replace(asked, text=asked.standalone, earlier=None)
    messages = answer_messages(alone, evidence, _CHECK.format(answer=answer))
    known = [token.logprob for token in draft if token.logprob is not None]
    return Doubts(probability_of(model, messages), sum(known) / len(known) if known else 0.0)


def borne_out(
    model: BaseChatModel, asked: Understood, evidence: Sequence[Evidence], premise: str
) -> float:
    """Return how probable the model finds, by the evidence, what a question takes for granted.

    Args:
        model: Any chat model.
        asked: The question.
        evidence: What was found for it.
        premise: What it takes for granted, as a question; see `rag.premise`.
    """
    assumed = replace(asked, text=premise, standalone=premise, earlier=None)
    return probability_of(model, answer_messages(assumed, evidence, _ASSUMED))


def write(
    model: BaseChatModel,
    asked: Understood,
    evidence: Sequence[Evidence],
    cancel: threading.Event | None,
) -> Iterator[Token | Progress]:
    """Yield the draft of an answer; see `tokens`."""
    return tokens(model, answer_messages(asked, evidence), cancel)


def tokens(
    model: BaseChatModel,
    messages: Sequence[BaseMessage],
    cancel: threading.Event | None,
    **options: Any,
) -> Iterator[Token | Progress]:
    """Yield what the model writes as it does, and the place in the queue while it waits.

    Setting `cancel` ends it after the current token and frees the model; the options are the
    model's.
    """
    stream = model.stream(list(messages), logprobs=True, **options)
    writing = False
    try:
        for chunk in stream:
            queue = chunk.response_metadata.get("queue")
            if queue:
                yield Progress("waiting", int(queue[-1]))
            text = str(chunk.text)
            if text:
                if not writing:
                    yield Progress("writing")
                    writing = True
                yield Token(text, _logprob(chunk))
            if cancel is not None and cancel.is_set():
                return
    finally:
        close = getattr(stream, "close", None)
        if close:
            close()


def _logprob(chunk: AIMessageChunk) -> float | None:
    """Sum of the log-probabilities of a chunk's tokens; None where the model gives none."""
    content = (chunk.response_metadata.get("logprobs") or {}).get("content")
    return sum(one["logprob"] for one in content) if content else None
