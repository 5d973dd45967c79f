"""A hub on loopback, as the real one is in what is used of it: its API, large files, ranges."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager

from tests import loopback

LARGE = 2_000
"""Bytes from which a file is a large one: its SHA-256 is stated, and it lies elsewhere."""


class Hub:
    """What is there, by repository and name; what was asked; and how it misbehaves."""

    def __init__(self) -> None:
        self.repositories: dict[str, dict[str, bytes]] = {}
        self.asked: list[tuple[str, str | None]] = []
        self.break_after: int | None = None
        self.delay = 0.0
        self.url = ""

    def commit(self, name: str) -> str:
        """The present commit: it changes with the files."""
        content = b"".join(self.repositories[name].values())
        return hashlib.sha1(content).hexdigest()

    def stated(self, name: str) -> dict:
        """What the API says of a repository."""
        siblings = []
        for path, content in self.repositories[name].items():
            one = {"rfilename": path, "size": len(content)}
            one["blobId"] = hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
            if len(content) >= LARGE:
                digest = hashlib.sha256(content).hexdigest()
                one["lfs"] = {"sha256": digest, "size": len(content), "pointerSize": 134}
            siblings.append(one)
        return {"id": name, "sha": self.commit(name), "siblings": siblings}


@contextmanager
def serving() -> Iterator[Hub]:
    """Serve an empty hub."""
    state = Hub()

    class Handler(loopback.QuietHandler):
        def do_GET(self) -> None:
            span = self.headers.get("Range")
            state.asked.append((self.path, span))
            time.sleep(state.delay)
            _, kind, *parts = self.path.partition("?")[0].split("/")
            try:
                if kind == "api":
                    self.send(json.dumps(state.stated("/".join(parts[1:3]))).encode())
                elif kind == "cdn":
                    self.send(state.repositories["/".join(parts[:2])][parts[2]], span)
                else:  # org/name/resolve/commit/path
                    self.resolve(f"{kind}/{parts[0]}", parts[3])
            except KeyError:
                self.send_error(404)

        def resolve(self, name: str, path: str) -> None:
            content = state.repositories[name][path]
            if len(content) < LARGE:
                self.send(content)
                return
            self.send_response(302)
            self.send_header("X-Linked-Size", str(len(content)))
            self.send_header("X-Linked-ETag", f'"{hashlib.sha256(content).hexdigest()}"')
            self.send_header("Location", f"/cdn/{name}/{path}")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def send(self, content: bytes, span: str | None = None) -> None:
            start = int(span.removeprefix("bytes=").rstrip("-")) if span else 0
            self.send_response(206 if span else 200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content) - start))
            self.end_headers()
            whole = state.break_after is None or len(content) < LARGE
            end = None if whole else start + state.break_after
            self.wfile.write(content[start:end])

    with loopback.serving(Handler) as url:
        state.url = url
        yield state
