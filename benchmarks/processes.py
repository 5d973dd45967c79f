"""Processes beside the benchmark: the served app, an index build, and their memory (Linux only)."""

from __future__ import annotations

import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import cached_property
from pathlib import Path
from typing import IO, Any

from benchmarks.results import say
from evals.results import ROOT
from rag.llm.loader import MESSAGES, ModelState

_PROC = Path("/proc")
_FIELD = re.compile(r"(\w+):\s+(\d+) kB")
_END_SECONDS = 20.0
_BUILD_SECONDS = 180.0
_BUILD_ENDED = "the build beside ended"
_LOOK = 0.2  # seconds between two looks


class Served:
    """A command that serves the page, timed from its start and asked over its endpoint."""

    def __init__(self, process: subprocess.Popen[bytes], port: int, log: Path) -> None:
        self._process, self._log, self._begun = process, log, time.monotonic()
        self._url = f"http://127.0.0.1:{port}"

    @property
    def seconds(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self._begun

    @property
    def processes(self) -> dict[int, str]:
        """The command's processes that run Python, by id, with their command lines."""
        return {one: line for one, line in family(self._process.pid).items() if "python" in line}

    def wait_for_app(self, limit: float) -> float:
        """Wait until `app.py` runs, after whatever had to be installed; returns the seconds."""
        return self._wait(lambda: any("app.py" in x for x in self.processes.values()), limit)

    def wait_for_page(self, limit: float) -> float:
        """Wait until the page answers; returns the seconds since the start."""
        return self._wait(self._page_answers, limit)

    def wait_for_model(self, limit: float) -> float:
        """Wait until the app says that the model is ready; returns the seconds."""
        ready = MESSAGES[ModelState.READY]
        return self._wait(lambda: ready in _text(self._log), limit)

    def ask(self, question: str) -> dict[str, Any]:
        """Ask over `/ask`; returns its dictionary."""
        return dict(self._client.predict(question, api_name="/ask"))

    @cached_property
    def _client(self) -> Any:
        from gradio_client import Client

        return Client(self._url, verbose=False, analytics_enabled=False)

    def _page_answers(self) -> bool:
        with suppress(OSError), urllib.request.urlopen(self._url, timeout=5) as page:
            return bool(page.status == 200)
        return False

    def _wait(self, happened: Callable[[], bool], limit: float) -> float:
        _wait_until(happened, self._process, self._log, limit - self.seconds)
        return self.seconds


@contextmanager
def served(
    command: Sequence[str], folder: Path, environment: Mapping[str, str], port: int
) -> Iterator[Served]:
    """Run a command that serves the page on `port`, with these variables changed."""
    with (
        tempfile.NamedTemporaryFile(prefix="broadsheet-", suffix=".log") as log,
        _process_group(command, folder, environment, log) as process,
    ):
        app = Served(process, port, Path(log.name))
        yield app
        if "_client" in vars(app):
            app._client.close()


@contextmanager
def build_beside(articles: Path, home: Path) -> Iterator[Callable[[], int]]:
    """Run `broadsheet index build` beside what is measured, begun anew whenever it ends.

    Its data folder `home` is emptied before each build. Yields a function that counts the builds
    that have ended.
    """
    home.parent.mkdir(parents=True, exist_ok=True)
    build = shlex.join([sys.executable, "-m", "index", "build", str(articles.resolve())])
    empty = shlex.join(["rm", "-rf", str(home.resolve())])
    again = f"while {empty}; {build}; [ $? -le 1 ]; do echo {shlex.quote(_BUILD_ENDED)}; done"
    path = home.with_suffix(".log")
    environment = {"BROADSHEET_DATA_DIR": str(home.resolve())}
    with path.open("wb") as log, _process_group(["sh", "-c", again], ROOT, environment, log) as sh:
        say("waiting until the build beside embeds")
        _wait_until(lambda: "embedding" in _text(path), sh, path, _BUILD_SECONDS)
        yield lambda: _text(path).count(_BUILD_ENDED)


def free_port() -> int:
    """Return a port that nothing listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def family(root: int) -> dict[int, str]:
    """Return process id and command line of a process and of all below it."""
    parents: dict[int, int] = {}
    for entry in _PROC.iterdir():
        if entry.name.isdigit():
            status = _text(entry / "stat").rpartition(")")[2].split()
            if status:
                parents[int(entry.name)] = int(status[1])
    members = [root] if root in parents else []
    for process in members:  # grows while it is walked
        members += [child for child, parent in parents.items() if parent == process]
    lines = {process: _text(_PROC / str(process) / "cmdline") for process in members}
    return {process: line.replace("\0", " ").strip() for process, line in lines.items()}


def memory(process: int) -> dict[str, int]:
    """Return bytes of a process: `Rss`, `Pss`, `Anonymous`, `Peak` (of Rss); empty if ended."""
    folder = _PROC / str(process)
    fields = dict(_FIELD.findall(_text(folder / "smaps_rollup")))
    fields["Peak"] = dict(_FIELD.findall(_text(folder / "status"))).get("VmHWM", "0")
    names = ("Rss", "Pss", "Anonymous", "Peak")
    return {name: 1024 * int(fields[name]) for name in names} if "Pss" in fields else {}


@contextmanager
def _process_group(
    command: Sequence[str], folder: Path, environment: Mapping[str, str], log: IO[bytes]
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a command that ends with the block, and all that it started: politely, then for good."""
    inherited = {k: v for k, v in os.environ.items() if k not in ("VIRTUAL_ENV", "MAKEFLAGS")}
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=inherited | dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGINT)
            with suppress(subprocess.TimeoutExpired):
                process.wait(_END_SECONDS)
            os.killpg(process.pid, signal.SIGKILL)  # whoever of the group is left
        process.wait()


def _wait_until(
    happened: Callable[[], bool], process: subprocess.Popen[bytes], log: Path, limit: float
) -> None:
    """Wait for something; raises `SystemExit` with the log's end if it does not happen."""
    end = time.monotonic() + limit
    while not happened():
        ended = process.poll() is not None
        if ended or time.monotonic() > end:
            why = "the command ended" if ended else f"nothing happened in {limit:.0f} s"
            raise SystemExit(f"{why}:\n{_text(log)[-2000:]}")
        time.sleep(_LOOK)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:  # it ended while it was read
        return ""
