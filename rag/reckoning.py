"""Compares or adds what two cited sentences state. Code only: no model reckons.

Where the two values are not surely of one kind, or do not surely differ, nothing is concluded.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from itertools import product

from index.words import stems
from rag.answering import marked
from rag.arithmetic import difference, total
from rag.comparing import Comparison, Measure, Operation
from rag.facts import name_stands, names_in
from rag.parts import capital
from rag.quantities import COUNT
from rag.types import Answer, Citation, Outcome, Statement
from rag.values import Value, own_statements, values_of

_NOT_DONE = {
    Operation.WHICH: "The two are not compared",
    Operation.DIFFERENCE: "No difference is reckoned",
    Operation.SUM: "No sum is reckoned",
}
_A_YEAR = 366  # days
_EACH = re.compile(r"\beach\b", re.IGNORECASE)  # "Germany and France each gave $100m"
Pair = tuple[Value, Value]


def concluded(asked: Comparison, parts: Sequence[Answer], joined: Answer) -> Answer:
    """Return the joined answer with what the two values give, or with a notice that they do not.

    Args:
        asked: What is compared or added.
        parts: The answers to the two parts.
        joined: Both as one answer.
    """
    answered = {Outcome.ANSWERED, Outcome.PARTLY}
    if len(parts) != 2 or not {part.outcome for part in parts} <= answered:
        return joined
    pair = _pair(asked, parts)
    said = _told(asked, pair) if pair else ""
    if not pair or not said:
        notice = (
            f"{_NOT_DONE[asked.operation]}: "
            "the sentences cited do not surely give one value of one kind for each."
        )
        return replace(
            joined,
            outcome=Outcome.PARTLY,
            missing=joined.missing or joined.question,
            notices=(*joined.notices, notice),
        )
    as_told = sorted(pair, key=lambda value: said.lower().find(value.words.lower()))
    places = tuple(dict.fromkeys(joined.citations.index(value.citation) for value in as_told))
    closing = Statement(said, places, min(value.support for value in pair))
    return replace(
        joined,
        text=f"{joined.text} {marked(closing)}",
        statements=(*joined.statements, closing),
    )


def without_each_other(parts: Sequence[Answer]) -> list[Answer]:
    """Return the answers without a conflict that is none: the other thing's sentence.

    "The strike lasted 118 days" is no other report of the strike that lasted 148.
    """
    own = [_own(part) for part in parts]
    made: list[Answer] = []
    for at, part in enumerate(parts):
        others = [citation for other, cited in enumerate(own) if other != at for citation in cited]
        told = part.citations[part.statements[-1].citations[0]] if part.conflicts else None
        if told and any(_overlap(told, citation) for citation in others):
            part = replace(part, statements=part.statements[:-1], conflicts=(), citations=own[at])
        made.append(part)
    return made


def _overlap(one: Citation, other: Citation) -> bool:
    apart = one.end <= other.start or other.end <= one.start
    return one.article_id == other.article_id and not apart


def _own(answer: Answer) -> tuple[Citation, ...]:
    """What the model's statements cite, without what another article says otherwise."""
    cited = {at for statement in own_statements(answer) for at in statement.citations}
    return tuple(one for at, one in enumerate(answer.citations) if at in cited)


def _pair(asked: Comparison, parts: Sequence[Answer]) -> Pair | None:
    """The one value of each part that can be compared; None where there is none, or a choice."""
    if any(_outdated(part) for part in parts):
        return None
    found = (
        values_of(asked, question, part) for question, part in zip(asked.parts, parts, strict=True)
    )
    pairs = [pair for pair in product(*found) if _alike(asked, *pair)]
    return (pairs[0][0], pairs[0][1]) if len(pairs) == 1 else None


def _outdated(answer: Answer) -> bool:
    """Whether another article says otherwise, and is not known to be the older one."""
    theirs = answer.statements[-1].citations[0] if answer.conflicts else None
    return any(conflict.later == theirs for conflict in answer.conflicts)


def _alike(asked: Comparison, one: Value, other: Value) -> bool:
    same_article = one.citation.article_id == other.citation.article_id
    again = one.sentence == other.sentence and one.words == other.words  # as in a reprint
    if (again and not _EACH.search(one.sentence)) or _said_of_both(asked, one, other):
        return False
    if asked.measure is Measure.AGE:
        return same_article or bool(one.citation.date and other.citation.date)
    if one.number is None or other.number is None:
        return True
    if not one.number.comparable(other.number):
        return False
    counts = one.number.family == COUNT and not asked.counted
    return not counts or _same_noun(one.number.noun, other.number.noun)


def _said_of_both(asked: Comparison, one: Value, other: Value) -> bool:
    """Whether a sentence gives one number that may be that of both things.

    "In Turkey and Syria" does so; for a sum, any sentence that names both.
    """
    names = [name for thing in asked.things for name in names_in(thing)[-1:]]
    if one.sentence == other.sentence or len(names) < 2:
        return False
    first, second = (re.escape(name.split()[-1]) for name in names)
    joint = re.compile(rf"{first} and (?:\w+ ){{0,2}}{second}|{second} and (?:\w+ ){{0,2}}{first}")
    return any(
        joint.search(sentence)
        or (asked.operation is Operation.SUM and all(name_stands(n, sentence) for n in names))
        for sentence in (one.sentence, other.sentence)
    )


def _same_noun(one: str, other: str) -> bool:
    return one == other or bool(set(stems(one)) & set(stems(other)))


def _told(asked: Comparison, pair: Pair) -> str:
    """What the two values give, in one sentence; nothing where that is not sure."""
    if asked.operation is Operation.WHICH:
        return _which(asked, *pair)
    if asked.measure is Measure.DAY:
        return _days_between(*sorted(pair, key=lambda value: value.low))
    one, other = pair[0].number, pair[1].number
    if one is None or other is None or (asked.measure is Measure.AGE and _far(*pair)):
        return ""
    if asked.operation is Operation.SUM:
        made = total(one, other, asked.counted)
        said = f"{pair[0].words} and {pair[1].words} make {made} together"
    else:
        exact = not (one.about or other.about)
        sure = exact or pair[0].low > pair[1].high or pair[1].low > pair[0].high
        made = difference(one, other) if sure else ""
        more = "more" if one.value * one.scale[0] >= other.value * other.scale[0] else "less"
        said = f"{pair[0].words} against {pair[1].words}: {made} {more}"
    return f"{capital(said)}, reckoned from both figures." if made else ""


def _which(asked: Comparison, one: Value, other: Value) -> str:
    days = asked.measure is Measure.DAY
    reckoned = f"reckoned from both {'dates' if days else 'figures'}."
    if one.low == one.high == other.low == other.high:
        no = "There is no difference" if asked.claim else "No"
        return f"{no}: {one.words} and {other.words}, {reckoned}"
    if one.low > other.high:
        greatest = 0
    elif other.low > one.high:
        greatest = 1
    else:
        return ""
    chosen = 1 - greatest if asked.least else greatest
    first, second = (one, other) if chosen == 0 or not asked.claim else (other, one)
    than = " against"
    if days:
        than = ", before" if first.low < second.low else ", after"
    thing = f"{asked.things[chosen]} {asked.claim}" if asked.claim else ("No" if chosen else "Yes")
    return f"{capital(thing)}: {first.words}{than} {second.words}, {reckoned}"


def _days_between(first: Value, last: Value) -> str:
    if first.low != first.high or last.low != last.high:
        return ""
    count = int(last.low - first.low)
    days = f"{count} day{'' if count == 1 else 's'}"
    return f"From {first.words} to {last.words} is {days}, reckoned from both dates."


def _far(one: Value, other: Value) -> bool:
    """Whether two ages are of different times, so that they cannot be subtracted."""
    days = one.citation.date, other.citation.date
    return None not in days and abs((days[0] or date.min) - (days[1] or date.min)).days > _A_YEAR
