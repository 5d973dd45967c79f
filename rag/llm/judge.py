"""Judges a draft by what the embedded model's own states tell of it: see docs/judge.md.

Linear heads on the residual stream of two middle layers: one on the last token of the prompt
tells, before a word is written, whether the evidence answers the question; one on the tokens of
the draft whether the evidence supports it. Their readings come out of the model as it writes
(`rag.llm.heads`); here they become one probability. The heads belong to one model file.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import safe_open

from index.models.checksum import intact, verified
from rag.llm.heads import CLOSE, OPEN

WEIGHTS = Path(__file__).with_name("judge.safetensors")
OWN = "judge.safetensors"
"""Beside a model file: the heads that were fitted for it on this machine."""
SHA256 = "6023757b08dc6c38dc51697395a751823650d0a1c12d052421baebdaf15d3d2d"


@dataclass(frozen=True, slots=True)
class Readings:
    """What the heads read of one draft; each about -5 to 5, higher speaks for it.

    Attributes:
        before: At the last token of the prompt; None where nothing was read.
        draft: At each token of the draft, in order.
        end: At the end token after a draft that was given and not written; else None.
    """

    before: float | None = None
    draft: tuple[float, ...] = ()
    end: float | None = None


@dataclass(frozen=True, slots=True)
class Judge:
    """Heads with the calibration of their readings.

    Attributes:
        model: SHA-256 of the model file (GGUF) whose states they read; `size` is its bytes.
        layers: Whose states they read.
        heads: (len(layers) * width + 1, 3); see `rag.llm.heads.add_heads`.
        written: Intercept and weights of `before` and the mean of `draft`, for log-odds.
        given: The same of `before` and `end`, for a draft that another model wrote.
        threshold: Least probability at which a draft is shown as the answer.
        hopeless: Reading before the draft below which nothing need be written.
        marks: The tokens at which the first head and the last one speak.
        file: Where it was read from; `sha256` is of this file.
    """

    model: str
    size: int
    layers: tuple[int, ...]
    heads: NDArray[np.float32]
    written: tuple[float, float, float]
    given: tuple[float, float, float]
    threshold: float
    hopeless: float
    marks: tuple[int, int] = (OPEN, CLOSE)
    file: Path = WEIGHTS
    sha256: str = SHA256

    def confidence(self, readings: Readings) -> float | None:
        """Return the probability, 0 to 1, that a draft is right; None without readings.

        Calibrated by logistic regression (Platt 1999) on drafts that the heads were not fitted on.
        """
        if readings.before is None:
            return None
        if readings.end is not None:
            return _probability(self.given, readings.before, readings.end)
        mean = sum(readings.draft) / len(readings.draft) if readings.draft else readings.before
        return _probability(self.written, readings.before, mean)


@cache
def load_judge() -> Judge:
    """Return the judge that comes with the program.

    Raises:
        ModelFileError: its file is missing or not the one that it should be.
    """
    return read_judge(intact(WEIGHTS, SHA256))


def read_judge(path: Path) -> Judge:
    """Return the judge of a file."""
    with safe_open(path, framework="numpy") as file:
        card = json.loads(file.metadata()["card"])
        heads: NDArray[np.float32] = file.get_tensor("heads")
    return Judge(
        model=card["model"],
        size=card["size"],
        layers=tuple(card["layers"]),
        heads=heads,
        written=tuple(card["written"]),
        given=tuple(card["given"]),
        threshold=card["threshold"],
        hopeless=card["hopeless"],
        marks=tuple(card.get("marks", (OPEN, CLOSE))),
        file=path,
        sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
    )


def judge_of(gguf: Path) -> Judge | None:
    """Return the judge of a model file; None for a model that has no heads of its own."""
    own = gguf.with_name(OWN)
    judge = read_judge(own) if own.is_file() else load_judge()
    return judge if verified(gguf, judge.model, judge.size) else None


def _probability(weights: Sequence[float], *readings: float) -> float:
    intercept, *rest = weights
    total = intercept + sum(w * reading for w, reading in zip(rest, readings, strict=True))
    return 1.0 / (1.0 + math.exp(-max(-50.0, min(50.0, total))))
