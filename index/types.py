"""What the index is about: articles, passages, bounds of a search, and the events of a build."""

from __future__ import annotations

import datetime as dt
import os
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from index.text.days import FUTURE, after_today, day_number

_LAST = 99_999_999  # after every day
STDIN = "stdin"
"""The file of what was read from standard input; all other files are absolute paths."""

Span = tuple[int, int]
"""Start and end of a part of a text, in code points."""

IsUnchanged = Callable[[Path, os.stat_result], bool]
"""Says of a file, by its path and state, whether it is as it was when it was last read."""

_RECORD = re.compile(
    rf"({STDIN}|.+?\.(?:jsonl|ndjson|json|csv|tsv|xlsx|xls|ods|parquet"
    rf"|xml|rss|atom|txt|text|ris|x?html?|mbox|docx|rtf|pdf|epub|warc|zip|tar|tgz)(?:\.xz|\.gz)?)#",
    re.IGNORECASE | re.DOTALL,
)


def file_of(location: str) -> str:
    """Return the file of a location: what stands before the `#id` that only records have."""
    record = _RECORD.match(location)
    return record[1] if record else location


def is_file(location: str) -> bool:
    """Whether a location is a whole file, and no record or file inside one."""
    return file_of(location) == location


class Details(NamedTuple):
    """What an article states of itself besides headline, day, publisher and address.

    Attributes:
        withdrawn: The day on which its feed was seen to list it no longer (2023-06-18).
        modified: The last day on which it was changed after its publication.
        notes: What its reader noted, such as where its day comes from if no field states it.
    """

    authors: tuple[str, ...] = ()
    section: str | None = None
    tags: tuple[str, ...] = ()
    language: str | None = None
    withdrawn: str | None = None
    modified: str | None = None
    notes: tuple[str, ...] = ()


NO_DETAILS = Details()
DAMAGED = "damaged: what could not be read is shown as \ufffd"


@dataclass(frozen=True, slots=True)
class ArticleRef:
    """What an article is known by: all but its text."""

    id: str
    headline: str
    date: date | None = None
    source: str | None = None
    url: str | None = None
    details: Details = NO_DETAILS

    @property
    def ahead(self) -> bool:
        """Whether it is dated after today; only of tomorrow's is the day kept."""
        return after_today(self.date) or FUTURE in self.details.notes


@dataclass(frozen=True, slots=True)
class Article:
    """One dated news article, as a reader understood it.

    Attributes:
        id: Stable name below the folder it was read from, or its own `id` or `url`.
        location: Where it lies: an absolute path, or `stdin`, with `#id` for a record inside.
        headline: Title, or the lead sentence where the format has no title.
        text: What passages and quotes are cut from; all offsets count its code points.
        date: Day of publication; None where the article states none.
        source: The publisher, where known.
        day_note: Where the day comes from if no field states it, or why there is none.
    """

    id: str
    location: str
    headline: str
    text: str
    date: date | None = None
    source: str | None = None
    url: str | None = None
    day_note: str = ""
    details: Details = NO_DETAILS

    @property
    def noted(self) -> Details:
        """The details, with all that a reader noted of day and text."""
        notes = (*self.details.notes, self.day_note, DAMAGED if "\ufffd" in self.text else "")
        return self.details._replace(notes=tuple(filter(None, dict.fromkeys(notes))))

    @property
    def ref(self) -> ArticleRef:
        """The article without its text."""
        return ArticleRef(self.id, self.headline, self.date, self.source, self.url, self.details)


class OfArticle:
    """Gives a part of an `article` that article's fields under their usual names."""

    __slots__ = ()
    article: ArticleRef

    @property
    def article_id(self) -> str:
        """The article's id."""
        return self.article.id

    @property
    def headline(self) -> str:
        """The article's headline."""
        return self.article.headline

    @property
    def date(self) -> dt.date | None:
        """The article's day of publication."""
        return self.article.date

    @property
    def source(self) -> str | None:
        """The article's publisher."""
        return self.article.source

    @property
    def url(self) -> str | None:
        """The article's address."""
        return self.article.url

    @property
    def details(self) -> Details:
        """The article's authors, section, tags and language."""
        return self.article.details


@dataclass(frozen=True, slots=True)
class Passage:
    """A run of whole sentences of one article; `text == article.text[start:end]`."""

    article_id: str
    start: int
    end: int
    text: str

    @property
    def id(self) -> str:
        """`article_id:start-end`, unique within one generation of the index."""
        return f"{self.article_id}:{self.start}-{self.end}"


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file, or a record in it, that could not be read, and why.

    Attributes:
        kind: The kind of a file that holds no article that can be read; empty for all others.
    """

    location: str
    reason: str
    line: int | None = None
    kind: str = ""

    def __str__(self) -> str:
        """`path:line: reason`, as compilers print it."""
        where = self.location if self.line is None else f"{self.location}:{self.line}"
        return f"{where}: {self.reason}"


def count_kinds(skipped: Iterable[Skipped]) -> dict[str, int]:
    """Return how many files of each kind are not read, the most frequent first."""
    return dict(Counter(item.kind for item in skipped if item.kind).most_common())


def listed(counts: Mapping[str, int]) -> str:
    """Return what was counted in a line: `3 taken in, 1 skipped`."""
    return ", ".join(f"{count:,} {what}" for what, count in counts.items() if count)


@dataclass(frozen=True, slots=True)
class Unchanged:
    """A file that was not read again, since it has not changed; `location` is its path."""

    location: str


Item = Article | Skipped | Unchanged
"""What reading files yields."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a search may return; an empty `Bounds()` admits every article.

    Attributes:
        date_from: First day admitted, inclusive.
        date_to: Last day admitted, inclusive.
        sources: Publishers admitted, and limits such as `author:Jane Doe`; empty means all.
        undated: Whether articles without a date are admitted beside a date window.
    """

    date_from: date | None = None
    date_to: date | None = None
    sources: tuple[str, ...] = ()
    undated: bool = True

    @property
    def dated(self) -> bool:
        """Whether any date bound is set."""
        return self.date_from is not None or self.date_to is not None

    @property
    def numbers(self) -> tuple[int, int]:
        """First and last day admitted, as stores compare them."""
        first = day_number(self.date_from) if self.date_from else 0
        return first, day_number(self.date_to) if self.date_to else _LAST

    def admits(self, day: date | None, source: str | None, details: Details = NO_DETAILS) -> bool:
        """Whether an article of this day, publisher and details is within them."""
        if self.sources and not admits(self.sources, source, details):
            return False
        if day is None:
            return self.undated or not self.dated
        return (self.date_from or date.min) <= day <= (self.date_to or date.max)


_LIMIT = r"(author|section|tag|language|source):"
_QUALIFIED = re.compile(rf"{_LIMIT}\s*(.+)", re.IGNORECASE | re.DOTALL)
_IN_TEXT = re.compile(
    rf"(?<!\S){_LIMIT}(?:[\"“]([^\"“”]+)[\"”]|([^\s\"“”]*[^\s\"“”.,;?!]))", re.IGNORECASE
)


def is_limit(text: str) -> bool:
    """Whether a text is a limit such as `author:Jane Doe`, and no publisher's name."""
    return _QUALIFIED.fullmatch(text) is not None


def split_limits(text: str) -> tuple[str, tuple[str, ...]]:
    """Return a text without limits such as `author:"Jane Doe"`, and these."""
    found = _IN_TEXT.findall(text)
    rest = " ".join(_IN_TEXT.sub(" ", text).split()) if found else text
    return rest, tuple(f"{name.lower()}:{quoted or word}" for name, quoted, word in found)


def admits(limits: Sequence[str], source: str | None, details: Details) -> bool:
    """Whether an article is of one of the publishers, of one of the authors, and so on.

    A limit's words must stand in a row in what the article states: `author:doe` admits Jane Doe.
    """
    stated = {
        "author": details.authors,
        "section": (details.section or "",),
        "tag": details.tags,
        "language": (details.language or "",),
        "source": (source or "",),
    }
    return all(
        any(words in _normalized(value) for words in wanted for value in stated[field])
        if field
        else source in wanted
        for field, wanted in _words_by_field(tuple(limits)).items()
    )


@lru_cache(maxsize=256)
def _words_by_field(limits: tuple[str, ...]) -> Mapping[str, tuple[str, ...]]:
    """Return the words of limits by field; whole publishers under an empty name."""
    wanted: dict[str, tuple[str, ...]] = defaultdict(tuple)
    for limit in limits:
        if found := _QUALIFIED.fullmatch(limit):
            wanted[found[1].lower()] += (_normalized(found[2]),)
        else:
            wanted[""] += (limit,)
    return wanted


def _normalized(text: str) -> str:
    words = re.findall(r"[^\W_]+", text.casefold())
    return f" {' '.join(words)} "


@dataclass(frozen=True, slots=True)
class Hit:
    """One search result: the passage's key in the index and its score (higher is better)."""

    key: int
    score: float


class Stage(StrEnum):
    """The stages of a build, in order."""

    READING = "reading"
    EMBEDDING = "embedding"
    MERGING = "merging"
    WORDS = "words"
    SWITCHING = "switching"


@dataclass(frozen=True, slots=True)
class BuildEvent:
    """Progress of a build: `done` of `total` articles in `stage` (total None while unknown)."""

    stage: Stage
    done: int
    total: int | None


@dataclass(frozen=True, slots=True)
class BuildReport:
    """What a build did; counts are of articles.

    Attributes:
        generation: The generation that is live after the build.
        embedded: Passages embedded by this build; 0 when nothing changed.
        undated: Live articles without a date.
        skipped: What could not be read, each with its reason.
        files: Files found, by what came of them.
        kinds: How many files of each kind that is not read.
        notes: How many live articles have each note of their readers.
    """

    generation: int
    added: int = 0
    changed: int = 0
    moved: int = 0
    removed: int = 0
    unchanged: int = 0
    embedded: int = 0
    articles: int = 0
    undated: int = 0
    skipped: tuple[Skipped, ...] = ()
    seconds: Mapping[str, float] = field(default_factory=dict)
    files: Mapping[str, int] = field(default_factory=dict)
    kinds: Mapping[str, int] = field(default_factory=dict)
    notes: Mapping[str, int] = field(default_factory=dict)

    @property
    def touched(self) -> int:
        """How many articles differ from before."""
        return self.added + self.changed + self.moved + self.removed

    @property
    def exit_code(self) -> int:
        """0 all well, 1 some files skipped, 2 nothing done."""
        if not (self.touched or self.unchanged or self.embedded):
            return 2
        return 1 if self.skipped else 0


@dataclass(frozen=True, slots=True)
class Coverage:
    """What the archive holds: first and last day, articles, and how many of them have no date."""

    first: date | None
    last: date | None
    articles: int
    undated: int


@dataclass(frozen=True, slots=True)
class Generation:
    """One generation of the index: when it was switched to, and what is live in it."""

    number: int
    made: datetime
    articles: int
    passages: int
