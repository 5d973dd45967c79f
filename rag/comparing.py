"""Recognises a question that compares or adds two things, and asks for each of them alone.

Code only: no model is asked. Forms, comparatives and verbs are listed, so that what is not surely
such a question stays whole. What is made of the two answers is in `rag.reckoning`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache, partial

from rag.facts import names_in
from rag.operands import alike, two_things
from rag.parts import capital


class Operation(StrEnum):
    """What is made of two values."""

    WHICH = "which"  # the thing with more of it, or less, or the earlier one
    DIFFERENCE = "difference"
    SUM = "sum"


class Measure(StrEnum):
    """What is read from the answer to each part."""

    AMOUNT = "amount"
    DURATION = "duration"
    AGE = "age"
    DAY = "day"


@dataclass(frozen=True, slots=True)
class Comparison:
    """A question that compares or adds two things.

    Attributes:
        things: The two, as the asker named them.
        parts: The question for each of the two.
        counted: The noun that is counted, "seats"; empty where none is named.
        claim: What holds of the thing that is chosen, "lasted longer"; empty for yes or no.
        least: Whether the smaller value, or the earlier day, is asked for.
    """

    operation: Operation
    measure: Measure
    things: tuple[str, str]
    parts: tuple[str, str]
    counted: str = ""
    claim: str = ""
    least: bool = False


_ADJECTIVES = {
    "long": "longer longest shorter shortest",
    "old": "older oldest younger youngest",
    "big": "bigger biggest",
    "large": "larger largest smaller smallest",
    "high": "higher highest lower lowest",
    "tall": "taller tallest",
    "heavy": "heavier heaviest lighter lightest",
    "fast": "faster fastest slower slowest",
    "deep": "deeper deepest",
    "wide": "wider widest narrower narrowest",
    "far": "further farther furthest farthest",
}
_PLAIN = {word: plain for plain, words in _ADJECTIVES.items() for word in words.split()}
_LEAST = frozenset(
    """shorter shortest younger youngest smaller smallest lower lowest lighter lightest slower
    slowest narrower narrowest fewer fewest less least first earlier earliest sooner
    before""".split()
)
_PREP = "in|on|at|for|from|during|by|per|to|of|against|under|since|with|over|near|off"
_MASS = "money|aid|oil|gas|coal|water|land|cash|electricity|time|food|steel"
_PLURAL = "people|men|women|children|staff|police|[a-z-]*[a-rt-z]s"
_NO_NOUN = rf"(?!(?:{_PREP}|than|did|do|does)\b)"
_COUNTED = rf"(?P<counted>(?:{_NO_NOUN}[a-z-]+ ){{0,2}}?{_NO_NOUN}(?:{_PLURAL}|{_MASS}))\b"
# "more seats", "the most money", "more", "longer"
_DEGREE = (
    rf"(?:the )?(?:(?P<many>more|most|fewer|fewest|less|least) {_COUNTED}"
    rf"|(?P<much>more|most|less|least)|(?P<how>{'|'.join(_PLAIN)}))"
)
_REST = rf"(?P<rest>(?: (?!to\b)(?:{_PREP}) [^,?]+?)?)"  # but not "more to lose"
# Before "than" no place may stand: "win in Wales than the Greens" can be meant in two ways.
_TIME = r"(?P<rest>(?: (?:in|during) (?:[a-z]+ )?\d{4})?)"
# The verbs that an amount goes with.
_VERBS = """appeal arrest attract borrow build buy carry charge claim contain contribute cost cover
    create damage destroy donate draw drop earn employ evacuate export fall gain get give grow have
    hold import increase injure invest kill last lend live lose make need offer own owe pay pledge
    produce promise provide raise reach receive represent rise rule run score seek sell send serve
    spend stay take travel use walk want weigh win"""
_VERB = rf"(?P<verb>(?:{'|'.join(_VERBS.split())})(?: for)?)"
_AUX, _BE = "(?P<aux>did|does|do|will)", "(?P<aux>is|are|was|were)"
_ANY_AUX = "(?P<aux>did|does|do|will|is|are|was|were|have|has)"
_ONE, _OTHER = r"(?P<one>[^,?]+?)", r"(?P<other>[^,?]+?)"
# As little as can be, or else as much: "die in the fire in Hull", "die in the fires in Wales".
_DONES = r"(?P<done>(?: [\w’'-]+){1,8}?)", r"(?P<done>(?: [\w’'-]+){1,8})"
_TOGETHER = "(?:together|altogether|combined|between them)"
_ALL = rf"(?:{_TOGETHER}|in total|in all)"
_CHOICE = rf"\s*(?:,|:|;| [–—-])\s+{_ONE},? or {_OTHER}"
_WHICH = (
    r"(?P<word>which|who|what)(?P<noun>(?: [\w’'-]+){0,5}?) "
    r"(?P<verb>(?:(?:has|have|had|will|was|were) )?[\w’'-]+)"
)
_OCCUR = "(?P<verb>happen|occur|take place|come|begin|start|end)"
_SPAN = "(?:how many (?:days|weeks)|how long|how much time)"
_LIE = "(?: (?:lie|lay|pass|passed|elapsed|(?:are|were|was) there|is it|was it))?"
_NO_SUBJECT = re.compile(r"\b(is|are|was|were|has|have|had|did|do|does|will|to|would|can)\b", re.I)
_NO_VERB = re.compile(rf"(?:.* )?(?:{_PREP}|a|an|the|any|no|and|or|not|much|many|even|one)", re.I)
_PREPOSED = re.compile(rf"\b(?:{_PREP})\b", re.IGNORECASE)
_EVENT = re.compile(r"(?: event| of (?:the|these) (?:two|events|two events))?", re.I)
_HAPPENED = re.compile(r"came|comes|happened|occurred|was|were|is|are", re.I)
# "Who batted first?" asks for no day.
_PLAYED = re.compile(r"scored|batted|bowled|spoke|finished|ranked|ran|kicked|served|went|put", re.I)


def compared(question: str) -> Comparison | None:
    """Return what a question compares or adds; None where it does not, or not surely."""
    return _compared(" ".join(question.split()).rstrip(" ?.!"))


@lru_cache(maxsize=64)
def _compared(text: str) -> Comparison | None:
    for form, read in _FORMS:
        found = form.fullmatch(text)
        made = read(found) if found else None
        if made:
            return made
    return None


def _chosen(found: re.Match[str]) -> Comparison | None:
    """Read "Which lasted longer, A or B?", "Who is older, A or B?"."""
    noun, verb, rest = found["noun"].strip(), found["verb"], found["rest"]
    being = re.fullmatch(r"is|are|was|were", verb, re.IGNORECASE)
    if _NO_SUBJECT.search(noun) or _NO_VERB.fullmatch(verb) or (being and not found["how"]):
        return None
    claim = f"{verb} {_degree(found)}{rest}"
    how = f"{_how(found)} {verb} {{}}" if being else f"{{}} {verb} {_how(found)}"
    return _made(Operation.WHICH, found, f"{how}{rest}?", claim, noun)


def _first(found: re.Match[str]) -> Comparison | None:
    """Read "Which came first, A or B?": of days, not of places in a contest."""
    noun, verb, rest = found["noun"], found["verb"], found["rest"]
    happened = _HAPPENED.fullmatch(verb)
    contest = happened and (rest or found["word"].lower() == "who" or not _EVENT.fullmatch(noun))
    if contest or _PLAYED.match(verb) or _NO_SUBJECT.search(noun) or _NO_VERB.fullmatch(verb):
        return None
    be = verb if verb in ("is", "are", "were") else "was"
    asked = f"When {be} {{}}?" if happened else f"{{}} {verb}{rest} on what day?"
    claim = f"{verb} {found['how']}{rest}"
    return _made(Operation.WHICH, found, asked, claim, noun.strip(), Measure.DAY)


def _of_both(found: re.Match[str], operation: Operation, closed: bool = False) -> Comparison | None:
    """Read "Did A or B win more seats?", "How much older is A than B?" and the like."""
    said = found.groupdict()
    verb, rest = said.get("verb", ""), said.get("rest", "")
    if operation is Operation.SUM:
        if _PREPOSED.search(found["one"]):  # "the wars in Iraq and Syria"
            return None
    elif not verb and not said["how"]:  # "Is A more likely than B?"
        return None
    doing = f" {verb}" if verb else ""
    claim = "" if closed else f"{said['aux'].lower()}{doing} {_degree(found)}{rest}"
    aux = "does" if operation is Operation.SUM and said["aux"].lower() == "do" else said["aux"]
    asked = f"{_how(found)} {aux.lower()} {{}}{doing}{rest}?"
    return _made(operation, found, asked, claim)


def _in_both(found: re.Match[str], operation: Operation) -> Comparison | None:
    """Read "Did more people die in A or in B?", "How many more people died in A than in B?"."""
    said = found.groupdict()
    aux = f" {said['aux'].lower()}" if said.get("aux") else ""
    asked = f"{_how(found)}{aux}{said['done']} {said['prep']} {{}}?"
    made = _made(operation, found, asked, f"there were {said.get('many') or 'more'}")
    subject = operation is Operation.SUM and re.match(r" (did|does|do|will)\b", said["done"])
    if made is None or subject or not alike(*made.things):
        return None  # "the fires in Wales" and "Kent"
    one, other = (f"{said['prep']} {thing}" for thing in made.things)
    return replace(made, things=(one, other))


def _before(found: re.Match[str]) -> Comparison | None:
    """Read "Did A happen before B?"."""
    aux = found["aux"].lower()
    return _made(Operation.WHICH, found, f"When {aux} {{}} {found['verb']}?", "", "", Measure.DAY)


def _between(found: re.Match[str]) -> Comparison | None:
    """Read "How many days lie between A and B?", "How long after A did B end?"."""
    things = two_things(found["one"], found["other"])
    later = found.groupdict().get("aux")
    if things is None or (later and not all(names_in(thing) for thing in things)):
        return None
    if not later and _PREPOSED.search(things[0]) and not alike(*things):
        return None  # "the fall of Troy and Rome"
    parts = f"When was {things[0]}?", f"When {later or 'was'} {things[1]}?"
    return Comparison(Operation.DIFFERENCE, Measure.DAY, things, parts)


def _made(
    operation: Operation,
    found: re.Match[str],
    asked: str,
    claim: str,
    noun: str = "",
    measure: Measure | None = None,
) -> Comparison | None:
    """Put together what was read; `asked` is the question with a gap for each thing."""
    things = two_things(found["one"], found["other"], noun)
    if things is None or (operation is Operation.SUM and " and " in found["other"]):
        return None
    said = found.groupdict()
    degree = _degree(found).lower().split(" ")[0]
    return Comparison(
        operation=operation,
        measure=measure or _measure(degree, said.get("verb") or ""),
        things=things,
        parts=(capital(asked.format(things[0])), capital(asked.format(things[1]))),
        counted=said.get("counted") or "",
        claim=claim,
        least=degree in _LEAST,
    )


def _measure(degree: str, verb: str) -> Measure:
    plain = _PLAIN.get(degree)
    if plain == "old":
        return Measure.AGE
    lasting = plain == "long" and verb.lower() not in ("", "is", "are", "was", "were")
    return Measure.DURATION if lasting else Measure.AMOUNT


def _degree(found: re.Match[str]) -> str:
    """Say "more seats", "longer"; nothing for a sum."""
    said = found.groupdict()
    if said.get("many"):
        return f"{said['many']} {said['counted']}"
    return said.get("much") or said.get("how") or ""


def _how(found: re.Match[str]) -> str:
    """Ask "how many seats", "how much", "how long"."""
    said = found.groupdict()
    if counted := said.get("counted"):
        mass = re.search(rf"\b(?:{_MASS})$", counted, re.IGNORECASE)
        return f"how {'much' if mass else 'many'} {counted}"
    return f"how {_PLAIN[said['how'].lower()]}" if said.get("how") else "how much"


Read = Callable[[re.Match[str]], Comparison | None]
_PLACE = rf"(?P<prep>{_PREP})"
_MUCH = "how (?:many|much)"
_SUMMED = rf"{_MUCH}(?: {_COUNTED})?"
_THAN = rf"than {_OTHER}(?: (?:did|does|do|is|are|was|were))?"
_which_of_both = partial(_of_both, operation=Operation.WHICH)
_closed = partial(_of_both, operation=Operation.WHICH, closed=True)
_more_of = partial(_of_both, operation=Operation.DIFFERENCE)
_sum_of = partial(_of_both, operation=Operation.SUM)
_which_place = partial(_in_both, operation=Operation.WHICH)
_more_in = partial(_in_both, operation=Operation.DIFFERENCE)
_sum_in = partial(_in_both, operation=Operation.SUM)
_READERS: tuple[tuple[str, Read], ...] = (
    (rf"{_WHICH} {_DEGREE}{_REST}{_CHOICE}", _chosen),
    (rf"{_WHICH} (?P<how>first|earlier|sooner|later|last){_REST}{_CHOICE}", _first),
    (rf"{_AUX} {_ONE} or {_OTHER} {_VERB} {_DEGREE}{_REST}", _which_of_both),
    (rf"{_BE} {_ONE} or {_OTHER} {_DEGREE}{_REST}", _which_of_both),
    (rf"{_AUX} {_ONE} {_VERB} {_DEGREE}{_TIME} {_THAN}", _closed),
    (rf"{_BE} {_ONE} {_DEGREE}{_TIME} {_THAN}", _closed),
    (rf"{_MUCH} {_DEGREE} {_AUX} {_ONE} {_VERB}{_TIME} {_THAN}", _more_of),
    (rf"{_MUCH} {_DEGREE} {_BE} {_ONE}{_TIME} {_THAN}", _more_of),
    (rf"{_SUMMED} {_AUX} {_ONE} and {_OTHER} {_VERB}{_REST} {_ALL}", _sum_of),
    (rf"{_SUMMED} {_AUX} {_ONE} and {_OTHER} {_ALL} {_VERB}{_REST}", _sum_of),
    *(
        form
        for done in _DONES
        for form in (
            (rf"{_ANY_AUX} {_DEGREE}{done} {_PLACE} {_ONE} or (?P=prep) {_OTHER}", _which_place),
            (rf"{_MUCH} {_DEGREE}{done} {_PLACE} {_ONE} than (?P=prep) {_OTHER}", _more_in),
            (rf"{_SUMMED}{done} {_PLACE} {_ONE} and (?P=prep) {_OTHER} {_ALL}", _sum_in),
            (rf"{_SUMMED}{done} {_PLACE} {_ONE} and {_OTHER} {_TOGETHER}", _sum_in),
        )
    ),
    (rf"{_AUX} {_ONE} {_OCCUR} (?P<how>before|after) {_OTHER}", _before),
    (rf"{_SPAN}{_LIE} between {_ONE} and {_OTHER}", _between),
    (rf"{_SPAN} (?:after|before) {_ONE} (?P<aux>did|was|were) {_OTHER}", _between),
)
_FORMS = [(re.compile(pattern, re.IGNORECASE), read) for pattern, read in _READERS]
