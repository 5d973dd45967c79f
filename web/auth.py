"""Who is let in: the names and passwords of `--auth`. Knows nothing of the page."""

from __future__ import annotations

import base64
import binascii
import secrets
from pathlib import Path

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from index.errors import SettingsError

People = list[tuple[str, str]]


def read_auth(path: Path) -> People:
    """Return the name and password pairs of a file, one `name:password` a line.

    Blank lines and lines that begin with `#` do not count.

    Raises:
        SettingsError: the file cannot be read, is empty, or has a line of another form.
    """
    try:
        lines = [line.strip() for line in path.read_text(encoding="utf-8").splitlines()]
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"--auth {path}: {error}") from error
    pairs = [line.partition(":") for line in lines if line and not line.startswith("#")]
    if not pairs or not all(name and password for name, _, password in pairs):
        raise SettingsError(f"--auth {path}: every line must be name:password.")
    return [(name, password) for name, _, password in pairs]


class RequireLogin:
    """Lets a request through that brings a name and password by HTTP Basic (RFC 7617)."""

    def __init__(self, app: ASGIApp, people: People | None) -> None:
        """`people` are let in to `app`; None lets everybody in."""
        self._app = app
        self._people = people

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 401 to who brings none, or one that is not known."""
        if self._people is None or self._admits(Headers(scope=scope).get("authorization", "")):
            await self._app(scope, receive, send)
            return
        refusal = PlainTextResponse(
            "A name and password are needed (HTTP Basic).\n",
            401,
            {"WWW-Authenticate": 'Basic realm="Broadsheet", charset="UTF-8"'},
        )
        await refusal(scope, receive, send)

    def _admits(self, authorization: str) -> bool:
        kind, _, coded = authorization.partition(" ")
        try:
            given = base64.b64decode(coded.strip(), validate=True)
        except (binascii.Error, ValueError):
            return False
        known = [f"{name}:{password}".encode() for name, password in self._people or []]
        same = [secrets.compare_digest(given, one) for one in known]  # all, so as to take as long
        return kind.lower() == "basic" and any(same)
