"""What the hub states of a model's files: asked once, kept, and held to from then on."""

from __future__ import annotations

import fnmatch
import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import httpx

from index.atomic import write_whole
from index.errors import ModelFileError
from index.models.catalogue import Model, ModelFile
from index.settings import Settings

RECORD = "files.json"
"""Beside a model's files: the revision, and size and SHA-256 of each, as they were first stated."""


def model_on_hub(
    folder: str, hub_name: str, revision: str, wanted: Sequence[str], settings: Settings
) -> Model:
    """Return a model with the files that the hub has for it.

    The first answer is kept beside the files. Of a branch, its newest commit is taken. For each
    name or pattern in `wanted` there must be a file.

    Raises:
        ModelFileError: the hub does not answer, or has no such files.
    """
    record = settings.models / folder / RECORD
    if record.is_file():
        kept = json.loads(record.read_text("utf-8"))
        files = tuple(
            ModelFile(file["path"], file["size"], file["sha256"]) for file in kept["files"]
        )
        return Model(folder, hub_name, kept["revision"], files)
    try:
        commit, found = _files_at(hub_name, revision, settings)
        there = [file["rfilename"] for file in found]
        for name in wanted:
            if not fnmatch.filter(there, name):
                listed = ", ".join(sorted(there))
                raise ModelFileError(f"{hub_name} has no file {name} at {commit}; it has: {listed}")
        chosen = [
            file for file in found if any(fnmatch.fnmatch(file["rfilename"], w) for w in wanted)
        ]
        chosen.sort(key=lambda file: file["size"])  # what is fetched last is what shows progress
        record.parent.mkdir(parents=True, exist_ok=True)
        base = f"{settings.hub_url.rstrip('/')}/{hub_name}/resolve/{commit}"
        files = tuple(_file(file, base, record.parent, settings.hub_timeout) for file in chosen)
        kept = {"revision": commit, "files": [asdict(file) for file in files]}
        write_whole(record, json.dumps(kept, indent=1))
    except (OSError, ValueError, LookupError, httpx.HTTPError) as error:
        raise ModelFileError(
            f"the hub does not tell the files of {hub_name}: {error}. Connect to the internet and "
            "try again, or see BROADSHEET_HUB_URL"
        ) from error
    return Model(folder, hub_name, commit, files)


def _files_at(hub_name: str, revision: str, settings: Settings) -> tuple[str, list[dict[str, Any]]]:
    """Return the commit of a revision, and what lies at its top.

    `huggingface_hub` is kept offline in this program (`index.quiet`), so that no other library
    asks the hub.
    """
    if not settings.hub_url:
        raise OSError("it is left out (BROADSHEET_HUB_URL is empty)")
    address = f"{settings.hub_url.rstrip('/')}/api/models/{hub_name}/revision/{revision}"
    answer = _get(f"{address}?blobs=true", settings.hub_timeout).json()
    return answer["sha"], [file for file in answer["siblings"] if "/" not in file["rfilename"]]


def _file(entry: dict[str, Any], base: str, folder: Path, timeout: float) -> ModelFile:
    """Return a file as it is stated; of a small one the hub states no SHA-256: it is fetched."""
    name = entry["rfilename"]
    if large := entry.get("lfs"):
        return ModelFile(name, int(large["size"]), str(large["sha256"]))
    content = _get(f"{base}/{name}", timeout).content
    named = hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()  # git's own name for it
    if named != entry["blobId"]:
        raise ValueError(f"{name} is not what it states")
    (folder / name).write_bytes(content)
    return ModelFile(name, len(content), hashlib.sha256(content).hexdigest())


def _get(address: str, timeout: float) -> httpx.Response:
    return httpx.get(address, timeout=timeout, follow_redirects=True).raise_for_status()
