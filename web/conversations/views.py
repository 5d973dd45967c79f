"""The list of conversations that a browser keeps -> escaped HTML."""

from __future__ import annotations

from collections.abc import Sequence

from web import wording
from web.conversations.storage import LONGEST_TITLE, Listed
from web.rendering import safe

TOGGLE = (
    '<button type="button" id="shelf-toggle" aria-label="Conversations" aria-expanded="false"'
    ' aria-controls="shelf"><span>Conversations</span></button>'
)


def conversations(listed: Sequence[Listed], current: str, *, narrowed: bool) -> str:
    """The conversations, newest first, each with what opens, renames and deletes it.

    Args:
        listed: What is listed.
        current: The id of the conversation that stands on the page.
        narrowed: Whether it is listed by words.
    """
    said = wording.conversations(len(listed), narrowed=narrowed)
    items = "".join(_item(one, current=one.id == current) for one in listed)
    rows = f'<ul aria-label="Conversations">{items}</ul>' if items else ""
    return f'<p class="found" role="status">{safe(said)}</p>{rows}'


def _item(one: Listed, *, current: bool) -> str:
    title, state = safe(one.title), ' aria-current="true"' if current else ""
    return (
        f'<li data-id="{one.id}"><div class="named">'
        f'<button type="button" class="title" data-does="open"{state} dir="auto">{title}</button>'
        f'<p class="from"><time>{safe(wording.short_day(one.day))}</time>'
        f'<button type="button" class="tool" data-does="rename" aria-label="Rename: {title}">'
        'Rename</button><button type="button" class="tool" data-does="delete"'
        f' data-again="Click again to delete" aria-description="{title}">Delete</button></p></div>'
        f'<form hidden><input name="title" value="{title}" maxlength="{LONGEST_TITLE}" required'
        f' aria-label="Title" autocomplete="off" dir="auto"><p>'
        '<button type="submit" class="tool">Save</button>'
        '<button type="button" class="tool" data-does="leave">Cancel</button></p></form></li>'
    )
