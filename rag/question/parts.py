"""Takes a question that asks, compares or adds several things apart, and tells what it assumes.

Code only: no model is asked. What is not surely such a question stays whole.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from index.text.words import content_stems
from rag.english.facts import facts
from rag.types import Answer, Citation

_ASKING = (
    r"(?:(?:in|at|on|by|to|from|of|for|with|under|after) )?"
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


def split_coordinated_names(question: str) -> list[str]:
    """Return a question for each of two names or days joined by “and”; empty if there are none.

    "Who led the bank in May and in June?" becomes two whole questions.
    """
    found = _OF_BOTH.search(question)
    if found is None:
        return []
    before, after = question[: found.start()], question[found.end() :]
    return [f"{before}{found['link']} {found[name]}{after}" for name in ("one", "other")]


_PLAIN = {
    word: plain
    for plain, *words in map(
        str.split,
        """long longer longest shorter shortest, old older oldest younger youngest,
        large larger largest bigger biggest smaller smallest, high higher highest lower lowest,
        heavy heavier heaviest lighter lightest, fast faster fastest slower slowest""".split(","),
    )
    for word in words
}
_HOW = rf"(?:the )?(?P<how>{'|'.join(_PLAIN)})"
_WHICH = r"(?:which|who|what)(?: \w+)?"
_MORE = r"(?:the )?(?:more|most|fewer|fewest) (?P<noun>[a-z-]+s|people|men|women|children)"
_ONE, _OTHER = r"(?P<one>[^,?]+?)", r"(?P<other>[^,?]+?)"
_OR = rf", {_ONE} or {_OTHER}"
# How two things are compared or added, and what is asked of each of them.
_COMPARES = tuple(
    (re.compile(rf"{form}\W*", re.IGNORECASE), asks)
    for form, asks in (
        (rf"{_WHICH} (?P<be>is|was|are|were) {_HOW}{_OR}", "How {how} {be} {}?"),
        (rf"{_WHICH} (?P<verb>\w+) {_HOW}{_OR}", "{} {verb} how {how}?"),
        (rf"{_WHICH} (?P<verb>\w+) {_MORE}{_OR}", "How many {noun} were {verb} by {}?"),
        (
            rf"{_WHICH} (?:came|comes|happened|was|is) (?:first|earlier|later|last){_OR}",
            "When was {}?",
        ),
        (
            rf"how many more (?P<noun>[a-z-]+) (?P<aux>did|does|do) {_ONE} (?P<verb>\w+) than "
            rf"{_OTHER}(?: did| does)?",
            "How many {noun} {aux} {} {verb}?",
        ),
        (
            rf"how many (?P<noun>[a-z-]+) (?P<aux>did|does|do) {_ONE} and {_OTHER} (?P<verb>\w+) "
            r"(?:together|combined|in total|in all|altogether)",
            "How many {noun} {aux} {} {verb}?",
        ),
        (
            r"how (?:many (?:days|weeks)|long)(?: (?:passed|lie|lay|elapsed|were there|was there))?"
            rf" between {_ONE} and {_OTHER}",
            "When was {}?",
        ),
    )
)


def compared(question: str) -> list[str]:
    """Return the question for each of two things that one compares or adds; nothing for others.

    "Which is older, X or Y?" becomes "How old is X?" and "How old is Y?".
    """
    text = " ".join(question.split())
    for form, asks in _COMPARES:
        if found := form.fullmatch(text):
            words = {name: value.lower() for name, value in found.groupdict().items()}
            if words["one"] == words["other"]:
                return []
            words["how"] = _PLAIN.get(words.get("how", ""), "")
            return [capital(asks.format(found[name], **words)) for name in ("one", "other")]
    return []


def difference(parts: Sequence[str], answers: Sequence[Answer]) -> tuple[str, tuple[Citation, ...]]:
    """Say how far two values are apart, with the sentences that state them.

    Only two plain numbers of the same unit have a difference, or two days; else it is empty.

    Args:
        parts: What `compared` returned.
        answers: The answer to each.
    """
    first, second = (_value(*pair) for pair in zip(parts, answers, strict=True))
    if first is None or second is None:
        return "", ()
    (value, unit, cited), (other_value, other_unit, other_cited) = first, second
    if unit.removesuffix("s") != other_unit.removesuffix("s"):
        return "", ()
    apart, unit = abs(value - other_value), max(unit, other_unit, key=len)
    unit = unit.removesuffix("s") if apart == 1 else unit
    return f"The difference is {apart:,g} {unit}".rstrip() + ".", (cited, other_cited)


_NOUN = re.compile(r"[\s-]+([a-z]+)")


def _value(question: str, answer: Answer) -> tuple[float, str, Citation] | None:
    """The one number that an answer adds to its question, or its one day; its unit; its sentence.

    None where the answer, or the sentence that it cites, is not the only one, or may be wrong.
    """
    if answer.quoted or len(answer.statements) != 1 or len(answer.statements[0].citations) != 1:
        return None
    text, cited = answer.statements[0].text, answer.citations[answer.statements[0].citations[0]]
    days = facts(text).days(cited.date)
    if question.startswith("When"):
        one_day = len(days) == 1 and days[0].first == days[0].last
        return (days[0].first.toordinal(), "days", cited) if one_day else None
    numbers = [n for n in facts(text).number_spans if n.words.lower() not in question.lower()]
    if days or len(numbers) != 1 or text[: numbers[0].start].endswith(tuple("$£€¥-")):
        return None
    noun = _NOUN.match(text[numbers[0].end :])
    unit = noun[1] if noun else ""
    return None if unit in ("old", "or", "and", "to", "of") else (numbers[0].value, unit, cited)


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
