"""Kills builds at random moments while a reader asks, and checks that nothing is lost or mixed.

    .venv/bin/python -m tests.index.kill_build --kills 50

Each round changes the articles (the sample archive and batches of made ones, of which each batch
is of one version), starts builds that are killed, lets one end, and compares what is indexed with
what was written. A reader in a process of its own opens snapshot after snapshot: each must show
every batch whole and of one version, and find it by vectors and by words. The embedder costs
nothing, so that most moments are those of storing; old articles are cleaned away within seconds.
"""

from __future__ import annotations

import argparse
import multiprocessing
import random
import re
import shutil
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from tempfile import TemporaryDirectory

import chromadb  # noqa: F401  # the processes that are forked need not import it each

import index.build
import index.store.staging
from index.build import build_index
from index.errors import NothingEarlier
from index.settings import Settings, load_settings
from index.store import writer
from index.store.catalogue import Wanted
from index.store.snapshot import IndexReader, Snapshot
from index.store.vectors import VectorsMissing
from index.types import Bounds
from index.upkeep import Kind, roll_back, verify
from tests.conftest import MODELS
from tests.index.archive import ROOT, HashedEmbeddings

SIZE = 30
MARK = "coelacanth"
_MADE = re.compile(rf"Batch (\d+) version (\d+) {MARK} (\d+)")
_SECONDS = 600  # after which a process is taken to hang
# This process opens no part of an index, so that it may be forked.
_fork = multiprocessing.get_context("fork")


@dataclass
class Archive:
    """The articles as they are on disk."""

    folder: Path
    chance: random.Random
    versions: dict[int, int] = field(default_factory=dict)
    made: int = 0

    def __post_init__(self) -> None:
        shutil.copytree(ROOT / "articles", self.folder / "sample")
        self.sample = sum(path.is_file() for path in self.folder.rglob("*"))
        for _ in range(3):
            self.add()

    def change(self) -> str:
        """Add, rewrite, move or delete a batch; returns what was done."""
        ways = [self.add, self.rewrite, self.rewrite, self.move]
        if len(self.versions) > 4:
            ways.append(self.delete)
        way = self.chance.choice(ways)
        way()
        return way.__name__

    def add(self) -> None:
        self.made += 1
        self._write(self.made, 1, self.folder / f"batch{self.made}")

    def rewrite(self) -> None:
        batch = self._any()
        self._write(batch, self.versions[batch] + 1, self._place(batch))

    def move(self) -> None:
        place = self._place(self._any())
        place.rename(place.with_name(f"{place.name.split('-')[0]}-{time.time_ns()}"))

    def delete(self) -> None:
        batch = self._any()
        shutil.rmtree(self._place(batch))
        del self.versions[batch]

    def _any(self) -> int:
        return self.chance.choice(sorted(self.versions))

    def _place(self, batch: int) -> Path:
        (place,) = [*self.folder.glob(f"batch{batch}"), *self.folder.glob(f"batch{batch}-*")]
        return place

    def _write(self, batch: int, version: int, place: Path) -> None:
        place.mkdir(exist_ok=True)
        for number in range(SIZE):
            text = (
                f"date 2023-03-{number % 28 + 1:02} Batch {batch} version {version} {MARK} {number}"
            )
            path = place / f"{number:02}.txt"
            path.write_text(f"{text}\n\nIn version {version} it swims {version * number} miles.\n")
        self.versions[batch] = version


def batches(snapshot: Snapshot) -> tuple[dict[int, int], int]:
    """Return the batches of a snapshot with their versions, and how many other articles it has.

    Raises:
        AssertionError: a batch is not whole, is of two versions, or is not found.
    """
    versions: dict[int, set[int]] = {}
    numbers: dict[int, list[int]] = {}
    others = 0
    for article in snapshot.catalogue().page(Wanted(), 100_000).articles:
        made = _MADE.fullmatch(article.headline)
        if made is None:
            others += 1
            continue
        batch, version, number = map(int, made.groups())
        versions.setdefault(batch, set()).add(version)
        numbers.setdefault(batch, []).append(number)
    for batch, found in numbers.items():
        assert sorted(found) == list(range(SIZE)), f"batch {batch} is not whole: {sorted(found)}"
        assert len(versions[batch]) == 1, f"batch {batch} is of versions {versions[batch]}"
    live = SIZE * len(numbers)
    words = {hit.key for hit in snapshot.lexical(MARK, 20_000, Bounds())}
    assert len(words) == live, f"words find {len(words)} of {live}"
    dense = {hit.key for hit in snapshot.dense([0.05] * 384, 20_000, Bounds())}
    assert words <= dense, f"vectors miss {len(words - dense)} of {live}"
    return {batch: version for batch, (version,) in versions.items()}, others


def ask(pipe: Connection, settings: Settings) -> None:
    """Check snapshot after snapshot until it is to end; sends what was seen, counted."""
    seen: Counter[str] = Counter()
    reader = IndexReader(settings)
    while not pipe.poll(0.1):
        try:
            with reader.snapshot() as snapshot:
                batches(snapshot)
            seen["whole"] += 1
        except VectorsMissing:  # as a question does, it asks again
            seen["asked again"] += 1
        except Exception as error:
            seen[f"{type(error).__name__}: {error}"] += 1
    pipe.send(seen)


def build(pipe: Connection, settings: Settings, folder: Path, again: bool) -> None:
    """Build in small steps, and send the name of each."""
    index.build._EMBED_PASSAGES = 16
    index.store.staging._BATCH = 50
    writer.GRACE_SECONDS, writer.UNFINISHED_SECONDS = 10.0, 30.0
    embeddings = HashedEmbeddings(lambda: settings.models / "all-MiniLM-L6-v2")
    embeddings.count_tokens(["ready"])
    pipe.send("begun")
    for event in build_index([folder], settings, embeddings, again=again):
        pipe.send(str(getattr(event, "stage", "done")))


def look(pipe: Connection, settings: Settings) -> None:
    """Send what is wrong with the index, and what it holds."""
    wrong = [one.what for one in verify(settings) if one.kind is not Kind.NOTE]
    with IndexReader(settings).snapshot() as snapshot:
        pipe.send((wrong, batches(snapshot)))


def back(pipe: Connection, settings: Settings) -> None:
    """Roll back; 0 where a killed `build --again` left nothing to go back to."""
    try:
        pipe.send(roll_back(settings).generation)
    except NothingEarlier:
        pipe.send(0)


def started(work: Callable[..., None], *given: object) -> tuple[BaseProcess, Connection]:
    """Start work in a process of its own."""
    here, there = _fork.Pipe()
    process = _fork.Process(target=work, args=(there, *given), daemon=True)
    process.start()
    there.close()
    return process, here


def received(pipe: Connection) -> list[object]:
    """Return all that comes until the other end is closed."""
    items = []
    try:
        while pipe.poll(_SECONDS):
            items.append(pipe.recv())
    except (EOFError, ConnectionResetError):
        return items
    raise AssertionError(f"nothing came for {_SECONDS} s after {items}")


@dataclass
class Harness:
    """Builds that are killed, one reader, and what was seen."""

    settings: Settings
    archive: Archive
    chance: random.Random
    kills: Counter[str] = field(default_factory=Counter)
    builds: int = 0
    rollbacks: int = 0
    seconds: float = 1.0  # that a build takes

    def run(self, kills: int) -> Counter[str]:
        """Kill so many builds; returns how often the reader saw what."""
        self._whole()
        reader, pipe = started(ask, self.settings)
        try:
            while self.kills.total() < kills:
                done = self.archive.change()
                for _ in range(min(self.chance.randint(1, 3), kills - self.kills.total())):
                    self._killed(done)
                if self.chance.random() < 0.2:
                    self.rollbacks += any(self._done(back, self.settings))
                self._whole()
        finally:
            pipe.send("end")
            (seen,) = received(pipe)
            reader.join()
        return seen

    def _killed(self, done: str) -> None:
        again = self.chance.random() < 0.15
        process, pipe = started(build, self.settings, self.archive.folder, again)
        assert pipe.recv() == "begun"
        process.join(self.chance.uniform(0, self.seconds))
        process.kill()
        process.join()
        last = ["begun", *received(pipe)][-1]
        if process.exitcode == -signal.SIGKILL:
            self.kills[last] += 1
            what = "build --again" if again else "build"
            print(f"kill {self.kills.total()}: {done}, {what}, {last}", flush=True)

    def _whole(self) -> None:
        """Let a build end, and compare what is indexed with what was written."""
        began = time.monotonic()
        assert self._done(build, self.settings, self.archive.folder, False)[-1] == "done"
        self.seconds = max(0.7 * self.seconds, time.monotonic() - began)
        self.builds += 1
        ((wrong, indexed),) = self._done(look, self.settings)
        assert not wrong, wrong
        assert indexed == (self.archive.versions, self.archive.sample)

    def _done(self, work: Callable[..., None], *given: object) -> list[object]:
        process, pipe = started(work, *given)
        items = received(pipe)
        process.join()
        assert process.exitcode == 0, f"{work.__name__} failed"
        return items


def main() -> None:
    """Kill builds, and say what was seen; exit code 1 if a snapshot was not whole."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    chance = random.Random(given.seed)
    with TemporaryDirectory() as made:
        settings = load_settings(data_dir=Path(made) / "data", model_dir=MODELS)
        harness = Harness(settings, Archive(Path(made) / "news", chance), chance)
        seen = harness.run(given.kills)
    stages = ", ".join(f"{stage} {count}" for stage, count in harness.kills.most_common())
    print(f"{harness.kills.total()} kills; the last that was heard of the build: {stages}")
    print(f"{harness.builds} builds ended, {harness.rollbacks} rollbacks: sound, no article lost")
    print(f"reader: {', '.join(f'{count} {what}' for what, count in seen.most_common())}")
    sys.exit(1 if set(seen) - {"whole", "asked again"} else 0)


if __name__ == "__main__":
    main()
