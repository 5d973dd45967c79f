"""Example questions made from what is indexed. Code only.

Each is a pattern that a sentence fits, so that the sentence answers the question.
"""

from __future__ import annotations

import re

from index.store.catalogue import Wanted
from index.store.snapshot import Snapshot
from index.text.sentences import sentence_spans

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
