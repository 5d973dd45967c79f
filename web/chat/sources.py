"""What an answer rests on, by article, and how articles differ. Knows nothing of markup."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from rag.english.facts import facts
from rag.retrieval.overviews import about_archive
from rag.types import Answer, Citation, Conflict, Evidence, Outcome, Statement
from web import wording
from web.chat.exchange import Exchange


@dataclass(frozen=True, slots=True)
class Quoted:
    """A quote as the browser names it: `cite` or `evidence`, and its position there."""

    kind: str
    number: int
    item: Citation | Evidence
    also_in: tuple[str, ...] = ()


Articles = list[list[Quoted]]  # the quotes of each article


def cited(exchange: Exchange) -> Articles:
    """Return what the answer cites, by article, in the order of its marks."""
    quotes = []
    for number, one in enumerate(exchange.citations):
        copies = (item.also_in for item in exchange.evidence if _overlap(one, item))
        quotes.append(Quoted("cite", number, one, next(copies, ())))
    return _by_article(quotes)


def also_read(exchange: Exchange) -> Articles:
    """Return what was read and is not cited, by article, best first."""
    citations = exchange.citations
    return _by_article(
        [
            Quoted("evidence", number, item, item.also_in)
            for number, item in enumerate(exchange.evidence)
            if not any(_overlap(one, item) for one in citations)
        ]
    )


def _overlap(citation: Citation, item: Evidence) -> bool:
    first, last = item.best
    same = citation.article_id == item.article_id
    return same and citation.start < last and first < citation.end


def _by_article(quotes: Sequence[Quoted]) -> Articles:
    articles: dict[str, list[Quoted]] = {}
    for one in quotes:
        articles.setdefault(one.item.article_id, []).append(one)
    return list(articles.values())


def is_table(answer: Answer) -> bool:
    """Whether an answer is a list or a timeline, a line for each entry."""
    if answer.outcome is Outcome.EVIDENCE_ONLY or "\n" not in answer.text:
        return False
    return not any("\n" in statement.text for statement in answer.statements)


def is_small_talk(exchange: Exchange) -> bool:
    """Whether a greeting, or a question about the archive itself, was answered."""
    return not exchange.citations and about_archive(exchange.question.text) is not None


def instance(statement: Statement) -> str:
    """Return the question that a line gives as an example; nothing where it gives none."""
    before, _, question = statement.text.partition("For instance: ")
    return question if not before and not statement.citations else ""


def names_its_articles(answer: Answer | None) -> bool:
    """Whether an answer shows its articles itself, so that sources would repeat it."""
    return answer is not None and (
        is_table(answer) or (answer.outcome is Outcome.EVIDENCE_ONLY and bool(answer.statements))
    )


def first_cited(statement: Statement, answer: Answer) -> Citation | None:
    """Return the first citation of a statement; None where it has none."""
    known = [at for at in statement.citations if at < len(answer.citations)]
    return answer.citations[known[0]] if known else None


def undated(statement: Statement, answer: Answer) -> str:
    """Return a line of a list or a timeline without the day that it begins with."""
    of = first_cited(statement, answer)
    return statement.text.removeprefix(f"{wording.day(of.date)}: ") if of else statement.text


def differing(answer: Answer) -> list[tuple[int, list[tuple[str, bool]]]]:
    """Return the positions of the citations that differ, the oldest first, each with its quote.

    The quote is in pieces, and of each it is said whether it is a figure that only it gives.
    """
    numbers = {at for one in _known(answer) for at in (one.earlier, one.later)}
    quotes = {at: answer.citations[at].quote for at in numbers}
    ordered = sorted(numbers, key=lambda at: (answer.citations[at].date or date.min, at))
    return [
        (at, list(_split_figures(quotes[at], [quotes[other] for other in numbers - {at}])))
        for at in ordered
    ]


def told(answer: Answer) -> list[Statement]:
    """Return the statements without those that only repeat the table of what differs."""
    first: dict[int, int] = {}
    for place, statement in enumerate(answer.statements):
        for at in statement.citations:
            first.setdefault(at, place)
    later = {
        max((first.get(at, -1) for at in (one.earlier, one.later)), default=-1)
        for one in _known(answer)
    }
    return [
        one
        for place, one in enumerate(answer.statements)
        if place not in later or place == 0 or len(one.citations) != 1
    ]


def _known(answer: Answer) -> list[Conflict]:
    known = range(len(answer.citations))
    return [one for one in answer.conflicts if one.earlier in known and one.later in known]


def _split_figures(quote: str, others: Sequence[str]) -> Iterator[tuple[str, bool]]:
    known = {value for other in others for value in facts(other).all_values}
    numbers = (one for one in facts(quote).number_spans if one.value not in known)
    at = 0
    for start, end in sorted((one.start, one.end) for one in numbers):
        if start >= at:
            yield from ((quote[at:start], False), (quote[start:end], True))
            at = end
    yield quote[at:], False
