"""Who is let in: the people of `--auth`, their passwords' hashes, and what each may do."""

from __future__ import annotations

import base64
import binascii
import logging
import re
import secrets
import time
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from hashlib import blake2b
from pathlib import Path
from typing import Any

import anyio.to_thread
from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError
from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from starlette.datastructures import Headers
from starlette.requests import cookie_parser
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from index.errors import SettingsError

SESSION = 12 * 3600
"""Seconds that a log-in holds."""
TRIES = 10
"""Wrong log-ins a minute from one address; the next must wait."""
_LINE = re.compile(r"(?P<name>[^:]+):(?P<role>reader|editor):(?P<hash>\$argon2\S+)")
_hasher = PasswordHasher()
_log = logging.getLogger(__name__)


class Role(StrEnum):
    """What a person may do: ask and read, or bring and take out articles too."""

    READER = "reader"
    EDITOR = "editor"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who is let in, and the argon2 hash of their password."""

    name: str
    role: Role
    hash: str

    def __str__(self) -> str:
        return f"{self.name}:{self.role}:{self.hash}"


class People:
    """The people who are let in."""

    def __init__(self, people: Iterable[Person]) -> None:
        """Keep them by their names."""
        self._people = {person.name: person for person in people}
        self._nobody = _hasher.hash(secrets.token_hex())
        self._key = secrets.token_bytes()
        self._known: set[bytes] = set()  # a hash takes 50 ms: programs that call often are known

    @property
    def editors(self) -> frozenset[str]:
        """The names of those who may change the archive."""
        return frozenset(
            person.name for person in self._people.values() if person.role is Role.EDITOR
        )

    def admits(self, name: str, password: str) -> bool:
        """Whether a password is a name's; an unknown name takes as long as a wrong password."""
        given = blake2b(f"{name}\0{password}".encode("utf-8", "replace"), key=self._key).digest()
        if given in self._known:
            return True
        person = self._people.get(name)
        try:
            _hasher.verify(person.hash if person else self._nobody, password)
        except (Argon2Error, InvalidHashError, UnicodeEncodeError):
            return False
        self._known.add(given)
        return True

    async def log_in(self, name: str, password: str) -> bool:
        """The same for the page's own form, without holding up the server."""
        return await anyio.to_thread.run_sync(self.admits, name, password)


def read_auth(path: Path) -> People:
    """Return the people of a file, one `name:role:hash` a line, as `broadsheet user add` writes it.

    Blank lines and lines that begin with `#` do not count. A line `name:password`, as this file
    had them before, is a reader, with a warning: the password can be read by whoever opens it.

    Raises:
        SettingsError: the file cannot be read, is empty, or has a line of another form.
    """
    people = [_person(line, f"--auth {path}: line {n}") for n, line in _lines(path)]
    if not people:
        raise SettingsError(f"--auth {path}: nobody is in it. Type: {_command('NAME', path)}")
    return People(people)


def add_person(path: Path, name: str, role: Role, password: str) -> None:
    """Write a person into a file of people, in the place of one of the same name.

    Raises:
        SettingsError: the file cannot be read or written, or a name or password cannot be used.
    """
    if not password or not name.strip() or re.search(r"[:#\s]", name):
        raise SettingsError("A name has no blank, colon or #, and a password is not empty.")
    fresh = path.with_name(f"{path.name}.new")
    try:
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        lines = [line for line in lines if line.strip().partition(":")[0] != name]
        lines.append(str(Person(name, role, _hasher.hash(password))))
        fresh.touch(mode=0o600)
        fresh.write_text("\n".join(lines) + "\n", encoding="utf-8")
        fresh.replace(path)
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: {error}") from error


def _lines(path: Path) -> list[tuple[int, str]]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"--auth {path}: {error}") from error
    numbered = [(n, line.strip()) for n, line in enumerate(lines, start=1)]
    return [(n, line) for n, line in numbered if line and not line.startswith("#")]


def _person(line: str, where: str) -> Person:
    if found := _LINE.fullmatch(line):
        return Person(found["name"], Role(found["role"]), found["hash"])
    name, _, password = line.partition(":")
    if not name or not password or "$argon2" in password:
        raise SettingsError(
            f"{where} must be name:role:hash, the role reader or editor. "
            f"Type: {_command(name or 'NAME')}"
        )
    _log.warning("%s has a password that anybody can read. Type: %s", where, _command(name))
    return Person(name, Role.READER, _hasher.hash(password))


def _command(name: str, path: Path | str = "FILE") -> str:
    return f"broadsheet user add {name} --file {path}"


class Sessions(dict[str, str]):
    """The names of those who are logged in, by their tokens; each ends after `SESSION` seconds."""

    def __init__(self) -> None:
        super().__init__()
        self._ends: dict[str, float] = {}

    def __setitem__(self, token: str, name: str) -> None:
        now = time.monotonic()
        for old in [token for token, end in self._ends.items() if end <= now]:
            self._ends.pop(old, None)
            self.pop(old, None)
        self._ends[token] = now + SESSION
        super().__setitem__(token, name)

    def get(self, token: str | None, default: Any = None) -> Any:
        """Return whose token it is, or the default where it has ended."""
        known = token is not None and time.monotonic() < self._ends.get(token, 0)
        return super().get(token or "", default) if known else default

    def names(self, headers: Headers) -> set[str]:
        """Return who sends a request, by its cookies; nobody where there is no log-in."""
        found = (self.get(token) for token in cookie_parser(headers.get("cookie", "")).values())
        return {name for name in found if name}


def client_of(scope: Scope) -> str:
    """Return the address that a request comes from."""
    return str((scope.get("client") or ("unknown",))[0])


class Tries:
    """Counts the wrong log-ins of each address; one counts as wrong until it is known not to be.

    An address has `TRIES` places, each taken for a minute. A right log-in gives back its own
    place and no other, so that nobody wipes out wrong ones by one that is right.
    """

    def __init__(self) -> None:
        """Begin without any."""
        self._places = MovingWindowRateLimiter(MemoryStorage())

    def take(self, scope: Scope) -> tuple[str, str] | None:
        """Return the place that a log-in takes; None where all of its address are taken."""
        for n in range(TRIES):
            place = (client_of(scope), str(n))
            if self._places.hit(_PLACE, *place):
                return place
        _log.warning("too many wrong log-ins from %s", client_of(scope))
        return None

    def give_back(self, place: tuple[str, str]) -> None:
        """Count a log-in no longer: it was right."""
        self._places.clear(_PLACE, *place)

    @staticmethod
    def refusal() -> PlainTextResponse:
        """The answer to who has no place left."""
        return PlainTextResponse(
            "Too many wrong log-ins. Wait a minute.\n", 429, {"Retry-After": "60"}
        )


_PLACE = RateLimitItemPerMinute(1)


class RequireLogin:
    """Lets a request through that brings a name and password by HTTP Basic (RFC 7617)."""

    def __init__(self, app: ASGIApp, people: People | None, tries: Tries) -> None:
        """`people` are let in to `app`, None lets everybody in; `tries` counts the log-ins."""
        self._app = app
        self._people = people
        self._tries = tries

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 401 to who brings none, or one that is not known, and 429 to who guesses."""
        app = self._app if self._people is None else await self._behind(self._people, scope)
        await app(scope, receive, send)

    async def _behind(self, people: People, scope: Scope) -> ASGIApp:
        if given := Headers(scope=scope).get("authorization"):
            if (place := self._tries.take(scope)) is None:
                return self._tries.refusal()
            if await self._admits(people, given):
                self._tries.give_back(place)
                return self._app
        return PlainTextResponse(
            "A name and password are needed (HTTP Basic).\n",
            401,
            {"WWW-Authenticate": 'Basic realm="Broadsheet", charset="UTF-8"'},
        )

    async def _admits(self, people: People, authorization: str) -> bool:
        kind, _, coded = authorization.partition(" ")
        try:
            given = base64.b64decode(coded.strip(), validate=True).decode()
        except (binascii.Error, ValueError):
            return False
        name, _, password = given.partition(":")
        return kind.lower() == "basic" and await people.log_in(name, password)
