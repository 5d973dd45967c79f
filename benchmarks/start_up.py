"""From a fresh clone to the first cited evidence and the first whole answer.

    python -m benchmarks.start_up
    python -m benchmarks.start_up --repeats 3
    python -m benchmarks.start_up --models ~/.cache/broadsheet/models --warm-packages   # a trial

Clones the repository (what is committed) into a temporary folder and runs `make run` there twice:
first with empty caches, so that Python packages and model files are fetched, then again. Needs
about 8 GB in the temporary folder, and the network for the first run.
"""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from benchmarks.figures import Spread, spread
from benchmarks.machine import headline, say, show, write_result
from benchmarks.served import Served, free_port
from evals.machine import ROOT, describe

QUESTION = "Who was awarded the Nobel Peace Prize in 2023?"
_LIMIT = 3600.0  # seconds for one run
STEPS = {
    "installed": "environment made, packages installed",
    "page": "page up",
    "evidence": "first evidence, cited",
    "model": "language model ready",
    "answer": "first whole answer",
}


def main(
    repeats: Annotated[int, typer.Option(help="Fresh clones, one after another.", min=1)] = 1,
    models: Annotated[
        Path | None, typer.Option(help="A model folder that is there, in place of an empty one.")
    ] = None,
    warm_packages: Annotated[
        bool, typer.Option("--warm-packages", help="Let pip use its own cache.")
    ] = False,
    folder: Annotated[
        Path | None, typer.Option(help="Where the temporary folder is made; 8 GB.")
    ] = None,
) -> None:
    """Measure the first and the second `make run` of a fresh clone."""
    machine = describe()
    runs: dict[str, list[dict[str, float]]] = {"first run": [], "second run": []}
    for repeat in range(repeats):
        with tempfile.TemporaryDirectory(prefix="broadsheet-", dir=folder) as place:
            clone = Path(place) / "clone"
            subprocess.run(["git", "clone", "-q", str(ROOT), str(clone)], check=True)
            environment = _environment(Path(place), models, warm_packages)
            for name, measured in runs.items():
                say(f"clone {repeat + 1}/{repeats}: {name}")
                measured.append(_run(clone, environment, evidence=name == "first run"))
    numbers = {name: _spreads(measured) for name, measured in runs.items()}
    _show(numbers)
    settings = {
        "repeats": repeats,
        "model_files": "there already" if models else "fetched",
        "packages": "from pip's cache" if warm_packages else "fetched",
    }
    write_result("start_up", machine, settings, numbers, trial=warm_packages or models is not None)


def _environment(place: Path, models: Path | None, warm_packages: bool) -> dict[str, str]:
    environment = {
        "BROADSHEET_MODEL_DIR": str(models.expanduser().resolve() if models else place / "models"),
        "HF_HOME": str(place / "hub"),
    }
    return environment if warm_packages else environment | {"PIP_CACHE_DIR": str(place / "pip")}


def _run(clone: Path, environment: dict[str, str], *, evidence: bool) -> dict[str, float]:
    """Run `make run` once; returns the seconds since its start at which each step was reached."""
    port = free_port()
    with Served(["make", "run", f"PORT={port}"], clone, environment, port) as app:
        reached: dict[str, float] = {}

        def note(step: str, seconds: float) -> None:
            reached[step] = seconds
            say(f"{seconds:7.1f} s  {STEPS[step]}")

        note("installed", app.wait_for_app(_LIMIT))
        note("page", app.wait_for_page(_LIMIT))
        if evidence:
            first = app.ask(QUESTION)
            if first["citations"]:
                note("evidence", app.seconds)
            if first["outcome"] != "evidence_only":
                say("the model was ready before the first question")
        note("model", app.wait_for_model(_LIMIT))
        answer = app.ask(QUESTION)
        if answer["outcome"] == "evidence_only":
            raise SystemExit("the model said that it is ready and did not answer")
        note("answer", app.seconds)
    return reached


def _spreads(measured: list[dict[str, float]]) -> dict[str, Spread]:
    return {
        step: spread([run[step] for run in measured if step in run])
        for step in STEPS
        if any(step in run for run in measured)
    }


def _show(numbers: dict[str, dict[str, Spread]]) -> None:
    columns = ["seconds since `make run`", "median", "min", "max"]
    for name, steps in numbers.items():
        rows = [
            [STEPS[step], *(f"{times[key]:.1f}" for key in ("p50", "min", "max"))]
            for step, times in steps.items()
        ]
        show(name.capitalize(), columns, rows)
    first, second = (numbers[name]["answer"]["p50"] for name in ("first run", "second run"))
    evidence = numbers["first run"].get("evidence")
    shown = f"{evidence['p50']:.0f} s" if evidence else "never"
    headline(
        f"fresh clone to the first cited evidence {shown}, to a whole answer {first:.0f} s; "
        f"the second time {second:.0f} s ({second / first:.2f} of it)"
    )


if __name__ == "__main__":
    typer.run(main)
