"""The page: which adapter each event of its parts calls."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr
from gradio.events import api

from index.errors import BroadsheetError
from web.archive import found_at, row_of
from web.chat import views as render
from web.chat.answering import Running, make_answer, make_begin, make_renew, make_stop
from web.chat.exchange import place
from web.chat.feedback import FeedbackStore, make_vote
from web.chat.limits import opened
from web.chat.reader import close_article, make_open
from web.chat.suggestions import wire_suggestions
from web.conversations.shelf import wire_keeping
from web.events import AT_ONCE, UNLISTED
from web.http.api import make_ask, make_search
from web.page.layout import EXAMPLES, POLL, lay_out
from web.page.wiring import wire_archive, wire_export, wire_index, wire_limits, wire_search
from web.rendering import message

if TYPE_CHECKING:
    from gradio.events import Dependency

    from rag.pipeline import Pipeline
    from web.conversations.storage import BrowserKey
    from web.uploads.store import Uploads

STATIC = Path(__file__).parent / "static"
ANSWERS = 8  # answers streamed at the same time; the model has its own queue behind
SYSTEM_FONTS = ["system-ui", "-apple-system", "Segoe UI", "Roboto", "sans-serif"]
MONO_FONTS = ["ui-monospace", "Consolas", "monospace"]


def launch_options() -> dict[str, Any]:
    """Return what `launch` needs for this page: nothing of it comes from another host."""
    scripts = (STATIC / "page.js", STATIC / "conversations.js")
    script = "\n".join(file.read_text(encoding="utf-8") for file in scripts)
    return {
        "theme": gr.themes.Base(font=SYSTEM_FONTS, font_mono=MONO_FONTS),
        "css_paths": [STATIC / f"{name}.css" for name in ("style", "tabs", "conversations")],
        "head": f"<script>{script}</script>",
        "footer_links": [],
        "run_history": False,
        "enable_monitoring": False,
        "ssr_mode": False,
        "pwa": False,
        "mcp_server": False,  # not by an environment variable either: web.http.mcp serves ours
        "share": False,
    }


def build_page(
    pipeline: Pipeline,
    feedback: FeedbackStore,
    key: BrowserKey,
    *,
    max_question: int,
    uploads: Uploads | None = None,
) -> gr.Blocks:
    """Return the page over `pipeline`, ready to launch with `launch_options()`.

    Args:
        pipeline: What answers.
        feedback: Where it is kept what people say of answers.
        key: Under which browsers keep conversations.
        max_question: Characters that a question may have.
        uploads: Where articles go that are brought through the page; None where nobody may.
    """
    running = Running()
    page: gr.Blocks
    with gr.Blocks(title="Broadsheet", fill_width=True, delete_cache=(3600, 86_400)) as page:
        parts = lay_out(editing=uploads is not None, key=key)
        answered, renewed = _asking(parts, pipeline, running, max_question)
        wire_keeping(page, parts, pipeline, running, answered, renewed)
        wire_suggestions(page, parts, pipeline, running, answered)
        wire_limits(parts, pipeline)
        wire_search(parts, pipeline, max_question)
        wire_archive(parts, pipeline)
        _reading(parts, pipeline)
        wire_export(parts)
        if uploads is not None:
            wire_index(page, parts, uploads)
        vote = make_vote(feedback)
        for name in ("past", "now"):
            parts[name].click(vote, parts["exchanges"], None, **AT_ONCE)
        _keeping_current(page, parts, pipeline, max_question)
        page.unload(make_stop(running))
        ask, search = (
            make(pipeline, max_question=max_question) for make in (make_ask, make_search)
        )
        api(ask, api_name="ask", concurrency_limit=ANSWERS)
        api(search, api_name="search", concurrency_limit=ANSWERS)
    page.queue(max_size=64, api_open=False)
    return page


def _asking(
    parts: dict[str, Any], pipeline: Pipeline, running: Running, max_question: int
) -> tuple[list[Dependency], Dependency]:
    """Wire the question box, the examples, Stop and New conversation.

    Returns what answers, and what begins a new conversation.
    """
    begin, answer = make_begin(running, max_question=max_question), make_answer(pipeline, running)
    form = [parts[name] for name in ("exchanges", "box", "from", "to", "as_of", "sources")]
    shown = [parts[name] for name in ("exchanges", "past", "now", "evidence", "spoken")]
    begun = [*shown, parts["box"], parts["message"], parts["welcome"]]
    buttons = [parts["ask"], parts["stop"]]
    streamed = [parts[name] for name in ("exchanges", "now", "evidence", "spoken")] + buttons
    limit: dict[str, Any] = {"concurrency_limit": ANSWERS, "concurrency_id": "answers"}

    asked = gr.on([parts["box"].submit, parts["ask"].click], begin, form, begun, **AT_ONCE)
    answered = [asked.success(answer, parts["exchanges"], streamed, **limit, **UNLISTED)]
    for example in parts["examples"]:
        taken = example.click(_same, example, parts["box"], **AT_ONCE)
        asked = taken.success(begin, form, begun, **AT_ONCE)
        answered.append(asked.success(answer, parts["exchanges"], streamed, **limit, **UNLISTED))
    parts["stop"].click(make_stop(running), None, None, **AT_ONCE)
    renew = make_renew(running)
    renewed = parts["renew"].click(renew, None, [*begun, *buttons], **AT_ONCE)
    return answered, renewed


def _reading(parts: dict[str, Any], pipeline: Pipeline) -> None:
    """Wire all that stands in an article to the article."""
    panel = [parts["panel"], parts["article"], parts["open_id"]]
    for name in ("past", "now", "evidence"):
        parts[name].click(make_open(pipeline, place), parts["exchanges"], panel, **AT_ONCE)
    parts["results"].click(make_open(pipeline, found_at), parts["found"], panel, **AT_ONCE)
    parts["table"].click(make_open(pipeline, row_of), parts["listing"], panel, **AT_ONCE)
    closed = parts["close"].click(close_article, None, panel[:2], **AT_ONCE)
    closed.then(None, js="() => window.broadsheet.back()", **UNLISTED)
    parts["renew"].click(close_article, None, panel[:2], **AT_ONCE)


def _keeping_current(
    page: gr.Blocks, parts: dict[str, Any], pipeline: Pipeline, max_question: int
) -> None:
    """Fill what the archive and the address say when a page opens; follow the model's state."""

    def head_now() -> str:
        try:
            return render.header(pipeline.coverage())
        except BroadsheetError as error:  # the index is being made, or must be made anew
            return message(str(error))

    def load(request: gr.Request) -> tuple[Any, ...]:
        texts = pipeline.examples(EXAMPLES)[:EXAMPLES]
        texts += [""] * (EXAMPLES - len(texts))
        buttons = [gr.update(value=text, visible=bool(text)) for text in texts]
        try:
            known = pipeline.sources()
        except BroadsheetError:
            known = []
        filled = opened(str(request.url.query), known, max_question)
        days = [filled.days[name] for name in ("from", "to", "as_of")]
        sources: dict[str, Any] = {"choices": known, "visible": bool(known)}
        if filled.sources:
            sources["value"] = list(filled.sources)
        limited = any(days) or bool(filled.sources)
        # What the address leaves open stays as it is: a person may already be typing there.
        form = [text or gr.skip() for text in (filled.question, *days)]
        opening = gr.Accordion(open=True) if limited else gr.skip()
        return head_now(), *form, gr.update(**sources), opening, *buttons

    def poll() -> tuple[Any, ...]:
        status = pipeline.model_status()
        waiting = status.state not in ("ready", "off", "failed")
        return render.model_state(status), gr.Timer(POLL, active=waiting)

    named = ("header", "box", "from", "to", "as_of", "sources", "limits")
    outputs = [*(parts[name] for name in named), *parts["examples"]]
    page.load(load, None, outputs, **AT_ONCE)
    if "status" in parts:  # articles came in through the page
        parts["status"].change(head_now, None, parts["header"], **AT_ONCE)
    gr.on(
        [page.load, parts["timer"].tick],
        poll,
        None,
        [parts["model_state"], parts["timer"]],
        **AT_ONCE,
    )


def _same(text: str) -> str:
    return text
