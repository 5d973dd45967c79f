"""A place and its people, `Libya` and `Libyan`, as one name. Pure functions over words."""

from __future__ import annotations

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
