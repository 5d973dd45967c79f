"""Tiny model files of real architectures: random weights, a vocabulary of bytes, a template."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import gguf
import numpy as np

from tests.rag.newsroom import CHATML

WIDTH, HEADS, KV_HEADS, INNER = 64, 4, 2, 128
SPECIAL = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")


def byte_letters() -> list[str]:
    """The letters by which byte-level BPE writes the 256 bytes."""
    shown = [*range(33, 127), *range(161, 173), *range(174, 256)]
    rest = iter(range(256, 512))
    return [chr(byte) if byte in shown else chr(next(rest)) for byte in range(256)]


def write_gguf(
    path: Path,
    architecture: str,
    *,
    layers: int = 4,
    seed: int = 1,
    template: str = CHATML,
    special: Sequence[str] = SPECIAL,
) -> Path:
    """Write a model with random weights, quantised to 8 bits."""
    path.parent.mkdir(parents=True, exist_ok=True)
    chance = np.random.default_rng(seed)
    writer = gguf.GGUFWriter(path, architecture)
    writer.add_name(f"tiny {architecture}")
    writer.add_context_length(4096)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(layers)
    writer.add_feed_forward_length(INNER)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(KV_HEADS)
    writer.add_layer_norm_rms_eps(1e-6)
    writer.add_rope_freq_base(10000.0)
    writer.add_rope_dimension_count(WIDTH // HEADS)
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_Q8_0)
    if architecture == "qwen3":
        writer.add_key_length(WIDTH // HEADS)
        writer.add_value_length(WIDTH // HEADS)
    if architecture == "granite":
        writer.add_embedding_scale(1.0)
        writer.add_residual_scale(1.0)
        writer.add_logit_scale(1.0)
        writer.add_attention_scale(0.25)
    letters = byte_letters()
    tokens = [*letters, "th", "the", *special]
    kinds = [gguf.TokenType.NORMAL] * (len(tokens) - len(special))
    kinds += [gguf.TokenType.CONTROL] * len(special)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2" if architecture.startswith("qwen") else "smollm")
    writer.add_token_list(tokens)
    writer.add_token_types(kinds)
    writer.add_token_merges(["t h", "th e"])
    writer.add_eos_token_id(tokens.index(special[-1]))
    writer.add_pad_token_id(tokens.index(special[0]))
    writer.add_bos_token_id(tokens.index(special[0]))
    writer.add_add_bos_token(False)
    writer.add_chat_template(template)
    size = WIDTH // HEADS

    def matrix(name: str, rows: int, columns: int) -> None:
        made = chance.normal(size=(rows, columns), scale=0.3).astype(np.float32)
        kind = gguf.GGMLQuantizationType.Q8_0
        writer.add_tensor(name, gguf.quants.quantize(made, kind), raw_dtype=kind)

    def ones(name: str, length: int) -> None:
        writer.add_tensor(name, np.ones(length, dtype=np.float32))

    matrix("token_embd.weight", len(tokens), WIDTH)
    matrix("output.weight", len(tokens), WIDTH)
    ones("output_norm.weight", WIDTH)
    for layer in range(layers):
        block = f"blk.{layer}"
        ones(f"{block}.attn_norm.weight", WIDTH)
        ones(f"{block}.ffn_norm.weight", WIDTH)
        matrix(f"{block}.attn_q.weight", WIDTH, WIDTH)
        matrix(f"{block}.attn_k.weight", KV_HEADS * size, WIDTH)
        matrix(f"{block}.attn_v.weight", KV_HEADS * size, WIDTH)
        matrix(f"{block}.attn_output.weight", WIDTH, WIDTH)
        if architecture == "qwen2":
            for one, length in (("q", WIDTH), ("k", KV_HEADS * size), ("v", KV_HEADS * size)):
                writer.add_tensor(f"{block}.attn_{one}.bias", np.zeros(length, dtype=np.float32))
        if architecture == "qwen3":
            ones(f"{block}.attn_q_norm.weight", size)
            ones(f"{block}.attn_k_norm.weight", size)
        matrix(f"{block}.ffn_gate.weight", INNER, WIDTH)
        matrix(f"{block}.ffn_up.weight", INNER, WIDTH)
        matrix(f"{block}.ffn_down.weight", WIDTH, INNER)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path
