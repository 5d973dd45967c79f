"""Text -> spans of its sentences: English news prose, by rules.

Every character but white space lies in exactly one span.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_BREAKS = "\n\r\x0b\x0c\x85\u2028\u2029"
_LINE = re.compile(rf"\S[^{_BREAKS}]*")
_BREAK = re.compile(rf"\r\n|[{_BREAKS}]")
_ITEM = re.compile(r"(?:[-*+•‣▪◦·]|\(?\d{1,3}[.)])\s")
_WORD = re.compile(r"\S+")
_WRAP_WIDTHS = range(40, 101)  # columns of text whose lines were broken by width

_OPENING = "\"'“‘«(\\["
_CLOSING = "\"'”’»)\\]"
_NO_START = frozenset("!\"%&'),./:;=>?\\]^_`|}~”’»")
# A stop with its closing quotes and notes, the white space after it, and the next word.
_STOP = re.compile(
    rf"(?P<stop>[.!?…](?<![.!?…].)[.!?…]*+)(?P<close>[{_CLOSING}]*(?:\[\d+\])*(?: [\"”](?=\s))?)"
    rf"(?P<gap>\s+)(?P<open>[{_OPENING}]*)(?=(?P<next>\S))"
)
_BEFORE = re.compile(rf"[^\s{_OPENING}—–/]+\Z")
_STARTER = re.compile(
    r"(?:The|This|That|These|Those|There|Then|They|Their|He|She|It|Its|His|Her|We|Our|You|I|A|An|"
    r"And|But|Or|So|If|In|On|At|As|By|For|From|To|With|When|While|Where|What|Who|Why|How|After|"
    r"Before|Since|Until|Although|Though|However|Meanwhile|Despite|Both|Some|Many|Most|Such|"
    r"Several|Another|Other|One|Two|No|Not|Only|Also|Still|Yet|Now|Earlier|Later|Last|"
    r"According|Under|Over|During|Because|Once|Even|Just|Here|Officials|Critics|Asked)(?![\w.'’-])"
)
_ZONED = re.compile(
    r"(?:[A-Z]{2,4}\b|\(|Eastern|Central|Pacific|Mountain|Greenwich|Beijing|local|Mon|Tues|Wednes|"
    r"Thurs|Fri|Satur|Sun|Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
)
_SPEAKER = re.compile(
    r"(?:(?:Mr|Mrs|Ms|Dr|Sir|President|Senator|Sen|Rep)\.? )?[A-Z][\w’'-]+(?: [A-Z][\w’'-]+){0,2} "
    r"(?:said|says|asked|asks|wrote|writes|tweeted|added|told|replied|shouted|joked)\b"
)
_DOTTED = re.compile(r"(?:[A-Za-z]\.)*[A-Za-z]\Z")
_NEVER = frozenset(
    "Mr Mrs Ms Mx Dr Drs Prof Gen Sen Rep Reps Sens Gov Govs Lt Col Sgt Capt Cmdr Cpl Pvt Adm Maj "
    "Brig Rev Hon Messrs Supt Insp Det Amb Msgr Fr v vs viz e.g i.e cf approx Mt Ft Spc Pfc "
    "Atty Asst Assoc Dept Univ".split()
)
_BEFORE_FIGURE = frozenset("No Nos p pp Fig Figs Art Sec Ch Vol para ext c ca".split())
_SELDOM = frozenset(
    "Inc Corp Ltd Co Cos Bros Jr Sr LLC Plc plc St Ave Blvd Rd Sq Ph.D Jan Feb Mar Apr Jun Jul Aug "
    "Sep Sept Oct Nov Dec Mon Tue Tues Wed Thu Thurs Fri Sat Sun Calif Conn Fla Mass Mich Minn "
    "Pa Tenn Tex Va Wash Wis Ariz Ark Colo Del Ga Ill Ind Kan Ky La Md Miss Mo Mont Neb Nev Okla "
    "Ore Ala Yahoo Jeopardy Intl Int'l Nat'l Gov't al Esq Rt".split()
)


def sentence_spans(text: str) -> list[tuple[int, int]]:
    """Return the sentences of a text as (start, end) in code points, in order.

    Paragraphs, headings and list items are cut first. No span overlaps another, begins or ends
    with white space, or is empty; all that is not white space is covered.
    """
    return [span for start, end in _blocks(text) for span in _split(text, start, end)]


def _blocks(text: str) -> Iterator[tuple[int, int]]:
    """Yield paragraphs: lines, joined where one goes on in the next."""
    lines = [found.span() for found in _LINE.finditer(text)]
    longest = max((end - start for start, end in lines), default=0)
    width = longest if longest in _WRAP_WIDTHS else 0
    begun: tuple[int, int] | None = None
    last = (0, 0)
    for line in lines:
        if begun is not None and _continues(text, last, line, width):
            begun = (begun[0], line[1])
        else:
            if begun is not None:
                yield begun
            begun = line
        last = line
    if begun is not None:
        yield begun


def _continues(text: str, last: tuple[int, int], line: tuple[int, int], width: int) -> bool:
    """Whether a line continues the one before: lower case, or broken because it was full."""
    gap = text[last[1] : line[0]]
    if len(gap) > 1 and len(_BREAK.findall(gap)) > 1:
        return False
    if _ITEM.match(text, line[0]):
        return False
    if text[line[0]].islower():
        return True
    word = _WORD.match(text, line[0], line[1])
    return bool(width and word and last[1] - last[0] + 1 + len(word[0]) > width)


def _split(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield the sentences of one paragraph; `start` stands on a character, `end` may not."""
    for found in _STOP.finditer(text, start, end):
        if _ends_sentence(text, start, found):
            yield start, found.start("gap")
            start = found.end("gap")
    while end > start and text[end - 1].isspace():
        end -= 1
    yield start, end


def _ends_sentence(text: str, start: int, found: re.Match[str]) -> bool:
    after, at = found["next"], found.end()
    if after.islower():  # "iPhone sales rose" begins a sentence all the same
        return len(found["stop"]) == 1 and text[at + 1 : at + 2].isupper()
    if after in _NO_START and not found["open"]:
        return False
    if found.start() == start:  # marks of omission belong to what follows them
        return False
    closed = found["close"]
    if closed and found["stop"][-1] in "?!":
        if closed[0] == ")" and text.find("(", start + 1, found.start()) > 0:
            return False  # "he won (at last!) Wimbledon"
        return bool(_STARTER.match(text, at)) or not _SPEAKER.match(text, at)
    return closed != "" or found["stop"] not in (".", "!") or not _is_seldom_end(text, start, found)


def _is_seldom_end(text: str, start: int, found: re.Match[str]) -> bool:
    """Whether the stop belongs to an abbreviation, an initial or a number of a list."""
    stop, at = found.start(), found.end()
    before = _BEFORE.search(text, max(start, stop - 20), stop)
    if before is None:
        return False
    word = before[0]
    if word in _NEVER:
        return True
    if word in _BEFORE_FIGURE and found["next"].isdigit():
        return True
    if word.isdigit():
        return before.start() == start and len(word) < 4
    if word in ("a.m", "p.m"):
        return _ZONED.match(text, at) is not None
    if word in _SELDOM or (_DOTTED.match(word) and not word.islower()):
        return found["open"] in ("", "(") and _STARTER.match(text, at) is None
    return False
