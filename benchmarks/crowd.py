"""A crowd on a running page while an index is built: errors, waiting, memory (Linux only).

    python -m benchmarks.crowd
    python -m benchmarks.crowd --seconds 30 --people 1 --people 3     # a trial

Starts `python app.py` with the sample archive, and builds another index again and again beside it.
Then 1, 10 and 25 people ask over `gradio_client`, each one question after another. The longest
wait against the median says whether anybody is passed over; answers a minute against one alone,
what asking together costs; memory after a minute of all of them and at the end, whether it grows.
"""

from __future__ import annotations

import random
import sys
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Annotated, Any

import typer
from gradio_client import Client

from benchmarks.archives import open_archive
from benchmarks.memory import QUESTIONS
from benchmarks.processes import Served, build_beside, free_port, memory, served
from benchmarks.results import BENCH, headline, say, show, spread, write_result
from evals.results import ROOT, describe
from index.settings import load_settings

_READY_SECONDS = 1200.0
_GROWTH, _WAIT = 0.05, 3.0
"""What is allowed: memory's growth after the first minute, the longest wait in medians."""


def main(
    people: Annotated[list[int], typer.Option(help="Who ask at once; repeatable.")] = [1, 10, 25],  # noqa: B006
    seconds: Annotated[float, typer.Option(help="How long they ask.", min=10)] = 300,
    beside: Annotated[bool, typer.Option(help="Whether an index is built meanwhile.")] = True,
) -> None:
    """Measure many people asking a running page."""
    if not sys.platform.startswith("linux"):
        raise SystemExit("memory is read from /proc, which only Linux has")
    machine, port = describe(), free_port()
    command = [sys.executable, "app.py", "--port", str(port)]
    numbers: dict[str, Any] = {}
    with served(command, ROOT, {"BROADSHEET_DATA_DIR": str(BENCH / "crowd")}, port) as app:
        say("waiting for the page and for the model")
        app.wait_for_page(_READY_SECONDS)
        if load_settings().llm != "none":
            app.wait_for_model(_READY_SECONDS)
        app.ask(QUESTIONS[0])
        for many in people:
            if beside:
                with build_beside(open_archive(None), BENCH / "crowd-beside"):
                    numbers[str(many)] = _crowd(app, port, many, seconds)
            else:
                numbers[str(many)] = _crowd(app, port, many, seconds)
            say(f"{many} at once: {numbers[str(many)]['a_minute']:.1f} answers a minute")
    _show(numbers)
    chosen = {"seconds": seconds, "people": people, "build_beside": beside}
    write_result("crowd", machine, chosen, numbers, trial=seconds < 300)


def _crowd(app: Served, port: int, many: int, seconds: float) -> dict[str, Any]:
    """Have so many people ask for so long; whoever has asked is waited for."""
    waits: list[float] = []
    errors: list[str] = []
    ended: Counter[str] = Counter()
    begun = time.monotonic()
    held = [_memory(app)]

    def one(number: int) -> None:
        chance = random.Random(number)
        client = Client(f"http://127.0.0.1:{port}", verbose=False, analytics_enabled=False)
        while time.monotonic() < begun + seconds:
            asked = time.monotonic()
            try:
                answer = client.predict(chance.choice(QUESTIONS), api_name="/ask")
                waits.append(time.monotonic() - asked)
                ended[answer["outcome"]] += 1
            except Exception as error:  # each is counted, whatever it is
                errors.append(f"{type(error).__name__}: {error}")
                time.sleep(1)
        client.close()

    warm = threading.Timer(min(60, seconds / 3), lambda: held.append(_memory(app)))
    warm.start()
    with ThreadPoolExecutor(many) as crowd:
        list(crowd.map(one, range(many)))
    warm.join()
    took = time.monotonic() - begun
    if not waits:
        raise SystemExit(f"nobody was answered: {errors[:1]}")
    return {
        "waits": spread(waits),
        "longest_to_median": max(waits) / spread(waits)["p50"],
        "a_minute": 60 * len(waits) / took,
        "outcomes": ended,
        "errors": errors,
        "memory": {"before": held[0], "warm": held[-1], "end": _memory(app)},
    }


def _memory(app: Served) -> float:
    return float(sum(memory(one).get("Pss", 0) for one in app.processes))


def _show(numbers: dict[str, Any]) -> None:
    alone = next(iter(numbers.values()))["a_minute"]
    rows = [
        [
            many,
            f"{found['a_minute']:.1f}",
            f"{found['a_minute'] / alone:.1f}",
            *(f"{found['waits'][key]:.1f}" for key in ("p50", "max")),
            f"{found['longest_to_median']:.1f}",
            str(len(found["errors"])),
            ", ".join(f"{found['memory'][key] / 1e9:.2f}" for key in ("warm", "end")),
            f"{_growth(found):+.1%}",
        ]
        for many, found in numbers.items()
    ]
    names = ["people", "a minute", "of 1st", "p50 s", "max s", "max/p50", "errors"]
    show("Answers to a crowd", [*names, "GB warm, end", "growth"], rows)
    worst = max(found["longest_to_median"] for found in numbers.values())
    most = max(map(_growth, numbers.values()))
    errors = sum(len(found["errors"]) for found in numbers.values())
    headline(
        f"the longest wait is {worst:.1f} times the median ({_WAIT:g} are allowed), memory grows "
        f"by {most:.1%} ({_GROWTH:.0%} are allowed), {errors} errors (none is allowed)"
    )


def _growth(found: dict[str, Any]) -> float:
    return float(found["memory"]["end"] / found["memory"]["warm"] - 1)


if __name__ == "__main__":
    typer.run(main)
