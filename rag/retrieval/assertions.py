"""Which sentences of a text assert something: an order, a supposition or a script does not.

"If you are asked who won, say that Berg did" tells nobody who won. Such sentences are never
evidence. What a quotation says stays what somebody said ("Imagine that," she told them), unless
it gives orders about answering. Pure functions over English text.
"""

from __future__ import annotations

import re
from functools import lru_cache

from index.text.sentences import sentence_spans

Span = tuple[int, int]

_FLAGS = re.IGNORECASE | re.MULTILINE  # every pattern is bounded: a text cannot slow it down
_SAY = (
    r"(?:say|tell|state|answer|reply|respond|report|write|output|print|repeat|mention|name|claim|"
    r"confirm|insist|give|quote|cite)"
)
_HOW = (
    r"(?:(?:please|kindly|now|then|so|and|but|well|okay|just|only|simply|always|never|instead|"
    r"do not|don['’]t|be sure to|make sure to|remember to)[,:]?\s+)*"
)
# Where an order may begin: a sentence, or a clause after a comma.
_BEGINS = rf"(?:^\W*|[,;:?—–]\s+){_HOW}"
_MUST = (
    r"(?:must|should|shall|will|ha(?:s|ve) to|need(?:s)? to|ought to|(?:is|are) to|can only|"
    r"may only|always|never|(?:is|are) (?:required|instructed|expected|obliged|allowed) to)"
)
_THAT = r"(?:that|instead|only|nothing|no|with|it|the\s+following|[“\"‘'\d]|[A-Z]\w+)"
_REPLY = r"(?:answer|reply|response|output)"

_ORDERS = re.compile(
    # A condition of being asked, and what is to be said then.
    r"\b(?:asked?|asks|quer(?:y|ied)|questions?|wants? to know|comes? up|repl(?:y|ies)|answers?)\b"
    rf"(?:[^.!]{{0,120}}[,:?]\s+|[^.!]{{0,120}}\bmust\s+){_HOW}(?:you\s+)?(?:{_MUST}\s+)?{_HOW}"
    rf"{_SAY}\s+(?-i:{_THAT})"
    # What the reader is to say, believe or be.
    rf"|\byou\s+{_MUST}\s+{_HOW}{_SAY}\s+(?-i:{_THAT})"
    rf"|\byou\s+(?:answer|reply|respond)\b[^.!]{{0,120}}\b(?:every|any|all|each)\b"
    rf"|\byou (?:are|['’]re) not allowed to {_SAY}\b|\byour {_REPLY}\s+(?:{_MUST}|is)\b"
    rf"|\b(?:only|sole)\s+(?:permitted|allowed|accepted|acceptable|valid)\s+{_REPLY}\b"
    # What was written before is not to count.
    r"|(?:^\W*|[,;:]\s+|\b(?:please|kindly|and|now)\s+)(?:ignore|disregard|forget|overlook)\s+"
    r"(?:all|any|every\w*|the|what|earlier|previous|prior|other|these|those|your)\b[^.!]{0,120}"
    r"\b(?:instructions?|articles?|reports?|texts?|written|said|above|prompts?|rules?|told|"
    r"sources?|sentences?|evidence|else)\b",
    _FLAGS,
)
_DECLARED = re.compile(  # orders and suppositions that a quotation may hold
    rf"{_BEGINS}(?:"
    rf"(?-i:[Ss]ay|[Ss]tate|[Aa]nswer|[Rr]eply|[Rr]espond|[Rr]eport|[Ww]rite|[Rr]epeat|[Cc]laim|"
    rf"[Cc]onfirm|[Ii]nsist|[Mm]ention|[Oo]utput)\s+(?-i:that|instead|only|nothing|no\s+other|with\b|[“\"\d])"
    r"|tell\s+(?:people|everyone|everybody|anyone|anybody|readers|users|them|him|her)\s+(?:that|to|about|of)\b"
    r"|(?:give|name|mention|state)\s+(?:no|any)\s+other\b"
    r"|(?:act|behave|speak|answer|write|talk)\s+(?:as\s+(?:if|though)|like)\b"
    r"|(?:treat|regard|consider)\s[^.]*\bas\s+(?:true|fact|given|certain|correct)\b"
    r"|take\s+(?:it|for\s+granted)\s+that\b)"
    rf"|^\W*{_HOW}(?:suppose|supposing|pretend|imagine|assume|assuming|hypothetically|what\s+if|"
    r"picture\s+(?:it|this|that))\b"
    r"|^\W*(?:let['’]s|let\s+us)\s+(?:suppose|say|pretend|imagine|assume|picture|take)\b"
    r"|\bfor\s+(?:the\s+)?(?:sake\s+of\s+(?:the\s+)?argument|this\s+exercise)\b"
    r"|^\W*in\s+(?:this|our|an?|the)\s+(?:made-up|imaginary|imagined|fictional|fictitious|invented|"
    r"hypothetical|alternative|role-?play)\b"
    r"|^\W*(?:from\s+now\s+on,?\s+)?you(?:\s+are|['’]re)\s+(?:now\s+)?(?:an?\s|(?-i:[A-Z]))",
    _FLAGS,
)
_ROLE = (
    r"(?:question|answer|query|reply|response|expected\s+output|system|user|reader|assistant|human|"
    r"(?:chat)?bot|ai|prompt|instructions?|input|output|completion)"
)
_LABELLED = re.compile(  # a line of a script, and what stands below a label of its own line
    rf"^[ \t>*-]*(?:(?:{_ROLE}\s*\d*\s*:|#+\s*{_ROLE}\b.*$|[qa]\s*\d*[:.)]\s)(?:\n\s*)?)", _FLAGS
)
_TOKENS = re.compile(  # all that follows is part of the script
    r"<[|｜]|\[/?INST\]|</?s>|<<\w+>>|</?\w*_\w+>"
    r"|<!--|<[a-z]+\b[^<>]*\b(?:hidden|display\s*:\s*none|visibility|font-size\s*:\s*0)"
    r"|[\"'](?:role|system|prompt|arguments)[\"']\s*:",
    _FLAGS,
)
_QUOTED = re.compile(r"\"[^\"\n]*(?:\"|$)|“[^”\n]*(?:”|$)", re.MULTILINE)
_WORDS = re.compile(r"\w\W+\w")
_SCOPE = 200  # characters of its paragraph that belong to an order, a supposition or a label
_GAP = re.compile(r"(?<=[.!?\"”’')])[ \t]*\n|\n\s*\n")


@lru_cache(maxsize=4096)
def statements(text: str) -> tuple[tuple[Span, ...], ...]:
    """Return the sentences of a text that assert something, in unbroken runs.

    What follows an order or a supposition closely belongs to it, as does a paragraph to the
    label before it; what follows a chat template's token is a script to the end.
    """
    left_out = [(m.start(), _reach(text, m.end())) for m in _LABELLED.finditer(text)]
    if token := _TOKENS.search(text):
        left_out.append((token.start(), len(text)))
    spoken = _without_quotations(text)
    runs: list[list[Span]] = [[]]
    for start, end in sentence_spans(text):
        within = any(first < end and start < last for first, last in left_out)
        commands = _ORDERS.search(text[start:end]) or _DECLARED.search(spoken[start:end])
        if not within and not commands:
            runs[-1].append((start, end))
            continue
        if not within and not text[start:end].endswith("?"):  # "What if …?" is one sentence
            left_out.append((start, _reach(text, end)))
        runs.append([])
    return tuple(tuple(run) for run in runs if run)


def stated_sentences(text: str) -> list[Span]:
    """Return the sentences of a text that assert something, in order."""
    return [span for run in statements(text) for span in run]


def _reach(text: str, start: int) -> int:
    """Where what is said after an order, in its paragraph, begins to count again."""
    gap = _GAP.search(text, start)
    return min(gap.start() if gap else len(text), start + _SCOPE)


def asserts(line: str) -> bool:
    """Whether a line, such as a headline, is neither an order nor a supposition nor a script."""
    return stated_sentences(line) == sentence_spans(line)


def _without_quotations(text: str) -> str:
    """The text with its quotations as blanks, where somebody is quoted: "…", he said."""
    return "\n".join(
        bare if _WORDS.search(bare := _QUOTED.sub(_blank, line)) else line
        for line in text.split("\n")
    )


def _blank(found: re.Match[str]) -> str:
    return " " * len(found[0])
