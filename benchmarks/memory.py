"""Resident memory of the running app with its models loaded, and where it goes (Linux only).

    python -m benchmarks.memory

Starts `python app.py` with the sample archive, asks five questions, waits until memory stands
still, and reads `/proc/*/smaps_rollup` of the app and of the engine's process below it. Pss is
what may be added up: pages that both map count half for each. "Anonymous" is what is no file's.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from typing import Any

import typer

from benchmarks.processes import Served, free_port, memory, served
from benchmarks.results import BENCH, headline, say, show, spread, write_result
from evals.results import ROOT, describe

QUESTIONS = (
    "Who was awarded the Nobel Peace Prize in 2023?",
    "How much did the Chandrayaan-3 mission cost?",
    "Who was piloting the Titan submersible?",
    "Which company bought First Republic?",
    "Who won the 2010 election in Chile?",
)
PROCESSES = {"rag.llm.worker": "engine", "app.py": "app"}
_BETWEEN = 5.0  # seconds between two looks
_STILL = 0.01  # memory stands still when looks differ by less, as a share
_LOOKS, _MOST_LOOKS = 3, 36
_READY_SECONDS = 1200.0


def main() -> None:
    """Measure the memory of the app and its engine after five questions."""
    if not sys.platform.startswith("linux"):
        raise SystemExit("memory is read from /proc, which only Linux has")
    machine, port = describe(), free_port()
    command = [sys.executable, "app.py", "--port", str(port)]
    with served(command, ROOT, {"BROADSHEET_DATA_DIR": str(BENCH / "memory")}, port) as app:
        say("waiting for the page and for the model")
        app.wait_for_page(_READY_SECONDS)
        app.wait_for_model(_READY_SECONDS)
        outcomes = Counter(app.ask(question)["outcome"] for question in QUESTIONS)
        sums = _settled(app)
        found = {
            name: process
            for process, line in app.processes.items()
            for part, name in PROCESSES.items()
            if part in line
        }
        numbers: dict[str, Any] = {
            "pss_sum": spread(sums),
            "processes": {name: memory(process) for name, process in found.items()},
            "outcomes": outcomes,
        }
    _show(numbers)
    settings = {"archive": "articles", "questions": len(QUESTIONS)}
    write_result("memory", machine, settings, numbers)


def _settled(app: Served) -> list[float]:
    """Look until the last looks agree; returns those of the sum of Pss, in bytes."""
    sums: list[float] = []
    for _ in range(_MOST_LOOKS):
        sums.append(float(sum(memory(one).get("Pss", 0) for one in app.processes)))
        say(f"{sums[-1] / 1e9:.2f} GB")
        last = sums[-_LOOKS:]
        if len(last) == _LOOKS and max(last) - min(last) <= _STILL * max(last):
            return last
        time.sleep(_BETWEEN)
    say("memory does not stand still; these are the last looks")
    return sums[-_LOOKS:]


def _show(numbers: dict[str, Any]) -> None:
    processes = numbers["processes"]
    together = sum((Counter(held) for held in processes.values()), Counter())
    rows = [
        [name, *(_gb(held[key]) for key in ("Rss", "Pss", "Anonymous", "Peak"))]
        for name, held in (processes | {"together, at most": together}).items()
    ]
    show("By process", ["GB", "resident", "Pss", "anonymous", "peak resident"], rows)
    whole = numbers["pss_sum"]
    headline(
        f"app and engine together: {_gb(whole['p50'])} GB once settled "
        f"({_gb(whole['min'])} to {_gb(whole['max'])}); "
        f"{whole['p50'] / 4e9:.2f} of the 4 GB allowed"
    )


def _gb(size: float) -> str:
    return f"{size / 1e9:.2f}"


if __name__ == "__main__":
    typer.run(main)
