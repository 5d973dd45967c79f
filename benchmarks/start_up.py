"""From a fresh clone to the first cited evidence and the first whole answer.

    python -m benchmarks.start_up
    python -m benchmarks.start_up --models ~/.cache/broadsheet/models --warm-packages   # a trial

Clones the repository (what is committed) into a temporary folder and runs `make run` there twice:
first with empty caches, so that Python packages and model files are fetched, then again. Needs
about 8 GB in the temporary folder (`TMPDIR`), and the network for the first run.
"""

from __future__ import annotations

import math
import subprocess
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from benchmarks.processes import free_port, served
from benchmarks.results import headline, say, show, write_result
from evals.results import ROOT, describe

QUESTION = "Who was awarded the Nobel Peace Prize in 2023?"
STEPS = {
    "installed": "environment made, packages installed",
    "page": "page up",
    "evidence": "first evidence, cited",
    "model": "language model ready",
    "answer": "first whole answer",
}
RUNS = ("first run", "second run")
_LIMIT = 3600.0  # seconds for one run


def main(
    models: Annotated[
        Path | None, typer.Option(help="A model folder that is there, in place of an empty one.")
    ] = None,
    warm_packages: Annotated[
        bool, typer.Option("--warm-packages", help="Let pip use its own cache.")
    ] = False,
) -> None:
    """Measure the first and the second `make run` of a fresh clone."""
    machine = describe()
    numbers: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory(prefix="broadsheet-") as place:
        clone, home = Path(place) / "clone", Path(place)
        subprocess.run(["git", "clone", "-q", str(ROOT), str(clone)], check=True)
        kept = models.expanduser().resolve() if models else home / "models"
        environment = {"BROADSHEET_MODEL_DIR": str(kept), "HF_HOME": str(home / "hub")}
        environment |= {} if warm_packages else {"PIP_CACHE_DIR": str(home / "pip")}
        for name in RUNS:
            say(name)
            numbers[name] = _run(clone, environment, evidence=name == RUNS[0])
    rows = [
        [words, *(f"{numbers[name].get(step, math.nan):.1f}" for name in RUNS)]
        for step, words in STEPS.items()
    ]
    show("Start", ["seconds since `make run`", *RUNS], rows)
    evidence = numbers[RUNS[0]].get("evidence", math.nan)
    first, second = (numbers[name]["answer"] for name in RUNS)
    headline(
        f"fresh clone to the first cited evidence {evidence:.0f} s, to a whole answer "
        f"{first:.0f} s; the second time {second:.0f} s ({second / first:.2f} of it)"
    )
    settings = {
        "model_files": "there already" if models else "fetched",
        "packages": "from pip's cache" if warm_packages else "fetched",
    }
    write_result("start_up", machine, settings, numbers, trial=warm_packages or models is not None)


def _run(clone: Path, environment: dict[str, str], *, evidence: bool) -> dict[str, float]:
    """Run `make run` once; returns the seconds since its start at which each step was reached."""
    port = free_port()
    reached: dict[str, float] = {}

    def note(step: str, seconds: float) -> None:
        reached[step] = seconds
        say(f"{seconds:7.1f} s  {STEPS[step]}")

    with served(["make", "run", f"PORT={port}"], clone, environment, port) as app:
        note("installed", app.wait_for_app(_LIMIT))
        note("page", app.wait_for_page(_LIMIT))
        if evidence:
            first = app.ask(QUESTION)
            if first["citations"]:
                note("evidence", app.seconds)
        note("model", app.wait_for_model(_LIMIT))
        answer = app.ask(QUESTION)
        if answer["outcome"] == "evidence_only":
            raise SystemExit("the model said that it is ready and did not answer")
        note("answer", app.seconds)
    return reached


if __name__ == "__main__":
    typer.run(main)
