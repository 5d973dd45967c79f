"""The key under which browsers keep conversations, made once and kept in the data folder.

Without the same key after a restart the page could not read what it had a browser keep.
"""

from __future__ import annotations

import json
import os
import re
import secrets
from dataclasses import dataclass
from pathlib import Path

from index.errors import BroadsheetError

_FILE = "browser-key.json"
_HEX = re.compile("[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class BrowserKey:
    """The name in the browser's storage, and what is stored there is encrypted with."""

    name: str
    secret: str


def browser_key(data_dir: Path) -> BrowserKey:
    """Return the key of this data folder; the first call makes it, readable by its owner alone.

    A file that holds no key is made anew: what browsers have kept under the old one stays unread.

    Raises:
        BroadsheetError: the file cannot be read or written.
    """
    path = data_dir.expanduser() / _FILE
    try:
        found = _read(path)
        if found is None:
            found = BrowserKey(f"broadsheet-{secrets.token_hex(8)}", secrets.token_hex(16))
            _write(path, found)
        return found
    except OSError as error:
        raise BroadsheetError(f"{path}: {error}") from error


def _read(path: Path) -> BrowserKey | None:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        name, secret = found["name"], found["secret"]
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return None
    known = isinstance(name, str) and isinstance(secret, str)
    if known and re.fullmatch("broadsheet-[0-9a-f]{16}", name) and _HEX.fullmatch(secret):
        return BrowserKey(name, secret)
    return None


def _write(path: Path, key: BrowserKey) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
        json.dump({"name": key.name, "secret": key.secret}, out)
    draft.replace(path)
