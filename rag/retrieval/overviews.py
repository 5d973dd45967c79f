"""What the index answers without a model: lists, counts, timelines, and about the archive itself.

"How many articles mention X?" is counted exhaustively; "How did X develop?" becomes dated
sentences; "What is new?" the newest articles; and greetings are not searched for.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import Enum
from itertools import islice, zip_longest

from index.store.catalogue import Wanted
from index.store.snapshot import Snapshot, StoredPassage
from index.text.days import spoken
from index.text.words import content_stems, stems
from index.types import Bounds
from rag.checking.attribution import cite_best
from rag.english.temporal import PERIOD_AHEAD
from rag.retrieval.assertions import stated_sentences
from rag.retrieval.sentences import RankedSentence
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
        return tuple(map(cite_best, self.evidence))

    @property
    def lines(self) -> list[str]:
        """The lines of the answer: the count, then each article with its day."""
        noun = "article mentions" if self.count == 1 else "articles mention"
        head = f"{self.count or 'No'} {noun} “{self.subject}”"
        if self.count > len(self.evidence):
            head += f"; the first {len(self.evidence)} are"
        dated = (
            f"{spoken(one.date)}: {one.headline}" if one.date else one.headline
            for one in self.evidence
        )
        return [f"{head}.", *dated]


class About(Enum):
    """What is said to the archive, or asked about it, rather than of its articles."""

    THANKS = re.compile(
        r"(?:many )?(?:thanks|thank you|thx|cheers)(?: you| (?:so|very) much| a lot)?"
        r"|(?:great|perfect|good|nice|super|ok|okay)(?: job| work)?"
        r"|(?:that|this|it) (?:helped|helps|was helpful)(?: me)?(?: a lot| very much)?"
    )
    HELP = re.compile(
        r"(?:hi|hello|hey|good (?:morning|afternoon|evening))(?: there| everyone)?"
        r"|(?:who|what) are you|how are you(?: doing)?(?: today)?|are you [\w' -]+"
        r"|(?:who|what) (?:made|built|wrote|created|trained) you|help(?: me)?"
        r"|how does (?:this|it) work"
        r"|what (?:can|could|should|do) (?:you|i|we) (?:do|ask|answer|know)(?: you| here| about)?"
    )
    COVERAGE = re.compile(
        r"(?:which|what) (?:dates|days|years|period|time|articles|sources|publishers|newspapers)"
        r" (?:do|does|are|is) (?:you|the archive|it|there|in)(?: the archive)?"
        r"(?: (?:cover|have|hold|know|contain|include))?(?: here)?"
        r"|how many (?:articles|stories|reports)"
        r" (?:(?:do|does) (?:you|the archive|it) (?:have|hold|contain)"
        r"|are (?:there|here|in the archive))"
        r"|what (?:does|is in) (?:the|this) archive(?: (?:cover|hold|contain))?"
    )
    NEWEST = re.compile(
        r"what(?: is|['’]s| are) (?:new|the news|the (?:latest|newest) (?:news|articles|headlines))"
        r"(?: today| now)?|any news(?: today)?|(?:latest|newest) (?:news|articles|headlines)"
    )


def about_archive(text: str) -> About | None:
    """Return what a text says to the archive, or asks about it; None for other questions.

    Every clause must be of this kind: "Thanks, and who resigned?" is a question.
    """
    clauses = (clause.strip() for clause in re.split(r"[!?.,;]+", text.lower()))
    found = [
        next((about for about in About if about.value.fullmatch(clause)), None)
        for clause in clauses
        if clause
    ]
    return found[-1] if found and all(found) else None


def newest_articles(snapshot: Snapshot, bounds: Bounds, most: int) -> list[Evidence]:
    """Return the first sentence of each of the newest articles, the newest first."""
    wanted = Wanted(first=bounds.date_from, last=bounds.date_to)
    found: list[Evidence] = []
    for listed in snapshot.catalogue().page(wanted, most).articles:
        article = snapshot.article(listed.article_id)
        spans = stated_sentences(article.text) if article else []
        if article and spans:
            first = spans[0]
            text, number = article.text[first[0] : first[1]], len(found) + 1
            found.append(Evidence(number, article.ref, *first, text, (first,), first, 1.0 / number))
    return found


def list_subject(question: str) -> str | None:
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
            if name not in best and stated_sentences(found.passage.text):
                best[name] = _mention(found, name, wanted)
    ordered = sorted(best.values(), key=lambda one: (one.date is None, str(one.date)))
    shown = (replace(item, number=number) for number, item in enumerate(ordered[:SHOWN], 1))
    return Listing(subject, len(ordered), tuple(shown))


def _mention(found: StoredPassage, article_id: str, wanted: set[str]) -> Evidence:
    """Return the sentence that holds most of the words, as a window of its own."""
    text, base = found.passage.text, found.passage.start
    start, end = max(
        stated_sentences(text),
        key=lambda span: len(wanted & set(stems(text[span[0] : span[1]]))),
    )
    span = (base + start, base + end)
    return Evidence(
        number=0,
        article=replace(found.article, id=article_id),
        start=span[0],
        end=span[1],
        text=text[start:end],
        sentences=(span,),
        best=span,
        score=1.0,
    )


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
_PERIOD = re.compile(
    r"\s*\b(?:in|during|since|from|between|before|after|until|on|over)\s+(?:the\s+)?"
    rf"{PERIOD_AHEAD}.*$",
    re.IGNORECASE,
)
_NEAR = 0.6  # share of the best sentence's words that an entry must hold
_LEAD = 0.5  # the first sentence of an article sums it up


def timeline_subject(question: str) -> str | None:
    """Return the subject whose story a question asks for; None for other questions.

    "How did the strike develop?", "Summarise the coverage of the vote", "What happened to the
    balloon between 1 and 5 February?". Dates are left out: they are read from the question.
    """
    text = " ".join(question.split()).rstrip(" ?.!")
    for asks in _ASKS:
        match = asks.match(text)
        if match:
            subject = _PERIOD.sub("", match["subject"]).strip(" “”\"'")
            return subject if content_stems(subject) else None
    return None


def timeline_of(sentences: Sequence[RankedSentence], most: int = MOST) -> list[RankedSentence]:
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
