"""One build over a Ray cluster in small pieces; prints how many articles are embedded.

BROADSHEET_RAY_ADDRESS=host:6379 .venv/bin/python -m tests.index.ray_build FOLDER
"""

from __future__ import annotations

import sys
from pathlib import Path

import index.ray_engine
from index.build import build_index
from index.models.embedder import MiniLMEmbeddings
from index.ray_engine import ray_engine
from index.settings import load_settings
from index.types import BuildReport, Stage


def not_here() -> Path:
    raise AssertionError("the embedder of this process is not asked for")


def main() -> None:
    index.ray_engine._FILES, index.ray_engine._CONTENTS = 3, 1
    settings, output = load_settings(), sys.stdout
    with ray_engine(settings) as engine:
        embeddings = MiniLMEmbeddings(not_here)
        for event in build_index([Path(sys.argv[1])], settings, embeddings, engine=engine):
            if isinstance(event, BuildReport):
                print("report", event.added, event.embedded, file=output, flush=True)
            elif event.stage is Stage.EMBEDDING:
                print("embedded", event.done, file=output, flush=True)


if __name__ == "__main__":
    main()
