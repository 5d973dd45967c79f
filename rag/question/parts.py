"""Takes a question that asks several things apart. Code only: no model is asked."""

from __future__ import annotations

import re

from index.text.words import content_stems
from rag.english.facts import facts

_ASKING = (
    r"(?:(?:in|at|on|by|to|from|of|for|with|under|after|for) )?"
    r"(?:who|whom|whose|what|which|when|where|why|how)\b"
)
_BEGINS = re.compile(rf"^\W*{_ASKING}", re.IGNORECASE)
# "In the trial of X, who …": it belongs to all that follows
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
    parts = [part.strip() for part in _JOINT.split(" ".join(asked.split()))]
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
        each = [f"{found['link']} {found[name]}" for name in ("one", "other")]
    elif found := _EACH.search(question):
        each = [found[name] + found["noun"] for name in ("one", "other")]
    else:
        return []
    before, after = question[: found.start()], question[found.end() :]
    return [f"{before}{text}{after}" for text in each]


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
    return next(iter(facts(premise).names), "")
