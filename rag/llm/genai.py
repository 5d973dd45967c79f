"""Imports OpenVINO GenAI in silence: without the telemetry that would look up a host."""

from __future__ import annotations

import sys
from typing import Any

from index.errors import ModelUnavailable


def import_genai() -> Any:
    """Return the module `openvino_genai`.

    Raises:
        ModelUnavailable: it is not installed.
    """
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
    try:
        import openvino_genai
    except ImportError as error:
        raise ModelUnavailable(
            "the embedded model needs OpenVINO: pip install openvino-genai"
        ) from error
    return openvino_genai
