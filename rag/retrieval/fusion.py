"""Rankings into one, and near-duplicates into one source. Pure functions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from rag.english.facts import facts
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


def collapse_near_duplicates(
    found: Sequence[RetrievedPassage], limit: int
) -> list[RetrievedPassage]:
    """Keep the first of passages that say the same in different articles, until there are enough.

    Two are the same when they share most of their runs of four words (Broder 1997, containment
    in the shorter one) and the shorter says no name and no number that the longer does not: a
    reprint with another figure is a disagreement, which must be seen. What is dropped is named
    in `also_in` of what stays.

    Args:
        found: Passages, best first.
        limit: Most passages kept; what comes after the last of them is not looked at.
    """
    kept: list[RetrievedPassage] = []
    shingles: list[frozenset[int]] = []
    for item in found:
        if len(kept) == limit:
            break
        mine = _shingles(item.passage.text)
        alike = (at for at, other in enumerate(shingles) if _alike(mine, other))
        text = item.passage.text
        twin = next((at for at in alike if _same_facts(text, kept[at].passage.text)), None)
        if twin is None or kept[twin].passage.article_id == item.passage.article_id:
            kept.append(item)
            shingles.append(mine)
        else:
            kept[twin] = _also_in(kept[twin], item)
    return kept


def says_the_same(one: str, other: str) -> bool:
    """Whether two sentences are near-duplicates, as passages are for `collapse_near_duplicates`."""
    return _alike(_shingles(one), _shingles(other)) and _same_facts(one, other)


def _also_in(kept: RetrievedPassage, dropped: RetrievedPassage) -> RetrievedPassage:
    articles = dict.fromkeys((*kept.also_in, dropped.passage.article_id, *dropped.also_in))
    articles.pop(kept.passage.article_id, None)
    return replace(kept, also_in=tuple(articles))


def _shingles(text: str) -> frozenset[int]:
    """The text's runs of words, each as its hash; all of it where it is shorter than one."""
    words = facts(text).stems
    runs = zip(*(words[at:] for at in range(_SHINGLE)), strict=False)
    return frozenset(map(hash, runs)) or frozenset([hash(tuple(words))])


def _alike(one: frozenset[int], other: frozenset[int]) -> bool:
    return len(one & other) >= _SAME * min(len(one), len(other))


def _same_facts(one: str, other: str) -> bool:
    """Whether the shorter text gives no number, and no name, that the longer does not hold."""
    shorter, longer = map(facts, sorted((one, other), key=len))
    return shorter.values <= longer.values and all(map(longer.has_name, shorter.names))
