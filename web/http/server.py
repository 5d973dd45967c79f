"""The endpoints beside the page, on its server: `/healthz`, `/metrics` and, on request, `/mcp`."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from typing import TYPE_CHECKING, Any

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from index.settings import Settings
from web.auth import People, RequireLogin
from web.http.health import Metrics, health
from web.telemetry import QuestionLog, observe

if TYPE_CHECKING:
    from rag.pipeline import Pipeline
    from web.traces import QuestionTraces

LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
EVERY = ("0.0.0.0", "::")  # addresses to serve on that nobody calls by


def add_endpoints(
    pipeline: Pipeline, settings: Settings, *, host: str, people: People | None, mcp: bool
) -> tuple[Pipeline, dict[str, Any]]:
    """Return the pipeline with its questions counted and logged, and options for `launch`.

    Args:
        pipeline: What answers.
        settings: How it is logged, and by which names MCP clients may call.
        host: The address that is served on.
        people: Who is let in, with their passwords, None for everybody; `/healthz` is open to all.
        mcp: Whether `/mcp` is served.
    """
    metrics, log = Metrics(), QuestionLog(with_question=settings.log_questions)
    traces = _traces(settings)
    pipeline = observe(pipeline, metrics, log, *traces)
    metrics.follow(pipeline)
    tools: Starlette | None = None

    def healthz(request: Request) -> Response:
        status, report = health(pipeline)
        return JSONResponse(report, status, {"Cache-Control": "no-store"})

    def metrics_text(request: Request) -> Response:
        return Response(generate_latest(metrics.registry), media_type=CONTENT_TYPE_LATEST)

    login = [Middleware(RequireLogin, people=people)]
    routes = [Route("/healthz", healthz), Route("/metrics", metrics_text, middleware=login)]
    if mcp:
        from web.http.mcp import make_tools

        hosts = hosts_of(host, settings.mcp_hosts)
        tools = make_tools(pipeline, max_question=settings.max_question, hosts=hosts)
        routes.append(Route("/mcp", tools, middleware=login))

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with tools.router.lifespan_context(tools) if tools else nullcontext():
            yield
        for one in traces:
            one.close()

    return pipeline, {"app_kwargs": {"routes": routes, "lifespan": lifespan}}


def _traces(settings: Settings) -> list[QuestionTraces]:
    if not settings.otel_endpoint:
        return []
    from web.traces import QuestionTraces

    return [QuestionTraces(settings.otel_endpoint)]


def hosts_of(host: str, others: str) -> list[str]:
    """Return the names by which a server on `host` may be called, `others` parted by commas."""
    own = f"[{host}]" if ":" in host else host
    added = [name.strip() for name in others.split(",")]
    names = [*LOOPBACK, "" if host in EVERY else own, *added]
    return list(dict.fromkeys(name for name in names if name))
