"""Adds and subtracts two amounts, and says the result with its unit. Pure functions."""

from __future__ import annotations

from dataclasses import replace

from rag.quantities import COUNT, MONEY, SHARE, Quantity

_HOW = {"least": "at least", "most": "at most", "over": "more than", "under": "less than"}
_OPEN = frozenset({"least", "most"})
_PLURAL = {"foot": "feet", "inch": "inches", "century": "centuries"}
_UNCHANGED = frozenset(
    "yen yuan rand won krone krona % C F mm cm km kg mph km/h square km hectare".split()
)
_SCALES = ((1e12, "trillion"), (1e9, "billion"), (1e6, "million"))


def total(one: Quantity, other: Quantity, noun: str = "") -> str:
    """Return the sum of two amounts of one kind in words; empty where it cannot be said.

    Args:
        one: An amount.
        other: An amount that is comparable with it.
        noun: What is counted, for counts.
    """
    pair = _in_one_unit(one, other)
    kinds = {one.about, other.about}
    if pair is None or (kinds & _OPEN and len(kinds - {""}) > 1):
        return ""
    said = _worded(pair[0].value + pair[1].value, pair[0])
    said = f"{said} {noun}" if noun and one.family == COUNT else said
    if kinds == {""}:
        return said
    about = (kinds - {""}).pop() if len(kinds - {""}) == 1 else "near"
    return f"{_HOW.get(about, 'about')} {said}"


def difference(one: Quantity, other: Quantity) -> str:
    """Return by how much two amounts of one kind differ, in words; empty where it is not sure."""
    pair = _in_one_unit(one, other)
    kinds = {one.about, other.about}
    if pair is None or kinds & _OPEN:
        return ""
    value = abs(pair[0].value - pair[1].value)
    points = one.family == SHARE
    said = f"{_figure(value)} percentage points" if points else _worded(value, pair[0])
    return said if kinds == {""} else f"about {said}"


def _in_one_unit(one: Quantity, other: Quantity) -> tuple[Quantity, Quantity] | None:
    """Both in the smaller unit; None where one has no fixed length in the other, as a month."""
    if one.unit == other.unit:
        return one, other
    if one.scale[0] != one.scale[1] or other.scale[0] != other.scale[1]:
        return None
    small = min(one, other, key=lambda each: each.scale[0])
    turned = [
        replace(each, value=each.value * each.scale[0] / small.scale[0], unit=small.unit)
        for each in (one, other)
    ]
    return turned[0], turned[1]


def _worded(value: float, like: Quantity) -> str:
    number = _figure(value)
    per = f" per {like.per}" if like.per else ""
    if like.sign:
        return f"{like.sign}{number}{per}"
    if like.unit in ("%", "C", "F", ""):
        return f"{number}{like.unit}{per}"
    unit = like.unit
    if value != 1 and unit not in _UNCHANGED:
        unit = _PLURAL.get(unit, f"{unit}s")
    whose = f"{like.of} " if like.family == MONEY and like.of else ""
    return f"{number} {whose}{unit}{per}"


def _figure(value: float) -> str:
    """A number as people write it: 171,500; 603 million; 0.04."""
    for scale, name in _SCALES:
        share = round(value / scale, 9)
        if share >= 1 and share == round(share, 3):
            return f"{share:,.3f}".rstrip("0").rstrip(".") + f" {name}"
    value = round(value, 6)
    return f"{value:,.0f}" if value.is_integer() else f"{value:,}"
