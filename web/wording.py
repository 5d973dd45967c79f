"""The page's sentences in plain text: dates, counts, states. Knows nothing of markup."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from index.types import Coverage
from rag.english.names import names_in
from rag.llm.loader import ModelStatus
from rag.types import (
    Answer,
    Citation,
    Evidence,
    Outcome,
    Progress,
    Question,
    Reason,
    RetrievedPassage,
)
from web.chat.exchange import Since
from web.chat.feedback import Verdict

MONTHS = (
    "January February March April May June July August September October November December"
).split()

STAGES = {
    "searching": "Searching the articles",
    "waiting": "Waiting for the language model",
    "reading": "Reading the evidence",
    "writing": "Writing",
    "checking": "Checking every statement against the articles",
    "reading on": "Not found there: reading the next passages",
}

REASONS = {
    Reason.NOTHING_FOUND: "Nothing in the articles searched comes close to the question.",
    Reason.NOT_STATED: "Related passages were found, but none of them states the answer.",
    Reason.FALSE_PREMISE: "The question assumes something that the articles do not bear out.",
    Reason.OUTSIDE_DATES: "The question is about days that the articles do not cover.",
    Reason.NO_MODEL: "The language model is not available.",
    Reason.STOPPED: "Stopped.",
}


def day(value: date) -> str:
    """`18 June 2023`, whatever the machine's language."""
    return f"{value.day} {MONTHS[value.month - 1]} {value.year}"


def day_or_undated(value: date | None) -> str:
    """The day, or word that there is none."""
    return day(value) if value else "undated"


def moment(value: datetime) -> str:
    """`18 Jun 2023, 09:30`, as it is in the value's own zone."""
    return f"{_short(value, True)}, {value:%H:%M}"


def short_day(value: date) -> str:
    """`18 Jun 2023`, where there is little room."""
    return _short(value, with_year=True)


def _short(value: date, with_year: bool) -> str:
    text = f"{value.day} {MONTHS[value.month - 1][:3]}"
    return f"{text} {value.year}" if with_year else text


def span(first: date, last: date) -> str:
    """`18–20 June 2023`, `1 Feb – 20 Dec 2023` or `30 Dec 2022 – 2 Jan 2023`."""
    if first == last:
        return day(first)
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day}–{day(last)}"
    return f"{_short(first, first.year != last.year)} – {_short(last, True)}"


def count(number: int, noun: str) -> str:
    """`1 article`, `1,117 articles`."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def left(seconds: float) -> str:
    """`40 s left`, `3 min left`."""
    whole = round(seconds)
    return f"{whole} s left" if whole < 120 else f"{whole // 60} min left"


def took(seconds: float) -> str:
    """`0.4 s`, `12 s`, `3 min 5 s`."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes:,} min {rest} s" if minutes else f"{rest} s"


def coverage(archive: Coverage) -> str:
    """`46 articles, 1 Feb – 20 Dec 2023`, and how many of them have no date."""
    parts = [count(archive.articles, "article")]
    if archive.first and archive.last:
        parts.append(span(archive.first, archive.last))
    if archive.undated:
        parts.append(f"{archive.undated:,} without a date")
    return ", ".join(parts)


def bounds(question: Question) -> list[str]:
    """What the asker set, as short labels; empty when nothing was set."""
    first, last = question.date_from, question.date_to
    labels = []
    if first and last:
        labels.append(span(first, last))
    elif first:
        labels.append(f"from {day(first)}")
    elif last:
        labels.append(f"up to {day(last)}")
    if question.as_of:
        labels.append(f"as of {day(question.as_of)}")
    return labels + list(question.sources)


def stage(progress: Progress) -> str:
    """What is being done, with the place in the queue where there is one."""
    text = STAGES.get(progress.stage, "Working")
    if progress.position > 0:
        return f"{text}: {count(progress.position, 'question')} before yours"
    return text


def evidence_title(evidence: Sequence[Evidence], *, abstained: bool) -> str:
    """`Evidence — 4 sentences from 3 articles`."""
    articles = len({item.article_id for item in evidence})
    sentences = count(len(evidence), "sentence")
    name = "Nearest passages" if abstained else "Evidence"
    return f"{name} — {sentences} from {count(articles, 'article')}"


def found(passages: Sequence[RetrievedPassage], seconds: float) -> str:
    """`20 passages of 12 articles, in 31 ms`."""
    if not passages:
        return "No passage of the archive comes close. Other words, or wider dates, may find some."
    articles = len({one.passage.article_id for one in passages})
    return (
        f"{count(len(passages), 'passage')} of {count(articles, 'article')}, "
        f"in {1000 * seconds:,.0f} ms"
    )


def ranks(found: RetrievedPassage) -> str:
    """`By words 3rd, by meaning 1st; score 0.027`: how a search found a passage."""
    places = [
        f"by {name} {_ordinal(found.ranks[key])}" for key, name in _RANKED if key in found.ranks
    ]
    text = ", ".join(places)
    return f"{text[:1].upper()}{text[1:]}; score {found.score:.3f}" if text else ""


_RANKED = (("lexical", "words"), ("dense", "meaning"))


def _ordinal(number: int) -> str:
    ending = {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{'th' if number % 100 in (11, 12, 13) else ending}"


def listed(total: int) -> str:
    """`1,117 articles`, or what to do where none is listed."""
    return count(total, "article") if total else "No article has these words and dates."


def since(became: Since) -> str:
    """What has become of a quote since it was cited."""
    if became is Since.GONE:
        return "Its article is no longer in the archive."
    return "The article has changed since: the quoted sentence is not in it now."


def conversations(number: int, *, narrowed: bool) -> str:
    """`3 conversations, kept in this browser`, or why there is none."""
    if number:
        return f"{count(number, 'conversation')}, kept in this browser"
    if narrowed:
        return "No conversation has these words in its title or questions."
    return "None yet. Answered questions are kept here, in this browser."


def earlier(number: int) -> str:
    """`Show 20 earlier questions`."""
    return f"Show {count(number, 'earlier question')}"


def _days_of(citations: Iterable[Citation]) -> str:
    days = sorted(citation.date for citation in citations if citation.date)
    return span(days[0], days[-1]) if days else "undated"


def footer(answer: Answer) -> str:
    """`From 2 articles, 18–20 June 2023 · very likely right (94%) · 3.4 s`, of what there is."""
    parts = []
    if answer.citations:
        articles = count(len({citation.article_id for citation in answer.citations}), "article")
        parts.append(f"From {articles}, {_days_of(answer.citations)}")
    if answer.confidence is not None and not answer.abstained:
        parts.append(sureness(answer.confidence))
    if "total" in answer.timings:
        parts.append(f"{answer.timings['total']:.1f} s")
    return " · ".join(parts)


def sureness(confidence: float) -> str:
    """The judge's probability in words; by calibration so many of such answers are right."""
    words = next((words for least, words in _SURE if confidence >= least), "unsure")
    return f"{words} ({confidence:.0%})"


_SURE = ((0.9, "very likely right"), (0.75, "likely right"))


def searched(answer: Answer, question: Question) -> str:
    """What an abstention rests on: how much was searched, and within which bounds."""
    labels = bounds(question)
    limit = f" Limits: {', '.join(labels)}." if labels else ""
    if answer.coverage is None:
        return limit.strip()
    return f"Searched {coverage(answer.coverage)}.{limit}"


def suggestion(question: Question, why: Reason = Reason.NOT_STATED) -> str:
    """What may help where the articles do not say; nothing where they say otherwise."""
    if why is Reason.FALSE_PREMISE:
        return ""
    if question.date_from or question.date_to or question.as_of:
        return "Wider dates may hold it."
    if question.sources:
        return "Other sources may hold it."
    if not names_in(question.text):
        return "It helps to name the person, the place or the organisation."
    return "Other words for it may find more; Search shows what there is."


def reason(answer: Answer) -> str:
    """Why the answer is not simply an answer; empty where it is one."""
    if answer.outcome is Outcome.EVIDENCE_ONLY:
        return (
            "No language model took part: these are the best sentences of the articles, as printed."
        )
    return REASONS.get(answer.reason, "")


def removed_title(number: int) -> str:
    """`1 statement removed: not supported by the articles`."""
    return f"{count(number, 'statement')} removed: not supported by the articles"


def verdicts(answer: Answer) -> dict[Verdict, str]:
    """What may be wrong with an answer, or with an abstention."""
    if answer.abstained:
        return {Verdict.SHOULD_ANSWER: "The articles do say"}
    return {
        Verdict.WRONG: "It is wrong",
        Verdict.WRONG_SOURCE: "The source does not say so",
        Verdict.WRONG_DATE: "It is of another date",
        Verdict.SHOULD_NOT_ANSWER: "It should not have answered",
    }


def announcement(answer: Answer) -> str:
    """What a screen reader says once when an answer is there."""
    if answer.abstained:
        return f"{answer.text} {reason(answer)}"
    return f"Answer: {answer.text}"


def model_state(status: ModelStatus) -> str:
    """One line on the language model; empty when it is ready."""
    meanwhile = "Until then answers are the best sentences."
    if status.state == "ready":
        return ""
    if status.state == "fetching":
        return f"The language model is being fetched: {_transfer(status)}. {meanwhile}"
    if status.state in ("converting", "loading"):
        return f"The language model is being {_PREPARED[status.state]}. {meanwhile}"
    if status.state == "off":
        return "Answers are the best sentences: the language model is switched off."
    if status.state == "failed":
        detail = f" {status.message}" if status.message else ""
        return f"The language model cannot be had; answers are the best sentences.{detail}"
    return f"The language model is not there yet. {meanwhile}"


_PREPARED = {"converting": "prepared, which happens once", "loading": "loaded"}


def _transfer(status: ModelStatus) -> str:
    parts = [f"{status.done / 1e6:,.0f} of {status.total / 1e6:,.0f} MB"]
    if status.rate > 0:
        parts.append(f"{status.rate / 1e6:.0f} MB/s")
    if status.eta is not None and status.eta > 0:
        parts.append(left(status.eta))
    return ", ".join(parts)
