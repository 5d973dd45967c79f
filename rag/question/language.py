"""Tells English from other languages, which the models do not read (py3langid; Lui 2012).

https://aclanthology.org/P12-3005/
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from py3langid.langid import LanguageIdentifier

_LANGUAGES = {
    "en": "English", "fr": "French", "de": "German", "es": "Spanish", "it": "Italian",
    "pt": "Portuguese", "nl": "Dutch", "sv": "Swedish", "da": "Danish", "no": "Norwegian",
    "pl": "Polish", "cs": "Czech", "ro": "Romanian", "hu": "Hungarian", "tr": "Turkish",
    "ru": "Russian", "uk": "Ukrainian", "el": "Greek", "ar": "Arabic", "he": "Hebrew",
    "fa": "Persian", "hi": "Hindi", "zh": "Chinese", "ja": "Japanese", "ko": "Korean",
    "vi": "Vietnamese", "id": "Indonesian",
}  # fmt: skip
_SURE = 0.8  # probability from which a text counts as not English: 0 of 1,765 questions do
_WORDS = re.compile(r"[^\W\d_]+")


def foreign_language(text: str) -> str | None:
    """Return the name of the language of a text; None if it is English, or not surely another."""
    words = _without_names(text)
    if not words:
        return None
    code, probability = _identifier().classify(" ".join(words))
    return _LANGUAGES[code] if code != "en" and probability >= _SURE else None


def _without_names(text: str) -> list[str]:
    """The words of a text but its names, which are of any language: La La Land."""
    words = _WORDS.findall(text)
    if text.isupper():
        return words
    return [word for at, word in enumerate(words) if at == 0 or not word[0].isupper()]


@cache
def _identifier() -> LanguageIdentifier:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages(list(_LANGUAGES))
    return identifier
