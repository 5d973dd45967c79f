"""Reads amounts with their units out of a sentence, as it words them. Pure functions.

An amount is an interval, so that "about 160,000" and "a month" are not taken for more than they
say. Days are read in `rag.reckoning`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from math import inf

from rag.dates import worded_days
from rag.facts import Number, is_loose, number_spans

MONEY, SHARE, COUNT, TIME, AGE = "money", "share", "count", "time", "age"
_DAY, _YEAR = 86_400.0, 365.25 * 86_400.0
# Family, and how much of its first unit one is, at least and at most.
_UNITS: dict[str, tuple[str, float, float]] = {
    "second": (TIME, 1, 1), "minute": (TIME, 60, 60), "hour": (TIME, 3600, 3600),
    "day": (TIME, _DAY, _DAY), "week": (TIME, 7 * _DAY, 7 * _DAY),
    "month": (TIME, 28 * _DAY, 31 * _DAY), "year": (TIME, 365 * _DAY, 366 * _DAY),
    "decade": (TIME, 9.99 * _YEAR, 10.01 * _YEAR), "century": (TIME, 99.9 * _YEAR, 100.1 * _YEAR),
    "mm": ("length", 1e-3, 1e-3), "cm": ("length", 0.01, 0.01), "metre": ("length", 1, 1),
    "km": ("length", 1e3, 1e3), "inch": ("length", 0.0254, 0.0254),
    "foot": ("length", 0.3048, 0.3048), "yard": ("length", 0.9144, 0.9144),
    "mile": ("length", 1609.344, 1609.344), "nautical mile": ("length", 1852, 1852),
    "gram": ("mass", 1, 1), "kg": ("mass", 1e3, 1e3), "tonne": ("mass", 1e6, 1e6),
    "ton": ("mass", 0.9e6, 1.02e6),
    "square metre": ("area", 1, 1), "square km": ("area", 1e6, 1e6),
    "square mile": ("area", 2_589_988, 2_589_989), "square foot": ("area", 0.0929, 0.093),
    "hectare": ("area", 1e4, 1e4), "acre": ("area", 4046.8, 4046.9),
    "mph": ("speed", 1.609344, 1.609344), "km/h": ("speed", 1, 1), "knot": ("speed", 1.852, 1.852),
    "%": (SHARE, 1, 1), "point": ("points", 1, 1), "degree": ("degrees", 1, 1),
    "C": ("celsius", 1, 1), "F": ("fahrenheit", 1, 1), "barrel": ("barrels", 1, 1),
    "litre": ("volume", 1, 1), "megawatt": ("power", 1, 1), "gigawatt": ("power", 1e3, 1e3),
}  # fmt: skip
_SPELT = {
    "sec": "second", "min": "minute", "hr": "hour", "centuries": "century", "centimetre": "cm",
    "centimeter": "cm", "millimetre": "mm", "millimeter": "mm", "meter": "metre",
    "kilometre": "km", "kilometer": "km", "feet": "foot", "inches": "inch", "kilogram": "kg",
    "kilogramme": "kg", "kilo": "kg", "per cent": "%", "percent": "%",
    "percentage point": "point", "sq km": "square km", "square kilometre": "square km",
    "square kilometer": "square km", "square meter": "square metre", "square feet": "square foot",
    "kph": "km/h", "liter": "litre", "mw": "megawatt", "gw": "gigawatt",
}  # fmt: skip
_UNIT_WORDS = sorted({*_UNITS, *_SPELT}, key=len, reverse=True)
_UNIT = re.compile(
    rf"[\s-]?(?:(?-i:[A-Z])[a-z]+ )?(?P<unit>{'|'.join(map(re.escape, _UNIT_WORDS))})s?(?!\w)",
    re.IGNORECASE,
)
_SIGNS = {"$": "dollar", "£": "pound", "€": "euro", "¥": "yen"}
_SIGN = re.compile(r"(?P<of>\b(?:US|A|C|HK|NZ|S))?(?P<sign>[$£€¥])$")
_COINS = re.compile(
    r" (?:(?P<of>[A-Z][a-z]+|US) )?(?P<coin>dollar|pound|euro|yen|yuan|franc|krona|kronor|krone|"
    r"kroner|rouble|ruble|rupee|lira|real|peso|rand|won|dinar|riyal|cent|penny|pence)s?\b"
)
_COIN = {"kronor": "krona", "kroner": "krone", "ruble": "rouble", "pence": "penny"}
_PER = re.compile(r"(?: (?:an?|per|each) |/)(?P<per>(?!year\b|week\b|day\b|month\b)[a-z]+)\b")
_OLD = re.compile(r"[\s-]olds?\b")
_ABOUT = re.compile(
    r"\b(?:(?P<least>at least|a minimum of|no (?:fewer|less) than)|(?P<most>up to|at most|as much"
    r" as|as many as|no more than)|(?P<over>(?:just |well )?(?:over|above)|more than|upwards of)|"
    r"(?P<under>(?:just |well )?(?:under|below)|nearly|almost|fewer than|less than|close to)|"
    r"(?P<near>about|around|some|roughly|approximately|an estimated))\s+$",
    re.IGNORECASE,
)
_AROUND = 0.1  # how far off "about" and "more than" may be, as a share
_A_UNIT = re.compile(
    r"\b(?P<half>half )?an?(?= (?:second|minute|hour|day|week|month|year|decade|century)\b)"
)
_A_YEAR = re.compile(r"(?:1[5-9]|20)\d\d")
_PLACED = re.compile(r"\d(?:st|nd|rd|th)$", re.IGNORECASE)
_SCORE, _SCORED = re.compile(r"\d[:–-]$"), re.compile(r"[:–-]\d")  # 12-11, 14:35
_NOUN = re.compile(r" (?P<noun>(?:[a-z-]+ ){0,2}[a-z-]+)\b")
_AND_HALF, _MINUS = re.compile(" and a half"), re.compile(r"(?:\bminus |(?<!\S)[-−])$")
_ANY_DAY = date(2000, 12, 31)


@dataclass(frozen=True, slots=True)
class Quantity:
    """An amount as a sentence words it.

    Attributes:
        words: "about 11m Swedish kronor", with what qualifies it.
        value: The number, in its own unit.
        family: `money`, `time`, `length`, `age`, `count` …: others are not comparable.
        unit: Its unit, "day"; of money the currency, "dollar"; empty for a count.
        step: What its last digit that is not 0 counts: 10,000 of "160,000".
        of: Whose currency, "Swiss"; empty where it is not said.
        per: What it is counted by, "barrel"; empty for most.
        sign: The currency's sign, where it is written so.
        scale: How many of the family's first unit one is, at least and at most.
        about: How it is qualified: `least`, `most`, `over`, `under`, `near`; empty where exact.
        noun: The words that follow a count.
        start: Where its number stands in the sentence.
    """

    words: str
    value: float
    family: str
    unit: str = ""
    step: float = inf
    of: str = ""
    per: str = ""
    sign: str = ""
    scale: tuple[float, float] = (1.0, 1.0)
    about: str = ""
    noun: str = ""
    start: int = 0

    @property
    def bounds(self) -> tuple[float, float]:
        """Least and most that it means, in the family's first unit."""
        off = min(abs(self.value) * _AROUND, self.step)
        low, high = {
            "least": (self.value, inf),
            "most": (-inf, self.value),
            "over": (self.value, self.value + off),
            "under": (self.value - off, self.value),
            "near": (self.value - off, self.value + off),
        }.get(self.about, (self.value, self.value))
        return low * self.scale[0], high * self.scale[1]

    def comparable(self, other: Quantity) -> bool:
        """Whether both are of one kind; a currency without a country may be any of its name."""
        if (self.family, self.per) != (other.family, other.per):
            return False
        if self.family != MONEY:
            return True
        return self.unit == other.unit and (self.of == other.of or not (self.of and other.of))


def family_of(noun: str) -> str:
    """Return the family of a unit, "days" or "kilometres"; empty for other nouns."""
    unit = _UNIT.fullmatch(noun)
    name = unit["unit"].lower() if unit else ""
    return _UNITS[_SPELT.get(name, name)][0] if name in _SPELT or name in _UNITS else ""


def quantities_in(text: str) -> list[Quantity]:
    """Return the amounts of a sentence in order; days, years, ordinals and scores are none."""
    named = worded_days(text, _ANY_DAY)
    numbers = [n for n in number_spans(text) if not any(d.start <= n.start < d.end for d in named)]
    numbers += [
        Number(m[0], 0.5 if m["half"] else 1.0, m.start(), m.end()) for m in _A_UNIT.finditer(text)
    ]
    found: list[tuple[Quantity, int]] = []
    for number in sorted(numbers, key=lambda one: one.start):
        read = _read(text, number)
        if read is None:
            continue
        if found and (joined := _joined(*found[-1], *read, text)):
            found[-1] = joined, read[1]
        else:
            found.append(read)
    return [quantity for quantity, _ in found]


def _read(text: str, number: Number) -> tuple[Quantity, int] | None:
    """The amount that a number gives, and where its words end."""
    if half := _AND_HALF.match(text[number.end :]):
        number = replace(number, value=number.value + 0.5, end=number.end + half.end())
    if minus := _MINUS.search(text[: number.start]):
        number = replace(number, value=-number.value, start=minus.start())
    before, after = text[: number.start], text[number.end :]
    sign, coins, unit = _SIGN.search(before), _COINS.match(after), _UNIT.match(after)
    if _PLACED.search(number.words) or _SCORE.search(before[-2:]) or _SCORED.match(after):
        return None
    start, end = (sign.start() if sign else number.start), number.end
    about = _ABOUT.search(text[:start])
    made = Quantity(
        "", number.value, COUNT, step=_step(number), about=_about(about), start=number.start
    )
    if sign or coins:
        end += coins.end() if coins and not sign else 0
        name = _SIGNS[sign["sign"]] if sign else coins["coin"] if coins else ""
        of = (sign["of"] if sign else coins["of"] if coins else "") or ""
        made = replace(
            made, family=MONEY, unit=_COIN.get(name, name), of=of, sign=sign[0] if sign else ""
        )
    elif unit:
        end += unit.end()
        name = unit["unit"].lower() if len(unit["unit"]) > 1 else unit["unit"]
        name = _SPELT.get(name, name)
        family, *scale = _UNITS[name]
        old = _OLD.match(text[end:])
        end += old.end() if old else 0
        made = replace(made, family=AGE if old else family, unit=name, scale=(scale[0], scale[1]))
    elif is_loose(number.words) or _A_YEAR.fullmatch(number.words):
        return None
    else:
        noun = _NOUN.match(after)
        made = replace(made, noun=noun["noun"] if noun else "")
    per = _PER.match(text[end:]) if made.family != COUNT else None
    end += per.end() if per else 0
    words = text[about.start() if about else start : end].strip()
    return replace(made, words=words, per=per["per"] if per else ""), end


def _step(number: Number) -> float:
    """What the last digit that is not 0 counts; words have none."""
    digits = re.match(r"[\d,.]+", number.words)
    shown = float(digits[0].replace(",", "").rstrip(".")) if digits else 0.0
    exponent = Decimal(str(shown)).normalize().as_tuple().exponent
    return 10.0 ** int(exponent) * abs(number.value) / shown if shown else inf


def _about(found: re.Match[str] | None) -> str:
    return next((name for name, said in found.groupdict().items() if said), "") if found else ""


def _joined(one: Quantity, one_end: int, other: Quantity, end: int, text: str) -> Quantity | None:
    """An hour and 45 minutes are one amount, of 105 minutes."""
    between = text[one_end : other.start]
    if one.family != TIME or other.family != TIME or between not in (" ", " and ", ", "):
        return None
    if one.scale[0] <= other.scale[0]:
        return None
    value = one.value * one.scale[0] / other.scale[0] + other.value
    begins = text.rindex(one.words, 0, one_end)
    return replace(one, words=text[begins:end], value=value, unit=other.unit, scale=other.scale)
