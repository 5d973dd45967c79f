"""Stops the question of a client that leaves: it closes the stream on which it waits for an answer.

Gradio itself lets a function that runs go on to its end, and the model with it.
"""

from __future__ import annotations

import asyncio
import re
from urllib.parse import parse_qs

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from web.chat.answering import Running

_STREAM = re.compile(r"/gradio_api/(?:call/(?:v2/)?ask/(?P<event>\w+)|queue/data)/?")


ASKING = Running()
"""Of the programs that ask; Gradio makes the function that asks, and it knows only the session."""


def session_awaited(scope: Scope) -> str:
    """Return whose answers a request is the stream of; empty where it is none."""
    if scope["type"] != "http" or not (found := _STREAM.fullmatch(scope["path"])):
        return ""
    asked = parse_qs(scope["query_string"].decode("ascii", "replace"))
    return found["event"] or asked.get("session_hash", [""])[0]


async def until_left(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    """Serve a stream, and stop what it waits for at once when its client is gone."""
    messages: asyncio.Queue[Message] = asyncio.Queue()

    async def watch() -> None:
        message: Message = {}
        while message.get("type") != "http.disconnect":
            message = await receive()
            messages.put_nowait(message)
        ASKING.stop(session_awaited(scope))

    watching = asyncio.create_task(watch())
    try:
        await app(scope, messages.get, send)
    finally:
        watching.cancel()
