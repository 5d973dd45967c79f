"""Rankings into one, and near-duplicates into one source. Pure functions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from index.words import stems
from rag.facts import name_stands, names_in, strict_numbers_in
from rag.types import RetrievedPassage

_SHINGLE = 4
_SAME = 0.6


def reciprocal_rank_fusion(
    rankings: Mapping[str, Sequence[int]], weights: Mapping[str, float], k: int = 60
) -> dict[int, float]:
    """Fuse rankings by weighted reciprocal ranks (Cormack, Clarke and Büttcher 2009).

    Args:
        rankings: Keys by ranking, best first.
        weights: Weight of each ranking; one that is not named weighs 1.
        k: How fast the weight of a rank falls.

    Returns:
        Score by key, best first.
    """
    scores: dict[int, float] = {}
    for name, ranking in rankings.items():
        weight = weights.get(name, 1.0)
        for rank, key in enumerate(ranking, 1):
            scores[key] = scores.get(key, 0.0) + weight / (k + rank)
    return dict(sorted(scores.items(), key=lambda item: -item[1]))


def collapse_near_duplicates(found: Sequence[RetrievedPassage]) -> list[RetrievedPassage]:
    """Keep the first of passages that say the same in different articles.

    Two are the same when they share most of their runs of four words (Broder 1997, containment
    in the shorter one) and the shorter says no name and no number that the longer does not: a
    reprint with another figure is a disagreement, which must be seen. What is dropped is named
    in `also_in` of what stays.
    """
    kept: list[RetrievedPassage] = []
    shingles: list[frozenset[int]] = []
    for item in found:
        mine = _shingles(item.passage.text)
        at = next(
            (
                i
                for i, other in enumerate(shingles)
                if _alike(mine, other) and _same_facts(item.passage.text, kept[i].passage.text)
            ),
            None,
        )
        if at is None or kept[at].passage.article_id == item.passage.article_id:
            kept.append(item)
            shingles.append(mine)
            continue
        twin = kept[at]
        also = dict.fromkeys((*twin.also_in, item.passage.article_id, *item.also_in))
        also.pop(twin.passage.article_id, None)
        kept[at] = replace(twin, also_in=tuple(also))
    return kept


def _shingles(text: str) -> frozenset[int]:
    """The text's runs of words, each as its hash; all of it where it is shorter than one."""
    words = stems(text)
    runs = zip(*(words[at:] for at in range(_SHINGLE)), strict=False)
    return frozenset(map(hash, runs)) or frozenset([hash(tuple(words))])


def _alike(one: frozenset[int], other: frozenset[int]) -> bool:
    return len(one & other) >= _SAME * min(len(one), len(other))


def _same_facts(one: str, other: str) -> bool:
    """Whether the shorter text gives no number, and no name, that the longer does not hold."""
    shorter, longer = sorted((one, other), key=len)
    held = set(strict_numbers_in(longer).values())
    return set(strict_numbers_in(shorter).values()) <= held and all(
        name_stands(name, longer) for name in names_in(shorter)
    )
