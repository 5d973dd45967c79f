"""Stops the question of a client that leaves: it closes the stream on which it waits for an answer.

Gradio itself lets a function that runs go on to its end, and the model with it.
"""

from __future__ import annotations

import asyncio
import re
import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import parse_qs

from starlette.types import ASGIApp, Message, Receive, Scope, Send

_STREAM = re.compile(r"/gradio_api/(?:call/(?:v2/)?ask/(?P<event>\w+)|queue/data)/?")


class Asking:
    """The questions of programs that are being answered, by the session that asked."""

    def __init__(self) -> None:
        self._cancels: dict[str, set[threading.Event]] = defaultdict(set)
        self._lock = threading.Lock()

    @contextmanager
    def begun(self, session: str) -> Iterator[threading.Event]:
        """Hold a question's flag, which is set when its asker leaves."""
        cancel = threading.Event()
        with self._lock:
            self._cancels[session].add(cancel)
        try:
            yield cancel
        finally:
            with self._lock:
                self._cancels[session].discard(cancel)
                if not self._cancels[session]:
                    del self._cancels[session]

    def left(self, session: str) -> None:
        """Stop the questions of a session."""
        with self._lock:
            for cancel in self._cancels.get(session, ()):
                cancel.set()


ASKING = Asking()
"""Those of this process; Gradio makes the function that asks, and it knows only the session."""


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
        ASKING.left(session_awaited(scope))

    watching = asyncio.create_task(watch())
    try:
        await app(scope, messages.get, send)
    finally:
        watching.cancel()
