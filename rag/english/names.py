"""Names of people, places and organisations in a text. Pure functions."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from index.text.days import MONTHS
from index.text.words import STOP_WORDS
from rag.english.numbers import NUMBER_WORDS
from rag.english.temporal import WEEKDAYS

_WORD = re.compile(r"[^\W_][\w'’.&-]*[\w]|[^\W_]")
_ENDED = re.compile(r"[.!?:;\"“”\n]")
_OPENED = ('"', "“", "‘", "'", "(")
_POSSESSIVE = re.compile(r"['’]s?$")
_CAPITAL = re.compile(r"(?:[A-Z]\.)+[A-Z]?|[^\W\d_a-zß-öø-ÿ][\w'’&-]*")
# Parts of one name; what other words join ("Bank of England") is two, and each must stand.
_NAME_LINKS = frozenset("de la von van der bin al el".split())
TITLES = frozenset(
    """mr mrs ms dr sir lord lady president prime minister secretary chancellor king queen prince
    princess pope foreign general senator governor mayor judge captain prof professor rep sen
    gen""".split()
)
_NOT_NAMES = TITLES | frozenset((*MONTHS, *WEEKDAYS))
# Numerals of kings and popes; not xi, which is a surname.
_AFTER_NAMES = frozenset("ii iii iv v vi vii viii ix x xii xiii xiv xv xvi jr sr".split())
BACK = "he|she|they|it|his|her|their|its"
"""Words of a pattern that may begin a sentence about somebody or something named before."""

PRONOUNS = f"{BACK}|him|them|hers|theirs"
"""Words of a pattern that stand for somebody or something named before."""
_ALIASES = (
    frozenset({"us", "usa", "united states", "america", "american", "americans"}),
    frozenset({"uk", "united kingdom", "britain", "british", "great britain"}),
    frozenset({"un", "united nations"}),
    frozenset({"eu", "european union"}),
    frozenset({"kyiv", "kiev"}),
)
_ALIASED = frozenset().union(*_ALIASES)
_INITIALS = re.compile(r"\b([ue])\.([sknu])\b\.?")
_PRONOUN_US = re.compile(r"\bus\b")


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
                _end_run(run, names)
            fresh = fresh or ended or between.endswith(_OPENED)
        bare = _POSSESSIVE.sub("", word)
        if _CAPITAL.fullmatch(bare) and not (fresh and _common(bare)):
            run.append(bare)
            if bare != word:
                _end_run(run, names)
        elif word in _NAME_LINKS and run:
            run.append(word)
        elif run:
            _end_run(run, names)
        fresh = False
    _end_run(run, names)
    return list(dict.fromkeys(names))


def _initial(run: list[str]) -> bool:
    return bool(run) and (len(run[-1]) == 1 or run[-1].lower() in TITLES)


def _common(word: str) -> bool:
    low = word.lower()
    return not is_acronym(word) and (low in STOP_WORDS or low in _OPENERS or low in NUMBER_WORDS)


def is_acronym(word: str) -> bool:
    """Whether a word is spelt in capitals: WHO is no pronoun, US none either."""
    return len(word) > 1 and word.isupper()


_OPENERS = frozenset(
    """yes no according although despite however meanwhile later earlier today yesterday officials
    police people authorities rescuers scientists experts thousands hundreds dozens many
    several some most another since including under over about given state list name describe
    summarise summarize""".split()
)


def _end_run(run: list[str], names: list[str]) -> None:
    """Add a run of words to the names, without titles, days and little words; empty the run."""
    words = [
        word
        for word in run
        if word.lower().rstrip(".") not in _NOT_NAMES
        and (word.lower() not in STOP_WORDS or word in _NAME_LINKS or is_acronym(word))
    ]
    while words and words[-1] in _NAME_LINKS:
        words.pop()
    while words and words[0] in _NAME_LINKS:
        words.pop(0)
    if words:
        names.append(" ".join(words))
    run.clear()


def name_stands(name: str, text: str) -> bool:
    """Whether a text names who or what `name` names: its last word, or another common form.

    Accents and the usual ways to write foreign names in English make no difference; an acronym
    stands where the text spells it in capitals, or names what it is short for.
    """
    low, present, spellings = _search_forms(text)
    flat = _flat(name)
    if is_acronym(name) and flat in STOP_WORDS and flat not in _ALIASED:
        return bool(re.search(rf"\b{name}\b", text)) or _short_for(name, text)
    for alias in _ALIASES:
        if flat in alias:
            return any(f" {_flat(other)} " in low for other in alias)
    words = [word for word in flat.split() if word not in _NAME_LINKS]
    if not words:
        return True
    if len(words) > 1 and words[-1] in _AFTER_NAMES:
        words.pop()
    last = words[-1]
    if f" {last} " in low or (len(last) >= _SPELT and _spelling_key(last) in spellings):
        return len(words) == 1 or not _only_others(words, text)
    # Mr Qin for Qin Gang: some surnames come first, and a title shows which word is one
    if len(words) > 1 and re.search(rf" (?:{'|'.join(TITLES)}) {re.escape(words[0])} ", low):
        return True
    if len(words) == 1 and any(same_place(last, word) for word in present):
        return True
    return is_acronym(name) and _short_for(name, text)


def _short_for(acronym: str, text: str) -> bool:
    """Whether a text has a name with these initials: WHO, the World Health Organization."""
    named = (name.split() for name in names_in(text))
    initials = ("".join(w[0] for w in words if w not in _NAME_LINKS) for words in named)
    return len(acronym) > 2 and acronym in initials


_SPELT = 5  # letters of a name that may be written in another way


@lru_cache(maxsize=4096)
def _spelling_key(word: str) -> str:
    """Return one key for a name's transliterations: Zelenskiy, Zelensky, Zelenskyy."""
    return re.sub(r"(.)\1+", r"\1", re.sub("[iyj]+", "i", word))


def name_repeats(name: str, text: str) -> bool:
    """Whether a name brings nothing that a text does not have: no word, or a form of one there.

    Stricter than `name_stands`: Western Refining Company is another thing than a company.
    """
    words = set(_flat(name).split()) - _NAME_LINKS - _AFTER_NAMES
    return words <= set(_flat(text).split()) or (len(words) == 1 and name_stands(name, text))


@lru_cache(maxsize=1024)  # many names are looked for in one text
def _search_forms(text: str) -> tuple[str, frozenset[str], frozenset[str]]:
    """Return a folded text, a blank at each end; its words; and their spelling keys."""
    flat = _flat(_PRONOUN_US.sub(" ", text))
    words = frozenset(flat.split())
    return f" {flat} ", words, frozenset(map(_spelling_key, words))


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
    marked = unicodedata.normalize("NFKD", text.lower().replace("’", "'"))
    plain = _INITIALS.sub(r"\1\2", "".join(c for c in marked if not unicodedata.combining(c)))
    plain = re.sub(r"'s\b", "", plain)
    return " ".join(re.findall(r"[\w&]+", plain))


# How people are named after a place: Libya-n, Iran-ian, Iraq-i, Congo-lese, Biden-s.
_ENDINGS = frozenset("n an ian i ese lese s ns ans ians is".split())
# The same where the place loses its last letter: Ital-ian, Mexic-an, Chin-ese, German.
_CUT_ENDINGS = frozenset(["", "s", *"an ian ese ans ians".split()])
_LONG = 7  # letters of a place whose people are named by leaving out its last
# Those that no rule makes, or that a rule would give to another place; the place comes first.
_IRREGULAR = {
    people: place
    for place, *peoples in map(
        str.split,
        """afghanistan afghan, argentina argentine, cyprus cypriot, denmark danish dane,
        england english, finland finnish finn, france french, greece greek, iceland icelandic,
        ireland irish, lebanon lebanese, netherlands dutch, nigeria nigerian, norway norwegian,
        peru peruvian, philippines filipino, poland polish pole, portugal portuguese,
        scotland scottish scot, spain spanish spaniard, sweden swedish swede, switzerland swiss,
        thailand thai, turkey turkish turk, wales welsh""".split(","),
    )
    for people in peoples
}


def same_place(one: str, other: str) -> bool:
    """Whether two words, in lower case, name one place, or the place and its people."""
    alike = one == other or _irregular(one) == _irregular(other)
    return alike or _people_of(one, other) or _people_of(other, one)


def _irregular(people: str) -> str:
    """The place of a people that no rule makes; any other word is left as it is."""
    return _IRREGULAR.get(people) or _IRREGULAR.get(people.removesuffix("s"), people)


def _people_of(people: str, place: str) -> bool:
    if _irregular(people) != people or len(place) < 4:
        return False
    if people.startswith(place):
        return people[len(place) :] in _ENDINGS
    if place[-1] not in "aeoy" or not people.startswith(place[:-1]):
        return False
    rest = people[len(place) - 1 :]
    if rest in ("", "s"):  # Germany and Germans; not Mary and Mars
        return place[-1] == "y" and len(place) >= _LONG
    return rest in _CUT_ENDINGS
