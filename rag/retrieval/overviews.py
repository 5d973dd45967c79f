"""What the index answers without a model: lists, counts, timelines, and about the archive itself.

"How many articles mention X?" is counted exhaustively; "How did X develop?" becomes dated
sentences; "What is new?" the newest articles; and greetings are not searched for.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from enum import Enum
from itertools import islice, zip_longest

from index.store.catalogue import Wanted
from index.store.snapshot import Snapshot, StoredPassage
from index.text.words import content_stems, stems
from index.types import ArticleRef, Bounds
from rag.english.temporal import PERIOD_AHEAD, only_days
from rag.retrieval.assertions import stated_sentences
from rag.retrieval.sentences import RankedSentence
from rag.types import Evidence

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
_PERIOD = re.compile(
    r"\s*\b(?:in|during|since|from|between|before|after|until|by|on|over)\s+(?:the\s+)?"
    rf"{PERIOD_AHEAD}",
    re.IGNORECASE,
)
_CLAUSE = re.compile(
    r"\b(that|which|who|say|says|said|did|does|do|was|were|is|are|has|have|had|will)\b", re.I
)
SHOWN = 20
"""Articles that are listed; all are counted."""


class About(Enum):
    """What is said to the archive, or asked about it, rather than of its articles."""

    THANKS = re.compile(
        r"(?:many )?(?:thanks|thank you|thx|cheers)(?: you| (?:so|very) much| a lot)?"
        r"|(?:great|perfect|good|nice|super|ok|okay)(?: job| work)?"
        r"|(?:that|this|it) (?:helped|helps|was helpful)(?: me)?(?: a lot| very much)?"
    )
    HELP = re.compile(
        r"(?:hi|hello|hey|good (?:morning|afternoon|evening))(?: there| everyone)?"
        r"|(?:who|what) are you|how are you(?: doing)?(?: today)?"
        r"|are you (?:there|real|human|alive|awake|ready|ok|okay|chatgpt"
        r"|an? (?:ai|person|human|man|woman|bot|robot|machine|computer|program|chatbot|assistant))"
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


def about_archive(text: str, *, continues: bool = False) -> About | None:
    """Return what a text says to the archive, or asks about it; None for other questions.

    Every clause must be of this kind: "Thanks, and who resigned?" is a question. Where a
    conversation `continues`, "How does it work?" asks about the last answer.
    """
    clauses = (clause.strip() for clause in re.split(r"[!?.,;]+", text.lower()))
    found = [
        next((about for about in About if about.value.fullmatch(clause)), None)
        for clause in clauses
        if clause
    ]
    if not found or not all(found):
        return None
    points = continues and found[-1] in (About.HELP, About.COVERAGE) and _POINTS.search(text)
    return None if points else found[-1]


_POINTS = re.compile(r"\b(?:it|this(?! archive))\b", re.IGNORECASE)


def newest_articles(snapshot: Snapshot, bounds: Bounds, most: int) -> list[Evidence]:
    """Return the first sentence of each of the newest articles till today, the newest first."""
    today = date.today()
    last = min(bounds.date_to or today, today)
    wanted = Wanted(first=bounds.date_from, last=last, sources=bounds.sources, once=True)
    listed = snapshot.catalogue().page(wanted, most).articles
    articles = filter(None, (snapshot.article(article.article_id) for article in listed))
    return _numbered(
        _sentence(article.ref, article.text, span)
        for article in articles
        for span in stated_sentences(article.text)[:1]
    )


def _sentence(article: ArticleRef, text: str, span: tuple[int, int], base: int = 0) -> Evidence:
    """Return a sentence as a window of its own; its text begins at `base` in the article."""
    start, end = base + span[0], base + span[1]
    sentence = text[span[0] : span[1]]
    return Evidence(0, article, start, end, sentence, ((start, end),), (start, end), 0.0)


def _numbered(evidence: Iterable[Evidence]) -> list[Evidence]:
    return [replace(window, number=at, score=1.0 / at) for at, window in enumerate(evidence, 1)]


def list_subject(question: str) -> str | None:
    """Return what articles are to be counted or listed by; None for other questions."""
    match = _LISTING.match(_tidy(question))
    subject = _subject(match) if match else ""
    return subject if subject and not _CLAUSE.search(subject) else None


def _tidy(question: str) -> str:
    return " ".join(question.split()).rstrip(" ?.!")


def _subject(match: re.Match[str]) -> str:
    """What a question asks of, without the dates at its end, which are read from the question."""
    subject = match["subject"]
    found = _PERIOD.search(subject)
    if found and only_days(subject[found.start() :]):
        subject = subject[: found.start()]
    return subject.strip(" “”\"'")


def list_articles(snapshot: Snapshot, subject: str, bounds: Bounds) -> tuple[int, list[Evidence]]:
    """Return how many articles have a passage that holds all words of a subject, and which.

    The sentence of each that mentions it stands for it, oldest first; at most `SHOWN` do. The very
    same article counts once.
    """
    wanted = set(content_stems(subject))
    best: dict[str, Evidence] = {}
    for found in snapshot.mentioning(subject, bounds):
        name, *copies = found.articles
        if name not in best and stated_sentences(found.passage.text):
            best[name] = replace(_mention(found, name, wanted), also_in=tuple(copies))
    ordered = sorted(best.values(), key=lambda window: (window.date is None, str(window.date)))
    return len(ordered), _numbered(ordered[:SHOWN])


def _mention(found: StoredPassage, article_id: str, wanted: set[str]) -> Evidence:
    """Return the sentence that holds most of the words, as a window of its own."""
    text = found.passage.text
    spans = stated_sentences(text)
    span = max(spans, key=lambda span: len(wanted & set(stems(text[span[0] : span[1]]))))
    return _sentence(replace(found.article, id=article_id), text, span, found.passage.start)


MOST = 8
"""Entries of a timeline."""
_SUBJECT = r"(?P<subject>.+?)"
_STORIES = [
    re.compile(pattern + "$", re.IGNORECASE)
    for pattern in (
        rf"^\W*(?:please |can you |could you )?(?:summari[sz]e|sum up|recap) (?:all |all of )?"
        rf"(?:the )?(?:(?:news )?(?:coverage|news|articles|reports|reporting|story|events) "
        rf"(?:of|on|about) )?{_SUBJECT}",
        rf"^\W*(?:(?:give|show|write|make)(?: me)? )?(?:a |the )?"
        rf"(?:timeline|chronology) (?:of|for|on) {_SUBJECT}",
        rf"^\W*how (?:did|has|have) {_SUBJECT} "
        r"(?:developed|develop|unfolded|unfold|evolved|evolve|progressed|progress)\b(?P<when>.*)",
        rf"^\W*what (?:has )?happened (?:(?:to|with|in|around|about) )?{_SUBJECT} "
        r"(?P<when>(?:between|from) .+)",
    )
]
_NEAR = 0.6  # share of the best sentence's words that an entry must hold
_LEAD = 0.5  # the first sentence of an article sums it up


def timeline_subject(question: str) -> str | None:
    """Return the subject whose story a question asks for; None for other questions.

    "How did the strike develop?", "Summarise the coverage of the vote", "What happened to the
    balloon between 1 and 5 February?".
    """
    match = next((found for asks in _STORIES if (found := asks.match(_tidy(question)))), None)
    if not match or not only_days(match.groupdict().get("when") or ""):
        return None
    subject = _subject(match)
    return subject if content_stems(subject) else None


def timeline_of(sentences: Sequence[RankedSentence], most: int = MOST) -> list[RankedSentence]:
    """Return the sentences that tell a story, oldest first, spread over its days.

    One an article, the one most to the point; articles without a date are left out.

    Args:
        sentences: What was found for the story, in any order.
        most: Entries; where there are more, each stretch of the time keeps its best.
    """
    enough = _NEAR * max((sentence.words for sentence in sentences), default=0.0)
    near = (
        sentence for sentence in sentences if sentence.source.date and sentence.words >= enough > 0
    )
    best: dict[str, RankedSentence] = {}
    for sentence in sorted(near, key=_worth, reverse=True):
        best.setdefault(sentence.source.passage.article_id, sentence)
    return sorted(_spread(list(best.values()), most), key=_day)


def _spread(entries: list[RankedSentence], most: int) -> list[RankedSentence]:
    """Keep the best of each stretch of the time, then the second best of each, and so on."""
    if len(entries) <= most:
        return entries
    days = [_day(entry).toordinal() for entry in entries]
    first, length = min(days), max(days) - min(days) + 1
    stretches: dict[int, list[RankedSentence]] = {}
    for entry, day in zip(entries, days, strict=True):
        stretches.setdefault((day - first) * most // length, []).append(entry)
    turns = (entry for turn in zip_longest(*stretches.values()) for entry in turn if entry)
    return list(islice(turns, most))


def _worth(sentence: RankedSentence) -> float:
    lead = sentence.at == 0 and sentence.source.passage.start == 0
    return sentence.words + _LEAD * lead


def _day(sentence: RankedSentence) -> date:
    return sentence.source.date or date.min
