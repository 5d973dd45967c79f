"""How a story developed: its dated sentences in order, each cited; no model writes them.

Pure functions over ranked sentences.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from itertools import islice, zip_longest

from index.words import content_stems
from rag.dates import PERIOD_AHEAD
from rag.ranking import RankedSentence

MOST = 8
"""Entries of a timeline."""
_STORY = r"(?P<subject>.+?)"
_ASKS = [
    re.compile(pattern + "$", re.IGNORECASE)
    for pattern in (
        rf"^\W*(?:please |can you |could you )?(?:summari[sz]e|sum up|recap) (?:all |all of )?"
        rf"(?:the )?(?:(?:news )?(?:coverage|news|articles|reports|reporting|story|events) "
        rf"(?:of|on|about) )?{_STORY}",
        rf"^\W*(?:(?:give|show|write|make)(?: me)? )?(?:a |the )?"
        rf"(?:timeline|chronology) (?:of|for|on) {_STORY}",
        rf"^\W*how (?:did|has|have) {_STORY} "
        rf"(?:developed|develop|unfolded|unfold|evolved|evolve|progressed|progress)\b.*",
        rf"^\W*what (?:has )?happened (?:(?:to|with|in|around|about) )?{_STORY} "
        rf"(?:between .+ and .+|from .+ (?:to|until) .+)",
    )
]
_DATED = re.compile(
    r"\s*\b(?:in|during|since|from|between|before|after|until|on|over)\s+(?:the\s+)?"
    rf"{PERIOD_AHEAD}.*$",
    re.IGNORECASE,
)
_NEAR = 0.6  # share of the best sentence's words that an entry must hold
_LEAD = 0.5  # the first sentence of an article sums it up


def told_story(question: str) -> str | None:
    """Return the story that a question wants told by dates; None for other questions.

    "How did the strike develop?", "Summarise the coverage of the vote", "What happened to the
    balloon between 1 and 5 February?". Dates are left out: they are read from the question.
    """
    text = " ".join(question.split()).rstrip(" ?.!")
    for asks in _ASKS:
        match = asks.match(text)
        if match:
            subject = _DATED.sub("", match["subject"]).strip(" “”\"'")
            return subject if content_stems(subject) else None
    return None


def story_of(sentences: Sequence[RankedSentence], most: int = MOST) -> list[RankedSentence]:
    """Return the sentences that tell a story, oldest first, spread over its days.

    One an article, the one most to the point; articles without a date are left out.

    Args:
        sentences: What was found for the story, in any order.
        most: Entries; where there are more, each stretch of the time keeps its best.
    """
    enough = _NEAR * max((sentence.words for sentence in sentences), default=0.0)
    best: dict[str, RankedSentence] = {}
    for sentence in sentences:
        name = sentence.source.passage.article_id
        if sentence.source.date and sentence.words >= enough > 0:
            if name not in best or _worth(sentence) > _worth(best[name]):
                best[name] = sentence
    return sorted(_spread(list(best.values()), most), key=_day)


def _spread(entries: list[RankedSentence], most: int) -> list[RankedSentence]:
    if len(entries) <= most:
        return entries
    days = [_day(entry).toordinal() for entry in entries]
    first, length = min(days), max(days) - min(days) + 1
    stretches: dict[int, list[RankedSentence]] = {}
    for entry in sorted(entries, key=_worth, reverse=True):
        stretch = (_day(entry).toordinal() - first) * most // length
        stretches.setdefault(stretch, []).append(entry)
    turns = (entry for turn in zip_longest(*stretches.values()) for entry in turn if entry)
    return list(islice(turns, most))


def _worth(sentence: RankedSentence) -> float:
    lead = sentence.at == 0 and sentence.source.passage.start == 0
    return sentence.words + _LEAD * lead


def _day(sentence: RankedSentence) -> date:
    return sentence.source.date or date.min
