"""Questions that compare or add two things: each is asked alone, and both values are given.

Pure functions. What is not surely such a question stays whole.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rag.english.facts import facts
from rag.question.parts import capital
from rag.types import Answer, Citation

_PLAIN = {
    word: plain
    for plain, words in {
        "long": "longer longest shorter shortest",
        "old": "older oldest younger youngest",
        "large": "larger largest bigger biggest smaller smallest",
        "high": "higher highest lower lowest",
        "heavy": "heavier heaviest lighter lightest",
        "fast": "faster fastest slower slowest",
    }.items()
    for word in words.split()
}
_HOW = rf"(?:the )?(?P<how>{'|'.join(_PLAIN)})"
_WHICH = r"(?:which|who|what)(?: \w+)?"
_MORE = r"(?:the )?(?:more|most|fewer|fewest) (?P<noun>[a-z-]+s|people|men|women|children)"
_AUX = "(?P<aux>did|does|do)"
_ONE, _OTHER = r"(?P<one>[^,?]+?)", r"(?P<other>[^,?]+?)"
_OR = rf",? {_ONE} or {_OTHER}"
_FORMS = tuple(
    (re.compile(rf"{form}\W*", re.IGNORECASE), asks)
    for form, asks in (
        (
            rf"{_WHICH} (?P<be>is|was|are|were) {_HOW},{_OR}",
            "How {how} {be} {}?",
        ),
        (rf"{_WHICH} (?P<verb>\w+) {_HOW},{_OR}", "{} {verb} how {how}?"),
        (
            rf"{_WHICH} (?P<verb>\w+) {_MORE},{_OR}",
            "How many {noun} were {verb} by {}?",
        ),
        (
            rf"{_WHICH} (?:came|comes|happened|was|is) (?:first|earlier|later|last),{_OR}",
            "When was {}?",
        ),
        (
            rf"how many more (?P<noun>[a-z-]+) {_AUX} {_ONE} (?P<verb>\w+) than {_OTHER}"
            r"(?: did| does)?",
            "How many {noun} {aux} {} {verb}?",
        ),
        (
            rf"how many (?P<noun>[a-z-]+) {_AUX} {_ONE} and {_OTHER} (?P<verb>\w+)"
            r" (?:together|combined|in total|in all|altogether)",
            "How many {noun} {aux} {} {verb}?",
        ),
        (
            r"how (?:many (?:days|weeks)|long)(?: (?:passed|lie|lay|elapsed|were there|was there))?"
            rf" between {_ONE} and {_OTHER}",
            "When was {}?",
        ),
    )
)
_NOUN = re.compile(r"[\s-]+([a-z]+)")


@dataclass(frozen=True, slots=True)
class Comparison:
    """The question for each of two things."""

    parts: tuple[str, str]

    @property
    def of_days(self) -> bool:
        """Whether days are compared, not amounts."""
        return self.parts[0].startswith("When")


def compared(question: str) -> Comparison | None:
    """Return what a question compares or adds; None where it does not, or not surely."""
    text = " ".join(question.split())
    for form, asks in _FORMS:
        if found := form.fullmatch(text):
            words = {name: value or "" for name, value in found.groupdict().items()}
            words["how"] = _PLAIN.get(words.get("how", "").lower(), "")
            words["aux"] = words.get("aux", "").lower()
            things = found["one"].strip(), found["other"].strip()
            if things[0].lower() == things[1].lower():
                return None
            one, other = (asks.format(thing, **words) for thing in things)
            return Comparison((capital(one), capital(other)))
    return None


def difference(asked: Comparison, answers: Sequence[Answer]) -> tuple[str, tuple[Citation, ...]]:
    """Say how far two values are apart, with the sentences that state them.

    Only two plain numbers of the same unit have a difference, or two days; else it is empty.

    Args:
        asked: What is compared.
        answers: The answers to its two parts.
    """
    read = _day_in if asked.of_days else _amount_in
    first, second = (read(*pair) for pair in zip(answers, asked.parts, strict=True))
    if first is None or second is None:
        return "", ()
    (one, unit, cited), (other, other_unit, other_cited) = first, second
    if unit.rstrip("s") != other_unit.rstrip("s"):
        return "", ()
    apart = abs(one - other)
    unit = unit if apart == 1 or unit.endswith("s") or not unit else f"{unit}s"
    if asked.of_days:
        unit = "day" if apart == 1 else "days"
    return f"The difference is {apart:,g} {unit}".rstrip() + ".", (cited, other_cited)


Value = tuple[float, str, Citation]


def _cited(answer: Answer) -> tuple[str, Citation] | None:
    """The only statement of an answer and what it cites; None where there are more of either."""
    if len(answer.statements) != 1 or len(answer.statements[0].citations) != 1:
        return None
    statement = answer.statements[0]
    return statement.text, answer.citations[statement.citations[0]]


def _amount_in(answer: Answer, question: str) -> Value | None:
    """The one number that an answer gives, with the word that it counts."""
    cited = _cited(answer)
    if cited is None or facts(cited[0]).days(cited[1].date):
        return None
    asked = question.lower()
    numbers = [one for one in facts(cited[0]).number_spans if one.words.lower() not in asked]
    if len(numbers) != 1 or (numbers[0].start and cited[0][numbers[0].start - 1] in "$£€¥-"):
        return None
    noun = _NOUN.match(cited[0][numbers[0].end :])
    unit = noun[1] if noun else ""
    if unit in ("old", "or", "and", "to", "of"):
        return None
    return numbers[0].value, unit, cited[1]


def _day_in(answer: Answer, question: str) -> Value | None:
    """The one day that an answer names, as a number of days."""
    cited = _cited(answer)
    days = facts(cited[0]).days(cited[1].date) if cited else []
    if cited is None or len(days) != 1 or days[0].first != days[0].last:
        return None
    return float(days[0].first.toordinal()), "", cited[1]
