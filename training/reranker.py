"""`python -m training.reranker FOLDER SET...`: trains the reranker's changes to the embedder.

The folder holds `pairs_SET.jsonl.xz` of lines `{"q", "sentence", "label", "answers", "group"}`,
and is no part of this project: see docs/experiments.md for what the weights were made of.
"""

from __future__ import annotations

import hashlib
import json
import lzma
import random
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import torch
import typer
from safetensors.numpy import save_file
from tokenizers import Tokenizer

from index.models.download import ensure_embedder
from index.settings import load_settings
from index.text.words import content_stems, stems
from rag.retrieval.reranker import CHANGES, scorer

_AGAINST = 4  # sentences that do not answer beside each that does
_HARDEST = 2  # of these, the nearest by words; the others by chance
_QUESTIONS = 24  # in a step
_FROZEN = 2  # layers from below; more would cost time, and gain is from above
_LONGEST = 80
_FASTEST = 1e-4  # learning rate; that of the head is ten times as much
_RANK = 32
_WARM_UP = 20  # steps


@dataclass(slots=True)
class Group:
    """A question with sentences of one passage that answer it and that do not."""

    question: str
    right: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)


def trainable(folder: Path) -> Any:
    """Return the embedder of a folder with a head of zeros; only its upper layers learn."""
    network: Any = scorer(folder)
    torch.nn.init.zeros_(network.head.weight)
    torch.nn.init.zeros_(network.head.bias)
    network.layers.embeddings.requires_grad_(False)
    for layer in network.layers.encoder.layer[:_FROZEN]:
        layer.requires_grad_(False)
    return network


def read_groups(file: Path, most: int = 0) -> list[Group]:
    """Return the questions of a file that have sentences of both kinds, those of `most` at most.

    What holds an accepted answer is never taken for a sentence that does not answer.
    """
    groups: dict[tuple[str, str], Group] = {}
    with lzma.open(file, "rt", encoding="utf-8") as lines:
        for row in map(json.loads, lines):
            if row["sentence"] is None or len(row["sentence"].split()) < 4:
                continue
            group = groups.setdefault((row["group"], row["q"]), Group(row["q"]))
            group.answers += [one.lower() for one in row["answers"] or () if len(one) > 1]
            (group.right if row["label"] else group.wrong).append(row["sentence"])
    for group in groups.values():
        known = set(group.right)
        group.wrong = [
            one
            for one in dict.fromkeys(group.wrong)
            if one not in known and not any(answer in one.lower() for answer in group.answers)
        ]
        asked = set(content_stems(group.question))
        group.wrong.sort(key=lambda text: -len(asked & set(stems(text))))
    whole = [group for group in groups.values() if group.right and group.wrong]
    random.Random(7).shuffle(whole)
    return whole[: most or None]


def steps(groups: list[Group], chance: random.Random) -> Iterator[list[tuple[str, list[str]]]]:
    """Yield questions with their sentences, the right one first; like lengths together, no end."""
    while True:
        chance.shuffle(groups)
        for first in range(0, len(groups), 12 * _QUESTIONS):
            near = [(g.question, _row(g, chance)) for g in groups[first : first + 12 * _QUESTIONS]]
            near.sort(key=lambda row: len(row[0]) + max(map(len, row[1])))
            batches = [near[at : at + _QUESTIONS] for at in range(0, len(near), _QUESTIONS)]
            chance.shuffle(batches)
            yield from batches


def _row(group: Group, chance: random.Random) -> list[str]:
    others = group.wrong[_HARDEST:]
    drawn = chance.sample(others, min(len(others), _AGAINST - _HARDEST))
    return [chance.choice(group.right), *group.wrong[:_HARDEST], *drawn]


def loss_of(
    network: torch.nn.Module, tokenizer: Tokenizer, rows: Sequence[tuple[str, list[str]]]
) -> Any:
    """How unlikely the right sentence of each question is among its own."""
    pairs = [(question, text) for question, texts in rows for text in texts]
    encoded = tokenizer.encode_batch(pairs)
    inputs = {
        "input_ids": torch.tensor([one.ids for one in encoded]),
        "token_type_ids": torch.tensor([one.type_ids for one in encoded]),
        "attention_mask": torch.tensor([one.attention_mask for one in encoded]),
    }
    with torch.autocast("cpu", dtype=torch.bfloat16):
        scores = network(**inputs).split([len(texts) for _, texts in rows])
    return torch.stack([own.logsumexp(0) - own[0] for own in scores]).mean()


def changes_of(network: Any, before: dict[str, torch.Tensor]) -> dict[str, Any]:
    """Return what training changed, matrices in two factors of low rank."""
    made: dict[str, Any] = {
        "head.weight": network.head.weight.detach().numpy(),
        "head.bias": network.head.bias.detach().numpy(),
    }
    for name, weight in network.layers.named_parameters():
        if not weight.requires_grad:
            continue
        change = weight.detach() - before[name]
        if change.dim() == 1:
            made[name] = change.half().numpy()
            continue
        left, sizes, right = torch.svd_lowrank(change, q=_RANK + 40, niter=3)
        root = sizes[:_RANK].sqrt()
        made[f"{name}.up"] = (left[:, :_RANK] * root).half().contiguous().numpy()
        made[f"{name}.down"] = (right[:, :_RANK] * root).T.half().contiguous().numpy()
    return made


def main(
    folder: Annotated[Path, typer.Argument(help="Where the pairs lie.")],
    sets: Annotated[list[str], typer.Argument(help="Sets, NAME or NAME:MOST_QUESTIONS.")],
    minutes: Annotated[float, typer.Option(help="How long to train.")] = 30.0,
    out: Annotated[Path, typer.Option(help="Write the changes here.")] = CHANGES,
) -> None:
    """Train, and write what changed."""
    groups: list[Group] = []
    for name, _, most in (one.partition(":") for one in sets):
        groups += read_groups(folder / f"pairs_{name}.jsonl.xz", int(most or 0))
    home = ensure_embedder(load_settings())
    tokenizer = Tokenizer.from_file(str(home / "tokenizer.json"))
    tokenizer.enable_padding()
    tokenizer.enable_truncation(_LONGEST)
    network = trainable(home)
    before = {name: one.detach().clone() for name, one in network.layers.named_parameters()}
    upper = [one for one in network.layers.parameters() if one.requires_grad]
    parts: list[dict[str, Any]] = [
        {"params": upper},
        {"params": list(network.head.parameters()), "lr": 10 * _FASTEST},
    ]
    optimizer = torch.optim.AdamW(parts, lr=_FASTEST, betas=(0.9, 0.98))
    rates = [group["lr"] for group in optimizer.param_groups]
    begun = time.monotonic()
    for step, rows in enumerate(steps(groups, random.Random(1))):
        gone = (time.monotonic() - begun) / (60 * minutes)
        if gone >= 1:
            break
        for group, rate in zip(optimizer.param_groups, rates, strict=True):
            group["lr"] = rate * min(1.0, step / _WARM_UP) * max(0.03, 1 - gone)
        optimizer.zero_grad()
        loss = loss_of(network, tokenizer, rows)
        loss.backward()
        torch.nn.utils.clip_grad_norm_([*upper, *network.head.parameters()], 1.0)
        optimizer.step()
        if step % 10 == 0:
            sys.stderr.write(f"{gone:.0%}, step {step}: loss {loss.item():.3f}\n")
    save_file(changes_of(network, before), out)
    digest = hashlib.sha256(out.read_bytes()).hexdigest()
    sys.stderr.write(f"Write it down as CHANGES_SHA256: {digest}\n")


if __name__ == "__main__":
    typer.run(main)
