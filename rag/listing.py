"""Counts and lists articles: "How many articles mention X?", exhaustively and without a model."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from index.days import spoken
from index.sentences import sentence_spans
from index.snapshot import Snapshot, StoredPassage
from index.types import Bounds
from index.words import content_stems, stems
from rag.citing import Sentence, cite
from rag.dates import PERIOD_AHEAD
from rag.types import Citation, Evidence

_ABOUT = (
    r"(?:(?:that |which )?(?:mention|name|cover|discuss|report on|talk about|speak of|refer to|"
    r"deal with|are about|are on|contain|quote)(?:s|ed)?|about|on)"
)
_LISTING = re.compile(
    rf"^(?:how many|which|what|list(?: all| the| all the)?|show(?: me)?(?: all| the| all the)?|"
    rf"count(?: all| the| all the)?) (?:news )?(?:articles|stories|reports) (?:are there )?"
    rf"{_ABOUT} (?P<subject>.+)$",
    re.IGNORECASE,
)
_DATED = re.compile(
    r"\s+(?:in|during|since|from|between|before|after|until|on)\s+(?:the\s+)?"
    rf"{PERIOD_AHEAD}.*$",
    re.IGNORECASE,
)
_CLAUSE = re.compile(
    r"\b(that|which|who|say|says|said|did|does|do|was|were|is|are|has|have|had|will)\b", re.I
)
SHOWN = 20
"""Articles that are listed; all are counted."""


@dataclass(frozen=True, slots=True)
class Listing:
    """The articles that mention a subject.

    Attributes:
        subject: As the question names it.
        count: How many there are.
        evidence: The sentence of each that mentions it, oldest first; at most `SHOWN`.
    """

    subject: str
    count: int
    evidence: tuple[Evidence, ...]

    @property
    def citations(self) -> tuple[Citation, ...]:
        """The sentences as citations, in the same order."""
        return tuple(cite(Sentence(item, item.best)) for item in self.evidence)

    @property
    def lines(self) -> list[str]:
        """What is said: the count, then each article with its day."""
        noun = "article mentions" if self.count == 1 else "articles mention"
        head = f"{self.count or 'No'} {noun} “{self.subject}”"
        if self.count > len(self.evidence):
            head += f"; the first {len(self.evidence)} are"
        dated = (
            f"{spoken(one.date)}: {one.headline}" if one.date else one.headline
            for one in self.evidence
        )
        return [f"{head}.", *dated]


def listed_subject(question: str) -> str | None:
    """Return what articles are to be counted or listed by; None for other questions."""
    match = _LISTING.match(" ".join(question.split()).rstrip(" ?.!"))
    if not match:
        return None
    subject = _DATED.sub("", match["subject"]).strip(" “”\"'")
    return None if not subject or _CLAUSE.search(subject) else subject


def list_articles(snapshot: Snapshot, subject: str, bounds: Bounds) -> Listing:
    """Return every article with a passage that holds all words of a subject."""
    wanted = set(content_stems(subject))
    best: dict[str, Evidence] = {}
    for found in snapshot.mentioning(subject, bounds):
        for name in found.articles:
            if name not in best:
                best[name] = _mention(found, name, wanted)
    ordered = sorted(best.values(), key=lambda one: (one.date is None, str(one.date)))
    shown = (replace(item, number=number) for number, item in enumerate(ordered[:SHOWN], 1))
    return Listing(subject, len(ordered), tuple(shown))


def _mention(found: StoredPassage, article_id: str, wanted: set[str]) -> Evidence:
    """Return the sentence that holds most of the words, as a window of its own."""
    text, base = found.passage.text, found.passage.start
    start, end = max(
        sentence_spans(text),
        key=lambda span: len(wanted & set(stems(text[span[0] : span[1]]))),
    )
    span = (base + start, base + end)
    return Evidence(
        number=0,
        article_id=article_id,
        headline=found.headline,
        date=found.date,
        source=found.source,
        url=found.url,
        start=span[0],
        end=span[1],
        text=text[start:end],
        sentences=(span,),
        best=span,
        score=1.0,
    )
