"""The page: its parts, where they stand and which adapter each event calls."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr
from gradio.events import api

from index.errors import BroadsheetError
from web import render
from web.api import make_ask, make_search
from web.chat import Running, make_answer, make_begin, make_renew, make_stop
from web.markup import message
from web.reader import close_article, make_open

if TYPE_CHECKING:
    from rag.pipeline import Pipeline

HERE = Path(__file__).parent
EXAMPLES = 4
ANSWERS = 8  # answers streamed at the same time; the model has its own queue behind
POLL = 1.0  # seconds between two looks at the model's state, until it is ready
SYSTEM_FONTS = ["system-ui", "-apple-system", "Segoe UI", "Roboto", "sans-serif"]
MONO_FONTS = ["ui-monospace", "Consolas", "monospace"]
UNLISTED: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
AT_ONCE: dict[str, Any] = {**UNLISTED, "queue": False}


def launch_options() -> dict[str, Any]:
    """Return what `launch` needs for this page: nothing of it comes from another host."""
    script = (HERE / "page.js").read_text(encoding="utf-8")
    return {
        "theme": gr.themes.Base(font=SYSTEM_FONTS, font_mono=MONO_FONTS),
        "css_paths": [HERE / "style.css"],
        "head": f"<script>{script}</script>",
        "footer_links": [],
        "run_history": False,
        "enable_monitoring": False,
        "ssr_mode": False,
        "pwa": False,
        "share": False,
    }


def build_page(pipeline: Pipeline, *, max_question: int) -> gr.Blocks:
    """Return the page over `pipeline`, ready to launch with `launch_options()`."""
    running = Running()
    page: gr.Blocks
    with gr.Blocks(title="Broadsheet", fill_width=True) as page:
        parts = _parts()
        _asking(parts, pipeline, running, max_question)
        _reading(parts, pipeline)
        _keeping_current(page, parts, pipeline)
        page.unload(make_stop(running))
        ask, search = (
            make(pipeline, max_question=max_question) for make in (make_ask, make_search)
        )
        api(ask, api_name="ask", concurrency_limit=ANSWERS)
        api(search, api_name="search", concurrency_limit=ANSWERS)
    page.queue(max_size=64, api_open=False)
    return page


def _parts() -> dict[str, Any]:
    """Lay out the page and return its parts by name."""
    parts: dict[str, Any] = {"exchanges": gr.State(())}
    with gr.Row(elem_id="head", equal_height=True):
        parts["header"] = _html("", scale=1)
        parts["renew"] = gr.Button("New conversation", elem_id="renew", size="sm", scale=0)
    parts["model_state"] = _html("", elem_id="model-state")
    with gr.Row(elem_id="desk"):
        with gr.Column(elem_id="chat", scale=3, min_width=0):
            parts |= _conversation_parts()
            parts |= _form_parts()
        with gr.Column(elem_id="reader", scale=2, min_width=0, visible=False) as panel:
            parts["panel"] = panel
            parts["close"] = gr.Button("Close article", elem_id="close", size="sm")
            on_load = "window.broadsheet.reveal(element, watch)"
            parts["article"] = _html("", elem_id="article", js_on_load=on_load)
    parts["timer"] = gr.Timer(POLL)
    return parts


def _conversation_parts() -> dict[str, Any]:
    clicks = "window.broadsheet.clicks(element, trigger);"
    parts: dict[str, Any] = {}
    parts["past"] = _html("", elem_id="past", js_on_load=clicks)
    follow = clicks + "window.broadsheet.follow(element, watch)"
    parts["now"] = _html("", elem_id="now", js_on_load=follow)
    parts["evidence"] = _html("", elem_id="evidence", js_on_load=clicks)
    parts["spoken"] = _html(render.spoken(""), elem_id="spoken")
    with gr.Column(elem_id="welcome", min_width=0) as welcome:
        _html('<h2 class="try">Questions this archive can answer</h2>')
        names = range(EXAMPLES)
        parts["examples"] = [
            gr.Button("", visible=False, elem_classes="example", size="lg") for _ in names
        ]
    parts["welcome"] = welcome
    return parts


def _form_parts() -> dict[str, Any]:
    parts: dict[str, Any] = {}
    with gr.Column(elem_id="form", min_width=0):
        parts["message"] = _html("", elem_id="message")
        with gr.Row(elem_id="ask-row"):
            parts["box"] = gr.Textbox(
                label="Your question",
                placeholder="Ask the archive",
                lines=1,
                max_lines=6,
                autofocus=True,
                container=False,
                show_label=False,
                elem_id="box",
                scale=1,
                min_width=0,
                html_attributes=gr.InputHTMLAttributes(autocomplete="off"),
            )
            parts["ask"] = gr.Button("Ask", variant="primary", elem_id="ask", scale=0, min_width=88)
            parts["stop"] = gr.Button("Stop", elem_id="stop", scale=0, min_width=88, visible=False)
        with gr.Accordion("Limit by date or source", open=False, elem_id="limits"):
            with gr.Row():
                hint = "2023-06-18"
                parts["from"] = gr.Textbox(label="From", placeholder=hint, min_width=140)
                parts["to"] = gr.Textbox(label="To", placeholder=hint, min_width=140)
                parts["as_of"] = gr.Textbox(
                    label="As of", placeholder="newest article", min_width=140
                )
            parts["sources"] = gr.Dropdown([], label="Sources", multiselect=True, visible=False)
    return parts


def _asking(parts: dict[str, Any], pipeline: Pipeline, running: Running, max_question: int) -> None:
    """Wire the question box, the examples, Stop and New conversation."""
    begin, answer = make_begin(running, max_question=max_question), make_answer(pipeline, running)
    form = [parts[name] for name in ("exchanges", "box", "from", "to", "as_of", "sources")]
    shown = [parts[name] for name in ("exchanges", "past", "now", "evidence", "spoken")]
    begun = [*shown, parts["box"], parts["message"], parts["welcome"]]
    buttons = [parts["ask"], parts["stop"]]
    streamed = [parts[name] for name in ("exchanges", "now", "evidence", "spoken")] + buttons
    limit: dict[str, Any] = {"concurrency_limit": ANSWERS, "concurrency_id": "answers"}

    asked = gr.on([parts["box"].submit, parts["ask"].click], begin, form, begun, **AT_ONCE)
    asked.success(answer, parts["exchanges"], streamed, **limit, **UNLISTED)
    for example in parts["examples"]:
        taken = example.click(_same, example, parts["box"], **AT_ONCE)
        asked = taken.success(begin, form, begun, **AT_ONCE)
        asked.success(answer, parts["exchanges"], streamed, **limit, **UNLISTED)
    parts["stop"].click(make_stop(running), None, None, **AT_ONCE)
    renew = make_renew(running)
    parts["renew"].click(renew, None, [*begun, *buttons], **AT_ONCE)


def _reading(parts: dict[str, Any], pipeline: Pipeline) -> None:
    """Wire the marks and the evidence to the article."""
    panel = [parts["panel"], parts["article"]]
    open_article = make_open(pipeline)
    for name in ("past", "now", "evidence"):
        parts[name].click(open_article, parts["exchanges"], panel, **AT_ONCE)
    closed = parts["close"].click(close_article, None, panel, **AT_ONCE)
    closed.then(None, js="() => window.broadsheet.back()", **UNLISTED)
    parts["renew"].click(close_article, None, panel, **AT_ONCE)


def _keeping_current(page: gr.Blocks, parts: dict[str, Any], pipeline: Pipeline) -> None:
    """Fill what depends on the archive when a page opens, and follow the model's state."""

    def load() -> tuple[Any, ...]:
        texts = pipeline.examples(EXAMPLES)[:EXAMPLES]
        texts += [""] * (EXAMPLES - len(texts))
        buttons = [gr.update(value=text, visible=bool(text)) for text in texts]
        try:
            head, known = render.header(pipeline.coverage()), pipeline.sources()
        except BroadsheetError as error:  # the index is being made, or must be made anew
            head, known = message(str(error)), []
        return head, gr.update(choices=known, visible=bool(known)), *buttons

    def poll() -> tuple[Any, ...]:
        status = pipeline.model_status()
        waiting = status.state not in ("ready", "off", "failed")
        return render.model_state(status), gr.Timer(POLL, active=waiting)

    outputs = [parts["header"], parts["sources"], *parts["examples"]]
    page.load(load, None, outputs, **AT_ONCE)
    gr.on(
        [page.load, parts["timer"].tick],
        poll,
        None,
        [parts["model_state"], parts["timer"]],
        **AT_ONCE,
    )


def _same(text: str) -> str:
    return text


def _html(value: str, **options: Any) -> gr.HTML:
    """Return an HTML part without Gradio's own prose style, and without its click by default."""
    options.setdefault("js_on_load", None)
    return gr.HTML(value, apply_default_css=False, **options)
