"""Fetches addresses politely and within bounds: robots.txt, conditions, redirects, size, time.

No host is called but those that the caller allows.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.robotparser import RobotFileParser

import httpx

from index.errors import BroadsheetError

AGENT = "Broadsheet"
"""By which name sites know this program, in their robots.txt too."""

_REDIRECTS = 5
_SECONDS = 60.0  # that one address may take in all
_PATIENCE = 20.0  # seconds without a byte
_ROBOTS_BYTES = 500_000
_WEEK = 7 * 86_400.0
_REASONS = {
    401: "asks for a name and a password",
    403: "does not let this program read it",
    404: "has nothing there",
    410: "says that it is gone for good: name it no more",
    429: "was asked too often",
}


class Refused(BroadsheetError):
    """An address was not read, for the reason given.

    Attributes:
        wait: Seconds that the site asks to wait.
        status: What the site answered, by HTTP; 0 where it answered nothing that ended well.
    """

    def __init__(self, reason: str, wait: float = 0.0, status: int = 0) -> None:
        """Keep the seconds to wait and the status beside the reason."""
        super().__init__(reason)
        self.wait, self.status = wait, status


@dataclass(frozen=True, slots=True)
class Page:
    """What an address gave; `body` is None where it has not changed since the condition."""

    url: str
    body: bytes | None
    headers: Mapping[str, str]


@dataclass
class Fetcher:
    """Reads addresses of a few hosts over one client; to be used in a `with` block.

    Attributes:
        robots: What is known of the robots.txt of hosts, by host.
    """

    robots: dict[str, RobotFileParser] = field(default_factory=dict)

    def __enter__(self) -> Fetcher:
        headers = {"user-agent": f"{AGENT}/1.0"}
        self._client = httpx.Client(headers=headers, timeout=_PATIENCE, follow_redirects=False)
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def get(
        self, url: str, most: int, headers: Mapping[str, str], hosts: Collection[str] = ()
    ) -> Page:
        """Return what an address gives, at most so many bytes, after at most a few redirects.

        Its own host may be called, and these other `hosts`.

        Raises:
            Refused: it cannot be read; the message names the address.
        """
        try:
            self._respect_robots(url)
            return self._follow(url, most, headers, {host_of(url), *hosts})
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            what = "no answer in time" if isinstance(error, httpx.TimeoutException) else str(error)
            raise Refused(f"{url}: {what or type(error).__name__}") from error

    def _follow(
        self, url: str, most: int, headers: Mapping[str, str], hosts: Collection[str]
    ) -> Page:
        end, at = time.monotonic() + _SECONDS, url
        for _ in range(_REDIRECTS + 1):
            with self._client.stream("GET", at, headers=headers) as response:
                if response.has_redirect_location:
                    at = str(httpx.URL(at).join(response.headers["location"]))
                    if host_of(at) not in hosts:
                        raise Refused(
                            f"{url}: leads to another host, which is not called unless you name "
                            f"it: {at}",
                            status=response.status_code,
                        )
                    continue
                if response.status_code == 304:
                    return Page(at, None, response.headers)
                if response.status_code != 200:
                    raise _refusal(url, response)
                body = bytearray()
                for piece in response.iter_bytes():
                    body += piece
                    if len(body) > most:
                        raise Refused(f"{url}: larger than {most // 1_000_000} MB")
                    if time.monotonic() > end:
                        raise Refused(f"{url}: not read to its end in {_SECONDS:.0f} s")
                return Page(at, bytes(body), response.headers)
        raise Refused(f"{url}: more than {_REDIRECTS} redirects", status=302)

    def _respect_robots(self, url: str) -> None:
        """Raise where the robots.txt of a host, asked for once, keeps programs away.

        A host without one lets everybody in, one that fails to give it nobody (RFC 9309, 2.3.1).
        """
        host = host_of(url)
        if host not in self.robots:
            rules, address = RobotFileParser(), str(httpx.URL(url).join("/robots.txt"))
            body = b""
            try:
                body = self._follow(address, _ROBOTS_BYTES, {}, {host}).body or b""
            except Refused as refused:
                if not 300 <= refused.status < 500 or refused.status == 429:
                    raise Refused(f"{url}: not read, since {refused}", refused.wait) from refused
            rules.parse(body.decode("utf-8", "replace").splitlines())
            self.robots[host] = rules
        if not self.robots[host].can_fetch(AGENT, url):
            raise Refused(f"{url}: the robots.txt of {host} keeps programs away")


def host_of(url: str) -> str:
    """Return host and port of an address; raises `Refused` where it is none of http(s)."""
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise Refused(f"{url}: {error}") from error
    if parsed.scheme not in ("http", "https") or not parsed.host:
        raise Refused(f"{url}: expected an address such as https://news.example/feed.xml")
    return parsed.netloc.decode("ascii")


def _refusal(url: str, response: httpx.Response) -> Refused:
    code = response.status_code
    reason = _REASONS.get(code, "has an error" if code >= 500 else "does not give it")
    wait = _WEEK if code == 410 else _seconds(response.headers)
    return Refused(f"{url}: the site {reason} ({code})", wait, code)


def _seconds(headers: Mapping[str, str]) -> float:
    """Return how long `Retry-After` asks to wait: seconds, or until a moment."""
    written = headers.get("retry-after", "").strip()
    if written.isdecimal():
        return float(written[:9])
    with suppress(ValueError):
        until = parsedate_to_datetime(written)
        return max(0.0, (until.astimezone(UTC) - datetime.now(UTC)).total_seconds())
    return 0.0
