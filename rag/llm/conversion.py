"""Turns a GGUF file into OpenVINO's own form, with the judge's heads; later loads are fast.

The work is done in a process of its own, whose peak of almost 4 GB goes back to the system.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import sys
from pathlib import Path
from typing import Any

from filelock import FileLock

from index.errors import ModelUnavailable
from index.models.checksum import seal, seal_holds
from index.models.encoder import run_module
from index.quiet import quiet_openvino
from index.settings import Settings
from rag.llm.judge import Judge, add_heads, read_judge

MARK = "openvino_model.xml"
"""The file that is moved into place last: where it lies, the conversion is whole."""
_READ = (
    "it reads GGUF files of the architectures llama, qwen2 and qwen3, with weights of the types "
    "Q4_0, Q4_1, Q4_K, Q6_K, Q8_0 and F16"
)
HEADS = "openvino_heads.sha256"
"""Names the heads in the graph; empty where it has none."""


def import_genai() -> Any:
    """Return the module `openvino_genai`, imported in silence.

    Raises:
        ModelUnavailable: it is not installed.
    """
    quiet_openvino()
    try:
        import openvino_genai
    except ImportError as error:
        raise ModelUnavailable(
            "the embedded model needs OpenVINO: pip install openvino-genai"
        ) from error
    return openvino_genai


def converted_folder(gguf: Path, settings: Settings) -> Path:
    """Folder of a GGUF's converted form: its own below the model folder, else one named for it."""
    if gguf.parent.parent == settings.models:
        return gguf.parent
    found = gguf.stat()
    name = f"{gguf.resolve()} {found.st_size} {found.st_mtime_ns}"
    return settings.models / f"{gguf.stem}-{hashlib.sha256(name.encode()).hexdigest()[:12]}"


def is_converted(folder: Path, heads: str) -> bool:
    """Whether the folder holds a whole converted model, its files as they were made.

    `heads` is the hash of the judge's file whose heads it must have; empty for none.
    """
    return (folder / MARK).is_file() and heads == heads_in(folder) and seal_holds(folder)


def heads_in(folder: Path) -> str:
    """Hash of the heads in a converted model; empty where it has none."""
    note = folder / HEADS
    return note.read_text(encoding="ascii") if note.is_file() else ""


def convert(gguf: Path, folder: Path, judge: Judge | None = None) -> Path:
    """Convert a GGUF into `folder`, unless it is there already; takes about 20 s and 1.3 GB.

    The heads of a judge, if one is given, are put into the graph (`rag.llm.judge`). A conversion
    that was killed leaves nothing that is taken for a model.

    Raises:
        ModelUnavailable: OpenVINO cannot read the file, or there is no room; carries its words.
    """
    heads = judge.sha256 if judge else ""
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder.with_name(folder.name + ".lock")):
        if is_converted(folder, heads):
            return folder
        (folder / MARK).unlink(missing_ok=True)
        work = folder / ".converting"
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir()
        try:
            _run_converter(_linked(gguf, work), str(judge.file) if judge else "")
            (work / HEADS).write_text(heads, encoding="ascii")
            seal(work)
            written = sorted(work.glob("openvino_*"), key=lambda path: path.name == MARK)
            for path in written:
                path.replace(folder / path.name)
        finally:
            shutil.rmtree(work, ignore_errors=True)
    return folder


def _linked(gguf: Path, work: Path) -> Path:
    """Put the GGUF into the work folder without copying it where the disk allows."""
    there = work / gguf.name
    for link in (os.link, os.symlink):
        with contextlib.suppress(OSError):
            link(gguf.resolve(), there)
            return there
    shutil.copyfile(gguf, there)
    return there


def _run_converter(gguf: Path, judge: str) -> None:
    failure = run_module("rag.llm.conversion", str(gguf), judge)
    if failure or not (gguf.parent / MARK).exists():
        last = failure.rpartition("\n")[2]
        raise ModelUnavailable(f"OpenVINO cannot convert {gguf.name}: {last} ({_READ})")


def _convert_here(gguf: str, heads: str) -> None:
    """Convert within this process; OpenVINO writes its files beside the GGUF."""
    import_genai().LLMPipeline(gguf, "CPU", enable_save_ov_model=True)
    if not heads:
        return
    import openvino as ov

    judge, plain = read_judge(Path(heads)), Path(gguf).with_name(MARK)
    model = ov.Core().read_model(plain)
    add_heads(model, judge.layers, judge.heads, judge.marks)
    headed = plain.with_name("headed.xml")
    ov.save_model(model, headed, compress_to_fp16=False)
    del model
    for file in (headed.with_suffix(".bin"), headed):
        file.replace(plain.with_suffix(file.suffix))


if __name__ == "__main__":
    _convert_here(sys.argv[1], sys.argv[2])
