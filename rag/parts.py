"""Takes a question that asks several things apart. Code only: no model is asked."""

from __future__ import annotations

import re

from index.words import content_stems

_ASKING = (
    r"(?:(?:in|at|on|by|to|from|of|for|with|under|after|for) )?"
    r"(?:who|whom|whose|what|which|when|where|why|how)\b"
)
_BEGINS = re.compile(rf"^\W*{_ASKING}", re.IGNORECASE)
_JOINT = re.compile(rf"\s*[,;]?\s+and\s+(?={_ASKING})|(?<=\?)\s+(?=\S)", re.IGNORECASE)
MOST = 3
"""More things than these in one question are left together."""


def split_question(question: str) -> list[str]:
    """Return the parts of a question, each a question; the whole where it asks one thing.

    "Who wrote the report, and when was it published?" has two. Each part must say what it asks
    about: "who did it and when" is one question.
    """
    parts = [part.strip() for part in _JOINT.split(question)]
    if not 2 <= len(parts) <= MOST:
        return [question]
    if not all(_BEGINS.search(part) and content_stems(_BEGINS.sub("", part)) for part in parts):
        return [question]
    return [f"{part[0].upper()}{part[1:].rstrip(' ?.,;')}?" for part in parts]
