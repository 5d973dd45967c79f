"""The page, put together, and the options that it is launched with."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr
from gradio.events import api
from gradio.queueing import Queue

from web.archive import ArchiveTab, SearchTab
from web.chat.answering import Chat
from web.chat.feedback import FeedbackStore
from web.conversations import BrowserKey
from web.http.api import ANSWERS, make_ask, make_search
from web.page import wiring
from web.page.layout import lay_out
from web.uploads.store import Uploads

if TYPE_CHECKING:
    from rag.pipeline import Pipeline

WAITING = 64
"""Calls of an endpoint that wait at most; the next is told to come again."""
STATIC = Path(__file__).parent / "static"
FONT = (  # asked for at once, so that no line breaks anew when it comes
    '<link rel="preload" href="fonts/source-serif-4-latin-wght-normal.woff2" as="font"'
    ' type="font/woff2" crossorigin>'
)
SYSTEM_FONTS = ["system-ui", "-apple-system", "Segoe UI", "Roboto", "sans-serif"]
MONO_FONTS = ["ui-monospace", "Consolas", "monospace"]


def launch_options() -> dict[str, Any]:
    """Return what `launch` needs for this page: nothing of it comes from another host."""
    scripts = (STATIC / f"{name}.js" for name in ("page", "address", "conversations"))
    script = "\n".join(file.read_text(encoding="utf-8") for file in scripts)
    return {
        "theme": gr.themes.Base(font=SYSTEM_FONTS, font_mono=MONO_FONTS),
        "css_paths": [STATIC / f"{name}.css" for name in ("style", "tabs", "conversations")],
        "head": f"{FONT}<script>{script}</script>",
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

    Without `uploads` nobody may bring articles through the page.
    """
    chat = Chat(pipeline, feedback, max_question=max_question)
    page: gr.Blocks
    with gr.Blocks(title="Broadsheet", fill_width=True, delete_cache=(3600, 86_400)) as page:
        parts = lay_out(editing=uploads is not None, key=key)
        answered, renewed = wiring.wire_asking(parts, chat)
        wiring.wire_conversations(page, parts, pipeline, chat, answered, renewed)
        wiring.wire_limits(parts, pipeline)
        wiring.wire_search(parts, SearchTab(pipeline, max_question=max_question))
        removed = wiring.wire_index(page, parts, uploads) if uploads else []
        wiring.wire_archive(parts, ArchiveTab(pipeline), removed)
        wiring.wire_reader(parts, pipeline)
        wiring.wire_export(parts)
        wiring.wire_opening(page, parts, pipeline, max_question, [*answered, *removed])
        page.unload(chat.stop)
        for make, name in ((make_ask, "ask"), (make_search, "search")):
            function = make(pipeline, max_question=max_question)
            api(function, api_name=name, concurrency_limit=ANSWERS)
    page.queue(api_open=False)
    _bound_each(page._queue)
    return page


def _bound_each(queue: Queue) -> None:
    """Give each endpoint its own bound of calls that wait: Gradio has one for all of them.

    Calls of `/ask` and `/search` may leave out their last values, which Gradio does not allow.
    """
    push = queue.push

    async def bounded(body: Any, *others: Any, **named: Any) -> Any:
        function = queue.blocks.fns.get(body.fn_index)
        if function is None:
            return False, "There is no such endpoint.", "error"
        if function.api_name in ("ask", "search"):  # what a call leaves out
            body.data += [None] * (len(function.inputs) - len(body.data))
        name = function.concurrency_id
        own = queue.event_queue_per_concurrency_id.get(name)
        if own and len(own.queue) >= WAITING:
            told = f"This call would be number {WAITING + 1} in its queue, which holds {WAITING}."
            return False, told, "queue_full"
        return await push(body, *others, **named)

    queue.push = bounded  # type: ignore[method-assign]
