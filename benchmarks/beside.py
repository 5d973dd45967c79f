"""An index build that runs beside a measurement, in a process of its own, again and again."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import TracebackType

from benchmarks.machine import say
from evals.machine import ROOT

_START_SECONDS = 180.0


class BuildBeside:
    """`python -m index build FOLDER` into an index of its own, begun anew whenever it ends.

    The command lowers its own priority, as it does for everyone.
    """

    def __init__(self, articles: Path, home: Path) -> None:
        """Nothing runs before the `with` block.

        Args:
            articles: What is indexed; the larger, the fewer pauses while a build starts.
            home: Data folder of the build, emptied before each.
        """
        self._articles = articles.resolve()
        self._home = home.resolve()
        self._log = home.resolve().with_suffix(".log")
        self._process: subprocess.Popen[bytes] | None = None
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.builds = 0

    def __enter__(self) -> BuildBeside:
        """Start, and wait until the build embeds."""
        self._home.parent.mkdir(parents=True, exist_ok=True)
        self._log.write_bytes(b"")
        self._thread.start()
        limit = time.monotonic() + _START_SECONDS
        say("waiting until the build beside embeds")
        while b"embedding" not in self._log.read_bytes():
            if time.monotonic() > limit or not self._thread.is_alive():
                self.__exit__(None, None, None)
                raise SystemExit(f"the build beside did not start; see {self._log}")
            time.sleep(0.2)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the build."""
        self._ending.set()
        if self._process is not None:
            self._process.terminate()
        self._thread.join()

    def _run(self) -> None:
        environment = os.environ | {"BROADSHEET_DATA_DIR": str(self._home)}
        command = [sys.executable, "-m", "index", "build", str(self._articles)]
        while not self._ending.is_set():
            shutil.rmtree(self._home, ignore_errors=True)
            with self._log.open("wb") as log:
                self._process = subprocess.Popen(
                    command, cwd=ROOT, env=environment, stdout=log, stderr=log
                )
            if self._ending.is_set():
                self._process.terminate()
            code = self._process.wait()
            if code not in (0, 1):
                return  # ended by us, or it cannot work: the log says why
            self.builds += 1
