"""Spans of questions, sent to a collector that listens."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse
from opentelemetry.proto.collector.trace.v1.trace_service_pb2_grpc import (
    TraceServiceServicer,
    add_TraceServiceServicer_to_server,
)
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from starlette.applications import Starlette
from starlette.testclient import TestClient

from index.settings import Settings
from rag.types import Question
from tests.web.fake_pipeline import FakePipeline
from web.http.server import add_endpoints


class Collector(TraceServiceServicer):
    """Keeps what is sent."""

    def __init__(self) -> None:
        self.spans: list[Span] = []
        self.address = ""

    def Export(self, request, context):
        for resource in request.resource_spans:
            for scope in resource.scope_spans:
                self.spans += scope.spans
        return ExportTraceServiceResponse()


@pytest.fixture
def collector() -> Iterator[Collector]:
    collector = Collector()
    server = grpc.server(ThreadPoolExecutor(1))
    add_TraceServiceServicer_to_server(collector, server)
    collector.address = f"http://127.0.0.1:{server.add_insecure_port('127.0.0.1:0')}"
    server.start()
    yield collector
    server.stop(None).wait()


def ask(settings: Settings, *questions: str) -> None:
    """Ask them of an app that ends then."""
    pipeline, made = add_endpoints(
        FakePipeline(pace=0), settings, host="127.0.0.1", people=None, mcp=False
    )
    with TestClient(Starlette(**made["app_kwargs"])):
        for text in questions:
            try:
                list(pipeline.stream(Question(text)))
            except RuntimeError:
                continue


def attributes(span: Span) -> dict[str, object]:
    return {
        one.key.removeprefix("broadsheet."): one.value.string_value or one.value.int_value
        for one in span.attributes
    }


def test_a_question_s_spans_are_sent_before_the_end(collector: Collector) -> None:
    ask(Settings(otel_endpoint=collector.address), "Where did Qin Gang greet Blinken?")
    spans = {span.name: span for span in collector.spans}
    assert set(spans) == {"question", "find", "read", "write and check"}
    question = spans.pop("question")
    said = attributes(question)
    assert (said["outcome"], said["evidence"], said["citations"]) == ("answered", 3, 2)
    assert len(said["request_id"]) == 32
    at = question.start_time_unix_nano
    for span in spans.values():  # one after the other, from its beginning to its end
        assert span.parent_span_id == question.span_id
    for name in ("find", "read", "write and check"):
        assert spans[name].start_time_unix_nano == at
        at = spans[name].end_time_unix_nano
    assert at == question.end_time_unix_nano
    assert "Qin" not in str(collector.spans)


def test_a_failure_is_an_error(collector: Collector) -> None:
    ask(Settings(otel_endpoint=collector.address), "crash")
    spans = {span.name: span for span in collector.spans}
    assert set(spans) == {"question", "find"}
    question = spans["question"]
    assert (question.status.code, question.status.message) == (2, "RuntimeError")
    assert attributes(question)["outcome"] == "failed"


def test_without_a_collector_nothing_is_made(collector: Collector, monkeypatch) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.address)
    ask(Settings(), "Where did Qin Gang greet Blinken?")
    assert collector.spans == []
