"""Where the parts of the page stand. Wires nothing."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import gradio as gr

from index.readers.kinds import SUFFIXES
from web.archive import Listing
from web.chat import export
from web.chat.limits import PRESETS
from web.conversations import BrowserKey, conversation_list
from web.rendering import Macros, announce

DAYS = {
    "From": "first day",
    "To": "last day",
    "Answer as of (ignores later articles)": "day of the answer",
}
"""The lines that take a day, and what each is of."""
POLL = 1.0  # seconds between two looks at the model's state, until it is ready
CLICKS = "window.broadsheet.clicks(element, trigger);"
REDRAWN = CLICKS + "window.broadsheet.keepFocus(element, watch);"
texts = Macros("page.html", SUFFIXES=list(SUFFIXES), WORD=export.WRITES_WORD)


class Parts(SimpleNamespace):
    """The parts of the page, which are components of Gradio, by name."""

    def named(self, *names: str) -> list[Any]:
        """Return several of them."""
        return [getattr(self, name) for name in names]


def lay_out(*, editing: bool, key: BrowserKey) -> Parts:
    """Lay out the page and return its parts; `editing`, with what changes the archive."""
    parts = Parts(exchanges=gr.State(()), unanswered=gr.Textbox(visible=False))
    with gr.Row(elem_id="head", equal_height=True):
        parts.header = _html(scale=1, elem_id="header", js_on_load=CLICKS)
        with gr.Column(elem_id="shelf-place", min_width=0, scale=0):
            _html(texts.shelf_toggle())
            _shelf(parts, key)
        parts.renew = gr.Button("New conversation", elem_id="renew", size="sm", scale=0)
    parts.model_state = _html(elem_id="model-state")
    parts.notice = _html(elem_id="notice", js_on_load=CLICKS)
    with gr.Row(elem_id="desk"):
        with gr.Column(elem_id="chat", scale=3, min_width=0), gr.Tabs(elem_id="tabs"):
            with gr.Tab("Ask", elem_id="ask-tab"):
                _conversation(parts)
                _form(parts)
                parts.examples = gr.State([])
                parts.welcome = _html(elem_id="welcome", js_on_load=CLICKS)
            with gr.Tab("Search", elem_id="search-tab"):
                _search(parts)
            with gr.Tab("Archive", elem_id="archive-tab") as parts.archive_tab:
                _archive(parts)
            if editing:
                with gr.Tab("Add articles", elem_id="index-tab") as parts.index_tab:
                    _index(parts)
        _reader(parts, editing=editing)
    parts.timer = gr.Timer(POLL)
    return parts


def _shelf(parts: Parts, key: BrowserKey) -> None:
    parts.kept = gr.BrowserState("", storage_key=key.name, secret=key.secret)
    parts.change = gr.Textbox(visible=False)
    with gr.Column(elem_id="shelf", min_width=0):
        name = "Find a conversation"
        parts.shelf_words = _line(name, name, elem_id="shelf-words")
        nothing = conversation_list((), "", narrowed=False)
        on_load = f"window.broadsheet.shelf.attach(element, trigger, '{key.name}')"
        parts.shelf = _html(nothing, elem_id="shelf-list", js_on_load=on_load)


def _conversation(parts: Parts) -> None:
    steady = CLICKS + "window.broadsheet.steady(element, watch)"
    parts.past = _html(elem_id="past", js_on_load=steady)
    follow = CLICKS + "window.broadsheet.follow(element, watch)"
    with gr.Column(elem_id="latest", min_width=0):
        parts.now = _html(elem_id="now", js_on_load=follow)
        parts.evidence = _html(elem_id="evidence", js_on_load=CLICKS)
        with gr.Row(elem_id="take"):
            _html(texts.export_label())
            parts.exports = {
                name: gr.Button(name, size="sm", min_width=24) for name in export.FORMATS
            }
    parts.exported, parts.file_name = gr.Textbox(visible=False), gr.Textbox(visible=False)
    parts.spoken = _html(announce(""), elem_id="spoken")
    _html(texts.lead(), elem_id="lead")


def _form(parts: Parts) -> None:
    with gr.Column(elem_id="form", min_width=0):
        parts.message = _html(elem_id="message")
        _html(texts.to_answer(), elem_id="to-answer")
        with gr.Row(elem_id="ask-row"):
            more = {"lines": 1, "max_lines": 6, "autofocus": True}
            parts.box = _line("Your question", "Ask the archive", elem_id="box", scale=1, **more)
            parts.ask = gr.Button("Ask", variant="primary", elem_id="ask", scale=0, min_width=88)
            parts.stop = gr.Button("Stop", elem_id="stop", scale=0, min_width=88, visible=False)
        parts.chips = _html(elem_id="chips", js_on_load=REDRAWN)
        with gr.Accordion(
            "Limit by date or publisher", open=False, elem_id="limits"
        ) as parts.limits:
            with gr.Row(elem_id="presets"):
                parts.presets = {
                    name: gr.Button(name, size="sm", min_width=0, scale=0) for name in PRESETS
                }
            with gr.Row(elem_classes="days"):
                parts.date_from, parts.date_to, parts.as_of = map(_day, DAYS)
            parts.sources = gr.Dropdown(
                [], label="Publishers", multiselect=True, visible=False, allow_custom_value=True
            )


def _search(parts: Parts) -> None:
    parts.found = gr.State(())
    with gr.Row(elem_id="search-row", elem_classes="line"):
        parts.words = _line("Words or a question", "Words, or a question", scale=1)
        parts.find = gr.Button("Search", variant="primary", elem_id="find", scale=0)
    with gr.Row(elem_classes="line days"):
        parts.words_from, parts.words_to = map(_day, ("From", "To"))
    parts.results = _html(elem_id="results", js_on_load=CLICKS)


def _archive(parts: Parts) -> None:
    parts.listing = gr.State(Listing())
    parts.chart = _html(elem_id="chart", js_on_load=REDRAWN)
    with gr.Row(elem_classes="line"):
        parts.filter = _line("Words of headline or publisher", "Headline or publisher", scale=1)
    listed = REDRAWN + "window.broadsheet.address.listed(watch)"
    parts.table = _html(elem_id="table", js_on_load=listed)


def _index(parts: Parts) -> None:
    _html(texts.uploads_help())
    parts.files = gr.File(
        label="Files to add", show_label=False, file_count="multiple", elem_id="files", height=150
    )
    parts.preview = _html(elem_id="preview")
    parts.add = gr.Button("Add these articles", variant="primary", elem_id="add", visible=False)
    parts.report = _html(elem_id="report")
    parts.halt = gr.Button("Stop adding", elem_id="halt", visible=False)
    parts.status = _html(elem_id="status")


def _reader(parts: Parts, *, editing: bool) -> None:
    with gr.Column(elem_id="reader", scale=2, min_width=0, visible=False) as parts.panel:
        parts.close = gr.Button("Close article", elem_id="close", size="sm")
        on_load = "window.broadsheet.reveal(element, watch)"
        parts.article = _html(elem_id="article", js_on_load=on_load)
        parts.open_id = gr.State("")
        parts.removal = _html(elem_id="removal")
        name = "Remove from archive"
        parts.remove = gr.Button(name, elem_id="remove", size="sm", visible=editing)


def _day(label: str) -> gr.Textbox:
    """Return a line that takes a day in words, with the browser's own calendar beside it."""
    with gr.Column(elem_classes="day", min_width=150):
        line = gr.Textbox(label=label, placeholder="a day or month", min_width=0)
        _html(texts.calendar(DAYS[label]))
    return line


def _line(label: str, hint: str, **options: Any) -> gr.Textbox:
    """Return a line to type in whose label only screen readers see."""
    return gr.Textbox(
        label=label,
        placeholder=hint,
        container=False,
        show_label=False,
        min_width=0,
        html_attributes=gr.InputHTMLAttributes(autocomplete="off"),
        **options,
    )


def _html(value: str = "", **options: Any) -> gr.HTML:
    """Return an HTML part without Gradio's own prose style, and without its click by default."""
    options.setdefault("js_on_load", None)
    return gr.HTML(value, apply_default_css=False, **options)
