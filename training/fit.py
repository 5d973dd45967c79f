"""Fits the judge's heads and their calibration on collected rows, and measures them.

Everything that is reported is of rows whose articles had no part in the fit: folds are made by
article, and archives are held out in turn.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save_file
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GroupKFold
from sklearn.preprocessing import StandardScaler

from index.models.catalogue import LLM
from rag.llm.judge import CLOSE, OPEN
from training.states import LAYERS

PLACES = ("before", "mean", "end")
Floats = NDArray[np.float64]
_LOST = 0.02  # of right drafts, for which nothing would be written


@dataclass(frozen=True, slots=True)
class Rows:
    """Collected rows: what is known of each, and its states by place.

    `states[place]` is (rows, layers, width); `right` and `groups` have one entry a row. `layers`
    are those whose states were kept.
    """

    info: list[dict[str, Any]]
    states: dict[str, NDArray[np.float16]]
    layers: tuple[int, ...] = LAYERS

    @property
    def right(self) -> NDArray[np.bool_]:
        """Whether each draft is right."""
        return np.array([bool(one["right"]) for one in self.info])

    @property
    def groups(self) -> NDArray[np.str_]:
        """The article that each row is about."""
        return np.array([one["group"] for one in self.info])

    def where(self, chosen: Sequence[bool] | NDArray[np.bool_]) -> Rows:
        """Return the chosen rows."""
        at = np.flatnonzero(np.asarray(chosen))
        return Rows(
            [self.info[k] for k in at], {p: s[at] for p, s in self.states.items()}, self.layers
        )


def load_rows(home: Path) -> Rows:
    """Return the rows below a folder whose label is known."""
    info: list[dict[str, Any]] = []
    states: dict[str, list[NDArray[np.float16]]] = {place: [] for place in PLACES}
    layers: tuple[int, ...] = LAYERS
    for shard in sorted(home.glob("*/*.npz")):
        with np.load(shard) as held:
            info += [json.loads(one) for one in held["info"]]
            layers = tuple(map(int, held["layers"])) if "layers" in held else layers
            for place in PLACES:
                states[place].append(held[place])
    rows = Rows(info, {place: np.concatenate(made) for place, made in states.items()}, layers)
    return rows.where([one["right"] is not None for one in info])


@dataclass(frozen=True, slots=True)
class Head:
    """A linear head on the raw states of some layers at one place: `states @ weights + constant`.

    Fitted on standardised principal components; scaled to a standard deviation of 1 where it was
    fitted.
    """

    place: str
    layers: tuple[int, ...]
    weights: Floats
    constant: float

    def read(self, rows: Rows) -> Floats:
        """Return the reading of each row."""
        return _flat(rows, self.place, self.layers) @ self.weights + self.constant


def fit_head(
    rows: Rows, place: str, layers: Sequence[int], *, components: int = 150, strength: float = 0.003
) -> Head:
    """Fit one head.

    Args:
        rows: To fit on.
        place: `before`, `mean` or `end`.
        layers: Whose states are read, side by side.
        components: Principal components kept.
        strength: Inverse strength of regularisation (C).
    """
    values = _flat(rows, place, layers)
    scaler = StandardScaler().fit(values)
    size = min(components, min(values.shape) - 1)
    pca = PCA(size, svd_solver="randomized", random_state=0)
    reduced = pca.fit_transform(scaler.transform(values))
    model = LogisticRegression(C=strength, max_iter=2000, class_weight="balanced")
    model.fit(reduced, rows.right)
    weights = (pca.components_.T @ model.coef_[0]) / scaler.scale_
    constant = float(model.intercept_[0] - scaler.mean_ @ weights)
    constant -= float(pca.mean_ @ (pca.components_.T @ model.coef_[0]))
    spread = float(np.std(values @ weights)) or 1.0
    return Head(place, tuple(layers), weights / spread, constant / spread)


def out_of_fold(
    rows: Rows, place: str, layers: Sequence[int], folds: int = 5, **how: Any
) -> Floats:
    """Return each row's reading by a head fitted without its article."""
    readings = np.zeros(len(rows.info))
    split = GroupKFold(folds).split(rows.right, groups=rows.groups)
    for inside, outside in split:
        chosen = np.zeros(len(rows.info), dtype=bool)
        chosen[inside] = True
        head = fit_head(rows.where(chosen), place, layers, **how)
        readings[outside] = head.read(rows.where(~chosen))
    return readings


def area(right: NDArray[np.bool_], score: Floats) -> float:
    """Area under the curve, right drafts against the others."""
    return float(roc_auc_score(right, score))


def calibrated(rows: Rows, *readings: Floats) -> tuple[float, ...]:
    """Return the intercept and the weights of a logistic regression over readings.

    Fitted on what was asked as people ask, and not on what was changed: a probability is of those.
    """
    asked = np.array([one["variant"] in ("plain", "again") for one in rows.info])
    model = LogisticRegression(C=1.0).fit(np.stack(readings, 1)[asked], rows.right[asked])
    return (float(model.intercept_[0]), *(float(w) for w in model.coef_[0]))


def archives_held_out(rows: Rows, archive: dict[str, str]) -> Iterator[tuple[str, Rows, Rows]]:
    """Yield each archive's name with the rows of the others and its own.

    Args:
        rows: All.
        archive: The archive of each set.
    """
    homes = np.array([archive[one["set"]] for one in rows.info])
    for name in sorted(set(homes)):
        yield name, rows.where(homes != name), rows.where(homes == name)


DRAFT_SCALE = 1.2
"""Of the draft's head: its readings at single tokens must stay within -5 to 5."""


def write_judge(
    rows: Rows,
    layers: Sequence[int],
    threshold: float,
    target: Path,
    *,
    gguf: Path | None = None,
    marks: tuple[int, int] = (OPEN, CLOSE),
) -> str:
    """Fit the heads on all rows and their calibration out of fold; write them with their card.

    Args:
        rows: To fit on.
        layers: Whose states are read.
        threshold: Least probability of a draft that is shown.
        target: The file to write.
        gguf: The model whose drafts they are; the default's if none is named.
        marks: See `rag.llm.judge.Judge`.

    Returns:
        Its SHA-256, which the product must know.
    """
    scale = {"before": 1.0, "mean": DRAFT_SCALE, "end": 1.0}
    heads = {place: fit_head(rows, place, layers) for place in PLACES}
    columns = [
        np.append(heads[place].weights, heads[place].constant) * scale[place] for place in PLACES
    ]
    read = {place: out_of_fold(rows, place, layers) * scale[place] for place in PLACES}
    model, size = LLM.files[0].sha256, LLM.files[0].size
    if gguf:
        with gguf.open("rb") as file:
            model, size = hashlib.file_digest(file, "sha256").hexdigest(), gguf.stat().st_size
    card = {
        "model": model,
        "size": size,
        "marks": marks,
        "layers": list(layers),
        "rows": len(rows.info),
        "written": calibrated(rows, read["before"], read["mean"]),
        "given": calibrated(rows, read["before"], read["end"]),
        "threshold": threshold,
        "hopeless": float(np.quantile(read["before"][rows.right], _LOST)),
    }
    tensors = {"heads": np.stack(columns, 1).astype(np.float32)}
    save_file(tensors, target, metadata={"card": json.dumps(card)})
    return hashlib.sha256(target.read_bytes()).hexdigest()


def write_reduced(rows: Rows, layers: Sequence[int], target: Path, components: int = 64) -> None:
    """Write the rows without any text: principal components of their states, labels, hashed ids.

    The components of `before`, `mean` and `end` stand in this order, as 8-bit shares of the
    largest of each; `basis` and `centre` make states of them again.
    """
    values = np.concatenate([_flat(rows, place, layers) for place in PLACES])
    scaler = StandardScaler().fit(values)
    pca = PCA(components, svd_solver="randomized", random_state=0).fit(scaler.transform(values))
    reduced = [pca.transform(scaler.transform(_flat(rows, place, layers))) for place in PLACES]
    stacked = np.stack(reduced, 1)
    largest = np.abs(stacked).max((0, 1))
    np.savez_compressed(
        target,
        info=np.array([json.dumps(one) for one in rows.info]),
        states=np.round(127 * stacked / largest).astype(np.int8),
        largest=largest.astype(np.float32),
        basis=(pca.components_ * scaler.scale_).astype(np.float16),
        centre=(scaler.mean_ + pca.mean_ * scaler.scale_).astype(np.float16),
    )


def _flat(rows: Rows, place: str, layers: Sequence[int]) -> Floats:
    at = [rows.layers.index(layer) for layer in layers]
    chosen = rows.states[place][:, at].astype(np.float64)
    return chosen.reshape(len(chosen), -1)
