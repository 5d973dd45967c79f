"""Makes a question self-contained, reads its dates, and recognises its language, by code alone."""

from __future__ import annotations

import calendar
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import TYPE_CHECKING

from index.errors import ArticleError, QuestionError
from index.readers.days import AmbiguousDay, read_day
from index.text.days import format_day
from index.text.words import content_stems
from index.types import Bounds, split_limits
from rag.english.facts import facts
from rag.english.names import PRONOUNS
from rag.english.temporal import AskedDays, asked_days, wants_latest, worded_days
from rag.types import ABSTENTION, Question, Turn

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

_POINTING = re.compile(
    rf"\b({PRONOUNS}|there|then|this|that|these|those|the same|the two|both|the other)\b",
    re.IGNORECASE,
)
_CONTINUING = re.compile(r"^\s*(and|but|so|or|also|what about|how about)\b", re.IGNORECASE)
_MEASURE = re.compile(r"\bhow (many people|many|much|long|old|often|far)\b", re.IGNORECASE)
# Counts change from one report to the next, and the newest is meant.
_COUNTING = re.compile(r"\bhow (many|much)\b|\b(toll|number of)\b", re.IGNORECASE)
_LONGEST = 300  # characters of what a follow-up continues
_MARK = re.compile(r"\s*\[\d+\]")
_EXPLETIVE = re.compile(r"\b(was|is|are|were|did|does) (it|there)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Understood:
    """What a question asks for.

    Attributes:
        text: The question as it was put, white space tidied.
        standalone: The same with what it takes from the conversation; what is searched for.
        earlier: The turn that it continues; None if it stands alone.
        as_of: The day that "today" means; None in an archive without dates.
        bounds: What its asker set: hard.
        window: What its words imply: soft.
        latest: Whether the newest state is asked for, or a count, which later reports revise.
    """

    text: str
    standalone: str
    earlier: Turn | None
    as_of: date | None
    bounds: Bounds
    window: AskedDays | None
    latest: bool


def understand(question: Question, newest: date | None, longest: int) -> Understood:
    """Read a question against the archive's newest day.

    Raises:
        QuestionError: it is empty, longer than `longest` characters, or its dates contradict
            each other.
    """
    text = " ".join(question.text.split())
    if not any(character.isalnum() for character in text):
        raise QuestionError("the question is empty; ask something like “Who won the election?”")
    if len(text) > longest:
        raise QuestionError(f"the question has {len(text)} characters; {longest} are the most")
    as_of = question.as_of or newest
    turns = _continued(text, question.history)
    standalone = text
    if turns:  # the mark parts what is asked from what it continues, also where none was typed
        standalone = f"{text.rstrip(' ?.!')}? ({_subject(turns)})"
    return Understood(
        text=text,
        standalone=standalone,
        earlier=turns[-1] if turns else None,
        as_of=as_of,
        bounds=_bounds(question),
        window=asked_days(text, as_of) if as_of else None,
        latest=wants_latest(text) or bool(_COUNTING.search(text)),
    )


def _bounds(question: Question) -> Bounds:
    ends = [day for day in (question.date_to, question.as_of) if day]
    last = min(ends) if ends else None
    first = question.date_from
    if first and last and first > last:
        raise QuestionError(
            f"no day is both after {format_day(first)} and before {format_day(last)}; "
            "set the first date before the last"
        )
    dated = first is not None or last is not None
    return Bounds(first, last, question.sources, undated=not dated)


def _continued(text: str, history: tuple[Turn, ...]) -> tuple[Turn, ...]:
    """Return the turns up to the one that a question continues; none if it can be read alone.

    That is the last turn with one of its words, as in a return to an earlier topic; without one,
    the last of all.
    """
    names = facts(text).names
    words = set(content_stems(_MEASURE.sub("", text)))
    short = len(words) <= 2 and not names
    pointing = _POINTING.search(_EXPLETIVE.sub(" ", text)) and len(names) < 2
    alone = not (_CONTINUING.search(text) or pointing or short)
    if alone and (names or not _EXPLETIVE.search(text)):
        return ()
    for last in range(len(history), 0, -1):
        turn = history[last - 1]
        if words & {*content_stems(turn.question), *content_stems(turn.answer)}:
            return history[:last]
    return history


def _subject(turns: tuple[Turn, ...]) -> str:
    """What a later question may point at: the last turn, and those that it continues in turn.

    Of many turns only the last and the first are kept: the first names whom all are about.
    """
    named: list[str] = []
    while turns:
        named.append(_named(turns[-1]))
        turns = _continued(turns[-1].question, turns[:-1])
    whole = " ".join(named)
    return whole if len(whole) <= _LONGEST else " ".join([named[0], *named[1:][-1:]])


def _named(turn: Turn) -> str:
    """An earlier question and the names answered."""
    answer = _MARK.sub("", turn.answer)
    names = [] if answer.startswith(ABSTENTION) else facts(answer).names
    fresh = [name for name in names if name.lower() not in turn.question.lower()]
    return " ".join([turn.question.rstrip(" ?"), *fresh[:4]])


LONGEST_ANSWER = 4000
"""Characters of an earlier answer that a question may rest on: longer than any that is given."""
_LONGEST_DAY = 40  # characters
_DATE = re.compile(r"(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?)?")
_FIGURES = re.compile(r"\d{1,2}([./-])\d{1,2}\1\d{4}", re.ASCII)
_BEFORE_TODAY = {"today": 0, "yesterday": 1}  # days


def parse_day(text: str, *, name: str, last: bool = False) -> date | None:
    """Return the day that `text` names, or None where it is blank.

    Args:
        text: `2023-06-18`, “18 June 2023”, `18/6/2023`, “today” or “yesterday”; or a month,
            `2023-06` or “June 2023”, or a year, meaning its first day.
        name: What the date is for, used in the message.
        last: Whether a month or a year means its last day.

    Raises:
        QuestionError: no such day, not written in one of these ways, or a day in figures that
            can be read in two.
    """
    words = text.strip()
    if not words:
        return None
    if words.lower() in _BEFORE_TODAY:
        return date.today() - timedelta(days=_BEFORE_TODAY[words.lower()])
    if _FIGURES.fullmatch(words):
        return _day_in_figures(words, name)
    found = _DATE.fullmatch(words)
    if found is None:
        named = worded_days(words) if len(words) <= _LONGEST_DAY else []
        if len(named) != 1 or named[0].words != words:
            raise QuestionError(
                f"{name}: “{words[:40]}” is not a date; write it as 18 June 2023 or 2023-06-18."
            )
        return named[0].last if last else named[0].first
    year = int(found[1])
    month = int(found[2]) if found[2] else (12 if last else 1)
    try:
        length = calendar.monthrange(year, month)[1]
        return date(year, month, int(found[3]) if found[3] else (length if last else 1))
    except (ValueError, calendar.IllegalMonthError):
        raise QuestionError(f"{name}: there is no day {words}.") from None


def _day_in_figures(words: str, name: str) -> date | None:
    try:
        return read_day(words).day
    except AmbiguousDay:
        problem = f"“{words}” can be read day first or month first; write it as 18 June 2023"
    except ArticleError:
        problem = f"there is no day {words}"
    raise QuestionError(f"{name}: {problem}.")


def make_question(
    text: str,
    *,
    max_question: int,
    as_of: str = "",
    date_from: str = "",
    date_to: str = "",
    sources: Sequence[str] = (),
    history: tuple[Turn, ...] = (),
) -> Question:
    """Return the question that a person or a program asks, with its bounds.

    Args:
        text: The question; at most `max_question` characters. Limits in it, such as
            `author:"Jane Doe"`, count as `sources`. Here and in the history, what no
            Unicode text may hold (half a surrogate pair, as JSON can give) becomes “?”.
        max_question: Characters allowed.
        as_of: The day that the answer is for; blank means the newest article's.
        date_from: First day searched.
        date_to: Last day searched.
        sources: Publishers searched, and limits such as `author:Jane Doe`; none means all.
        history: Earlier turns, oldest first; cut to `max_question` and `LONGEST_ANSWER`.

    Raises:
        QuestionError: the question is blank or too long, or its dates are impossible.
    """
    words = _replace_surrogates(text).strip()
    if len(words) > max_question:
        raise QuestionError(
            f"The question has {len(words):,} characters; at most {max_question:,} are allowed."
        )
    words, limits = split_limits(words)
    if not words:
        raise QuestionError("Write a question first.")
    first = parse_day(date_from or "", name="From")
    last = parse_day(date_to or "", name="To", last=True)
    if first and last and first > last:
        raise QuestionError(
            f"From ({format_day(first)}) is after To ({format_day(last)}): no article can match."
        )
    at = parse_day(as_of or "", name="As of", last=True)
    if at and first and first > at:
        raise QuestionError(
            f"From ({format_day(first)}) is after As of ({format_day(at)}): no article can match."
        )
    earlier = tuple(
        Turn(
            split_limits(_replace_surrogates(turn.question[:max_question]))[0],
            _replace_surrogates(turn.answer[:LONGEST_ANSWER]),
        )
        for turn in history
    )
    return Question(words, at, first, last, (*(sources or ()), *limits), earlier)


def _replace_surrogates(text: str) -> str:
    """Replace halves of surrogate pairs by “?”: tokenizers raise on them."""
    return text.encode("utf-8", "replace").decode("utf-8")


_LANGUAGES = {
    "en": "English", "fr": "French", "de": "German", "es": "Spanish", "it": "Italian",
    "pt": "Portuguese", "nl": "Dutch", "sv": "Swedish", "da": "Danish", "no": "Norwegian",
    "pl": "Polish", "cs": "Czech", "ro": "Romanian", "hu": "Hungarian", "tr": "Turkish",
    "ru": "Russian", "uk": "Ukrainian", "el": "Greek", "ar": "Arabic", "he": "Hebrew",
    "fa": "Persian", "hi": "Hindi", "zh": "Chinese", "ja": "Japanese", "ko": "Korean",
    "vi": "Vietnamese", "id": "Indonesian",
}  # fmt: skip
_SURE = 0.8  # probability from which a text counts as not English: 0 of 1,765 questions do
_LETTERS = re.compile(r"[^\W\d_]+")


def foreign_language(text: str) -> str | None:
    """Return the name of the language of a text; None if it is English, or not surely another.

    The models read English only. By py3langid (Lui 2012, https://aclanthology.org/P12-3005/).
    """
    words = _without_names(text)
    if not words:
        return None
    code, probability = _identifier().classify(" ".join(words))
    return _LANGUAGES[code] if code != "en" and probability >= _SURE else None


def _without_names(text: str) -> list[str]:
    """The words of a text but its names, which are of any language: La La Land."""
    words = _LETTERS.findall(text)
    if text.isupper():
        return words
    return [word for at, word in enumerate(words) if at == 0 or not word[0].isupper()]


@cache
def _identifier() -> LanguageIdentifier:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages(list(_LANGUAGES))
    return identifier
