"""The language model read from inside: what it writes, and the states it had while writing.

The same files and the same runtime as the product's engine, one asker at a time. Knows nothing of
questions or labels.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rag.llm.conversion import import_genai
from rag.llm.judge import state_name, vocabulary_product
from rag.llm.template import Template

LAYERS = (16, 17, 18, 19)
"""Layers kept while collecting; the residual stream after each, counted from 0."""
States = NDArray[np.float16]


@dataclass(frozen=True, slots=True)
class Draft:
    """What was written, or given, with the states of its reading.

    Attributes:
        text: The draft.
        before: State of the last prompt token, (layers, width).
        mean: Mean of the states of the draft's tokens, (layers, width).
        end: State of the end token after the draft, (layers, width).
    """

    text: str
    before: States
    mean: States
    end: States


class ModelStates:
    """The model of a folder (see `rag.llm.conversion`), with outputs for its states."""

    def __init__(
        self,
        folder: Path,
        template: Template,
        *,
        layers: Sequence[int] = LAYERS,
        precision: str = "",
    ) -> None:
        """Load it.

        Args:
            folder: Holds `openvino_model.xml` and the tokenizers.
            template: The model's own.
            layers: Whose states are kept; none named: all of the third quarter.
            precision: `f32` or `bf16`; empty leaves it to OpenVINO.
        """
        genai = import_genai()
        import openvino as ov
        import openvino.opset13 as ops

        self._tokenizer = genai.Tokenizer(str(folder))
        core = ov.Core()
        model = core.read_model(folder / "openvino_model.xml")
        named = {node.get_friendly_name(): node for node in model.get_ordered_ops()}
        product = vocabulary_product(model)  # only the last token's logits are wanted
        last = ops.slice(product.input_value(0), [-1], [np.iinfo(np.int32).max], [1], [1])
        product.input(0).replace_source_output(last.output(0))
        if not layers:
            count = sum(state_name(layer) in named for layer in range(len(named)))
            layers = range(count // 2, count * 3 // 4 + 1)
        model.add_outputs([named[state_name(layer)].output(0) for layer in layers])
        options = {"INFERENCE_PRECISION_HINT": precision} if precision else {}
        self._request = core.compile_model(model, "CPU", options).create_infer_request()
        self._chooses = any("sampled_tokens_indices" in one.get_names() for one in model.inputs)
        self._length = 0
        self.template, self.layers = template, tuple(layers)
        (self.close,) = self.tokens(template.end)

    def write(self, prompt: str, draft: str = "", *, longest: int = 64) -> Draft:
        """Write the likeliest draft after a prompt, template and all; or read the given one.

        It ends after `longest` tokens at the most.
        """
        self._request.reset_state()
        self._length = 0
        token, states = self._feed(self.tokens(prompt))
        before, given = states[-1], self.tokens(draft) if draft else []
        tokens: list[int] = []
        kept: list[States] = []
        if given:
            tokens, kept = given, list(self._feed(given)[1])
        while not given and token != self.close and len(tokens) < longest:
            tokens.append(token)
            token, states = self._feed([token])
            kept.append(states[0])
        end = self._feed([self.close])[1][0]
        mean: States = np.stack(kept or [end]).mean(0, dtype=np.float32).astype(np.float16)
        text = str(self._tokenizer.decode(tokens, skip_special_tokens=True)).strip()
        return Draft(text, before, mean, end)

    def tokens(self, text: str) -> list[int]:
        """Return the tokens of a text, those of the template too."""
        encoded = self._tokenizer.encode(text, add_special_tokens=False).input_ids.data[0]
        return [int(token) for token in encoded]

    def _feed(self, tokens: list[int]) -> tuple[int, States]:
        """Read tokens; return the likeliest next, and their states (tokens, layers, width)."""
        size = len(tokens)
        inputs: dict[str, Any] = {
            "input_ids": np.array([tokens], dtype=np.int64),
            "attention_mask": np.ones((1, self._length + size), dtype=np.int64),
            "position_ids": np.arange(self._length, self._length + size, dtype=np.int64)[None],
            "beam_idx": np.zeros(1, dtype=np.int32),
        }
        if self._chooses:
            inputs["sampled_tokens_indices"] = np.zeros(1, dtype=np.int64)
        logits, *states = self._request.infer(inputs).values()
        self._length += size
        return int(logits[0, -1].argmax()), np.stack([one[0] for one in states], 1).astype(
            np.float16
        )
