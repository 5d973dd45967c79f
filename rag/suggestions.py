"""Questions to go on with, each of which the archive answers.

The model writes a question to a sentence that was found and not cited; a search and then the
whole way to a checked answer decide whether it is offered (round-trip consistency: Alberti et
al. 2019, https://arxiv.org/abs/1906.05416). Knows nothing of pages.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator, Sequence

from langchain_core.language_models.chat_models import BaseChatModel

from index.store.catalogue import Wanted
from index.store.snapshot import Snapshot
from index.text.sentences import sentence_spans
from index.text.words import content_stems
from rag.english.answer_type import Kind, adds_kind, kind_asked
from rag.english.facts import facts
from rag.generation import Prompt, load_prompt, stream_draft
from rag.question.understand import points_back
from rag.retrieval.search import Found
from rag.types import Answer, Evidence, Outcome, Token

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
    written = stream_draft(model, messages, cancel, max_tokens=_WRITTEN, stop=["\n"])
    return "".join(event.text for event in written if isinstance(event, Token)).strip()


def _whole(question: str) -> bool:
    """Whether it is one question that can be read alone."""
    names = facts(question).names
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
    names = all(facts(said).has_name(name) for name in facts(question).names)
    return names and shared >= _LEAST_SHARED


def _alike(one: str, other: str) -> bool:
    words, others = set(content_stems(one)), set(content_stems(other))
    return len(words & others) >= _ALIKE * max(1, min(len(words), len(others)))


_LOOKED_AT = 200
_FIRST_SENTENCES = 6
_NAME = r"(?P<who>(?:[Tt]he )?(?:[A-Z][\w'’-]+ ){1,2}[A-Z][\w'’-]+)"
_BASE = {"landed": "land", "met": "meet", "crashed": "crash", "arrived": "arrive", "spoke": "speak"}
# What a sentence must look like, and the question that it answers.
_PATTERNS = (
    (r"^[A-Z][\w’' ]{2,40} (?:have |has )?(?:won|beaten?|beat) [\w ]{0,40}?(?:in )?(?P<what>the [\w'’-]*(?: [\w'’-]+){0,4} (?:final|title|Cup|Prize|election|race|vote))\b", "Who won {what}?"),
    (rf"\b{_NAME} (?:has |had )?resigned\b", "Why did {who} resign?"),
    (rf"\b{_NAME} (?P<verb>landed|met|crashed|arrived|spoke) [\w ]{{0,30}}(?:in|at|on|near) ", "Where did {who} {base}?"),
    (r"(?P<what>[Tt]he (?:\w+ ){0,2}(?:earthquake|fire|wildfire|flood|storm|crash)s?) (?:has |have |had )?killed", "How many people were killed in {what}?"),
    (rf"\b{_NAME}, (?:the|an?|who) [a-z][^,.]{{8,60}},", "Who is {who}?"),
    (rf"\b{_NAME} (?:has been |was )(?:appointed|named|elected)\b", "What was {who} chosen for?"),
    (rf"\b{_NAME} (?:has )?(?:said|told|announced) that\b", "What did {who} say?"),
)  # fmt: skip
_COMPILED = tuple((re.compile(pattern), question) for pattern, question in _PATTERNS)


def example_questions(snapshot: Snapshot, limit: int) -> list[str]:
    """Return at most `limit` questions, of different kinds and from all over the archive."""
    articles = snapshot.catalogue().page(Wanted(), _LOOKED_AT).articles
    found: dict[str, tuple[int, str]] = {}
    for listed in articles:
        article = snapshot.article(listed.article_id)
        made = _question(article.text) if article else None
        if made and made[1] not in found:
            found[made[1]] = made
    by_kind = sorted(found.values())
    chosen: list[str] = []
    while by_kind and len(chosen) < limit:
        kinds = {kind for kind, _ in by_kind}
        for kind in sorted(kinds):
            item = next(item for item in by_kind if item[0] == kind)
            by_kind.remove(item)
            chosen.append(item[1])
    return chosen[:limit]


def _question(text: str) -> tuple[int, str] | None:
    """Return the first pattern that a sentence fits, by number, with its question."""
    for start, end in sentence_spans(text)[:_FIRST_SENTENCES]:
        for kind, (pattern, question) in enumerate(_COMPILED):
            match = pattern.search(text[start:end])
            if match:
                groups = {name: _inside(said) for name, said in match.groupdict().items()}
                base = _BASE.get(groups.get("verb", ""), "")
                return kind, question.format(base=base, **groups)
    return None


def _inside(words: str) -> str:
    """Return words as they stand inside a sentence, without the capital of its beginning."""
    return words.replace("The ", "the ", 1) if words.startswith("The ") else words
