"""Keeps libraries from calling home or chattering; called before their first import."""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path
from typing import Any

_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_FIRST_ARRAY = threading.Lock()


def quiet_transformers() -> None:
    """Keep transformers and the hub client offline and without progress bars."""
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    os.environ.setdefault("TRANSFORMERS_OFFLINE", "1")
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "true")


def quiet_gradio(folder: Path | None = None) -> None:
    """Stop gradio's analytics, and keep a proxy from the page's own address.

    Files are kept in `folder`, or in the system's temporary one.
    """
    quiet_transformers()  # gradio imports the hub client, which reads its settings once
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    if folder is not None:
        os.environ.setdefault("GRADIO_TEMP_DIR", str(folder.resolve()))
    for name in ("no_proxy", "NO_PROXY"):
        listed = [host for host in os.environ.get(name, "").split(",") if host]
        os.environ[name] = ",".join(dict.fromkeys([*listed, *_LOOPBACK]))


def quiet_openvino() -> None:
    """Stop openvino's analytics: a module that is None cannot be imported."""
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]


def import_openvino() -> Any:
    """Import openvino in silence; its first array is made by one thread.

    Two that made theirs at once would wait for each other for ever, one with Python's lock in hand,
    so that the whole program stands.
    """
    quiet_openvino()
    with _FIRST_ARRAY:
        import numpy as np
        import openvino

        openvino.Tensor(np.zeros(1, np.float32)).data[:] = 0
    return openvino


def quiet_ray(*, alone: bool) -> None:
    """Stop Ray's usage statistics and its log; `alone`, have it listen on the loopback only."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")
    if alone:  # the one way to have 127.0.0.1 taken: Ray changes it to an outer address otherwise
        os.environ["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] = "0"
