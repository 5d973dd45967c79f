"""What a text states that code can check: names, numbers, days, words. Parsed once and kept."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import cached_property, lru_cache

from index.text.words import content_stems, stems
from rag.english.names import name_stands, names_in
from rag.english.numbers import LOOSE, RANKS, Number, number_spans
from rag.english.temporal import Period, WordedDays, worded_days

ANY_YEAR = date(2000, 12, 31)
"""Read into days without a year, where it does not matter which."""
_YEARS = range(1900, 2101)


class Facts:
    """The checkable facts of one text; each kind is parsed when it is first asked for."""

    def __init__(self, text: str) -> None:
        self.text = text

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Names of people, places and organisations, in order, each once."""
        return tuple(names_in(self.text))

    @cached_property
    def number_spans(self) -> tuple[Number, ...]:
        """Numbers and where they stand."""
        return tuple(number_spans(self.text))

    @cached_property
    def numbers(self) -> Mapping[str, float]:
        """Numbers by their words, without such as "one" and "first", which mostly do not count."""
        return {n.words: n.value for n in self.number_spans if n.words.lower() not in LOOSE}

    @cached_property
    def values(self) -> frozenset[float]:
        """The values of `numbers`."""
        return frozenset(self.numbers.values())

    @cached_property
    def all_values(self) -> frozenset[float]:
        """The values of all numbers, "one" and "first" among them."""
        return frozenset(n.value for n in self.number_spans)

    @cached_property
    def figures(self) -> frozenset[float]:
        """The values of the numbers that are no part of a date."""
        counted = [n for n in self.number_spans if n.value not in _YEARS]
        days = self.days(ANY_YEAR) if counted else ()
        return frozenset(
            n.value for n in counted if not any(day.start <= n.start < day.end for day in days)
        )

    @cached_property
    def ranks(self) -> Mapping[str, float]:
        """The words "second" to "fifth" with their numbers."""
        return {n.words: n.value for n in self.number_spans if n.words.lower() in RANKS}

    @cached_property
    def stems(self) -> tuple[str, ...]:
        """All words, stemmed, in order."""
        return tuple(stems(self.text))

    @cached_property
    def content(self) -> tuple[str, ...]:
        """The stemmed words that carry the subject, in order, each once."""
        return tuple(dict.fromkeys(content_stems(self.text)))

    @cached_property
    def name_stems(self) -> frozenset[str]:
        """The stemmed words of its names."""
        return frozenset(stem for name in self.names for stem in facts(name).stems)

    def has_name(self, name: str) -> bool:
        """Whether the text names who or what `name` names; see `name_stands`."""
        return name_stands(name, self.text)

    def days(self, near: date | None) -> list[WordedDays]:
        """The days and periods that the text names; years are taken from `near`."""
        return worded_days(self.text, near)

    def periods(self, near: date | None) -> set[Period]:
        """The first and last day of each of them."""
        return {(named.first, named.last) for named in self.days(near)}


@lru_cache(maxsize=4096)
def facts(text: str) -> Facts:
    """Return the facts of a text."""
    return Facts(text)
