"""Middleware before every route: checks host, origin and rate, and adds security headers."""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import Callable, Iterable, Sequence
from ipaddress import ip_address
from typing import Any

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from web.auth import SESSION, Tries, client_of
from web.http.leaving import session_awaited, until_left

LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
WILDCARD_HOSTS = ("0.0.0.0", "::")  # addresses to serve on that nobody calls by
CALLS = 1200
"""Calls a minute from one address; an open page makes a few hundred at most."""
PATIENCE = 20.0
"""Seconds that the next piece of a request is waited for."""
HEADERS = {
    # Gradio's page has scripts and styles within it, and makes templates of strings.
    "Content-Security-Policy": "default-src 'self'; script-src 'self' 'unsafe-inline' "
    "'unsafe-eval'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "font-src 'self' data:; media-src 'self' data: blob:; worker-src 'self' blob:; "
    "object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'self'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "SAMEORIGIN",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
_WRONG_HOST = (
    "Broadsheet is not called by this name. Others are named in BROADSHEET_HOSTS, by commas.\n"
)
_FOREIGN = "Pages of other sites are not let in.\n"
_STARTUP = "/gradio_api/startup-events"  # Gradio asks itself whether it is there
_NOT_LOGGED_IN = "Log in first.\n"
_NO_EDITOR = "Nobody brings files here but the archive's editors.\n"
_ENDING = "Broadsheet is ending. Ask again in a minute.\n"
_TOO_OFTEN = "Too many calls from this address. Wait a minute.\n"


class AccessMiddleware:
    """Passes on requests to one of the page's own hosts that no other site's page has sent."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        hosts: Sequence[str],
        addresses: bool = False,
        tries: Tries | None = None,
        logged_in: Callable[[Headers], bool] = lambda headers: True,
        may_bring: Callable[[Headers], bool] = lambda headers: True,
        ending: threading.Event | None = None,
    ) -> None:
        """Wrap `app`.

        Args:
            app: What answers the requests that are passed on.
            hosts: Names it may be called by, `news.example` or, for one port, `news.example:8443`.
            addresses: Whether any numeric address is a name too; a page cannot take one over.
            tries: Counts the log-ins by the page's form; None where there are none.
            logged_in: Whether who sends these headers may use Gradio's endpoints, some of which
                Gradio itself leaves open.
            may_bring: Whether who sends these headers may bring files.
            ending: Once it is set, nothing new is begun.
        """
        self._app = app
        self._hosts = frozenset(host.lower() for host in hosts)
        self._addresses = addresses
        self._logged_in = logged_in
        self._may_bring = may_bring
        self._ending = ending
        self._calls = MovingWindowRateLimiter(MemoryStorage())
        self._tries = tries

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse with a line of plain text, or pass on and add the headers."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        refusal = self._refusal(scope)
        form = scope.get("method") == "POST" and scope["path"].rstrip("/") == "/login"
        tries = self._tries if form and refusal is None else None
        place = tries and tries.take(scope)
        if tries and place is None:
            refusal = tries.refusal()

        async def send_protected(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                _protect(headers)
                if message["status"] == 503:  # Gradio's queue is full
                    headers.setdefault("Retry-After", "10")
                if tries and place and message["status"] == 200:
                    tries.give_back(place)
            await send(message)

        pieces = _in_time(receive) if scope["type"] == "http" else receive
        if refusal is None and session_awaited(scope):
            await until_left(self._app, scope, pieces, send_protected)
        else:
            await (refusal or self._app)(scope, pieces, send_protected)

    def _refusal(self, scope: Scope) -> PlainTextResponse | None:
        headers = Headers(scope=scope)
        if not self._ours(headers.get("host", "")):
            return PlainTextResponse(_WRONG_HOST, 421)
        if _foreign(scope, headers):
            return PlainTextResponse(_FOREIGN, 403)
        if scope["path"] == "/openapi.json":  # FastAPI's own; Gradio's is behind the log-in
            return PlainTextResponse("Described at /gradio_api/openapi.json.\n", 404)
        inner = scope["path"].startswith("/gradio_api/") and scope["path"] != _STARTUP
        if inner and not self._logged_in(headers):
            return PlainTextResponse(_NOT_LOGGED_IN, 401)
        if scope["path"].startswith("/gradio_api/upload") and not self._may_bring(headers):
            return PlainTextResponse(_NO_EDITOR, 403)
        if scope.get("method") == "POST" and self._ending and self._ending.is_set():
            return PlainTextResponse(_ENDING, 503, {"Retry-After": "60", "Connection": "close"})
        if scope.get("method") == "POST" and not self._calls.hit(_OFTEN, client_of(scope)):
            return PlainTextResponse(_TOO_OFTEN, 429, {"Retry-After": "60"})
        return None

    def _ours(self, host: str) -> bool:
        name = re.sub(r":\d*$", "", host.lower())
        if host.lower() in self._hosts or name in self._hosts:
            return True
        try:
            return self._addresses and bool(ip_address(name.strip("[]")))
        except ValueError:
            return False


_OFTEN = RateLimitItemPerMinute(CALLS)


def _in_time(receive: Receive) -> Receive:
    """Close a request of which no further piece comes in time, until it is whole."""
    whole = False

    async def piece() -> Message:
        nonlocal whole
        try:
            message = await asyncio.wait_for(receive(), None if whole else PATIENCE)
        except TimeoutError:
            return {"type": "http.disconnect"}
        whole = whole or not message.get("more_body", False)
        return message

    return piece


async def cut_half_heads(connections: Callable[[], Iterable[Any]]) -> None:
    """Close connections that send no complete request head in time; runs without end.

    Args:
        connections: uvicorn's of this moment; `cycle` is the newest request of one.
    """
    since: dict[tuple[Any, Any], float] = {}
    while True:
        now = asyncio.get_running_loop().time()
        waiting = [
            (connection, connection.cycle)
            for connection in connections()
            if hasattr(connection, "cycle")
        ]
        since = {
            (connection, request): since.get((connection, request), now)
            for connection, request in waiting
            if request is None or request.response_complete
        }
        for (connection, _), begun in since.items():
            if now - begun > PATIENCE:
                connection.transport.close()
        await asyncio.sleep(1)


def _foreign(scope: Scope, headers: Headers) -> bool:
    """Whether another site's page sends the request; a link that was followed is let in."""
    origin = headers.get("origin")
    if origin is not None:
        return origin.lower().partition("://")[2] != headers["host"].lower()
    followed = scope.get("method") == "GET" and headers.get("sec-fetch-mode") == "navigate"
    return headers.get("sec-fetch-site") in ("cross-site", "same-site") and not followed


def _protect(headers: MutableHeaders) -> None:
    """Add the headers, and keep cookies to this site and to the length of a session."""
    for name, value in HEADERS.items():
        headers.setdefault(name, value)
    cookies = headers.getlist("set-cookie")
    if cookies:
        del headers["set-cookie"]
    for cookie in cookies:
        kept = [part for part in cookie.split("; ") if not part.lower().startswith("samesite")]
        if not any(part.lower().startswith("max-age") for part in kept):
            kept.append(f"Max-Age={SESSION}")
        headers.append("set-cookie", "; ".join([*kept, "SameSite=Strict"]))


def hosts_of(host: str, others: str) -> list[str]:
    """Return the names by which a server on `host` may be called, `others` parted by commas."""
    address = f"[{host}]" if ":" in host else host
    added = [name.strip() for name in others.split(",")]
    names = [*LOOPBACK, "" if host in WILDCARD_HOSTS else address, *added]
    return list(dict.fromkeys(name for name in names if name))
