"""Scores answers by strings alone: no model judges. Pure functions; knows nothing of pipelines."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Sequence

MAX_WORDS = 80
"""A longer answer never counts as correct: it would hold the right words by chance."""

Answers = Sequence[str] | Sequence[Sequence[str]]
"""Accepted variants; or groups of variants, each of which the answer must hold."""

_CURLY = str.maketrans({"‘": "'", "’": "'", "‚": "'", "“": '"', "”": '"', "„": '"'})
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_OTHER = re.compile(r"(?<!\d)\.|\.(?!\d)|[^\w\s.%$£€'\"]|_")
_QUOTES_AND_CURRENCY = re.compile(r"['\"$£€]")
_REFUSAL = re.compile(
    r"\b(?:(?:do|does|did|could|can|would|is|was|are|were|has|have)(?:n't| not)|cannot|no)\b"
    r"[^.]{0,60}?\b(?:know|say|state|stated|mention|mentioned|specified|specify|provided?|"
    r"information|contain|available|answer|determined?)\b"
)


def normalise(text: str) -> str:
    """Return the text in lower case, quotes straight, punctuation as blanks.

    Percent and currency signs, quotes and decimal points stay; thousands separators go.
    """
    plain = _THOUSANDS.sub("", text.translate(_CURLY).lower())
    return " ".join(_OTHER.sub(" ", plain).split())


def fold(text: str) -> str:
    """Return the normalised text without accents, quotes, currency signs and plural s.

    The plural s goes off words of four letters and more: "cents" and "cent" are the same.
    """
    marks = unicodedata.normalize("NFKD", normalise(text))
    bare = "".join(character for character in marks if not unicodedata.combining(character))
    words = _QUOTES_AND_CURRENCY.sub("", bare).split()
    return " ".join(w[:-1] if len(w) >= 4 and w.endswith("s") else w for w in words)


def is_correct(answer: str, accepted: Answers, *, abstained: bool) -> bool:
    """Whether the answer holds an accepted variant, as whole words.

    Args:
        answer: Its text, without citation marks: a mark `[1]` would count as a number.
        accepted: Variants, or groups of variants that must each be held.
        abstained: Whether the answer says that the articles do not say.
    """
    return not abstained and len(answer.split()) <= MAX_WORDS and says(answer, accepted)


def says(text: str, variants: Answers) -> bool:
    """Whether a text of any length holds a variant, or one of each group, as whole words."""
    if not variants:
        return False
    groups = [variants] if isinstance(variants[0], str) else variants
    held = f" {fold(text)} "
    return all(any(f" {fold(str(variant))} " in held for variant in group) for group in groups)


def says_unknown(answer: str) -> bool:
    """Whether a free text declines to answer, in the words that small models use for it."""
    plain = normalise(answer)
    return not plain or _REFUSAL.search(plain) is not None


def area_under_roc(right: Sequence[float], wrong: Sequence[float]) -> float:
    """Return how often a value of `right` is above one of `wrong`; a tie counts half."""
    above = sum((one > other) + (one == other) / 2 for one in right for other in wrong)
    return above / (len(right) * len(wrong))


def wilson_interval(successes: int, trials: int, z: float = 1.96) -> tuple[float, float]:
    """Return the interval of a share, 95 % by default (Wilson 1927); (0, 1) without trials."""
    if trials == 0:
        return 0.0, 1.0
    share = successes / trials
    scale = 1 + z * z / trials
    middle = (share + z * z / (2 * trials)) / scale
    half = z / scale * math.sqrt(share * (1 - share) / trials + z * z / (4 * trials * trials))
    return max(0.0, middle - half), min(1.0, middle + half)
