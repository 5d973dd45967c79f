"""`/healthz` and `/metrics`: the state of index and model, and how questions end.

No text of a question or an article is in either.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client.core import GaugeMetricFamily, StateSetMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from index.errors import BroadsheetError
from rag.llm.loader import ModelState
from rag.types import Outcome
from web.telemetry import FAILED, STAGES, STOPPED, WHOLE, Observer, QuestionRecord

if TYPE_CHECKING:
    from index.types import Generation
    from rag.pipeline import Pipeline

BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 40)  # seconds
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
    """Return the status of `/healthz`, 200 or 503, and its body."""
    model = pipeline.model_status()
    report: dict[str, Any] = {"status": "ok", "model": model.state.value}
    generation, problem = readable(pipeline)
    if generation is None:
        return 503, report | {"status": "unavailable", "problem": problem}
    index = {
        "generation": generation.number,
        "made": generation.made.isoformat(timespec="seconds"),
        "articles": generation.articles,
        "passages": generation.passages,
    }
    return 200, report | {"index": index}


class Metrics(Observer):
    """Counts questions; one registry a program, given to `/metrics`."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        self._questions = Counter(
            "broadsheet_questions", "Questions by how they ended.", ["outcome"], registry=registry
        )
        self._seconds = Histogram(
            "broadsheet_question_seconds",
            "Seconds from a question to its evidence, to the first token and to its answer.",
            ["stage"],
            buckets=BUCKETS,
            registry=registry,
        )
        self._answering = Gauge(
            "broadsheet_questions_in_progress", "Questions being answered.", registry=registry
        )
        self._waiting = Gauge(
            "broadsheet_questions_waiting", "Of these, waiting for the model.", registry=registry
        )
        for outcome in (*Outcome, STOPPED, FAILED):
            self._questions.labels(str(outcome))  # a rate is known from the first question on
        for stage in STAGES:
            self._seconds.labels(stage)
        ProcessCollector(registry=registry)

    def begun(self) -> None:
        """Count it as being answered."""
        self._answering.inc()

    def waits(self, waiting: bool) -> None:
        """Count it as waiting, or no longer."""
        self._waiting.inc(1 if waiting else -1)

    def ended(self, record: QuestionRecord) -> None:
        """Count how it ended, and how long its stages took."""
        self._answering.dec()
        self._questions.labels(record.outcome).inc()
        ended_early = record.outcome in (STOPPED, FAILED)
        for stage, seconds in record.seconds.items():
            if stage != WHOLE or not ended_early:
                self._seconds.labels(stage).observe(seconds)

    def follow(self, pipeline: Pipeline) -> None:
        """Measure this pipeline's index and model too, when `/metrics` is called."""
        self.registry.register(_State(pipeline))


class _State(Collector):
    """The index and the model as they are now."""

    def __init__(self, pipeline: Pipeline) -> None:
        self._pipeline = pipeline

    def describe(self) -> list[Metric]:
        """Nothing: so that nothing is read before the first call of `/metrics`."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Yield what is known; without an index that can be read, only that."""
        state = self._pipeline.model_status().state
        yield StateSetMetricFamily(
            "broadsheet_model_state",
            "How far the language model is.",
            {str(known): known is state for known in ModelState},
        )
        generation, _ = readable(self._pipeline)
        yield GaugeMetricFamily(
            "broadsheet_index_readable", "Whether there is an index.", value=generation is not None
        )
        if generation is None:
            return
        age = time.time() - generation.made.timestamp()
        for name, meaning, value in (
            ("generation", "The live generation of the index.", generation.number),
            ("age_seconds", "Seconds since it was switched to.", age),
            ("articles", "Live articles.", generation.articles),
            ("passages", "Their passages.", generation.passages),
        ):
            yield GaugeMetricFamily(f"broadsheet_index_{name}", meaning, value=value)
