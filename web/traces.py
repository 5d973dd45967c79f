"""A span for every question, with its stages, sent to the collector that the settings name.

Without one nothing of this is made. What was asked is in no span.
"""

from __future__ import annotations

from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Status, StatusCode, set_span_in_context

from web.telemetry import FINDING, FIRST_TOKEN, Observer, QuestionRecord

SPANS = {"": "find", FINDING: "read", FIRST_TOKEN: "write and check"}
"""What begins when a stage is reached."""
ATTRIBUTES = "request_id outcome reason error evidence tokens citations removed".split()


class QuestionTraces(Observer):
    """Sends a question's spans when it has ended, in the background."""

    def __init__(self, endpoint: str) -> None:
        """`endpoint`: a collector that speaks OTLP by gRPC, `http://host:4317`.

        The provider is ours and not the process's, so that no library's spans are sent with it.
        """
        exporter = OTLPSpanExporter(endpoint, insecure=not endpoint.startswith("https://"))
        resource = Resource.create({"service.name": "broadsheet"})
        self._provider = TracerProvider(resource=resource)
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("broadsheet")

    def ended(self, record: QuestionRecord) -> None:
        """Make its spans; what was not begun has none."""
        question = self._tracer.start_span(
            "question",
            start_time=_nanoseconds(record.begun),
            attributes={f"broadsheet.{name}": getattr(record, name) for name in ATTRIBUTES},
        )
        if record.error:
            question.set_status(Status(StatusCode.ERROR, record.error))
        within, reached, at = set_span_in_context(question), "", record.begun
        for stage, seconds in record.seconds.items():
            span = self._tracer.start_span(SPANS[reached], within, start_time=_nanoseconds(at))
            reached, at = stage, record.begun + seconds
            span.end(_nanoseconds(at))
        question.end(_nanoseconds(at))

    def close(self) -> None:
        """Send what has not been sent yet."""
        self._provider.shutdown()


def _nanoseconds(moment: float) -> int:
    return int(moment * 1e9)
