"""The two things that a question compares, as it names them. Pure functions."""

from __future__ import annotations

import re

_LONGEST = 80  # characters of a name
_CLAUSE = re.compile(r"\b(or|but|than|did|does|do|was|were|is|are)\b|[;:?]")
# What follows an article for a thing and not for a place in a row or another of the same kind.
_POINTING = re.compile(
    r"(?:the|a|an) (?:first|second|third|last|latter|former|other|others|one|ones|same|two|rest|"
    r"average|previous|next|following)\b.*"
)
_PRONOUN = re.compile(
    r"(?:he|she|it|they|we|you|i|this|that|these|those|him|her|them|his|its|their|our|my|your|"
    r"what|who|when|where|which|how|there)\b.*"
)
# A day or a stretch of time: what is compared is then one thing with itself.
_TIME = re.compile(
    r"(?:the )?(?:(?:early|mid|late)[ -])?(?:last|previous|next|this|same|first|second|third|"
    r"fourth|past)?\s?(?:(?:half|quarter|part|end|start|beginning|middle) of )?(?:the )?"
    r"(?:January|February|March|April|May|June|July|August|September|October|November|December|"
    r"\d{1,2} [A-Z][a-z]+|Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday|"
    r"Christmas|Easter|\d[\d,.]*|"
    r"year|month|week|day|decade|century|quarter|night|morning|today|yesterday|now)s?\b"
    r"(?:[ ,]+(?:\d{1,4}|before|earlier|ago|of .*|\d{1,2} .*))*",
    re.IGNORECASE,
)
# "strike" of "the strike of the writers" and of "the writers' strike"
_HEAD = re.compile(
    r"(?:the|an?) (?P<noun>[\w-]+(?: [a-z-]+)?) (?:of|in|on|at|by) .*"
    r"|.*(?:['’]s|s['’]) (?P<owned>[\w-]+(?: [a-z-]+)?)"
)


def two_things(one: str, other: str, noun: str = "") -> tuple[str, str] | None:
    """Return the names of two things, each complete; None where they are not surely two.

    "the writers' or the actors' strike" and "the flood in Libya or that in Turkey" leave out what
    is taken from the other. A pronoun, a day, a number or a plain word names nothing to look for.

    Args:
        one: The first, as it is named in the question.
        other: The second.
        noun: What the question calls both: "strike", of "which strike lasted longer".
    """
    one, other = one.strip(' “”",'), other.strip(' “”",')
    things = _owned(one, other, noun), _owned(_that_of(other, one), one, noun)
    if things[0].lower() == things[1].lower() or not all(_named(thing) for thing in things):
        return None
    return things


def alike(one: str, other: str) -> bool:
    """Whether two names begin alike, as those of two things of a kind do."""
    return one.startswith("the ") == other.startswith("the ")


def _that_of(name: str, other: str) -> str:
    """Say "the talks of Rome" for "that of Rome", beside "the talks of Paris"."""
    head = _HEAD.fullmatch(other)
    pointing = re.match(r"(?:that|those|the one) (?=(?:of|in|on|at|by) )", name, re.IGNORECASE)
    if not head or not pointing:
        return name
    return f"the {head['noun'] or head['owned']} {name[pointing.end() :]}"


def _owned(name: str, other: str, noun: str) -> str:
    """Give an owner what it owns: "the writers'" of "the actors' strike"."""
    if not re.search(r"(?:['’]s|s['’])$", name):
        return name
    owned = re.search(r"(?:['’]s|s['’]) (?P<noun>.+)$", other)
    return f"{name} {owned['noun'] if owned else noun}".strip()


def _named(name: str) -> bool:
    starts = re.match(r"(?:the|an?) \w|[^\W\d_a-z]|\d\S* [A-Z]", name)
    if not starts or len(name) > _LONGEST or re.search(r"['’]s?$", name):
        return False
    refused = (_POINTING, _PRONOUN, _TIME)
    return not _CLAUSE.search(name) and not any(one.fullmatch(name) for one in refused)
