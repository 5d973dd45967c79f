"""Example questions made from what is indexed. Code only.

Each is a pattern that a sentence fits, so that the sentence answers the question; or a name that
several articles tell of. `rag.pipeline` keeps those of which a search finds that sentence.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from index.store.catalogue import Wanted
from index.store.snapshot import Snapshot
from index.text.days import format_day
from index.text.sentences import sentence_spans
from index.types import Article
from rag.english.facts import facts
from rag.types import Example, ExampleKind

_LOOKED_AT = 200
_FIRST_SENTENCES = 6
_STORY = 3  # articles that make one

_NAME = r"(?P<who>(?:[Tt]he )?(?:[A-Z][\w'’-]+ ){1,2}[A-Z][\w'’-]+)"
_TITLED = rf"{_NAME[:-1]}|(?:Mr|Mrs|Ms|Dr|President) [A-Z][\w'’-]+)"
_BASE = {"landed": "land", "met": "meet", "crashed": "crash", "arrived": "arrive", "spoke": "speak"}
# What a sentence must look like, and the question that it answers.
_PATTERNS = tuple((kind, re.compile(pattern), question) for kind, pattern, question in (
    (ExampleKind.FACT, r"^[A-Z][\w’' ]{2,40} (?:have |has )?(?:won|beaten?|beat) [\w ]{0,40}?(?:in )?(?P<what>the [\w'’-]*(?: [\w'’-]+){0,4} (?:final|title|Cup|Prize|election|race|vote))\b", "Who won {what}?"),
    (ExampleKind.FACT, rf"\b{_NAME} (?:has |had )?resigned\b", "Why did {who} resign?"),
    (ExampleKind.FACT, rf"\b{_NAME} (?P<verb>landed|met|crashed|arrived|spoke) [\w ]{{0,30}}(?:in|at|on|near) ", "Where did {who} {base}?"),
    (ExampleKind.FACT, r"(?P<what>[Tt]he (?:\w+ ){0,2}(?:earthquake|fire|wildfire|flood|storm|crash)s?) (?:has |have |had )?killed", "How many people were killed in {what}?"),
    (ExampleKind.FACT, rf"\b{_NAME}, (?:the|an?|who) [a-z][^,.]{{8,60}},", "Who is {who}?"),
    (ExampleKind.FACT, rf"\b{_NAME} (?:has been |was )(?:appointed|named|elected)\b", "What was {who} chosen for?"),
    (ExampleKind.SAID, rf"\b{_TITLED} (?:has |had )?(?:said|told|announced|warned|promised|insisted)\b", "What did {who} say?"),
))  # fmt: skip


def example_questions(snapshot: Snapshot) -> dict[ExampleKind, list[Example]]:
    """Return questions by kind, made from the newest articles, the likeliest to be answered first."""
    listed = snapshot.catalogue().page(Wanted(), _LOOKED_AT).articles
    found = [snapshot.article(article.article_id) for article in listed]
    articles = [article for article in found if article is not None]
    examples: dict[ExampleKind, list[Example]] = {kind: [] for kind in ExampleKind}
    examples[ExampleKind.STORY] = _stories(articles)
    for kind, pattern, question in _PATTERNS:
        for article in articles:
            examples[kind] += _asked(article, kind, pattern, question)
    dated = sorted(article.date for article in articles if article.date)
    if dated:
        day = dated[len(dated) // 2]
        examples[ExampleKind.DAY] = [Example(ExampleKind.DAY, "What is new?", day)]
    return examples


def _stories(articles: list[Article]) -> list[Example]:
    """Timelines of the names that headlines of several days have, close together in time."""
    days: dict[str, set[date]] = {}
    bare: set[str] = set()  # names that some headline gives without “the”
    dated = ((article, article.date) for article in articles if article.date)
    for article, day in dated:
        for name in facts(article.headline).names:
            days.setdefault(name, set()).add(day)
            if f"the {name}".lower() not in article.headline.lower():
                bare.add(name)
    stories = [name for name, dates in sorted(days.items()) if len(dates) >= _STORY]
    stories.sort(key=lambda name: (max(days[name]) - min(days[name])) / len(days[name]))
    named = ((name if name in bare else f"the {name}", days[name]) for name in stories)
    asked = (f"What happened with {name} {_between(dates)}?" for name, dates in named)
    return [Example(ExampleKind.STORY, question) for question in asked]


def _between(days: set[date]) -> str:
    first, last = min(days), max(days)
    same = (first.year, first.month) == (last.year, last.month)
    return f"between {first.day if same else format_day(first)} and {format_day(last)}"


def _asked(
    article: Article, kind: ExampleKind, pattern: re.Pattern[str], question: str
) -> Iterator[Example]:
    for start, end in sentence_spans(article.text)[:_FIRST_SENTENCES]:
        quote = article.text[start:end]
        if match := pattern.search(quote):
            groups = {name: _inside(words) for name, words in match.groupdict().items()}
            text = question.format(base=_BASE.get(groups.get("verb", ""), ""), **groups)
            yield Example(kind, text, None, article.id, quote)


def _inside(words: str) -> str:
    """Return words as they stand inside a sentence, without the capital of its beginning."""
    return words.replace("The ", "the ", 1) if words.startswith("The ") else words
