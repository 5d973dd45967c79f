"""How probable a chat model finds an answer of one word, such as Yes.

Knows nothing of what is asked.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage

UNDECIDED = 0.5


def probability_of(
    model: BaseChatModel,
    messages: Sequence[BaseMessage],
    *,
    yes: Sequence[str] = ("Yes",),
    no: Sequence[str] = ("No",),
) -> float:
    """Return the probability, 0 to 1, that the model answers with one of `yes`.

    Taken from the log-probability of the first token: p if it says yes, 1 - p if it says no, one
    half if it says neither. A model that gives no log-probabilities counts as certain.

    Args:
        model: Any chat model; it is asked for one token.
        messages: What to ask; the answer must be one word.
        yes: Words that count as yes; compared without case.
        no: Words that count as no.

    Raises:
        ModelUnavailable: the model does not respond.
    """
    answer = model.invoke(list(messages), max_tokens=1, logprobs=True)
    said, probability = _first_token(answer)
    if _is_one_of(said, yes):
        return probability
    return 1.0 - probability if _is_one_of(said, no) else UNDECIDED


def _first_token(answer: AIMessage) -> tuple[str, float]:
    """The first token with its probability; the whole text and 1 where the model gives none."""
    content = (answer.response_metadata.get("logprobs") or {}).get("content") or []
    if not content:
        return str(answer.text), 1.0
    return content[0]["token"], math.exp(min(0.0, content[0]["logprob"]))


def _is_one_of(said: str, words: Sequence[str]) -> bool:
    first = (said.split() or [""])[0].strip(".,:;!\"'*").casefold()
    return any(first == word.casefold() for word in words)
