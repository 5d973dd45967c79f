"""What a person says of an answer on the page -> the store of feedback."""

from __future__ import annotations

from collections.abc import Callable

import gradio as gr

from index.errors import BroadsheetError
from web.events import named_by, position
from web.exchange import Exchange
from web.feedback import FeedbackStore, Verdict


def make_vote(store: FeedbackStore) -> Callable[..., None]:
    """Return what a click on a verdict does; what the browser names is checked."""

    def vote(exchanges: tuple[Exchange, ...], click: gr.EventData) -> None:
        named = named_by(click)
        turn, number = named.get("turn"), position(named, "vote", len(Verdict))
        if number is None or type(turn) is not int or not 0 <= turn < len(exchanges):
            return
        if exchanges[turn].answer is None:
            return
        note = named.get("note")
        try:
            said = note if isinstance(note, str) else ""
            store.add(list(Verdict)[number], said, exchanges[turn])
        except BroadsheetError as error:
            gr.Warning(str(error))

    return vote
