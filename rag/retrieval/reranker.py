"""Scores sentences beside their question with a small cross-encoder.

It is the embedder's own six layers (Wang et al. 2020), trained on; `reranker.safetensors` holds
the changes at low rank (Hu et al. 2022). Converted once to OpenVINO's form, in a process of its
own: `python -m rag.retrieval.reranker FOLDER TARGET`.
"""

from __future__ import annotations

import functools
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from index.models.checksum import intact
from index.models.embedder import MiniLMEmbeddings, in_batches
from index.models.encoder import prepare, save_network
from index.quiet import import_openvino, quiet_openvino, quiet_transformers

if TYPE_CHECKING:
    import torch
    from openvino import CompiledModel
    from tokenizers import Tokenizer

CHANGES = Path(__file__).with_name("reranker.safetensors")
CHANGES_SHA256 = "71e291f613dcb4511686c4496a4c47860e2550d6077ecde0278380230951c20d"
_LONGEST = 80  # word pieces of question and sentence together, as in training
_FILE = "reranker.xml"
_loading = threading.Lock()
Weights = Mapping[str, NDArray[np.float32]]


class Reranker:
    """The embedder's network, trained on to tell which sentence answers a question."""

    def __init__(self, embeddings: MiniLMEmbeddings) -> None:
        """Remember the embedder, whose files and threads are used."""
        self._embeddings = embeddings

    def load(self) -> None:
        """Load the network now, so that the first question need not wait for it."""
        self.scores("ready", ["ready"])

    def scores(self, question: str, sentences: Sequence[str]) -> NDArray[np.float32]:
        """Return a number for each sentence, higher where it is likelier to answer.

        Only differences within one question carry meaning.

        Args:
            question: The self-contained question.
            sentences: Each under its headline.

        Raises:
            ModelFileError: the network cannot be prepared.
        """
        with _loading:
            tokenizer, compiled = _loaded(self._embeddings.files, self._embeddings.threads)
        request = compiled.create_infer_request()  # one a call: they are not shared by threads
        encoded = tokenizer.encode_batch([(question, sentence) for sentence in sentences])
        scores = np.empty(len(encoded), dtype=np.float32)
        for places, pieces, mask in in_batches([encoding.ids for encoding in encoded]):
            sides = np.zeros_like(pieces)
            for row, at in enumerate(places):
                sides[row, : len(encoded[at].ids)] = encoded[at].type_ids
            inputs = {"input_ids": pieces, "token_type_ids": sides, "attention_mask": mask}
            scores[places] = request.infer(inputs)[0]
        return scores


@functools.lru_cache(maxsize=1)
def _loaded(folder: Path, threads: int) -> tuple[Tokenizer, CompiledModel]:
    """The tokenizer and the network, once for a process."""
    from tokenizers import Tokenizer

    openvino = import_openvino()
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(_LONGEST)
    options = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_NUM_THREADS": threads}
    return tokenizer, openvino.Core().compile_model(_converted(folder), "CPU", options)


def _converted(folder: Path) -> Path:
    """Return the network in OpenVINO's form, made if it is not there yet."""
    target = folder / f"openvino-reranker-{CHANGES_SHA256[:12]}"
    module = "rag.retrieval.reranker"
    return prepare(target / _FILE, "the reranker", module, str(folder), str(target))


def convert(folder: Path, target: Path) -> None:
    """Write the network of the embedder in `folder` to the folder `target`, in one rename.

    Raises:
        ModelFileError: the file of changes is not the one that was trained.
    """
    quiet_openvino()
    import openvino
    import torch
    from safetensors.numpy import load_file

    changes = load_file(intact(CHANGES, CHANGES_SHA256))
    network = scorer(folder)
    weights = changed_weights(load_file(folder / "model.safetensors"), changes)
    names = {name: name.removeprefix("layers.") for name in network.state_dict()}
    network.load_state_dict({full: torch.from_numpy(weights[own]) for full, own in names.items()})
    example = torch.ones(2, 16, dtype=torch.long)
    inputs = {name: example for name in ("input_ids", "token_type_ids", "attention_mask")}
    model = openvino.convert_model(network.eval(), example_input=inputs)
    save_network(model, target / _FILE)


def scorer(folder: Path) -> torch.nn.Module:
    """Return the embedder's layers with a linear head on the first state plus the mean of all."""
    quiet_transformers()
    import torch
    from transformers import AutoModel

    class Scorer(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layers = AutoModel.from_pretrained(
                str(folder),
                add_pooling_layer=False,
                hidden_dropout_prob=0.0,
                attention_probs_dropout_prob=0.0,
            )
            self.head = torch.nn.Linear(self.layers.config.hidden_size, 1)

        def forward(
            self,
            input_ids: torch.Tensor,
            token_type_ids: torch.Tensor,
            attention_mask: torch.Tensor,
        ) -> torch.Tensor:
            states = self.layers(
                input_ids=input_ids, token_type_ids=token_type_ids, attention_mask=attention_mask
            )[0].float()
            kept = attention_mask.unsqueeze(-1).float()
            pooled = states[:, 0] + (states * kept).sum(1) / kept.sum(1)
            scores: torch.Tensor = self.head(pooled).squeeze(-1)
            return scores

    return Scorer()


def changed_weights(embedder: Weights, changes: Weights) -> dict[str, NDArray[np.float32]]:
    """Return the embedder's weights with the changes added, and the head's.

    Args:
        embedder: Its weights under their own names.
        changes: For a matrix `NAME.down` (rank, in) and `NAME.up` (out, rank), whose product is
            added; for a vector `NAME`, which is added; `head.weight` and `head.bias`, as they are.
    """
    weights = {name: weight.astype(np.float32) for name, weight in embedder.items()}
    for name, change in changes.items():
        if name.endswith(".up"):
            base = name.removesuffix(".up")
            weights[base] += change.astype(np.float32) @ changes[f"{base}.down"].astype(np.float32)
        elif not name.endswith(".down"):
            weights[name] = change.astype(np.float32) + weights.get(name, np.float32(0.0))
    return weights


if __name__ == "__main__":
    convert(Path(sys.argv[1]), Path(sys.argv[2]))
