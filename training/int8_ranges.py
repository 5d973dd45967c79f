"""`python -m training.int8_ranges MODEL-FOLDER ARTICLES`: measures what `index.models.int8` needs.

The ranges of what flows into the embedder's matrix products, over an archive's passages.
"""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.models.embedder import MiniLMEmbeddings
from index.models.int8 import HAS_OUTLIERS, RANGES, products_by_name
from index.quiet import quiet_openvino
from index.readers import read_articles
from index.text.passages import embedded_text, split
from index.types import Article

Floats = NDArray[np.float32]


def measure(network: Path, rows: list[list[int]]) -> dict[str, Floats]:
    """Return lowest and highest (2, channels) of what enters products, by their names.

    Args:
        network: The `encoder.xml` of `index.models.encoder`.
        rows: Word pieces of texts like those that will be embedded.
    """
    quiet_openvino()
    import openvino

    core = openvino.Core()
    model = core.read_model(network)
    wanted = {n: p for n, p in products_by_name(model).items() if not HAS_OUTLIERS.fullmatch(n)}
    model.add_outputs([products[0].input_value(0) for products in wanted.values()])
    options = {"INFERENCE_PRECISION_HINT": "f32"}
    request = core.compile_model(model, "CPU", options).create_infer_request()
    spans: dict[str, list[Floats]] = {name: [] for name in wanted}
    for row in rows:
        pieces = np.array([row], dtype=np.int64)
        _, *inputs = request.infer([pieces, np.ones_like(pieces)]).to_tuple()
        for name, values in zip(wanted, inputs, strict=True):
            spans[name] += [values[0].min(axis=0), values[0].max(axis=0)]
    return {name: np.stack([np.min(s, 0), np.max(s, 0)]) for name, s in spans.items()}


def measure_articles(folder: Path, articles: Path) -> None:
    """Measure the ranges over an archive, and write them beside `index.models.int8`."""
    embeddings = MiniLMEmbeddings(lambda: folder)
    read = [one for one in read_articles([articles]) if isinstance(one, Article)]
    texts = [embedded_text(a, p) for a in read for p in split(a, embeddings.count_tokens)]
    rows = embeddings.pieces(texts)
    found = measure(folder / "openvino" / "encoder.xml", rows)
    kept: dict[str, Any] = {name: span.astype(np.float16) for name, span in found.items()}
    np.savez(RANGES, **kept)
    digest = hashlib.sha256(RANGES.read_bytes()).hexdigest()
    sys.stderr.write(f"Write it down as RANGES_SHA256: {digest}\n")


if __name__ == "__main__":
    measure_articles(Path(sys.argv[1]), Path(sys.argv[2]))
