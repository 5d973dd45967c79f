"""Which of the names or numbers of a sentence stands nearest to what a question asks about.

"Ms Earps was named best goalkeeper, while Hinata Miyazawa was the top scorer" answers who the top
scorer was with the second name. Pure functions.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from index.words import stems
from rag.facts import name_stands, names_in, strict_numbers_in
from rag.kinds import Kind, kind_asked

Span = tuple[int, int]
_WORD = re.compile(r"[^\W_][\w'’.-]*")
_FAR = 12  # words; what stands further away is as good as elsewhere
_CLAUSE = 4  # words that the border of a clause counts for
_ATTRIBUTE = re.compile(r"(?:['’]s)?[\s(]+(?:(?:of|from|in|at) (?:the )?)?|, (?:the )?")
_PLACING = re.compile(r"\b(?:in|at|near|outside|from|around|off) (?:the |a )?$", re.IGNORECASE)
_PLACE_ASKED = re.compile(
    r"\bwhere\b|\b(?:what|which|in what|in which) (?:\w+ )?"
    r"(?:city|country|town|place|state|island|stadium|airport|village|region)\b",
    re.IGNORECASE,
)
_BORDER = re.compile(r"[,;:—–]|\b(?:while|but|whereas|although)\b", re.IGNORECASE)


def nearness(question: str, said: str, weights: Mapping[str, float], sentence: str) -> float:
    """Return how much nearer to the question's words the answer stands than its best rival.

    Distances are in words, of each question word that the sentence holds, weighed by what it
    tells. Rivals are the other names of the sentence where a name is asked for, the other numbers
    where a number is. To be nearer than all of them speaks for an answer; only one of its own
    sort speaks against it: a place (what stands after "in" or "at") where a place is asked for,
    and no place where none is.

    Args:
        question: The self-contained question.
        said: The answer.
        weights: How much each stemmed word of the question tells, to a sum of 1.
        sentence: The sentence that it cites.

    Returns:
        -1 to 1, below 0 where a rival is nearer; 0 where there is no rival or nothing to compare.
    """
    answers, rivals = _candidates(question, said, sentence)
    rivals = [r for r in rivals if not any(_belongs(r, answer, sentence) for answer in answers)]
    asked = [(at, weights[stem]) for at, stem in _places(sentence) if stem in weights]
    if not answers or not rivals or not asked:
        return 0.0
    distance = {text: _distance(text, sentence, asked) for text in (*answers, *rivals)}
    own = min(distance[text] for text in answers)
    ahead = min(distance[text] for text in rivals) - own
    alike = [distance[rival] for rival in rivals if _alike(rival, question, sentence)]
    return ahead if ahead > 0 else min([0.0, *(one - own for one in alike)])


def _alike(rival: str, question: str, sentence: str) -> bool:
    """Whether a rival is of the sort asked for: a place, or none; numbers are all alike."""
    if kind_asked(question) is Kind.NUMBER:
        return True
    placed = any(_PLACING.search(sentence[:start]) for start, _ in _spans(rival, sentence))
    return placed is bool(_PLACE_ASKED.search(question))


def _candidates(question: str, said: str, sentence: str) -> tuple[list[str], list[str]]:
    """What the sentence could answer with: as the answer says, and otherwise."""
    kind = kind_asked(question)
    if kind is Kind.NAME:
        named = [name for name in names_in(sentence) if name in sentence]  # in one piece
        new = [name for name in named if not name_stands(name, question)]
        return _parted(new, [name_stands(name, said) for name in new])
    if kind is Kind.NUMBER:
        known, told = (set(strict_numbers_in(text).values()) for text in (question, said))
        numbers = {w: v for w, v in strict_numbers_in(sentence).items() if v not in known}
        return _parted(list(numbers), [value in told for value in numbers.values()])
    return [], []


def _parted(texts: Sequence[str], chosen: Sequence[bool]) -> tuple[list[str], list[str]]:
    pairs = list(zip(texts, chosen, strict=True))
    return [text for text, yes in pairs if yes], [text for text, yes in pairs if not yes]


def _places(sentence: str) -> list[tuple[Span, str]]:
    """Each word's span and stem."""
    return [(m.span(), stem) for m in _WORD.finditer(sentence) for stem in stems(m[0])]


def _spans(text: str, sentence: str) -> list[Span]:
    return [m.span() for m in re.finditer(re.escape(text), sentence)]


def _distance(text: str, sentence: str, asked: Sequence[tuple[Span, float]]) -> float:
    """Mean distance from one of the sentence's names to the words asked about, 0 to 1."""
    total = sum(weight for _, weight in asked)
    spans = _spans(text, sentence)
    return sum(w * min(_apart(sentence, at, s) for s in spans) for at, w in asked) / total


def _apart(sentence: str, one: Span, other: Span) -> float:
    between = _between(sentence, one, other)
    words = len(_WORD.findall(between)) + _CLAUSE * len(_BORDER.findall(between))
    return min(words, _FAR) / _FAR


def _belongs(rival: str, answer: str, sentence: str) -> bool:
    """Whether a name tells of the one beside it: Hinata Miyazawa of Japan, the Swiss UBS."""
    pairs = ((r, a) for r in _spans(rival, sentence) for a in _spans(answer, sentence))
    return any(_ATTRIBUTE.fullmatch(_between(sentence, *pair)) for pair in pairs)


def _between(sentence: str, one: Span, other: Span) -> str:
    first, second = sorted((one, other))
    return sentence[first[1] : second[0]]
