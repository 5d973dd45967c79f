"""The app in processes of its own, timed from its start and asked over its endpoint."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from benchmarks.processes import family
from rag.llm.loader import MESSAGES, ModelState

_END_SECONDS = 20.0
_LOOK = 0.2  # seconds between two looks


class Served:
    """A command that serves the page, in a process group that ends with the `with` block."""

    def __init__(
        self, command: Sequence[str], folder: Path, environment: Mapping[str, str], port: int
    ) -> None:
        """Nothing runs before the `with` block.

        Args:
            command: What serves on `port`.
            folder: Where it runs.
            environment: Variables changed; an active virtual environment is left out of it.
            port: Where the page will be, on this machine.
        """
        self._command = list(command)
        self._folder = folder
        inherited = {k: v for k, v in os.environ.items() if k not in ("VIRTUAL_ENV", "MAKEFLAGS")}
        self._environment = inherited | dict(environment)
        self._url = f"http://127.0.0.1:{port}"
        self._log = tempfile.NamedTemporaryFile(prefix="broadsheet-", suffix=".log")
        self._client: Any = None
        self._begun = 0.0

    def __enter__(self) -> Served:
        """Start."""
        self._begun = time.monotonic()
        self._process = subprocess.Popen(
            self._command,
            cwd=self._folder,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the whole group: politely, then for good."""
        if self._client is not None:
            self._client.close()
        try:
            os.killpg(self._process.pid, signal.SIGINT)
            self._process.wait(_END_SECONDS)
            os.killpg(self._process.pid, signal.SIGKILL)  # whoever of the group is left
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        except ProcessLookupError:
            pass
        self._log.close()

    @property
    def seconds(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self._begun

    @property
    def processes(self) -> dict[int, str]:
        """The command's processes that run Python, by id, with their command lines."""
        return {
            process: line for process, line in family(self._process.pid).items() if "python" in line
        }

    def wait_for_app(self, limit: float) -> float:
        """Wait until `app.py` runs, after whatever had to be installed; returns the seconds."""
        return self._wait(lambda: any("app.py" in x for x in self.processes.values()), limit)

    def wait_for_page(self, limit: float) -> float:
        """Wait until the page answers; returns the seconds since the start."""
        return self._wait(self._page_answers, limit)

    def wait_for_model(self, limit: float) -> float:
        """Wait until the app says that the model is ready; returns the seconds."""
        return self._wait(lambda: MESSAGES[ModelState.READY] in self.log(), limit)

    def ask(self, question: str) -> dict[str, Any]:
        """Ask over `/ask`; returns its dictionary."""
        from gradio_client import Client

        if self._client is None:
            self._client = Client(self._url, verbose=False, analytics_enabled=False)
        answer: dict[str, Any] = self._client.predict(question, api_name="/ask")
        return answer

    def log(self) -> str:
        """Return what the command has printed."""
        return Path(self._log.name).read_text(encoding="utf-8", errors="replace")

    def _page_answers(self) -> bool:
        try:
            with urllib.request.urlopen(self._url, timeout=5) as page:
                return bool(page.status == 200)
        except (urllib.error.URLError, TimeoutError, ConnectionError):
            return False

    def _wait(self, happened: Callable[[], bool], limit: float) -> float:
        """Wait for something; raises `SystemExit` with the log's end if it does not happen."""
        while not happened():
            ended = self._process.poll() is not None
            if ended or self.seconds > limit:
                why = "the app ended" if ended else f"nothing happened in {limit:.0f} s"
                raise SystemExit(f"{why}:\n{self.log()[-2000:]}")
            time.sleep(_LOOK)
        return self.seconds


def free_port() -> int:
    """Return a port that nothing listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
