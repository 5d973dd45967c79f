"""Resident memory of the running app with its models loaded, and where it goes (Linux only).

    python -m benchmarks.memory

Starts `python app.py` with the sample archive, asks five questions, waits until memory stands
still, and reads `/proc/*/smaps_rollup` of the app and of the engine's process below it. Pss is
what may be added up: pages that both map count half for each.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from typing import Annotated, Any

import typer
from rich.progress import track

from benchmarks.figures import spread
from benchmarks.machine import (
    BENCH,
    headline,
    progress_console,
    say,
    show,
    write_result,
)
from benchmarks.processes import by_mapping, memory
from benchmarks.served import Served, free_port
from evals.machine import ROOT, describe

QUESTIONS = (
    "Who was awarded the Nobel Peace Prize in 2023?",
    "How much did the Chandrayaan-3 mission cost?",
    "Who was piloting the Titan submersible?",
    "Which company bought First Republic?",
    "Who won the 2010 election in Chile?",
)
_KINDS = {
    r"openvino_model\.bin": "language model's file, mapped",
    r"MiniLM|\.safetensors": "embedder's file, mapped",
    r"\.so(\.|$)": "libraries' code",
    r"index/(vectors|words)|\.sqlite": "index files, mapped",
}
_BETWEEN = 5.0  # seconds between two looks
_STILL = 0.01  # memory stands still when looks differ by less, as a share
_LOOKS = 3
_READY_SECONDS = 1200.0


def main(
    patience: Annotated[
        float, typer.Option(help="Seconds to wait at most until memory stands still.")
    ] = 180.0,
) -> None:
    """Measure the memory of the app and its engine after five questions."""
    if not sys.platform.startswith("linux"):
        raise SystemExit("memory is read from /proc, which only Linux has")
    machine, port = describe(), free_port()
    command = [sys.executable, "app.py", "--port", str(port)]
    environment = {"BROADSHEET_DATA_DIR": str(BENCH / "memory")}
    with Served(command, ROOT, environment, port) as app:
        say("waiting for the page and for the model")
        app.wait_for_page(_READY_SECONDS)
        app.wait_for_model(_READY_SECONDS)
        outcomes = Counter(
            app.ask(question)["outcome"]
            for question in track(QUESTIONS, "questions", console=progress_console)
        )
        sums = _settled(app, patience)
        processes = {
            ("engine" if "engine_worker" in line else "app"): process
            for process, line in app.processes.items()
            if "app.py" in line or "engine_worker" in line
        }
        numbers: dict[str, Any] = {
            "pss_sum": spread(sums),
            "processes": {name: memory(process) for name, process in processes.items()},
            "pss_by_mapping": {
                name: by_mapping(process, _KINDS) for name, process in processes.items()
            },
            "outcomes": outcomes,
        }
    _show(numbers)
    settings = {"archive": "articles", "questions": len(QUESTIONS)}
    write_result("memory", machine, settings, numbers)


def _settled(app: Served, patience: float) -> list[float]:
    """Look until the last looks agree; returns those of the sum of Pss, in bytes."""
    sums: list[float] = []
    limit = time.monotonic() + patience
    while True:
        sums.append(float(sum(memory(p).get("Pss", 0) for p in app.processes)))
        say(f"{sums[-1] / 1e9:.2f} GB")
        last = sums[-_LOOKS:]
        if len(last) == _LOOKS and max(last) - min(last) <= _STILL * max(last):
            return last
        if time.monotonic() > limit:
            say("memory does not stand still; these are the last looks")
            return last
        time.sleep(_BETWEEN)


def _show(numbers: dict[str, Any]) -> None:
    processes, mapped = numbers["processes"], numbers["pss_by_mapping"]
    columns = ["GB", "resident", "Pss", "anonymous", "peak resident"]
    rows = [
        [name, *(_gb(held[key]) for key in ("Rss", "Pss", "Anonymous", "Peak"))]
        for name, held in (processes | {"together, at most": _sums(processes)}).items()
    ]
    show("Memory by process", columns, rows)
    rows = [
        [f"{name}: {kind}", _gb(size)]
        for name, kinds in mapped.items()
        for kind, size in kinds.most_common()
    ]
    show("Where it goes", ["GB", "Pss"], rows)
    whole = numbers["pss_sum"]
    headline(
        f"app and engine together: {_gb(whole['p50'])} GB once settled "
        f"({_gb(whole['min'])} to {_gb(whole['max'])}); "
        f"{whole['p50'] / 4e9:.2f} of the 4 GB allowed"
    )


def _sums(processes: dict[str, dict[str, int]]) -> Counter[str]:
    return sum((Counter(held) for held in processes.values()), Counter())


def _gb(size: float) -> str:
    return f"{size / 1e9:.2f}"


if __name__ == "__main__":
    typer.run(main)
