"""The checkable things in a sentence: names, numbers and days. Pure functions over text."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from index.text.words import STOP_WORDS

_WORD = re.compile(r"[^\W_][\w'’.&-]*[\w]|[^\W_]")
_ENDED = re.compile(r"[.!?:;\"“”\n]")
_OPENED = ('"', "“", "‘", "'", "(")
_POSSESSIVE = re.compile(r"['’]s?$")
_CAPITAL = re.compile(r"(?:[A-Z]\.)+[A-Z]?|[^\W\d_a-zß-öø-ÿ][\w'’&-]*")
# Parts of one name; what other words join ("Bank of England") is two, and each must stand.
_NAME_LINKS = frozenset("de la von van der bin al el".split())
_TITLES = frozenset(
    """mr mrs ms dr sir lord lady president prime minister secretary chancellor king queen prince
    princess pope foreign general senator governor mayor judge captain prof professor rep sen
    gen""".split()
)
_CALENDAR = frozenset(
    """january february march april may june july august september october november december
    monday tuesday wednesday thursday friday saturday sunday jan feb mar apr jun jul aug sep sept
    oct nov dec""".split()
)
# Numerals of kings and popes; not xi, which is a surname.
_AFTER_NAMES = frozenset("ii iii iv v vi vii viii ix x xii xiii xiv xv xvi jr sr".split())
_ALIASES = (
    frozenset({"us", "u.s", "usa", "united states", "america", "american", "americans"}),
    frozenset({"uk", "u.k", "united kingdom", "britain", "british", "great britain"}),
    frozenset({"un", "u.n", "united nations"}),
    frozenset({"eu", "e.u", "european union"}),
)
_INITIALS = re.compile(r"\b([ue])\.([sknu])\b\.?")
_PRONOUN_US = re.compile(r"\bus\b")
_UNITS = {
    "zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7,
    "eight": 8, "nine": 9, "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14,
    "fifteen": 15, "sixteen": 16, "seventeen": 17, "eighteen": 18, "nineteen": 19, "twenty": 20,
    "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80,
    "ninety": 90, "first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "dozen": 12,
}  # fmt: skip
_SCALES = {
    "dozen": 12.0, "hundred": 1e2, "thousand": 1e3, "million": 1e6, "billion": 1e9,
    "trillion": 1e12, "m": 1e6, "mn": 1e6, "bn": 1e9, "tn": 1e12, "k": 1e3,
}  # fmt: skip
_NUMBER = re.compile(
    r"(?<![\w.])(?<![A-Za-z]-)(?P<digits>(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+)(?:\.\d+)?)(?P<part>[½¼¾])?"
    r"(?:(?:st|nd|rd|th)\b)?"
    r"(?:[\s-]?(?P<scale>hundred|thousand|million|billion|trillion|mn|bn|tn|m|k)\b)?",
    re.IGNORECASE,
)
_TIMES = "dozen|hundred|thousand|million|billion|trillion"
_ONE = "|".join(list(_UNITS)[1:10])
_TEN = "|".join(word for word, value in _UNITS.items() if value >= 20)
_TEEN = "|".join(list(_UNITS)[10:20])
_NUMBER_WORD = re.compile(
    rf"\b(?:(?P<tens>{_TEN})-(?P<ones>{_ONE})|(?P<word>{'|'.join(_UNITS)})"
    rf"|(?P<half>half\s)?an?(?=\s(?:{_TIMES})\b))"
    rf"(?P<more>\sand\sa\shalf(?=\s(?:{_TIMES})\b))?"
    rf"(?P<scales>(?:[\s-](?:{_TIMES})\b)*)"
    rf"(?:(?<=hundred|housand)\sand\s(?:(?P<tens2>{_TEN})-(?P<ones2>{_ONE})"
    rf"|(?P<below>{_TEN}|{_TEEN}|{_ONE}))(?!-|\s(?:{_TIMES})\b))?\b",
    re.IGNORECASE,
)
_PARTS = {"½": 0.5, "¼": 0.25, "¾": 0.75}
# Words of number that are more often pronouns or ranks than counts.
_LOOSE = frozenset({"one", "first", "second", "third", "fourth", "fifth"})
_RANKS = _LOOSE - {"one", "first"}


@dataclass(frozen=True, slots=True)
class Number:
    """A number and where a text says it; `words` are its words, its scale among them."""

    words: str
    value: float
    start: int
    end: int


def number_spans(text: str) -> list[Number]:
    """Return the numbers of a text, those in digits first; `1.4 million` is 1400000."""
    found: list[Number] = []
    for match in _NUMBER.finditer(text):
        value = float(match["digits"].replace(",", "")) + _PARTS.get(match["part"] or "", 0.0)
        value *= _SCALES.get((match["scale"] or "").lower(), 1.0)
        found.append(Number(match[0], value, match.start(), match.end()))
    for match in _NUMBER_WORD.finditer(text):
        found.append(Number(match[0], _in_words(match), match.start(), match.end()))
    return found


def _in_words(match: re.Match[str]) -> float:
    """The value of a number in words: two hundred thousand, half a dozen, three hundred and six."""

    def sum_of(*names: str) -> float:
        return sum(float(_UNITS[match[name].lower()]) for name in names if match[name])

    spoken = match["tens"] or match["word"]
    value = sum_of("tens", "ones", "word") if spoken else 0.5 if match["half"] else 1.0
    value += 0.5 if match["more"] else 0.0
    for scale in re.findall(r"\w+", match["scales"].lower()):
        value *= _SCALES[scale]
    return value + sum_of("tens2", "ones2", "below")


def numbers_in(text: str) -> dict[str, float]:
    """Return the numbers of a text by the words that say them; `1.4 million` is 1400000."""
    return {number.words: number.value for number in number_spans(text)}


def strict_numbers_in(text: str) -> dict[str, float]:
    """As `numbers_in`, without words such as "one" and "first", which mostly do not count."""
    return {word: value for word, value in numbers_in(text).items() if not is_loose(word)}


def is_loose(word: str) -> bool:
    """Whether a word of number mostly does not count: "one", "first"."""
    return word.lower() in _LOOSE


def ranks_in(text: str) -> dict[str, float]:
    """Return the words "second" to "fifth" of a text with their numbers."""
    return {word: value for word, value in numbers_in(text).items() if word.lower() in _RANKS}


def names_in(text: str) -> list[str]:
    """Return the names of people, places and organisations, in order, each once.

    A name is a run of capitalised words; a first word counts if it is not a common one. Titles,
    days and months are left out.
    """
    names: list[str] = []
    run: list[str] = []
    fresh = True  # at the start of a sentence
    last = 0  # where the word before ends
    for match in _WORD.finditer(text):
        word, between = match[0], text[last : match.start()]
        last = match.end()
        if between != " ":
            ended = bool(_ENDED.search(between)) and not _initial(run)
            if ended or "," in between or "(" in between:
                _close(run, names)
            fresh = fresh or ended or between.endswith(_OPENED)
        bare = _POSSESSIVE.sub("", word)
        if _CAPITAL.fullmatch(bare) and not (fresh and _common(bare)):
            run.append(bare)
            if bare != word:
                _close(run, names)
        elif word in _NAME_LINKS and run:
            run.append(word)
        elif run:
            _close(run, names)
        fresh = False
    _close(run, names)
    return list(dict.fromkeys(names))


def _initial(run: list[str]) -> bool:
    return bool(run) and (len(run[-1]) == 1 or run[-1].lower() in _TITLES)


def _common(word: str) -> bool:
    low = word.lower()
    return low in STOP_WORDS or low in _OPENERS or low in _UNITS


_OPENERS = frozenset(
    """yes no according although despite however meanwhile later earlier today yesterday officials
    police people police authorities rescuers scientists experts thousands hundreds dozens many
    several some most another since including under over about given state list name describe
    summarise summarize""".split()
)


def _close(run: list[str], names: list[str]) -> None:
    while run and run[-1] in _NAME_LINKS:
        run.pop()
    words = [word for word in run if word.lower().rstrip(".") not in _TITLES | _CALENDAR]
    words = [word for word in words if word.lower() not in STOP_WORDS or word in _NAME_LINKS]
    while words and words[0] in _NAME_LINKS:
        words.pop(0)
    if words:
        names.append(" ".join(words))
    run.clear()


def name_stands(name: str, text: str) -> bool:
    """Whether a text names who or what `name` names: its last word, or another common form."""
    low, held = _searched(text)
    flat = _flat(name)
    for alias in _ALIASES:
        if flat in alias:
            return any(f" {_flat(other)} " in low for other in alias)
    words = [word for word in flat.split() if word not in _NAME_LINKS]
    if not words:
        return True
    if len(words) > 1 and words[-1] in _AFTER_NAMES:
        words.pop()
    last = words[-1]
    if f" {last} " in low:
        return len(words) == 1 or not _only_others(words, text)
    # Mr Qin for Qin Gang: some surnames come first, and a title shows which word is one
    if len(words) > 1 and re.search(rf" (?:{'|'.join(_TITLES)}) {re.escape(words[0])} ", low):
        return True
    return len(words) == 1 and any(same_place(last, word) for word in held)


def name_repeats(name: str, text: str) -> bool:
    """Whether a name brings nothing that a text does not have: no word, or a form of one there.

    Stricter than `name_stands`: Western Refining Company is another thing than a company.
    """
    words = set(_flat(name).split()) - _NAME_LINKS - _AFTER_NAMES
    return words <= set(_flat(text).split()) or (len(words) == 1 and name_stands(name, text))


@lru_cache(maxsize=1024)  # many names are looked for in one text
def _searched(text: str) -> tuple[str, frozenset[str]]:
    """A text as names are looked for in it: flat, a blank at each end; and its words."""
    flat = _flat(_PRONOUN_US.sub(" ", text))
    return f" {flat} ", frozenset(flat.split())


def _only_others(words: list[str], text: str) -> bool:
    """Whether a text names namesakes only: Joe Biden, where Jill Biden is asked for."""
    bearers = [_flat(name).split() for name in names_in(text)]
    bearers = [bearer for bearer in bearers if words[-1] in bearer]
    return bool(bearers) and all(
        len(bearer) > 1 and bearer[-1] == words[-1] and not set(bearer) & set(words[:-1])
        for bearer in bearers
    )


@lru_cache(maxsize=4096)
def _flat(text: str) -> str:
    plain = _INITIALS.sub(r"\1\2", text.lower().replace("’", "'"))
    plain = re.sub(r"'s\b", "", plain)
    return " ".join(re.findall(r"[\w&]+", plain))


# How people are named after a place: Libya-n, Iran-ian, Iraq-i, Congo-lese, Biden-s.
_ENDINGS = frozenset("n an ian i ese lese s ns ans ians is".split())
# The same where the place loses its last letter: Ital-ian, Mexic-an, Chin-ese, German.
_CUT_ENDINGS = frozenset(["", "s", *"an ian ese ans ians".split()])
_LONG = 7  # letters of a place whose people are named by leaving out its last
# Those that no rule makes, or that a rule would give to another place.
_IRREGULAR = {
    word: place
    for place, words in {
        "afghanistan": "afghan afghans",
        "argentina": "argentine argentines",
        "cyprus": "cypriot cypriots",
        "denmark": "danish dane danes",
        "england": "english",
        "finland": "finnish finn finns",
        "france": "french",
        "greece": "greek greeks",
        "iceland": "icelandic",
        "ireland": "irish",
        "lebanon": "lebanese",
        "netherlands": "dutch",
        "nigeria": "nigerian nigerians",
        "norway": "norwegian norwegians",
        "peru": "peruvian peruvians",
        "philippines": "filipino filipinos",
        "poland": "polish pole poles",
        "portugal": "portuguese",
        "scotland": "scottish scots",
        "spain": "spanish spaniard spaniards",
        "sweden": "swedish swede swedes",
        "switzerland": "swiss",
        "thailand": "thai thais",
        "turkey": "turkish turk turks",
        "wales": "welsh",
    }.items()
    for word in words.split()
}


def same_place(one: str, other: str) -> bool:
    """Whether two words, in lower case, name one place, or the place and its people."""
    if one == other:
        return True
    places = _IRREGULAR.get(one, one), _IRREGULAR.get(other, other)
    return places[0] == places[1] or _people_of(one, other) or _people_of(other, one)


def _people_of(people: str, place: str) -> bool:
    """Whether a rule makes `people` of `place`."""
    if people in _IRREGULAR or len(place) < 4:
        return False
    if people.startswith(place):
        return people[len(place) :] in _ENDINGS
    if place[-1] not in "aeoy" or not people.startswith(place[:-1]):
        return False
    rest = people[len(place) - 1 :]
    if rest in ("", "s"):  # Germany and Germans; not Mary and Mars
        return place[-1] == "y" and len(place) >= _LONG
    return rest in _CUT_ENDINGS
