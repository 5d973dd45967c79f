"""Takes a question that asks several things apart. Code only: no model is asked."""

from __future__ import annotations

import re

from index.words import content_stems

_ASKING = (
    r"(?:(?:in|at|on|by|to|from|of|for|with|under|after|for) )?"
    r"(?:who|whom|whose|what|which|when|where|why|how)\b"
)
_BEGINS = re.compile(rf"^\W*{_ASKING}", re.IGNORECASE)
# "In the trial of X, who …": said of all that follows
_LEAD = re.compile(
    rf"^\W*(?:in|at|on|during|after|before|under|since|for|with|of) [^,?;]{{2,60}}, (?={_ASKING})",
    re.IGNORECASE,
)
_JOINT = re.compile(rf"\s*[,;]?\s+and\s+(?={_ASKING})|(?<=\?)\s+(?=\S)", re.IGNORECASE)
_NAMED = r"(?:the )?(?:\d{1,2} )?[A-Z][\w.&'’-]*(?: (?:of )?[A-Z][\w.&'’-]*)*"
# "of Cadbury and of Glaxo", "on 6 May and on 28 October": the same is asked of both
_OF_BOTH = re.compile(
    rf"\b(?P<link>of|in|on|by|for|at|from|to|with) (?P<one>{_NAMED}) and (?P=link) "
    rf"(?P<other>{_NAMED})"
)
# "the Italian and the Chinese economies each"
_EACH = re.compile(
    rf"(?P<one>{_NAMED}) and (?P<other>{_NAMED})(?P<noun>(?: [a-z][\w'’-]*){{0,2}}) each\b"
)
MOST = 3
"""More things than these in one question are left together."""


def split_question(question: str) -> list[str]:
    """Return the parts of a question, each a question; the whole where it asks one thing.

    "Who wrote the report, and when was it published?" has two. Each part must say what it asks
    about: "who did it and when" is one question. What leads, "In May 2023, …", belongs to each.
    """
    lead = _LEAD.match(question)
    before, asked = (lead[0], question[lead.end() :]) if lead else ("", question)
    parts = [part.strip() for part in _JOINT.split(asked)]
    if not 2 <= len(parts) <= MOST:
        return [question]
    if not all(_BEGINS.search(part) and content_stems(_BEGINS.sub("", part)) for part in parts):
        return [question]
    if before:
        return [f"{before}{part[0].lower()}{part[1:].rstrip(' ?.,;')}?" for part in parts]
    return [f"{capital(part).rstrip(' ?.,;')}?" for part in parts]


def capital(text: str) -> str:
    """Return a text that begins with a capital letter."""
    return text[:1].upper() + text[1:]


def of_each(question: str) -> list[str]:
    """Return the question of each of two things that it names together; nothing if it does not.

    "Who led the bank in May and in June?" Each part says all that it asks about.
    """
    if found := _OF_BOTH.search(question):
        said = [f"{found['link']} {found[name]}" for name in ("one", "other")]
    elif found := _EACH.search(question):
        said = [found[name] + found["noun"] for name in ("one", "other")]
    else:
        return []
    before, after = question[: found.start()], question[found.end() :]
    return [f"{before}{text}{after}" for text in said]
