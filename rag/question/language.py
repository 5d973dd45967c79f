"""Tells English from other languages, which the models do not read. Pure functions.

By the little words that no text does without (Ingle 1976), and by script: enough to say that
a text is not English, even where the language is named wrongly or not at all.
"""

from __future__ import annotations

import re
import unicodedata

_WORDS = re.compile(r"[^\W\d_]+")
_LITTLE = {
    "English": """the of and to in is was were are be been has have had did does do a an for on at
        by with from that this it he she they his her their its as not who whom whose what which
        when where why how many much will would could should after before between during about""",
    "French": """le la les des du de une un est sont était qui que dans pour avec sur pas son sa
        ses au aux ce cette quand où combien quel quelle quels et ont par plus il elle""",
    "German": """der die das den dem des und ist sind war wer wie wann wo warum ein eine einen mit
        von nicht auf für hat haben wurde wurden im zu bei nach wieviel wie viele als auch""",
    "Spanish": """el la los las de un una qué quién quiénes cuándo dónde cuántos cuántas cuál por
        para con del al es en se su fue fueron han como y que más ha""",
    "Italian": """il lo la gli le di un una che chi quando dove quanti quante è era della delle del
        nel nella con per sono ha hanno perché cosa dei al""",
    "Portuguese": """o os as um uma de do da dos das quem quando onde quantos quantas não com por
        para em no na foi são que é mais como""",
    "Dutch": """de het een wie wat wanneer waar hoeveel en van met voor op niet zijn was heeft dat
        is in bij werd te""",
}
_LANGUAGES = {name: frozenset(words.split()) for name, words in _LITTLE.items()}
_LEAST = 2  # little words that tell a language


def foreign_language(text: str) -> str | None:
    """Return what a text is written in if it is not English; None if it is, or too short to tell.

    The name is of a language, or of a script (`Cyrillic`).
    """
    letters = [character for character in text if character.isalpha()]
    scripts = [unicodedata.name(letter, "?").split()[0] for letter in letters]
    other = [script for script in scripts if script != "LATIN"]
    if len(other) > len(letters) / 2:
        return max(set(other), key=other.count).capitalize()
    words = [word.lower() for word in _unnamed(text)]
    counts = {name: sum(w in known for w in words) for name, known in _LANGUAGES.items()}
    best = max(counts, key=lambda name: counts[name])  # English where it is even
    return None if best == "English" or counts[best] < _LEAST else best


def _unnamed(text: str) -> list[str]:
    """Words of a text but its names, which are of any language: La La Land."""
    words = _WORDS.findall(text)
    if text.isupper():
        return words
    return [word for at, word in enumerate(words) if at == 0 or not word[0].isupper()]
