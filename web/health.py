"""`/healthz`: whether questions can be answered, and how far the model is."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from index.errors import BroadsheetError

if TYPE_CHECKING:
    from index.types import Generation
    from rag.pipeline import Pipeline

_log = logging.getLogger(__name__)


def readable(pipeline: Pipeline) -> tuple[Generation | None, str]:
    """Return the live generation; or None and why the index cannot be read."""
    try:
        return pipeline.generation(), ""
    except BroadsheetError as error:
        return None, str(error)
    except Exception:
        _log.exception("the index cannot be read")
        return None, "The index cannot be read. The log says why."


def health(pipeline: Pipeline) -> tuple[int, dict[str, Any]]:
    """Return the status of `/healthz`, 200 or 503, and what it says."""
    model = pipeline.model_status()
    said: dict[str, Any] = {"status": "ok", "model": model.state.value}
    generation, problem = readable(pipeline)
    if generation is None:
        return 503, said | {"status": "unavailable", "problem": problem}
    index = {
        "generation": generation.number,
        "made": generation.made.isoformat(timespec="seconds"),
        "articles": generation.articles,
        "passages": generation.passages,
    }
    return 200, said | {"index": index}
