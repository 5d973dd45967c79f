"""A pipeline with a script instead of models: the page is what is tested, and what it shows."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime

from index.errors import ModelUnavailable
from index.store.catalogue import CataloguePage, Listed, Wanted
from index.types import Article, ArticleRef, Coverage, Generation, Passage
from rag.answer import with_marks
from rag.llm.loader import ModelState, ModelStatus
from rag.types import (
    ABSTENTION,
    Answer,
    Citation,
    Conflict,
    Event,
    Evidence,
    Example,
    ExampleKind,
    Outcome,
    Progress,
    Question,
    Reason,
    Retrieved,
    RetrievedPassage,
    Statement,
    Token,
)

HOSTILE = (
    "<img src=x onerror=\"window.__pwned='img'\"> <script>window.__pwned='script'</script> "
    "![beacon](http://evil.example/b.png) [link](javascript:window.__pwned='md') "
    "${window.__pwned='js'} "
    "{{#with this}}{{/with}} <svg onload=window.__pwned='svg'></svg> \u202etfel ot thgir\u202c "
    "<iframe srcdoc='<script>parent.__pwned=1</script>'></iframe> </section></details>"
)

GREETING = (
    "Mr Qin greeted Mr Blinken on Sunday morning at the Diaoyutai State Guest House, a lavish "
    "estate that typically hosts visiting dignitaries."
)
TALKS = "Mr Blinken met Foreign Minister Qin Gang on Sunday."
ARTICLES = {
    "2023/blinken.txt": Article(
        "2023/blinken.txt",
        "/archive/2023/blinken.txt",
        "Antony Blinken, who arrived in Beijing on Sunday, is the highest-ranking member of "
        "President Joe Biden's administration to visit China",
        "The US Secretary of State held “candid” talks in Beijing. 🇨🇳 It was his first visit.\n\n"
        "China's Foreign Minister Qin Gang told Mr Blinken that Beijing was committed to a "
        "stable relationship.\n\n"
        + "The US had been lowering expectations for the trip. " * 12
        + f"\n\n{GREETING} The two shook hands.\n\n"
        + "The greeting was business-like. " * 20,
        date(2023, 6, 18),
        "The Evening Sheet",
        "https://news.example/blinken",
    ),
    "2023/talks.txt": Article(
        "2023/talks.txt",
        "/archive/2023/talks.txt",
        "Blinken and Qin speak for more than five hours",
        f"{TALKS}\r\n\r\nThe talks lasted 5½ hours.",
        date(2023, 6, 20),
        "Wire",
        "javascript:window.__pwned='url'",
    ),
    f"evil/{HOSTILE}": Article(
        f"evil/{HOSTILE}",
        "/archive/evil",
        f"Headline {HOSTILE}",
        f"Before. {HOSTILE} After.\n\nAnother paragraph. {HOSTILE}",
        None,
        f"Source {HOSTILE}",
        "https://ok.example/\"onmouseover=\"window.__pwned='attr'",
    ),
}
LISTED = [
    *(Listed(a.id, a.headline, a.date, a.source) for a in ARTICLES.values()),
    *(
        Listed(f"more/{n}.txt", f"Story {n:02}", date(2023, 1 + n % 11, 1 + n % 28), "Wire")
        for n in range(57)
    ),
]
COVERAGE = Coverage(date(2023, 2, 1), date(2023, 12, 20), 46, 1)
GENERATION = Generation(7, datetime(2024, 1, 2, 3, 4, 5).astimezone(), 46, 321)


class FakePipeline:
    """Answers by a word in the question: absent, fail, crash, slow, evil, bare, or normally.

    `questions` keeps what was asked; `cancels` the flags it was given.
    """

    def __init__(self, pace: float = 0.05) -> None:
        self.pace = pace
        self.questions: list[Question] = []
        self.cancels: list[threading.Event | None] = []
        self.status = ModelStatus(ModelState.READY)
        self.unreadable: Exception | None = None  # why there is no index

    def stream(self, question: Question, cancel: threading.Event | None = None) -> Iterator[Event]:
        self.questions.append(question)
        self.cancels.append(cancel)
        words = question.text.lower()
        if "can you do" in words:
            yield _help(question, self.examples())
            return
        yield Progress("searching")
        time.sleep(self.pace)
        if "fail" in words:
            raise ModelUnavailable("The model's server at http://127.0.0.1:1 does not respond.")
        if "crash" in words:
            raise RuntimeError("secret detail")
        evidence = _evidence("evil" in words)
        yield Retrieved(evidence, question.text, COVERAGE)
        if "bare" in words or "story" in words:
            made = _bare if "bare" in words else _story
            yield made(question, evidence)
            return
        yield Progress("waiting", 1)
        time.sleep(self.pace * 4)
        yield Progress("reading")
        time.sleep(self.pace * 4)
        yield from self._write(question, evidence, cancel)

    def _write(self, question, evidence, cancel):
        words = question.text.lower()
        text = HOSTILE if "evil" in words else "Qin Gang greeted him at the Diaoyutai Guest House. "
        for piece in (text * (30 if "slow" in words else 2)).split(" "):
            if cancel is not None and cancel.is_set():
                yield Answer(question.text, "", Outcome.ABSTAINED, Reason.STOPPED)
                return
            yield Token(piece + " ")
            time.sleep(self.pace)
        yield Progress("checking")
        time.sleep(self.pace * 2)
        yield _absent(question, evidence) if "absent" in words else _answered(question, evidence)

    def search(self, question: Question, limit: int = 10) -> list[RetrievedPassage]:
        self.questions.append(question)
        article = ARTICLES["2023/talks.txt"]
        passage = Passage(article.id, 0, len(article.text), article.text)
        one = RetrievedPassage(
            passage,
            ArticleRef(
                passage.article_id, article.headline, article.date, article.source, article.url
            ),
            1.0,
        )
        return [one] * min(limit, 3)

    def article(self, article_id: str) -> Article | None:
        return ARTICLES.get(article_id)

    def catalogue(
        self, wanted: Wanted, limit: int, offset: int = 0
    ) -> tuple[CataloguePage, dict[date, int]]:
        words = wanted.words.lower()
        every = [one for one in LISTED if words in f"{one.headline} {one.source}".lower()]
        if wanted.first or wanted.last:
            every = [one for one in every if one.date and _within(one.date, wanted)]
        every.sort(key=lambda one: str(getattr(one, wanted.order) or ""), reverse=wanted.descending)
        months = Counter(one.date.replace(day=1) for one in LISTED if one.date)
        return CataloguePage(tuple(every[offset : offset + limit]), len(every)), dict(months)

    def coverage(self) -> Coverage:
        return COVERAGE

    def generation(self) -> Generation:
        if self.unreadable is not None:
            raise self.unreadable
        return GENERATION

    def newest(self) -> date | None:
        return COVERAGE.last

    def sources(self) -> list[str]:
        return ["The Evening Sheet", "Wire"]

    def examples(self) -> list[Example]:
        questions = (
            "Where did Qin Gang greet Antony Blinken?",
            "What happened with a story between 1 and 5 February 2023?",
            f"What did {HOSTILE[:40]} say?",
            "What is new?",
        )
        made = zip(ExampleKind, questions, strict=True)
        return [
            Example(kind, text, date(2023, 6, 18) if kind is ExampleKind.DAY else None)
            for kind, text in made
        ]

    def model_status(self) -> ModelStatus:
        return self.status


def _within(day: date, wanted: Wanted) -> bool:
    return (wanted.first or date.min) <= day <= (wanted.last or date.max)


def cited(article_id: str, quote: str) -> Citation:
    article = ARTICLES[article_id]
    start = article.text.index(quote)
    return Citation(
        ArticleRef(article.id, article.headline, article.date, article.source, article.url),
        quote,
        start,
        start + len(quote),
    )


def _citations(evil: bool) -> tuple[Citation, ...]:
    if evil:
        name = f"evil/{HOSTILE}"
        return (cited(name, HOSTILE), cited("2023/talks.txt", "The talks lasted 5½ hours."))
    return (cited("2023/blinken.txt", GREETING), cited("2023/talks.txt", TALKS))


def _evidence(evil: bool) -> tuple[Evidence, ...]:
    first = cited("2023/blinken.txt", "It was his first visit.")
    items = []
    for number, one in enumerate((*_citations(evil), first), start=1):
        span = (one.start, one.end)
        items.append(
            Evidence(
                number,
                one.article,
                *span,
                one.quote,
                (span,),
                span,
                1.0 / number,
                ("copy",) if number == 1 else (),
            )
        )
    return tuple(items)


def _answered(question: Question, evidence: tuple[Evidence, ...]) -> Answer:
    evil = "evil" in question.text.lower()
    lead = HOSTILE if evil else "Qin Gang greeted Blinken at the Diaoyutai State Guest House [1]."
    differ = not evil and "conflict" in question.text.lower()
    other = f"Another article says: “{TALKS}”" if differ else "They met on Sunday."
    statements = (Statement(lead, (0,), 0.9), Statement(other, (1,), 0.8))
    removed = (Statement(HOSTILE if evil else "They had lunch.", (), 0.1, False, "Not stated."),)
    several = evil or differ
    return Answer(
        question.text,
        f"{lead} {with_marks(statements[1])}",
        Outcome.ANSWERED,
        statements=statements,
        removed=removed if several else (),
        citations=_citations(evil),
        conflicts=(Conflict(0, 1),) if several else (),
        notices=(HOSTILE if evil else "1 article without a date was left out.",) if several else (),
        evidence=evidence,
        coverage=COVERAGE,
        timings={"retrieval": 0.02, "total": 3.42},
        prompt="answer@0123456789ab",
        confidence=0.94,
    )


def _absent(question: Question, evidence: tuple[Evidence, ...]) -> Answer:
    return Answer(
        question.text,
        ABSTENTION,
        Outcome.ABSTAINED,
        Reason.NOT_STATED,
        evidence=evidence,
        coverage=COVERAGE,
        timings={"total": 2.1},
    )


def _story(question: Question, evidence: tuple[Evidence, ...]) -> Answer:
    whole = _answered(question, evidence)
    days = ("18 June 2023", "20 June 2023")
    lines = tuple(
        Statement(f"{day}: “{one.quote}”", (at,), 1.0)
        for at, (day, one) in enumerate(zip(days, whole.citations, strict=True))
    )
    text = "\n".join(line.text for line in lines)
    return replace(
        whole, text=text, statements=lines, evidence=evidence[:2], prompt="", confidence=None
    )


def _help(question: Question, examples: list[Example]) -> Answer:
    lines = ["Ask a question about the 46 articles.", *(f"For instance, {one}" for one in examples)]
    statements = tuple(Statement(line, (), 1.0) for line in lines)
    text = "\n".join(lines)
    told = Answer(question.text, text, Outcome.ANSWERED, statements=statements, coverage=COVERAGE)
    return replace(told, examples=tuple(examples))


def _bare(question: Question, evidence: tuple[Evidence, ...]) -> Answer:
    whole = _answered(question, evidence)
    quotes = tuple(Statement(c.quote, (n,), 1.0) for n, c in enumerate(whole.citations))
    return replace(
        whole,
        statements=quotes,
        outcome=Outcome.EVIDENCE_ONLY,
        reason=Reason.NO_MODEL,
        prompt="",
        confidence=None,
    )
