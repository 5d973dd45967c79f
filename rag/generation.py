"""Asks the model for the answer, and has the judge's heads read what it writes.

The prompt does not ask the model to abstain; the judge decides that (`rag.llm.judge`).
Knows nothing of how answers are checked.
"""

from __future__ import annotations

import hashlib
import math
import re
import threading
from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import cast

from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.messages import AIMessageChunk, BaseMessage
from langchain_core.prompts import ChatPromptTemplate

from rag.english.answer_type import AnswerType, answer_type
from rag.llm.judge import Judge, Readings
from rag.question.understand import LONGEST_ANSWER, Understood
from rag.retrieval.evidence import shown
from rag.types import ABSTENTION, Evidence, Progress, Token

_PROMPT = Path(__file__).resolve().parents[1] / "prompts" / "answer.md"
_ANSWER = {
    AnswerType.NAME: "Answer in one short sentence that gives the name:",
    AnswerType.NUMBER: "Answer in one short sentence that gives the number:",
    AnswerType.DATE: "Answer in one short sentence that gives the date or day:",
    AnswerType.OTHER: "Answer in one short sentence:",
}
_ASSUMED = "According to the articles, reply Yes or No:"
_SILENT = re.compile(r"\barticles do not|\barticle does not")
_ARTICLES = re.compile(r"\b(?:articles?|sentences|passages|text|context)\b")
_BEGINS = re.compile(
    r"(?:it|this|that) (?:is|was) not|there (?:is|was) no|no information|not (?:stat|ment)"
)
_UNTOLD = re.compile(
    r"\bno information\b|\bnot (?:stated|mentioned|provided|specified|given|named)\b"
)
_NO_REASON = re.compile(
    r"\bno (?:reason|cause|explanation)\b|\b(?:reason|cause)\b.*\bnot (?:stated|given|known)\b"
)


@dataclass(frozen=True, slots=True)
class Draft:
    """What the model wrote, and what the judge's heads read meanwhile.

    `stopped_early`: nothing was written, for the answer is clearly not in the evidence.
    """

    text: str
    readings: Readings
    stopped_early: bool = False


@dataclass(frozen=True, slots=True)
class Prompt:
    """A chat prompt; `version` is its name and the first 12 digits of its SHA-256."""

    version: str
    template: ChatPromptTemplate


@cache
def answer_prompt() -> Prompt:
    """The prompt that answers are written by."""
    text = _PROMPT.read_text(encoding="utf-8")
    system, human = text.partition("## system\n")[2].split("## human\n", 1)
    template = ChatPromptTemplate.from_messages(
        [("system", system.strip()), ("human", human.strip())]
    )
    return Prompt(f"answer@{hashlib.sha256(text.encode()).hexdigest()[:12]}", template)


def system_text() -> str:
    """The fixed beginning of every prompt, to be kept in the prefix cache."""
    messages = answer_prompt().template.format_messages(
        articles="", earlier="", question="", task=""
    )
    return str(messages[0].content)


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
        task=task or _ANSWER[answer_type(asked.text)],
    )


def draft_answer(
    model: BaseChatModel,
    asked: Understood,
    evidence: Sequence[Evidence],
    cancel: threading.Event,
    *,
    visible: bool = True,
) -> Generator[Token | Progress, None, Draft]:
    """Yield the draft of an answer as it is written, if it is `visible`, and return it.

    Nothing is written where the judge finds, having read the evidence, that the answer is not in
    it: the draft is empty then. See `stream_draft`.
    """
    judge, messages = judge_in(model), answer_messages(asked, evidence)
    least = judge.hopeless if judge else -math.inf
    return (yield from stream_draft(model, messages, cancel, least=least, visible=visible))


def denies_premise(
    model: BaseChatModel, asked: Understood, evidence: Sequence[Evidence], premise: str
) -> bool:
    """Whether the model, asked what a question takes for granted, says No by the evidence.

    Args:
        model: Any chat model.
        asked: The question.
        evidence: What was found for it.
        premise: What it takes for granted, as a question; see `rag.question.parts`.
    """
    reply = model.invoke(premise_messages(asked, evidence, premise), max_tokens=2)
    return str(reply.text).strip().lower().startswith("no")


def premise_messages(
    asked: Understood, evidence: Sequence[Evidence], premise: str
) -> list[BaseMessage]:
    """Return the messages that ask, for Yes or No, what a question takes for granted."""
    assumed = replace(asked, text=premise, standalone=premise, earlier=None)
    return answer_messages(assumed, evidence, _ASSUMED)


def judge_in(model: BaseChatModel) -> Judge | None:
    """The judge that reads what a model writes; None where none does."""
    judge: Judge | None = getattr(model, "judge", None)
    return judge


def stream_draft(
    model: BaseChatModel,
    messages: Sequence[BaseMessage],
    cancel: threading.Event,
    *,
    least: float = -math.inf,
    visible: bool = True,
) -> Generator[Token | Progress, None, Draft]:
    """Yield what the model writes as it does, and the place in the queue while it waits.

    Setting `cancel` ends it after the current token and frees the model, as does a first reading
    below `least`.
    """
    written: list[str] = []
    readings: list[float] = []
    end: list[float] = []
    stopped_early = False
    with closing(
        cast("Generator[AIMessageChunk, None, None]", model.stream(list(messages)))
    ) as stream:
        for chunk in stream:
            if queue := chunk.response_metadata.get("queue"):
                yield Progress("waiting", int(queue[-1]))
            readings += chunk.response_metadata.get("readings") or ()
            end += chunk.response_metadata.get("end") or ()
            read_only = bool(readings) and not written
            stopped_early = read_only and readings[0] < least
            if stopped_early:
                break
            if text := str(chunk.text):
                if not written and visible:
                    yield Progress("writing")
                written.append(text)
                if visible:
                    yield Token(text)
            if cancel.is_set():
                break
    before, *draft = readings or (None,)
    return Draft("".join(written), Readings(before, tuple(draft), *end), stopped_early)


def is_abstention(draft: str) -> bool:
    """Whether the model itself says that the articles do not say."""
    low = draft.lower().strip()
    if not low or low.startswith(ABSTENTION.lower()) or _SILENT.search(low):
        return True
    # "The spokesman said there was no information" is what an article says.
    own = _BEGINS.match(low) or _ARTICLES.search(low)
    return bool(own and _UNTOLD.search(low))


def gives_no_reason(statement: str) -> bool:
    """Whether a statement only says that no reason is given; unsupported, it is a refusal too."""
    return bool(_NO_REASON.search(statement.lower()))
