"""Runs the embedder's network in OpenVINO, which is faster than torch on CPUs and loads sooner.

The network is converted once from sentence-transformers' own, in a process of its own so that
torch's memory goes back to the system: `python -m index.models.encoder FOLDER`.
"""

from __future__ import annotations

import logging
import shutil
import subprocess
import sys
import threading
import time
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, cast

from index.errors import ModelFileError
from index.models.checksum import seal, seal_holds
from index.models.int8 import OPTIONS, quantized
from index.quiet import import_openvino, quiet_openvino, quiet_transformers

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from openvino import CompiledModel, InferRequest, Model

    Pieces = NDArray[np.int64]

_LOG = logging.getLogger(__name__)
_FILE = "encoder.xml"
_TRIALS = 3  # the first of them compiles
_FASTER = 0.9  # share of the time below which another network is worth its memory
_ALIKE = 0.99  # least cosine to the exact vector of a text
_PROJECT = Path(__file__).resolve().parents[2]


class Encoder:
    """The network: word pieces in, one unit vector a text out."""

    def __init__(self, folder: Path, threads: int = 0, *, int8: bool = False) -> None:
        """Load the network of a sentence-transformers folder, converting it the first time.

        Args:
            folder: Where it lies.
            threads: Threads that run it; 0 means one for each core of the machine.
            int8: Whether its matrix products are done in 8 bits, else as the processor does best.

        Raises:
            ModelFileError: it cannot be converted.
        """
        openvino = import_openvino()
        options = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_NUM_THREADS": threads}
        core = openvino.Core()
        model = core.read_model(_ensure_converted(folder))
        if int8:
            model = quantized(model)
            options |= OPTIONS
        self._compiled: CompiledModel = core.compile_model(model, "CPU", options)
        self._requests = threading.local()

    def __call__(self, pieces: NDArray[np.int64], mask: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return unit vectors (texts, 384) of word pieces (texts, longest), 0 where masked."""
        request: InferRequest | None = getattr(self._requests, "request", None)
        if request is None:
            request = self._requests.request = self._compiled.create_infer_request()
        result = request.infer({"input_ids": pieces, "attention_mask": mask})
        vectors: NDArray[np.float32] = result[0].copy()
        return vectors


def is_better(candidate: Encoder, encoder: Encoder, pieces: Pieces, mask: Pieces) -> bool:
    """Whether the candidate is faster on this machine, and gives these texts the same vectors.

    Both run in turn, and the shortest times count, as other work can only lengthen them.
    """
    shortest = [float("inf"), float("inf")]
    for _ in range(_TRIALS):
        vectors = []
        for at, network in enumerate((candidate, encoder)):
            begun = time.perf_counter()
            vectors.append(network(pieces, mask))
            shortest[at] = min(shortest[at], time.perf_counter() - begun)
    alike = (vectors[0] * vectors[1]).sum(axis=1).min()
    return shortest[0] < _FASTER * shortest[1] and bool(alike > _ALIKE)


def _ensure_converted(folder: Path) -> Path:
    """Return the network in OpenVINO's form, made if it is not there yet."""
    network = folder / "openvino" / _FILE
    arguments = "index.models.encoder", str(folder.resolve())
    return prepare(network, f"the embedder in {folder}", *arguments)


def prepare(target: Path, what: str, module: str, *arguments: str) -> Path:
    """Return a file once it is as it was made; else run the module that makes it.

    Raises:
        ModelFileError: it failed; the message names `what`, and how it ended.
    """
    if target.is_file():
        if seal_holds(target.parent):
            return target
        _LOG.warning("%s is damaged and made anew", target)
        shutil.rmtree(target.parent)
    failure = run_module(module, *arguments)
    if failure or not target.is_file():
        raise ModelFileError(f"{what} cannot be prepared: {failure}")
    return target


def run_module(module: str, *arguments: str) -> str:
    """Run a module in a process of its own, whose memory goes back; return why it failed."""
    command = [sys.executable, "-m", module, *arguments]
    done = subprocess.run(
        command, cwd=_PROJECT, capture_output=True, text=True, errors="replace", check=False
    )
    if done.returncode == 0:
        return ""
    return done.stderr.strip()[-500:] or f"it ended with {done.returncode}"


def save_network(model: Model, path: Path) -> None:
    """Write a network in OpenVINO's form; its folder comes to be in one rename."""
    import openvino

    folder = path.parent
    part = folder.with_name(f"{folder.name}-{uuid.uuid4().hex}")
    part.mkdir()
    openvino.save_model(model, part / path.name, compress_to_fp16=False)
    seal(part)
    try:
        part.rename(folder)
    except OSError:  # another process was first
        shutil.rmtree(part)


def convert(folder: Path) -> None:
    """Write the network in OpenVINO's form into the folder, in one rename.

    Word embeddings are averaged over the text and scaled to length 1, as the model's own
    `1_Pooling` and `2_Normalize` do.
    """
    quiet_openvino()
    save_network(_network(folder), folder / "openvino" / _FILE)


def _network(folder: Path) -> Model:
    quiet_transformers()
    import openvino
    import torch
    from sentence_transformers import SentenceTransformer

    whole = SentenceTransformer(str(folder), device="cpu", local_files_only=True)
    layers = cast(torch.nn.Module, whole[0].model)

    class Pooled(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layers = layers

        def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
            states = self.layers(input_ids=input_ids, attention_mask=attention_mask)[0]
            kept = attention_mask.unsqueeze(-1).to(states.dtype)
            mean = (states * kept).sum(1) / kept.sum(1).clamp(min=1e-9)
            return torch.nn.functional.normalize(mean, dim=1)

    example = torch.ones(2, 16, dtype=torch.long)
    inputs = {"input_ids": example, "attention_mask": example}
    return openvino.convert_model(Pooled().eval(), example_input=inputs)


if __name__ == "__main__":
    convert(Path(sys.argv[1]))
