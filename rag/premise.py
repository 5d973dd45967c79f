"""What a question takes for granted: "Why did X resign?" assumes that X did. Pure functions."""

from __future__ import annotations

import re

from rag.facts import names_in
from rag.parts import capital

_ASSUMES = re.compile(
    r"^\W*(?:(?:in|at|on|from|to|for|by|since|until) )?(?:why|when|where|how) "
    r"(?=(?:did|was|were|has|have|had)\b)",
    re.IGNORECASE,
)
# "When was the final?" becomes no question without its first word: something must have been done.
_DONE = re.compile(
    r"^(?!was|were)|\b(?:[a-z]{2,}ed|[a-z]+en|held|won|made|found|sent|shot|built|put|set|cut|shut|"
    r"born|hit|lost|sold|told|paid|left|begun|brought|bought|caught|kept|led|met|read|said|sworn|"
    r"struck|taught|hurt|laid|spent|torn|worn|shown|known|drawn|flown|grown|thrown|sunk|burnt)\b"
)
# "Where did he come from?": without its first word it is no question
_LEFT_OVER = re.compile(r"\b(?:at|by|for|from|in|into|on|to|with)\W*$", re.IGNORECASE)


def premise_of(question: str) -> str:
    """Return what a question takes for granted, as a question for yes or no.

    "Why did X resign?" becomes "Did X resign?". Empty where it assumes nothing that a sentence
    could deny: "Who resigned?", "Where is X?".
    """
    match = _ASSUMES.match(question)
    if match is None or _LEFT_OVER.search(question):
        return ""
    rest = question[match.end() :].strip()
    if not _DONE.search(rest):
        return ""
    return capital(rest)


def subject_of(premise: str) -> str:
    """Return whom or what a premise is about: its first name; empty where it names nobody."""
    return next(iter(names_in(premise)), "")
