"""Questions to go on with, each of which the archive answers.

The model writes a question to a sentence that was found and not cited; a search and then the
whole way to a checked answer decide whether it is offered (round-trip consistency: Alberti et
al. 2019, https://arxiv.org/abs/1906.05416). Knows nothing of pages.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence

from langchain_core.language_models.chat_models import BaseChatModel

from index.words import content_stems
from rag.answering import Found
from rag.facts import name_stands, names_in
from rag.kinds import Kind, adds_kind, kind_asked
from rag.prompts import Prompt, load_prompt
from rag.question import points_back
from rag.types import Answer, Evidence, Outcome, Token
from rag.writing import tokens

_MOST = 2
_TRIED = 4  # sentences, about a second each
_WRITTEN = 28  # tokens
_LONGEST = 100  # characters: what people read at a glance
_LEAST_SHARED = 0.6  # of a question's words of content, to stand in the sentence or its headline
_ALIKE = 0.65  # share of the shorter one's words from which two questions are the same

Search = Callable[[str], Sequence[Found]]
"""Returns what is found for a question, under the bounds of the one before."""
Ask = Callable[[str], Answer | None]
"""Returns the checked answer to a question under these bounds; None where it was stopped."""


def suggest_prompt() -> Prompt:
    """The prompt that questions are written by."""
    return load_prompt("suggest", frozenset({"headline", "sentence"}))


def suggestions(
    model: BaseChatModel,
    told: Sequence[str],
    answer: Answer,
    search: Search,
    ask: Ask,
    cancel: threading.Event | None = None,
) -> Iterator[str]:
    """Yield at most two questions that were asked and answered before they are offered.

    Args:
        model: Writes the questions.
        told: The questions of the conversation, which are not suggested again.
        answer: The answer to the last of them.
        search: Searches for a candidate, which sorts out most.
        ask: Answers what is left.
        cancel: When set, the model stops and nothing more is suggested.

    Raises:
        ModelUnavailable: the model does not respond.
    """
    told = [*told, f"{told[-1]} {answer.text}"]
    used = {citation.quote for citation in answer.citations}
    unused = [item for item in answer.evidence if item.quote not in used]
    made = 0
    for item in unused[:_TRIED]:
        question = _question_to(item, model, cancel)
        if cancel is not None and cancel.is_set():
            return
        if not _whole(question) or any(_alike(question, other) for other in told):
            continue
        told.append(question)
        quote = _answering(question, search(question))
        if not quote or quote in used:
            continue
        answered = ask(question)
        if answered is None:
            return
        quotes = {citation.quote for citation in answered.citations}
        if answered.outcome is Outcome.ANSWERED and not quotes <= used:
            used |= quotes
            made += 1
            yield question
        if made == _MOST:
            return


def _question_to(item: Evidence, model: BaseChatModel, cancel: threading.Event | None) -> str:
    messages = suggest_prompt().template.format_messages(
        headline=item.headline, sentence=item.quote
    )
    written = tokens(model, messages, cancel, max_tokens=_WRITTEN, stop=["\n"])
    return "".join(event.text for event in written if isinstance(event, Token)).strip()


def _whole(question: str) -> bool:
    """Whether it is one question that can be read alone."""
    names = names_in(question)
    one = question.endswith("?") and question.count("?") == 1 and len(question) <= _LONGEST
    return one and bool(names) and not (points_back(question) and len(names) < 2)


def _answering(question: str, found: Sequence[Found]) -> str:
    """Return the sentence that a search puts first, if it can answer the question; else nothing."""
    if len(found) != 1 or not found[0].evidence:
        return ""
    first = found[0].evidence[0]
    if kind_asked(question) is not Kind.OTHER and not adds_kind(question)(first.quote):
        return ""
    return first.quote if _speaks_of(question, first) else ""


def _speaks_of(question: str, first: Evidence) -> bool:
    """Whether the sentence, under its headline, names what is asked about and has its words."""
    said = f"{first.headline} {first.quote}"
    words = set(content_stems(question))
    shared = len(words & set(content_stems(said))) / max(1, len(words))
    names = all(name_stands(name, said) for name in names_in(question))
    return names and shared >= _LEAST_SHARED


def _alike(one: str, other: str) -> bool:
    words, others = set(content_stems(one)), set(content_stems(other))
    return len(words & others) >= _ALIKE * max(1, min(len(words), len(others)))
