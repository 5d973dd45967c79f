"""The endpoints beside the page, on its server: `/healthz`, `/metrics` and, on request, `/mcp`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, nullcontext
from typing import TYPE_CHECKING, Any

from gradio.route_utils import FnIndexInferError
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from index.settings import Settings
from web.auth import People, RequireLogin, Sessions, Tries
from web.http.doors import WILDCARD_HOSTS, AccessMiddleware, cut_half_heads, hosts_of
from web.http.health import Metrics, health
from web.telemetry import InFlightQuestions, QuestionLog, observe
from web.terminal import is_loopback

if TYPE_CHECKING:
    from rag.pipeline import Pipeline
    from web.traces import QuestionTraces


def add_endpoints(
    pipeline: Pipeline,
    settings: Settings,
    *,
    host: str,
    people: People | None,
    mcp: bool,
    in_flight: InFlightQuestions | None = None,
) -> tuple[Pipeline, dict[str, Any]]:
    """Return the pipeline with its questions counted and logged, and options for `launch`.

    Args:
        pipeline: What answers.
        settings: How it is logged, and by which names it may be called.
        host: The address that is served on.
        people: Who is let in, None for everybody; `/healthz` is open to all.
        mcp: Whether `/mcp` is served.
        in_flight: Counts the questions being answered, and says when no new ones are taken.
    """
    metrics, log = Metrics(), QuestionLog(with_question=settings.log_questions)
    traces, in_flight = _traces(settings), in_flight or InFlightQuestions()
    pipeline = observe(pipeline, metrics, log, in_flight, *traces)
    metrics.follow(pipeline)
    tools: Starlette | None = None

    def healthz(request: Request) -> Response:
        status, report = health(pipeline)
        return JSONResponse(report, status, {"Cache-Control": "no-store"})

    def metrics_text(request: Request) -> Response:
        return Response(generate_latest(metrics.registry), media_type=CONTENT_TYPE_LATEST)

    def no_endpoint(request: Request, error: Exception) -> Response:
        there = "There is no such endpoint; there are /ask and /search."
        return JSONResponse({"detail": there}, 404)

    tries = Tries()
    login = [Middleware(RequireLogin, people=people, tries=tries)]
    routes: list[Route | Mount] = [
        Route("/healthz", healthz),
        Route("/metrics", metrics_text, middleware=login),
        Mount("/fonts", StaticFiles(packages=[("web.page", "static/fonts")])),
    ]
    if mcp:
        from web.http.mcp import make_tools

        tools = make_tools(pipeline, max_question=settings.max_question)
        routes.append(Route("/mcp", tools, middleware=login))

    sessions = Sessions()

    @asynccontextmanager
    async def lifespan(app: Any) -> AsyncIterator[None]:
        # Before the first request, and around all that Gradio puts around its routes.
        app.middleware_stack = AccessMiddleware(
            app.middleware_stack,
            hosts=hosts_of(host, settings.hosts),
            addresses=host in WILDCARD_HOSTS,
            tries=tries if people else None,
            logged_in=lambda headers: people is None or bool(sessions.names(headers)),
            may_bring=lambda headers: _may_bring(sessions.names(headers), people, host),
            ending=in_flight.over,
        )
        app.tokens = sessions

        def connections() -> Iterable[Any]:
            server = getattr(app.get_blocks(), "server", None)  # there once it is started
            return tuple(server.server_state.connections) if server else ()

        cutting = asyncio.create_task(cut_half_heads(connections))
        async with tools.router.lifespan_context(tools) if tools else nullcontext():
            yield
        cutting.cancel()
        for sender in traces:
            sender.close()

    kept = {"routes": routes, "lifespan": lifespan}
    kept["exception_handlers"] = {FnIndexInferError: no_endpoint}  # Gradio lets it through
    return pipeline, {"app_kwargs": kept, "auth": people and people.log_in}


def _may_bring(names: set[str], people: People | None, host: str) -> bool:
    """Whether files may be brought: by editors, and by all where nobody but this machine calls."""
    return is_loopback(host) if people is None else bool(names & people.editors)


def _traces(settings: Settings) -> list[QuestionTraces]:
    if not settings.otel_endpoint:
        return []
    from web.traces import QuestionTraces

    return [QuestionTraces(settings.otel_endpoint)]
