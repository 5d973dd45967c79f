"""Question to answer: finding, choosing evidence, writing, checking. Writes no store."""

from rag.api import aask, answer_runnable, ask, astream, stream
from rag.types import (
    ABSTENTION,
    Answer,
    Citation,
    Conflict,
    Event,
    Evidence,
    Outcome,
    Progress,
    Question,
    Reason,
    Retrieved,
    RetrievedPassage,
    Statement,
    Token,
    Turn,
)

__all__ = [
    "ABSTENTION",
    "Answer",
    "Citation",
    "Conflict",
    "Event",
    "Evidence",
    "Outcome",
    "Progress",
    "Question",
    "Reason",
    "Retrieved",
    "RetrievedPassage",
    "Statement",
    "Token",
    "Turn",
    "aask",
    "answer_runnable",
    "ask",
    "astream",
    "stream",
]
