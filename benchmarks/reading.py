"""How fast files are read, against another version of the project, and in how much memory.

    git worktree add ../earlier 429d8ff
    python -m benchmarks.reading ../earlier          # the BBC archive; or --articles FOLDER
    python -m benchmarks.reading --megabytes 1000    # only memory, over larger files

Both versions read the same files in turn, each time in a process of its own; seconds are of the
processor, those of the process that holds the readers' bounds included. Memory is the most that
any of these processes held, over made files of JSON Lines and CSV, a small and a large one.
"""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path
from statistics import median
from typing import Annotated, Any

import typer

from benchmarks.archives import Articles, open_archive
from benchmarks.results import BENCH, headline, ratios, say, show, write_result
from evals.results import ROOT, describe

HOME = BENCH / "reading"
SMALL = 5  # MB, beside which the large file is held
_READ = """
import json, sys
from pathlib import Path
from resource import RUSAGE_CHILDREN, RUSAGE_SELF, getrusage
from index.readers import read_articles

count = sum(hasattr(one, "headline") for one in read_articles([Path(sys.argv[1])]))
both = getrusage(RUSAGE_SELF), getrusage(RUSAGE_CHILDREN)
seconds = sum(one.ru_utime + one.ru_stime for one in both)
print(json.dumps([count, seconds, max(one.ru_maxrss for one in both) * 1024]))
"""


def main(
    earlier: Annotated[Path | None, typer.Argument(help="A checkout of another version.")] = None,
    articles: Articles = None,
    megabytes: Annotated[int, typer.Option(help="Size of the large made files.", min=10)] = 200,
    rounds: Annotated[int, typer.Option(help="Times that each version reads.", min=1)] = 5,
) -> None:
    """Print the ratio of two versions' reading times, and memory over large files."""
    machine = describe()
    numbers: dict[str, Any] = {}
    if earlier is not None:
        folder = open_archive(articles)
        sides: dict[str, list[float]] = {"now": [], "earlier": []}
        for number in range(rounds):
            order = [("now", ROOT), ("earlier", earlier.resolve())]
            for name, checkout in order if number % 2 == 0 else order[::-1]:
                count, seconds, _ = _read(checkout, folder)
                sides[name].append(seconds)
                say(f"round {number + 1}/{rounds}: {name} {count:,.0f} articles in {seconds:.2f} s")
        numbers["seconds"] = sides | {"ratio": ratios(sides["now"], sides["earlier"])}
        found = numbers["seconds"]["ratio"]
        headline(
            f"reading takes {found['p50']:.2f} times as long as before ({found['min']:.2f} to "
            f"{found['max']:.2f}; {median(sides['now']):.2f} s)"
        )
    rows = []
    for suffix in (".jsonl", ".csv"):
        for size in (SMALL, megabytes):
            count, seconds, held = _read(ROOT, _made(suffix, size))
            numbers[f"memory of {size} MB{suffix}"] = held
            rows.append(
                (f"{size} MB {suffix}", f"{count:,.0f}", f"{seconds:.1f}", f"{held / 1e6:.0f}")
            )
    show("Memory", ("file", "articles", "seconds", "MB at most"), rows)
    write_result("reading", machine, {"megabytes": megabytes, "rounds": rounds}, numbers)


def _read(checkout: Path, what: Path) -> tuple[float, float, float]:
    """Return articles, processor seconds and bytes of a version that reads in a new process."""
    command = [sys.executable, "-c", _READ, str(what)]
    done = subprocess.run(
        command, cwd=checkout, env={"PYTHONPATH": str(checkout)}, capture_output=True, check=True
    )
    count, seconds, held = json.loads(done.stdout)
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
