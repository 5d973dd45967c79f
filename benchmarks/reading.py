"""How fast files are read, indexed, and the page imported, against another version; and memory.

    git worktree add ../earlier 429d8ff
    python -m benchmarks.reading ../earlier          # the BBC archive; or --articles FOLDER
    python -m benchmarks.reading --megabytes 1000    # only memory, over larger files

Both versions do the same in turn, each time in a process of its own; seconds are of the processor,
those of the process that holds the readers' bounds included. What is indexed is a part of the
archive, with a model folder for each version. Memory is the most that any of these processes held,
over made files of JSON Lines and CSV, a small and a large one.
"""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from statistics import median
from typing import Annotated, Any

import typer

from benchmarks.archives import Articles, empty_folder, open_archive, text_files
from benchmarks.results import BENCH, headline, ratios, say, show, write_result
from evals.results import ROOT, describe
from index.models.catalogue import EMBEDDER
from index.settings import load_settings

HOME = BENCH / "reading"
SMALL = 5  # MB, beside which the large file is held
INDEXED = 100  # files of the archive
_WORKS = {
    "reading": """
from index.readers import read_articles
count = sum(hasattr(one, "headline") for one in read_articles([Path(sys.argv[1])]))
""",
    "indexing": """
import contextlib, io, runpy
folder, sys.argv = sys.argv[2], ["index", "build", sys.argv[2]]
with contextlib.suppress(SystemExit), contextlib.redirect_stdout(io.StringIO()):
    runpy.run_module("index", run_name="__main__")
count = len(list(Path(folder).rglob("*.txt")))
""",
    "importing the page": """
from web.page import build_page
count = 1
""",
}
_MEASURED = """
import json, sys
from pathlib import Path
from resource import RUSAGE_CHILDREN, RUSAGE_SELF, getrusage
{work}
both = getrusage(RUSAGE_SELF), getrusage(RUSAGE_CHILDREN)
seconds = sum(one.ru_utime + one.ru_stime for one in both)
print(json.dumps([count, seconds, max(one.ru_maxrss for one in both) * 1024]))
"""


def main(
    earlier: Annotated[Path | None, typer.Argument(help="A checkout of another version.")] = None,
    articles: Articles = None,
    megabytes: Annotated[int, typer.Option(help="Size of the large made files.", min=10)] = 200,
    rounds: Annotated[int, typer.Option(help="Times that each version works.", min=1)] = 5,
) -> None:
    """Print the ratios of two versions' times, and memory over large files."""
    machine = describe()
    numbers: dict[str, Any] = {}
    if earlier is not None:
        folder = open_archive(articles)
        part = empty_folder(HOME / "part")
        for file in text_files(folder, INDEXED):
            shutil.copy(file, part / file.name)
        sides = {"now": ROOT, "earlier": earlier.resolve()}
        for work in _WORKS:
            numbers[work] = _compare(work, sides, folder, part, rounds)
    rows = []
    for suffix in (".jsonl", ".csv"):
        for size in (SMALL, megabytes):
            count, seconds, held = _measure("reading", "now", ROOT, _made(suffix, size))
            numbers[f"memory of {size} MB{suffix}"] = held
            rows.append(
                (f"{size} MB {suffix}", f"{count:,.0f}", f"{seconds:.1f}", f"{held / 1e6:.0f}")
            )
    show("Memory", ("file", "articles", "seconds", "MB at most"), rows)
    write_result("reading", machine, {"megabytes": megabytes, "rounds": rounds}, numbers)


def _compare(
    work: str, sides: dict[str, Path], folder: Path, part: Path, rounds: int
) -> dict[str, Any]:
    """Have both versions do a work in turn, and print how their times compare."""
    seconds: dict[str, list[float]] = {name: [] for name in sides}
    for number in range(-1, rounds):  # the first makes what is made once, and does not count
        order = list(sides.items())
        for name, checkout in order if number % 2 == 0 else order[::-1]:
            _, took, _ = _measure(work, name, checkout, folder, part)
            if number >= 0:
                seconds[name].append(took)
                say(f"round {number + 1}/{rounds}: {work}, {name}: {took:.2f} s")
    found = ratios(seconds["now"], seconds["earlier"])
    now, before = (median(seconds[name]) for name in ("now", "earlier"))
    headline(
        f"{work} takes {found['p50']:.2f} times as long as before ({found['min']:.2f} to "
        f"{found['max']:.2f}; {now:.2f} s and {before:.2f} s)"
    )
    return seconds | {"ratio": found}


def _measure(work: str, name: str, checkout: Path, *folders: Path) -> tuple[float, float, float]:
    """Return a count, processor seconds and bytes of a version that works in a new process."""
    models = HOME / f"models-{name}"
    if not models.exists():
        model = EMBEDDER.folder
        shutil.copytree(load_settings().models / model, models / model)
    data = empty_folder(HOME / "data")
    program = _MEASURED.format(work=_WORKS[work])
    variables = os.environ | {
        "PYTHONPATH": str(checkout),
        "BROADSHEET_MODEL_DIR": str(models),
        "BROADSHEET_DATA_DIR": str(data),
        "BROADSHEET_HUB_URL": "",
        "HOME": str(data),
    }
    command = [sys.executable, "-c", program, *map(str, folders)]
    done = subprocess.run(command, cwd=checkout, env=variables, capture_output=True, check=True)
    count, seconds, held = json.loads(done.stdout.splitlines()[-1])
    return count, seconds, held


def _made(suffix: str, megabytes: int) -> Path:
    """Return a file of made articles, each about 2.5 KB with an id and a day of its own."""
    path = HOME / f"{megabytes}{suffix}"
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.is_file():
        return path
    say(f"making {path.name}")
    body = "The mill by the weir stood still while the council argued about its wheel. " * 32
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file) if suffix == ".csv" else None
        if table:
            table.writerow(("id", "title", "date", "text"))
        for number in range(megabytes * 1_000_000 // (len(body) + 80)):
            day = f"20{number % 24:02}-{number % 12 + 1:02}-{number % 28 + 1:02}"
            values = f"made-{number}", f"Report {number} from the weir", day, f"{number}. {body}"
            if table:
                table.writerow(values)
            else:
                names = ("id", "title", "date", "text")
                file.write(json.dumps(dict(zip(names, values, strict=True))) + "\n")
    return path


if __name__ == "__main__":
    typer.run(main)
