"""Where the parts of the page stand. Wires nothing."""

from __future__ import annotations

from typing import Any

import gradio as gr

from web.archive import Listing
from web.chat import views as render
from web.chat.limits import PRESETS
from web.conversations import views as render_conversations
from web.conversations.storage import BrowserKey

EXAMPLES = 4
POLL = 1.0  # seconds between two looks at the model's state, until it is ready
CLICKS = "window.broadsheet.clicks(element, trigger);"


def lay_out(*, editing: bool, key: BrowserKey) -> dict[str, Any]:
    """Lay out the page and return its parts by name.

    Args:
        editing: Whether there is what changes the index.
        key: Under which the browser keeps conversations.
    """
    parts: dict[str, Any] = {"exchanges": gr.State(())}
    with gr.Row(elem_id="head", equal_height=True):
        parts["header"] = html_part("", scale=1)
        html_part(render_conversations.TOGGLE, elem_id="shelf-place")
        parts["renew"] = gr.Button("New conversation", elem_id="renew", size="sm", scale=0)
    parts |= _shelf_parts(key)
    parts["model_state"] = html_part("", elem_id="model-state")
    with gr.Row(elem_id="desk"):
        with gr.Column(elem_id="chat", scale=3, min_width=0), gr.Tabs(elem_id="tabs"):
            with gr.Tab("Ask", elem_id="ask-tab"):
                parts |= _conversation_parts()
                parts |= _form_parts()
            with gr.Tab("Search", elem_id="search-tab"):
                parts |= _search_parts()
            with gr.Tab("Archive", elem_id="archive-tab") as parts["archive_tab"]:
                parts |= _archive_parts()
            if editing:
                with gr.Tab("Index", elem_id="index-tab") as parts["index_tab"]:
                    parts |= _index_parts()
        with gr.Column(elem_id="reader", scale=2, min_width=0, visible=False) as panel:
            parts["panel"] = panel
            parts["close"] = gr.Button("Close article", elem_id="close", size="sm")
            on_load = "window.broadsheet.reveal(element, watch)"
            parts["article"] = html_part("", elem_id="article", js_on_load=on_load)
            parts["open_id"] = gr.State("")
            parts["remove"] = gr.Button(
                "Take this article out of the index", elem_id="remove", size="sm", visible=editing
            )
    parts["timer"] = gr.Timer(POLL)
    return parts


def _shelf_parts(key: BrowserKey) -> dict[str, Any]:
    parts: dict[str, Any] = {
        "kept": gr.BrowserState("", storage_key=key.name, secret=key.secret),
        "change": gr.Textbox(visible=False),
    }
    with gr.Column(elem_id="shelf", min_width=0):
        parts["shelf_words"] = gr.Textbox(
            label="Find a conversation",
            placeholder="Find a conversation",
            container=False,
            show_label=False,
            min_width=0,
            elem_id="shelf-words",
            html_attributes=gr.InputHTMLAttributes(autocomplete="off"),
        )
        nothing = render_conversations.conversations((), "", narrowed=False)
        on_load = f"window.broadsheet.shelf.attach(element, trigger, '{key.name}')"
        parts["shelf"] = html_part(nothing, elem_id="shelf-list", js_on_load=on_load)
    return parts


def _conversation_parts() -> dict[str, Any]:
    parts: dict[str, Any] = {}
    steady = CLICKS + "window.broadsheet.steady(element, watch)"
    parts["past"] = html_part("", elem_id="past", js_on_load=steady)
    follow = CLICKS + "window.broadsheet.follow(element, watch)"
    parts["now"] = html_part("", elem_id="now", js_on_load=follow)
    parts["evidence"] = html_part("", elem_id="evidence", js_on_load=CLICKS)
    with gr.Row(elem_id="take"):
        for name in ("Markdown", "JSON"):
            label = f"Export the conversation as {name}"
            parts[name] = gr.Button(label, size="sm", min_width=0)
    parts["taken"] = gr.Textbox(visible=False)
    parts["spoken"] = html_part(render.spoken(""), elem_id="spoken")
    with gr.Column(elem_id="welcome", min_width=0) as welcome:
        html_part('<h2 class="try">Questions this archive can answer</h2>')
        names = range(EXAMPLES)
        parts["examples"] = [
            gr.Button("", visible=False, elem_classes="example", size="lg") for _ in names
        ]
    parts["welcome"] = welcome
    return parts


def _form_parts() -> dict[str, Any]:
    parts: dict[str, Any] = {}
    with gr.Column(elem_id="form", min_width=0):
        parts["next"] = html_part("", elem_id="next")
        parts["message"] = html_part("", elem_id="message")
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
        parts["chips"] = html_part("", elem_id="chips", js_on_load=CLICKS)
        with gr.Accordion("Limit by date or source", open=False, elem_id="limits") as limits:
            parts["limits"] = limits
            with gr.Row(elem_id="presets"):
                for name in PRESETS:
                    parts[name] = gr.Button(name, size="sm", min_width=0, scale=0)
            with gr.Row():
                parts["from"], parts["to"] = _dates()
                parts["as_of"] = gr.Textbox(
                    label="As of", placeholder="newest article", min_width=140
                )
            parts["sources"] = gr.Dropdown([], label="Sources", multiselect=True, visible=False)
    return parts


def _search_parts() -> dict[str, Any]:
    parts: dict[str, Any] = {"found": gr.State(())}
    with gr.Row(elem_id="search-row", elem_classes="line"):
        parts["words"] = _line("Words or a question", "Find passages, without the model")
        parts["find"] = gr.Button("Search", variant="primary", elem_id="find", scale=0)
    with gr.Row(elem_classes="line"):
        parts["words_from"], parts["words_to"] = _dates()
    parts["results"] = html_part("", elem_id="results", js_on_load=CLICKS)
    return parts


def _archive_parts() -> dict[str, Any]:
    parts: dict[str, Any] = {"listing": gr.State(Listing())}
    parts["chart"] = html_part("", elem_id="chart", js_on_load=CLICKS)
    with gr.Row(elem_classes="line"):
        parts["filter"] = _line("Words of headline or source", "Headline or source")
    parts["table"] = html_part("", elem_id="table", js_on_load=CLICKS)
    return parts


def _index_parts() -> dict[str, Any]:
    parts: dict[str, Any] = {}
    html_part(
        '<p class="found">Text, Markdown, HTML, JSON and JSON Lines, or a zip of such files. You '
        "see what adding them would do before it is done. They are then kept in the data folder; "
        "a file of the same name takes the old one’s place. Questions are answered from the old "
        "state until the new one is complete.</p>"
    )
    parts["files"] = gr.File(label="Articles", file_count="multiple", elem_id="files")
    parts["preview"] = html_part("", elem_id="preview")
    parts["add"] = gr.Button("Add to the archive", variant="primary", elem_id="add", visible=False)
    parts["report"] = html_part("", elem_id="report")
    parts["halt"] = gr.Button("Stop adding", elem_id="halt", visible=False)
    parts["status"] = html_part("", elem_id="status")
    return parts


def _dates() -> tuple[gr.Textbox, gr.Textbox]:
    first, last = (
        gr.Textbox(label=name, placeholder="2023-06-18", min_width=140) for name in ("From", "To")
    )
    return first, last


def _line(label: str, hint: str) -> gr.Textbox:
    return gr.Textbox(
        label=label,
        placeholder=hint,
        container=False,
        show_label=False,
        scale=1,
        min_width=0,
        html_attributes=gr.InputHTMLAttributes(autocomplete="off"),
    )


def html_part(value: str, **options: Any) -> gr.HTML:
    """Return an HTML part without Gradio's own prose style, and without its click by default."""
    options.setdefault("js_on_load", None)
    return gr.HTML(value, apply_default_css=False, **options)
