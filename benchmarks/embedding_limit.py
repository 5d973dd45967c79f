"""How near embedding comes to what this machine's arithmetic can do.

    python -m benchmarks.embedding_limit
    python -m benchmarks.embedding_limit --passages 32 --rounds 2        # a trial

The encoder runs over real passages, batched as a build batches them; beside it run plain matrix
products of its shapes, chained as its layers are, without anything between them, in the same
engine. All of it on one thread and in seconds of processor time, the shortest of
the rounds, so that other work on the machine hardly counts. `benchmarks.index_speed` shows where
the other time of a build goes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import openvino
import openvino.opset13 as op
import typer

from benchmarks.archives import Articles, open_archive
from benchmarks.results import headline, in_turn, say, show, write_result
from evals.results import describe
from index.models.download import ensure_embedder
from index.models.embedder import DIMENSIONS, MiniLMEmbeddings, in_batches
from index.models.encoder import Encoder
from index.readers import read_articles
from index.settings import load_settings
from index.text.passages import embedded_text, split
from index.types import Article

ENCODERS = {"bf16 or fp32": False, "int8": True}
LAYERS = 6
INNER = 1536
SHAPES = [(DIMENSIONS, DIMENSIONS)] * 4 + [(DIMENSIONS, INNER), (INNER, DIMENSIONS)]
"""Inputs and outputs of a layer's products: query, key, value, attention's output, two inner."""
_TOKENS = 8 * 208  # of the plain products: a batch of passages of common length


def main(
    articles: Articles = None,
    passages: Annotated[int, typer.Option(help="Passages that are embedded.", min=8)] = 128,
    rounds: Annotated[int, typer.Option(help="Rounds, all in turn in each.", min=2)] = 4,
) -> None:
    """Measure multiply-adds a second of the encoder and of plain products."""
    machine = describe()
    folder = ensure_embedder(load_settings())
    rows = _rows(open_archive(articles), passages, MiniLMEmbeddings(lambda: folder))
    batches = [(pieces, mask) for _, pieces, mask in in_batches(rows)]
    say(f"{len(rows)} passages in {len(batches)} batches")
    padded = sum(_operations([pieces.shape[1]] * len(pieces)) for pieces, _ in batches)
    plain = 2e-9 * _TOKENS * LAYERS * sum(inputs * outputs for inputs, outputs in SHAPES)
    encoders = {name: Encoder(folder, 1, int8=int8) for name, int8 in ENCODERS.items()}
    sides = {f"encoder, {n}": partial(_encode, e, batches, padded) for n, e in encoders.items()}
    for kind in ("f32", "bf16", "int8"):
        sides[f"plain products, {kind}"] = partial(_encode, _plain(kind), [()], plain)
    times = in_turn(sides, rounds + 1, "GFLOP")
    seconds = {name: min(one.processor for one in made[1:]) for name, made in times.items()}
    numbers: dict[str, Any] = {
        "seconds": seconds,
        "gflops": {name: times[name][0].amount / least for name, least in seconds.items()},
        "useful": _operations([len(row) for row in rows]) / padded,
        "passages_a_second": {name: len(rows) / seconds[f"encoder, {name}"] for name in ENCODERS},
    }
    _show(numbers)
    chosen = {"passages": len(rows), "rounds": rounds}
    write_result("embedding_limit", machine, chosen, numbers, trial=passages < 64)


def _encode(
    network: Callable[..., object], batches: Sequence[Any], operations: float, number: int
) -> float:
    for batch in batches:
        network(*batch)
    return operations


def _rows(folder: Path, wanted: int, embeddings: MiniLMEmbeddings) -> list[list[int]]:
    """Word pieces of passages of articles that are evenly spaced in the archive."""
    every = [one for one in read_articles([folder]) if isinstance(one, Article)]
    texts: list[str] = []
    for article in every[:: max(1, 2 * len(every) // wanted)]:
        texts += [embedded_text(article, one) for one in split(article, embeddings.count_tokens)]
    return embeddings.pieces(texts[:wanted])


def _operations(lengths: Sequence[int]) -> float:
    """Thousand millions of multiplications and additions for texts of these lengths."""
    products = sum(inputs * outputs for inputs, outputs in SHAPES)
    attention = 2 * DIMENSIONS  # both of its products, for each pair of word pieces
    return float(sum(2e-9 * LAYERS * (products * n + attention * n * n) for n in lengths))


def _plain(kind: str) -> Callable[[], object]:
    """Return what multiplies through all layers in OpenVINO: `f32`, `bf16` or `int8`."""
    rng = np.random.default_rng(0)
    given = op.parameter([_TOKENS, DIMENSIONS], openvino.Type.f32)
    ends = op.constant(np.float32(-4)), op.constant(np.float32(4))
    flowing: Any = given
    for inputs, outputs in SHAPES * LAYERS:
        if kind == "int8":
            whole = op.constant(rng.integers(-127, 128, (outputs, inputs), dtype=np.int8))
            scales = op.constant(np.full((outputs, 1), 0.001, dtype=np.float32))
            weights = op.multiply(op.convert(whole, "f32"), scales)
            flowing = op.fake_quantize(flowing, *ends, *ends, 256)
        else:
            weights = op.constant(rng.standard_normal((outputs, inputs), dtype=np.float32) / 20)
        flowing = op.matmul(flowing, weights, False, True)
    precision = "f32" if kind == "f32" else "bf16"
    options = {"INFERENCE_NUM_THREADS": 1, "INFERENCE_PRECISION_HINT": precision}
    model = openvino.Model([flowing], [given])
    request = openvino.Core().compile_model(model, "CPU", options).create_infer_request()
    numbers = rng.standard_normal((_TOKENS, DIMENSIONS), dtype=np.float32)

    return lambda: request.infer([numbers], share_inputs=True)


def _show(numbers: dict[str, Any]) -> None:
    reached = numbers["gflops"]
    rows = [[name, f"{speed:.0f}"] for name, speed in reached.items()]
    show("GFLOP/s of one core, padding counted", ["", "GFLOP/s"], rows)
    for name, speed in numbers["passages_a_second"].items():
        say(f"{name}: {speed:.1f} passages a second; {1 - numbers['useful']:.1%} is padding")
    shares = (
        reached[f"encoder, {name}"] / reached[f"plain products, {kind}"]
        for name, kind in zip(ENCODERS, ("bf16", "int8"), strict=True)
    )
    bf16, int8 = (f"{share:.0%}" for share in shares)
    headline(f"the encoder reaches, of plain products in bf16 and in int8: {bf16}, {int8}")


if __name__ == "__main__":
    typer.run(main)
