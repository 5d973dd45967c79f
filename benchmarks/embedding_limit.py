"""How near embedding comes to what this machine's arithmetic can do.

    python -m benchmarks.embedding_limit
    python -m benchmarks.embedding_limit --passages 32 --rounds 2        # a trial

The encoder runs over real passages, batched as a build batches them; beside it run plain matrix
products of its shapes, chained as its layers are, without anything between them, in the same
engine and in torch. All of it on one thread and in seconds of processor time, the shortest of
the rounds, so that other work on the machine hardly counts. Where the other time of a build goes
is told by `benchmarks.index_speed`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import openvino
import openvino.opset13 as op
import typer

from benchmarks.archives import open_archive
from benchmarks.machine import headline, say, show, write_result
from evals.machine import describe
from index.models.download import ensure_embedder
from index.models.embedder import DIMENSIONS, MiniLMEmbeddings, in_batches
from index.models.encoder import Encoder
from index.readers import read_articles
from index.settings import load_settings
from index.text.passages import embedded_text, split
from index.types import Article

LAYERS = 6
INNER = 1536
SHAPES = [(DIMENSIONS, DIMENSIONS)] * 4 + [(DIMENSIONS, INNER), (INNER, DIMENSIONS)]
"""Inputs and outputs of a layer's products: query, key, value, attention's output, two inner."""
_TOKENS = 8 * 208  # of the plain products: a batch of passages of common length


def main(
    articles: Annotated[
        Path | None, typer.Option(help="A folder, .tar.xz, .jsonl or .jsonl.xz; else the BBC's.")
    ] = None,
    passages: Annotated[int, typer.Option(help="Passages that are embedded.", min=8)] = 128,
    rounds: Annotated[int, typer.Option(help="Rounds, all in turn in each.", min=2)] = 4,
) -> None:
    """Measure multiply-adds a second of the encoder and of plain products."""
    machine = describe()
    folder = ensure_embedder(load_settings())
    rows = _rows(open_archive(articles), passages, MiniLMEmbeddings(lambda: folder))
    batches = [(pieces, mask) for _, pieces, mask in in_batches(rows)]
    say(f"{len(rows)} passages in {len(batches)} batches")
    encoders = {"bf16 or fp32": Encoder(folder, 1), "int8": Encoder(folder, 1, int8=True)}
    work: dict[str, Callable[[], object]] = {
        f"encoder, {name}": lambda e=encoder: [e(*batch) for batch in batches]
        for name, encoder in encoders.items()
    }
    work |= {f"plain products, {kind}": _plain(kind) for kind in ("f32", "bf16", "int8")}
    work["plain products, torch bf16"] = _plain_torch()
    seconds = _shortest(work, rounds)
    real = _operations([len(row) for row in rows])
    padded = sum(_operations([pieces.shape[1]] * len(pieces)) for pieces, _ in batches)
    plain = 2 * _TOKENS * LAYERS * sum(inputs * outputs for inputs, outputs in SHAPES)
    numbers: dict[str, Any] = {
        "word_pieces": sum(map(len, rows)),
        "padded_word_pieces": sum(pieces.size for pieces, _ in batches),
        "seconds": seconds,
        "gflops": {
            name: (padded if name.startswith("encoder") else plain) / taken / 1e9
            for name, taken in seconds.items()
        },
        "useful": real / padded,
        "passages_a_second": {n: len(rows) / seconds[f"encoder, {n}"] for n in encoders},
    }
    _show(numbers)
    chosen = {"passages": len(rows), "rounds": rounds}
    write_result("embedding_limit", machine, chosen, numbers, trial=passages < 64)


def _rows(folder: Path, wanted: int, embeddings: MiniLMEmbeddings) -> list[list[int]]:
    """Word pieces of passages of articles that are evenly spaced in the archive."""
    every = [one for one in read_articles([folder]) if isinstance(one, Article)]
    texts: list[str] = []
    for article in every[:: max(1, 2 * len(every) // wanted)]:
        texts += [embedded_text(article, one) for one in split(article, embeddings.count_tokens)]
    return embeddings.pieces(texts[:wanted])


def _operations(lengths: Sequence[int]) -> float:
    """Multiplications and additions that the network needs for texts of these lengths."""
    products = sum(inputs * outputs for inputs, outputs in SHAPES)
    attention = 2 * DIMENSIONS  # both of its products, for each pair of word pieces
    return float(sum(2 * LAYERS * (products * n + attention * n * n) for n in lengths))


def _shortest(work: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Run all in turn; return the least processor time of each, without its first, which warms."""
    taken: dict[str, list[float]] = {name: [] for name in work}
    for number in range(rounds + 1):
        for name, run in work.items():
            begun = time.process_time()
            run()
            taken[name].append(time.process_time() - begun)
        say(f"round {number} of {rounds}")
    return {name: min(times[1:]) for name, times in taken.items()}


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
    options = {
        "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_NUM_THREADS": 1,
        "INFERENCE_PRECISION_HINT": "f32" if kind == "f32" else "bf16",
    }
    model = openvino.Model([flowing], [given])
    request = openvino.Core().compile_model(model, "CPU", options).create_infer_request()
    numbers = rng.standard_normal((_TOKENS, DIMENSIONS), dtype=np.float32)
    return lambda: request.infer([numbers], share_inputs=True)


def _plain_torch() -> Callable[[], object]:
    """Return what multiplies through all layers in torch, bf16."""
    import torch

    torch.set_num_threads(1)
    weights = [torch.randn(o, i, dtype=torch.bfloat16) / 20 for i, o in SHAPES * LAYERS]
    numbers = torch.randn(_TOKENS, DIMENSIONS, dtype=torch.bfloat16)

    def run() -> object:
        flowing = numbers
        with torch.inference_mode():
            for matrix in weights:
                flowing = torch.nn.functional.linear(flowing, matrix)
        return flowing

    return run


def _show(numbers: dict[str, Any]) -> None:
    rows = [[name, f"{seconds:.0f}"] for name, seconds in numbers["gflops"].items()]
    show("GFLOP/s of one core, padding counted", ["", "GFLOP/s"], rows)
    waste = 1 - numbers["word_pieces"] / numbers["padded_word_pieces"]
    for name, speed in numbers["passages_a_second"].items():
        say(f"{name}: {speed:.1f} passages a second of processor time; {waste:.1%} is padding")
    reached = numbers["gflops"]
    shares = [
        f"{name} {reached[f'encoder, {name}'] / reached[f'plain products, {plain}']:.0%}"
        for name, plain in (("bf16 or fp32", "bf16"), ("int8", "int8"))
    ]
    headline("the encoder reaches, of plain products in bf16 and in int8: " + ", ".join(shares))


if __name__ == "__main__":
    typer.run(main)
