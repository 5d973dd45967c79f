"""What a question takes for granted: "Why did X resign?" assumes that X did. Pure functions."""

from __future__ import annotations

import re

from rag.facts import names_in

_ASSUMES = re.compile(
    r"^\W*(?:(?:in|at|on|from|to|for|by|since|until) )?(?:why|when|where|how) "
    r"(?=(?P<auxiliary>did|was|were|has|have|had|does|do|is|are)\b)",
    re.IGNORECASE,
)
_BE = frozenset({"is", "are"})
_LEAST_WORDS = 4  # "Where is Derna?" assumes no event


def premise_of(question: str) -> str:
    """Return what a question takes for granted, as a question for yes or no.

    "Why did X resign?" becomes "Did X resign?". Empty where it assumes nothing that a sentence
    could deny: "Who resigned?", "Where is X?".
    """
    match = _ASSUMES.match(question)
    if match is None:
        return ""
    rest = question[match.end() :].strip()
    if match["auxiliary"].lower() in _BE and len(rest.split()) < _LEAST_WORDS:
        return ""
    return f"{rest[0].upper()}{rest[1:]}"


def subject_of(premise: str) -> str:
    """Return whom or what a premise is about: its first name; empty where it names nobody."""
    return next(iter(names_in(premise)), "")
