"""Numbers in a text, in digits and in words. Pure functions."""

from __future__ import annotations

import re
from dataclasses import dataclass
from unicodedata import numeric

NUMBER_WORDS = {
    "zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7,
    "eight": 8, "nine": 9, "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14,
    "fifteen": 15, "sixteen": 16, "seventeen": 17, "eighteen": 18, "nineteen": 19, "twenty": 20,
    "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80,
    "ninety": 90, "first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "dozen": 12,
}  # fmt: skip
_SCALES = {
    "dozen": 12.0, "hundred": 1e2, "thousand": 1e3, "million": 1e6, "billion": 1e9,
    "trillion": 1e12, "m": 1e6, "mn": 1e6, "bn": 1e9, "tn": 1e12, "k": 1e3,
}  # fmt: skip
_NUMBER = re.compile(
    r"(?<![\w.])(?<![A-Za-z]-)(?P<digits>(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)?)(?P<part>[½¼¾])?"
    r"(?:(?:st|nd|rd|th)\b)?"
    r"(?:[\s-]?(?P<scale>hundred|thousand|million|billion|trillion|mn|bn|tn|m|k)\b)?",
    re.IGNORECASE,
)
_MONEY = re.compile(r"(?:[$€£¥₹]|\b(?:USD|EUR|GBP|CHF))\s?$")
_TIMES = "dozen|hundred|thousand|million|billion|trillion"
_ONE = "|".join(list(NUMBER_WORDS)[1:10])
_TEN = "|".join(word for word, value in NUMBER_WORDS.items() if value >= 20)
_NUMBER_WORD = re.compile(
    rf"\b(?:(?P<tens>{_TEN})-(?P<ones>{_ONE})|(?P<word>{'|'.join(NUMBER_WORDS)})"
    rf"|(?P<half>half\s)?an?(?=\s(?:{_TIMES})\b))(?P<scales>(?:[\s-](?:{_TIMES})\b)*)\b",
    re.IGNORECASE,
)
LOOSE = frozenset({"one", "first", "second", "third", "fourth", "fifth"})
"""Words of number that are more often pronouns or ranks than counts."""
RANKS = LOOSE - {"one", "first"}


@dataclass(frozen=True, slots=True)
class Number:
    """A number and where a text says it; `words` are its words, its scale among them."""

    words: str
    value: float
    start: int
    end: int


def number_spans(text: str) -> list[Number]:
    """Return the numbers of a text, those in digits first; `1.4 million` is 1400000."""
    found: list[Number] = []
    for match in _NUMBER.finditer(text):
        value = float(match["digits"].replace(",", "")) + numeric(match["part"] or "0")
        scale, end = (match["scale"] or "").lower(), match.end()
        apart = scale in ("m", "k") and not text[match.start("scale") - 1].isalnum()
        if apart and not _MONEY.search(text, max(0, match.start() - 6), match.start()):
            scale, end = "", match.start("scale") - 1  # the 800 m race
        value *= _SCALES.get(scale, 1.0)
        found.append(Number(text[match.start() : end], value, match.start(), end))
    for match in _NUMBER_WORD.finditer(text):
        found.append(Number(match[0], _in_words(match), match.start(), match.end()))
    return found


def _in_words(match: re.Match[str]) -> float:
    """The value of a number in words: two hundred thousand, half a dozen, twenty-two."""
    words = [match[name].lower() for name in ("tens", "ones", "word") if match[name]]
    value = float(sum(NUMBER_WORDS[word] for word in words)) if words else 1.0
    value *= 0.5 if match["half"] else 1.0
    for scale in re.findall(r"\w+", match["scales"].lower()):
        value *= _SCALES[scale]
    return value
