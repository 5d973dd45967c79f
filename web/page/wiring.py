"""Which adapter each event of the tabs beside the chat, of the limits and of the export calls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import gradio as gr

from web.archive import make_find, make_list, make_turn
from web.chat import export
from web.chat.limits import PRESETS, drop_chip, make_preset, show_chips
from web.events import AT_ONCE, UNLISTED
from web.uploads.tab import (
    make_add,
    make_follow,
    make_forget,
    make_halt,
    make_look,
    make_remove,
    make_status,
)

if TYPE_CHECKING:
    from rag.pipeline import Pipeline
    from web.uploads.store import Uploads


def wire_limits(parts: dict[str, Any], pipeline: Pipeline) -> None:
    """Wire the presets, and the chips of what is set."""
    fields = [parts[name] for name in ("from", "to", "as_of", "sources")]
    for name, days in PRESETS.items():
        parts[name].click(make_preset(pipeline, days), None, fields[:2], **AT_ONCE)
    changed = [field.change for field in fields]
    gr.on(changed, show_chips, fields, parts["chips"], trigger_mode="always_last", **AT_ONCE)
    parts["chips"].click(drop_chip, fields, fields, **AT_ONCE)


def wire_search(parts: dict[str, Any], pipeline: Pipeline, max_question: int) -> None:
    """Wire the Search tab."""
    form = [parts[name] for name in ("words", "words_from", "words_to")]
    shown = [parts["found"], parts["results"]]
    begun = [parts["find"].click, *(box.submit for box in form)]
    gr.on(begun, make_find(pipeline, max_question=max_question), form, shown, **AT_ONCE)


def wire_archive(parts: dict[str, Any], pipeline: Pipeline) -> None:
    """Wire the Archive tab; what is typed narrows the list as it is typed."""
    form = [parts["listing"], parts["filter"]]
    shown = [parts[name] for name in ("listing", "chart", "table")]
    begun = [parts["archive_tab"].select, parts["filter"].change]
    show = make_list(pipeline)
    gr.on(begun, show, form, shown, trigger_mode="always_last", **AT_ONCE)
    turn = make_turn(pipeline)
    for name in ("chart", "table"):
        parts[name].click(turn, parts["listing"], shown, **AT_ONCE)


def wire_index(page: gr.Blocks, parts: dict[str, Any], uploads: Uploads) -> None:
    """Wire the Index tab, and what takes an article out."""
    one_by_one: dict[str, Any] = {"concurrency_limit": 1, "concurrency_id": "builds", **UNLISTED}
    freely: dict[str, Any] = {"concurrency_limit": None, **UNLISTED}
    looked = [parts[name] for name in ("preview", "report", "add")]
    parts["files"].change(make_look(uploads), parts["files"], looked, **freely)
    names = ("files", "preview", "report", "add", "halt", "status")
    shown = [parts[name] for name in names]
    parts["add"].click(make_add(uploads), None, shown, **freely)
    parts["halt"].click(make_halt(uploads), None, parts["report"], **AT_ONCE)
    opened = parts["index_tab"].select
    opened(make_status(uploads), None, parts["status"], **AT_ONCE)
    followed = [parts[name] for name in ("report", "halt", "status")]
    opened(make_follow(uploads), None, followed, **freely)
    out = [parts["panel"], parts["article"]]
    parts["remove"].click(make_remove(uploads), parts["open_id"], out, **one_by_one)
    page.unload(make_forget(uploads))


def wire_export(parts: dict[str, Any]) -> None:
    """Wire the export of the conversation: the text is made here, the file by the browser."""
    for name, make, file in (
        ("Markdown", export.markdown, "conversation.md"),
        ("JSON", export.as_json, "conversation.json"),
    ):
        made = parts[name].click(make, parts["exchanges"], parts["taken"], **AT_ONCE)
        save = f"(text) => window.broadsheet.save('{file}', text)"
        made.then(None, parts["taken"], None, js=save, **UNLISTED)
