"""How events of the page are wired, and what a click on markup names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import gradio as gr

UNLISTED: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
"""For events of the page alone: no endpoint, no spinner."""
AT_ONCE: dict[str, Any] = {**UNLISTED, "queue": False}
"""The same for what must not wait while answers are written."""


def clicked(click: gr.EventData) -> dict[str, object]:
    """Return what was clicked, as the browser names it; nothing of it is to be trusted."""
    return click._data if isinstance(click._data, dict) else {}


def position(
    named: Mapping[str, object], kind: str, count: int, field: str = "number"
) -> int | None:
    """Return which of `count` things of a kind the browser names; None where it names none."""
    number = named.get(field)
    if named.get("kind") != kind or type(number) is not int:
        return None
    return number if 0 <= number < count else None


def session_of(request: gr.Request) -> str:
    """Return the id of the page that is open."""
    return str(request.session_hash or "")
