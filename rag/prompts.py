"""Loads the prompt texts from `prompts/` by name; the digest of a text is its version.

Knows nothing of what is asked.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from langchain_core.prompts import ChatPromptTemplate

_FOLDER = Path(__file__).resolve().parents[1] / "prompts"


@dataclass(frozen=True, slots=True)
class Prompt:
    """A chat prompt: its name, the first 12 digits of its SHA-256, and its template."""

    name: str
    digest: str
    template: ChatPromptTemplate

    @property
    def version(self) -> str:
        """`name@digest`, as answers and results carry it."""
        return f"{self.name}@{self.digest}"


@cache
def load_prompt(name: str, variables: frozenset[str]) -> Prompt:
    """Return a prompt whose variables are exactly those that the caller fills.

    Raises:
        ValueError: the file's variables are others; the message names both.
    """
    text = (_FOLDER / f"{name}.md").read_text(encoding="utf-8")
    _, system, human = _sections(text)
    template = ChatPromptTemplate.from_messages([("system", system), ("human", human)])
    if set(template.input_variables) != variables:
        raise ValueError(
            f"prompts/{name}.md has the variables {sorted(template.input_variables)}; "
            f"expected {sorted(variables)}"
        )
    return Prompt(name, hashlib.sha256(text.encode()).hexdigest()[:12], template)


def _sections(text: str) -> tuple[str, str, str]:
    before, rest = text.split("## system\n", 1)
    system, human = rest.split("## human\n", 1)
    return before, system.strip(), human.strip()
