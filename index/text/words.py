"""Text to words, the same way for the lexical index, the question and the sentences.

Lower case, without accents, stemmed by Snowball's English rules (Porter 2001) in tantivy.
"""

from __future__ import annotations

from functools import cache

import tantivy

# Words that carry no subject: articles, auxiliaries, prepositions, question words.
STOP_WORDS = frozenset(
    """a about above after again all also am an and any are as at be because been before being
    below between both but by can could did do does doing down during each few for from further
    had has have having he her here hers him his how i if in into is it its itself just me more
    most my no nor not now of off on once only or other our out over own same say says said she
    should so some such than that the their them then there these they this those through to too
    under until up us very was we were what when where which while who whom whose why will with
    would you your article articles according tell s t""".split()
)


@cache
def analyzer() -> tantivy.TextAnalyzer:
    """The analyzer that index and questions share."""
    return (
        tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.simple())
        .filter(tantivy.Filter.lowercase())
        .filter(tantivy.Filter.ascii_fold())
        .filter(tantivy.Filter.stemmer("english"))
        .build()
    )


@cache
def _stop_stems() -> frozenset[str]:
    return frozenset(stem for word in STOP_WORDS for stem in analyzer().analyze(word))


def stems(text: str) -> list[str]:
    """All words of `text`, stemmed, in order; half a surrogate pair is none."""
    try:
        return list(analyzer().analyze(text))
    except UnicodeEncodeError:
        return list(analyzer().analyze(text.encode("utf-8", "replace").decode()))


def content_stems(text: str) -> list[str]:
    """The stemmed words of `text` that carry its subject; all of them if none does."""
    every = stems(text)
    return [stem for stem in every if stem not in _stop_stems()] or every
