"""Counts and lists articles: "How many articles mention X?", exhaustively and without a model."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from index.days import spoken
from index.sentences import sentence_spans
from index.snapshot import Snapshot, StoredPassage
from index.types import Bounds
from index.words import content_stems, stems
from rag.types import Citation, Evidence

_ABOUT = (
    r"(?:(?:that |which )?(?:mention|name|cover|discuss|report on|talk about|speak of|refer to|"
    r"deal with|are about|are on|contain|quote)(?:s|ed)?|about|on)"
)
_LISTING = re.compile(
    rf"^\s*(?:how many|which|what|list(?: all| the| all the)?|show(?: me)?(?: all| the| all the)?|"
    rf"count(?: all| the| all the)?) (?:news )?(?:articles|stories|reports) (?:are there )?"
    rf"{_ABOUT} (?P<subject>.+?)\s*[?.!]*\s*$",
    re.IGNORECASE,
)
_DATED = re.compile(
    r"\s+(?:in|during|since|from|between|before|after|until|on)\s+(?:the\s+)?"
    r"(?=(?:\d|last|this|past|jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)).*$",
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
        citations: The sentence of each that mentions it, oldest first; at most `SHOWN`.
    """

    subject: str
    count: int
    citations: tuple[Citation, ...]

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """The cited sentences as evidence, each a window of its own."""
        return tuple(
            Evidence(
                number=number,
                article_id=one.article_id,
                headline=one.headline,
                date=one.date,
                source=one.source,
                url=one.url,
                start=one.start,
                end=one.end,
                text=one.quote,
                sentences=((one.start, one.end),),
                best=(one.start, one.end),
                score=1.0,
            )
            for number, one in enumerate(self.citations, 1)
        )

    @property
    def lines(self) -> list[str]:
        """What is said: the count, then each article with its day."""
        noun = "article mentions" if self.count == 1 else "articles mention"
        head = f"{self.count or 'No'} {noun} “{self.subject}”"
        if self.count > len(self.citations):
            head += f"; the first {len(self.citations)} are"
        dated = (
            f"{spoken(one.date)}: {one.headline}" if one.date else one.headline
            for one in self.citations
        )
        return [f"{head}.", *dated]


def listed_subject(question: str) -> str | None:
    """Return what articles are to be counted or listed by; None for other questions."""
    match = _LISTING.match(question)
    if not match:
        return None
    subject = _DATED.sub("", match["subject"]).strip(" “”\"'")
    return None if not subject or _CLAUSE.search(subject) else subject


def list_articles(snapshot: Snapshot, subject: str, bounds: Bounds) -> Listing:
    """Return every article with a passage that holds all words of a subject."""
    wanted = set(content_stems(subject))
    best: dict[str, Citation] = {}
    for found in snapshot.mentioning(subject, bounds):
        for name in found.articles:
            if name not in best:
                best[name] = _cite(found, name, wanted)
    ordered = sorted(best.values(), key=lambda one: (one.date is None, str(one.date)))
    return Listing(subject, len(ordered), tuple(ordered[:SHOWN]))


def _cite(found: StoredPassage, article_id: str, wanted: Iterable[str]) -> Citation:
    """Quote the sentence that holds most of the words."""
    text, base = found.passage.text, found.passage.start
    start, end = max(
        sentence_spans(text),
        key=lambda span: len(set(wanted) & set(stems(text[span[0] : span[1]]))),
    )
    return Citation(
        article_id=article_id,
        headline=found.headline,
        date=found.date,
        quote=text[start:end],
        start=base + start,
        end=base + end,
        source=found.source,
        url=found.url,
    )
