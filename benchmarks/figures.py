"""Percentiles, spreads and ratios of what was measured. Pure functions."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from statistics import median

Spread = dict[str, float]


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value below which a share (0 to 1) lies, interpolated linearly.

    Raises:
        ValueError: there are no values.
    """
    if not values:
        raise ValueError("no values were measured")
    ordered = sorted(values)
    at = share * (len(ordered) - 1)
    low = math.floor(at)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (at - low)


def spread(values: Sequence[float]) -> Spread:
    """Return n, min, p50, p95 and max; only n where nothing was measured."""
    if not values:
        return {"n": 0}
    return {
        "n": len(values),
        "min": min(values),
        "p50": percentile(values, 0.5),
        "p95": percentile(values, 0.95),
        "max": max(values),
    }


def ratios(ours: Sequence[float], stock: Sequence[float]) -> Spread:
    """Return ours over stock of values measured in pairs.

    `of_medians` compares the two medians; `p50`, `min` and `max` are of the pairs' own ratios.

    Raises:
        ValueError: there are no pairs, or one value has no partner.
    """
    pairs = [mine / theirs for mine, theirs in zip(ours, stock, strict=True)]
    if not pairs:
        raise ValueError("no pairs were measured")
    of_medians = median(ours) / median(stock)
    return {"of_medians": of_medians, "p50": median(pairs), "min": min(pairs), "max": max(pairs)}


def shares_of(sizes: Mapping[str, int], total: int) -> dict[str, int]:
    """Divide `total` among groups in proportion to their sizes, by largest remainder."""
    everything = sum(sizes.values())
    total = min(total, everything)
    exact = {name: total * size / everything for name, size in sizes.items()}
    given = {name: math.floor(part) for name, part in exact.items()}
    by_rest = sorted(exact, key=lambda name: given[name] - exact[name])
    for name in by_rest[: total - sum(given.values())]:
        given[name] += 1
    return given
