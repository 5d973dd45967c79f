"""How probable a chat model finds an answer of one word, such as Yes.

Knows nothing of what is asked.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage

UNDECIDED = 0.5
_ALTERNATIVES = 5  # first tokens whose log-probabilities a server is asked for


def probability_of(
    model: BaseChatModel, messages: Sequence[BaseMessage], *, yes: str = "Yes", no: str = "No"
) -> float:
    """Return the probability, 0 to 1, that the model answers `yes` rather than `no`.

    Taken from the log-probabilities of both as the first token, whatever else the model might
    say; where only that of what it said is known, p for yes, 1 - p for no, and one half for
    neither. A model that gives no log-probabilities counts as certain.

    Args:
        model: Any chat model; it is asked for one token.
        messages: What to ask; the answer must be one word.
        yes: One word; compared without case.
        no: The other.

    Raises:
        ModelUnavailable: the model does not respond.
    """
    answer = model.invoke(list(messages), max_tokens=1, logprobs=True, top_logprobs=_ALTERNATIVES)
    first = _first_token(answer)
    known = first.get("top_logprobs") or []
    likely, unlikely = (_total(known, word) for word in (yes, no))
    if likely and unlikely:
        return likely / (likely + unlikely)
    probability = math.exp(min(0.0, first["logprob"]))
    if _is(first["token"], yes):
        return probability
    return 1.0 - probability if _is(first["token"], no) else UNDECIDED


def _first_token(answer: AIMessage) -> dict[str, Any]:
    """The first token with its log-probability; the whole text and 0 where none are given."""
    content = (answer.response_metadata.get("logprobs") or {}).get("content") or []
    return dict(content[0]) if content else {"token": str(answer.text), "logprob": 0.0}


def _total(known: Sequence[dict[str, Any]], word: str) -> float:
    """Probability of the tokens that are this word, in whatever case."""
    return sum(math.exp(min(0.0, one["logprob"])) for one in known if _is(one["token"], word))


def _is(said: str, word: str) -> bool:
    first = (said.split() or [""])[0].strip(".,:;!\"'*").casefold()
    return first == word.casefold()
