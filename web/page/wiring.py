"""What each event of the page calls."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import gradio as gr

from index.errors import BroadsheetError
from web import wording
from web.archive import ArchiveTab, SearchTab, locate_hit, locate_row
from web.chat import export
from web.chat.answering import Chat, Exchanges
from web.chat.exchange import locate
from web.chat.limits import PRESETS, drop_chip, make_check_days, make_preset, read_link, show_chips
from web.chat.reader import close_article, locate_article, make_open
from web.conversations import change, make_open_conversation, show_earlier, show_list
from web.events import AT_ONCE, UNLISTED
from web.http.api import ANSWERS
from web.page.layout import POLL, Parts
from web.rendering import Macros, message
from web.uploads.store import Uploads
from web.uploads.tab import IndexTab

if TYPE_CHECKING:
    from gradio.events import Dependency

    from rag.pipeline import Pipeline

UNANSWERED = "The page was left before this question was answered. Ask it again, or change it."
_SHELF = "window.broadsheet.shelf"
_macros = Macros("page.html", coverage=wording.coverage, describe=wording.model_state)


def wire_asking(parts: Parts, chat: Chat) -> tuple[list[Dependency], Dependency]:
    """Wire the question box, the examples, Stop, New conversation and the verdicts.

    Returns what answers, and what begins a new conversation.
    """
    form = parts.named("exchanges", "box", "date_from", "date_to", "as_of", "sources")
    begun = parts.named("exchanges", "past", "now", "evidence", "spoken", "box", "message")
    begun.append(parts.welcome)
    buttons = parts.named("ask", "stop")
    streamed = parts.named("exchanges", "now", "evidence", "spoken") + buttons
    limit: dict[str, Any] = {"concurrency_limit": ANSWERS, "concurrency_id": "answers"}

    tried = parts.named("exchanges", "examples")
    asked = [
        gr.on([parts.box.submit, parts.ask.click], chat.begin, form, begun, **AT_ONCE),
        parts.welcome.click(chat.try_example, tried, begun, **AT_ONCE),
    ]
    answered = []
    over = "() => document.querySelector('.model-state.ready') ? '' : { __type__: 'update' }"
    early = "document.querySelector('#message')?.innerText.startsWith('Wait for')"
    waited = f"() => {early} ? '' : {{ __type__: 'update' }}"
    for one in asked:
        one.success(None, None, parts.model_state, js=over, **UNLISTED)
        answer = one.success(chat.answer, parts.exchanges, streamed, **limit, **UNLISTED)
        one.success(_close_limits, parts.exchanges, parts.limits, **AT_ONCE)
        answer.success(None, None, parts.message, js=waited, **UNLISTED)
        answered.append(answer)
    # What was wrong is told until it is put right, or the answer is there that was waited for.
    changed = [parts.box.input, parts.chips.click]
    gr.on(changed, None, None, parts.message, js="() => ''", show_progress="hidden")
    # Limits change also as a page opens, which may have something to tell.
    by_hand = "document.activeElement?.closest('#limits')"
    changed = [part.change for part in form[2:]]
    clear = f"() => {by_hand} ? '' : {{ __type__: 'update' }}"
    gr.on(changed, None, None, parts.message, js=clear, show_progress="hidden")
    parts.stop.click(chat.stop, None, None, **AT_ONCE)
    # A search runs to its end: until then the button says that it was heard.
    heard = "() => ({ __type__: 'update', value: 'Stopping…', interactive: false })"
    parts.stop.click(None, None, parts.stop, js=heard, **UNLISTED)
    for part in parts.named("past", "now"):
        part.click(chat.rate, parts.exchanges, None, **AT_ONCE)
        part.click(chat.edit, parts.exchanges, form[1:], **AT_ONCE)
    renewed = parts.renew.click(chat.renew, None, [*begun, *buttons, *form[2:]], **AT_ONCE)
    focus = "() => document.querySelector('#box textarea')?.focus()"
    renewed.then(None, None, None, js=focus, **UNLISTED)
    return answered, renewed


def _close_limits(exchanges: Exchanges) -> Any:
    """Make room for the answer where a question was asked; chips still say what is set."""
    waits = bool(exchanges) and not exchanges[-1].done
    return gr.Accordion(open=False) if waits else gr.skip()


def wire_conversations(
    page: gr.Blocks,
    parts: Parts,
    pipeline: Pipeline,
    chat: Chat,
    answered: Sequence[Dependency],
    renewed: Dependency,
) -> None:
    """Wire the list: what is answered goes into it, and what is opened comes back from it."""
    kept, shelf, words = parts.kept, parts.shelf, parts.shelf_words
    for one in answered:
        changed = one.then(change, parts.exchanges, parts.change, **AT_ONCE)
        keep = f"(made) => {_SHELF}.keep(made)"
        changed.then(None, parts.change, kept, js=keep, **UNLISTED)
    taken = f"() => {_SHELF}.taken()"
    shelf.input(None, None, kept, js=taken, trigger_mode="multiple", **UNLISTED)
    shown = parts.named("exchanges", "past", "now", "evidence", "spoken", "message", "welcome")
    shown += parts.named("ask", "stop")
    open_one = make_open_conversation(pipeline, chat.running)
    opened = shelf.click(open_one, kept, shown, js=f"() => {_SHELF}.opened()", **AT_ONCE)
    stays = "() => window.broadsheet.address.read().values.article ?? ''"
    panel = parts.named("panel", "article")
    shelf.click(close_article, parts.unanswered, panel, js=stays, **AT_ONCE)
    form = [kept, words, parts.exchanges]
    rows = f"(kept, words) => [{_SHELF}.listed(kept, words), words, null]"
    events = [kept.change, words.change]
    gr.on(events, show_list, form, shelf, js=rows, trigger_mode="always_last", **AT_ONCE)
    for one in (opened, renewed):
        one.then(show_list, form, shelf, js=rows, **AT_ONCE)
    page.load(None, kept, None, js=f"(kept) => {_SHELF}.begin(kept)", **UNLISTED)
    parts.past.click(show_earlier, parts.exchanges, parts.past, **AT_ONCE)


def wire_limits(parts: Parts, pipeline: Pipeline) -> None:
    """Wire the presets, the chips of what is set, and what is said of a day that is none."""
    fields = parts.named("date_from", "date_to", "as_of", "sources")
    for name, days in PRESETS.items():
        parts.presets[name].click(make_preset(pipeline, days), None, fields[:2], **AT_ONCE)
    changed = [field.change for field in fields]
    gr.on(changed, show_chips, fields, parts.chips, trigger_mode="always_last", **AT_ONCE)
    parts.chips.click(drop_chip, fields, fields, **AT_ONCE)
    check, searched = make_check_days(pipeline), parts.named("words_from", "words_to")
    left = [field.blur for field in fields[:3]]
    gr.on(left, check, fields[:3], [*fields[:3], parts.message], **AT_ONCE)
    left = [field.blur for field in searched]
    gr.on(left, lambda *days: check(*days)[:2], searched, searched, **AT_ONCE)


def wire_search(parts: Parts, tab: SearchTab) -> None:
    """Wire the Search tab."""
    form = parts.named("words", "words_from", "words_to")
    begun = [parts.find.click, *(box.submit for box in form)]
    gr.on(begun, tab.find, form, parts.named("found", "results"), **AT_ONCE)


def wire_archive(parts: Parts, tab: ArchiveTab, changed: Sequence[Dependency]) -> None:
    """Wire the Archive tab; what is typed narrows the list as it is typed.

    `changed` are the events that remove an article and put it back, where there are any.
    """
    form, shown = parts.named("listing", "filter"), parts.named("listing", "chart", "table")
    parts.archive_tab.select(tab.filter, form, shown, **AT_ONCE)
    parts.filter.change(tab.typed, form, shown, trigger_mode="always_last", **AT_ONCE)
    for part in parts.named("chart", "table"):
        part.click(tab.click, parts.listing, [*shown, parts.filter], **AT_ONCE)
    for one in changed:
        one.then(tab.show, parts.listing, shown, **AT_ONCE)


def wire_reader(parts: Parts, pipeline: Pipeline) -> None:
    """Wire all that stands in an article to the article."""
    panel = parts.named("panel", "article", "open_id")
    for part in parts.named("past", "now", "evidence"):
        part.click(make_open(pipeline, locate), parts.exchanges, panel, **AT_ONCE)
    parts.header.click(make_open(pipeline, locate_article), parts.open_id, panel, **AT_ONCE)
    parts.results.click(make_open(pipeline, locate_hit), parts.found, panel, **AT_ONCE)
    parts.table.click(make_open(pipeline, locate_row), parts.listing, panel, **AT_ONCE)
    closed = parts.close.click(close_article, None, panel[:2], **AT_ONCE)
    closed.then(None, js="() => window.broadsheet.back()", **UNLISTED)
    parts.renew.click(close_article, None, panel[:2], **AT_ONCE)


def wire_export(parts: Parts) -> None:
    """Wire the export of the conversation: the text is made here, the file by the browser."""
    exported = parts.named("exported", "file_name")
    made = [
        parts.exports[name].click(export.named(*how), parts.exchanges, exported, **AT_ONCE)
        for name, how in export.FORMATS.items()
    ]
    if export.WRITES_WORD:
        clicks = [part.click for part in parts.named("past", "now")]
        made.append(gr.on(clicks, export.one_as_word, parts.exchanges, exported, **AT_ONCE))
    save = "(text, name) => window.broadsheet.save(name, text)"
    for one in made:
        one.then(None, exported, None, js=save, **UNLISTED)


def wire_index(page: gr.Blocks, parts: Parts, uploads: Uploads) -> list[Dependency]:
    """Wire the tab “Add articles”, and return what removes an article and puts it back."""
    tab = IndexTab(uploads)
    one_by_one: dict[str, Any] = {"concurrency_limit": 1, "concurrency_id": "builds", **UNLISTED}
    freely: dict[str, Any] = {"concurrency_limit": None, **UNLISTED}
    looked = parts.named("preview", "report", "add")
    parts.files.change(tab.look, parts.files, looked, **freely)
    shown = parts.named("files", "preview", "report", "add", "halt", "status")
    parts.add.click(tab.add, None, shown, **freely)
    parts.halt.click(tab.stop, None, parts.report, **AT_ONCE)
    opened = parts.index_tab.select
    opened(tab.status, None, parts.status, **AT_ONCE)
    opened(tab.follow, None, parts.named("report", "halt", "status"), **freely)
    out = parts.named("panel", "article", "removal", "notice")
    removed = parts.remove.click(tab.remove, parts.open_id, out, **one_by_one)
    removed.then(None, parts.notice, None, js="window.broadsheet.removed", **UNLISTED)
    restored = parts.notice.click(tab.put_back, None, parts.notice, **one_by_one)
    restored.then(None, js="() => window.broadsheet.refocus()", **UNLISTED)
    another = "(shown) => shown ? ['', ''] : Array(2).fill({ __type__: 'update' })"
    parts.article.change(None, parts.article, out[2:], js=another, **UNLISTED)
    page.load(tab.offer, None, parts.notice, **AT_ONCE)
    page.unload(tab.forget)
    return [removed, restored]


def wire_opening(
    page: gr.Blocks,
    parts: Parts,
    pipeline: Pipeline,
    max_question: int,
    changed: Sequence[Dependency],
) -> None:
    """Wire what a page that opens shows, and what keeps it up to date.

    After the events `changed` the archive may be another.
    """

    def header() -> str:
        try:
            return _macros.header(pipeline.coverage())
        except BroadsheetError as error:  # the index is being made, or must be made anew
            return message(str(error))

    def load(unanswered: str | None, request: gr.Request) -> tuple[Any, ...]:
        try:
            known = pipeline.sources()
        except BroadsheetError:
            known = []
        query = (unanswered or "").removeprefix("?") or str(request.url.query)
        filled = read_link(query, known, max_question)
        days = [filled.days[name] for name in ("from", "to", "as_of")]
        sources: dict[str, Any] = {"choices": known, "visible": bool(known)}
        if filled.sources:
            sources["value"] = list(filled.sources)
        limited = any(days) or bool(filled.sources)
        # What the address leaves open stays as it is: a person may already be typing there.
        form = [text or gr.skip() for text in (filled.question, *days)]
        name = "Limit by date or publisher" if known else "Limit by date"
        opening = gr.Accordion(name, open=True) if limited else gr.Accordion(name)
        told = message(UNANSWERED) if unanswered else gr.skip()
        return header(), *form, gr.update(**sources), opening, told

    def examples() -> tuple[Any, ...]:
        made = pipeline.examples()
        return made, Macros("common.html").examples(made)

    def poll(shown: str | None) -> tuple[Any, ...]:
        status = pipeline.model_status()
        waiting = status.state not in ("ready", "off", "failed")
        awaited = "model-state" in (shown or "")
        return _macros.model_state(status, awaited), gr.Timer(POLL, active=waiting)

    form = parts.named("header", "box", "date_from", "date_to", "as_of", "sources", "limits")
    form.append(parts.message)
    kept = "() => window.broadsheet.unanswered()"
    page.load(load, parts.unanswered, form, js=kept, **AT_ONCE)
    page.load(examples, None, parts.named("examples", "welcome"), **AT_ONCE)
    for one in changed:
        one.then(header, None, parts.header, **AT_ONCE)
    parts.archive_tab.select(header, None, parts.header, **AT_ONCE)
    if hasattr(parts, "status"):  # articles came in through the page
        parts.status.change(header, None, parts.header, **AT_ONCE)
    looks = [page.load, parts.timer.tick]
    state = parts.model_state
    gr.on(looks, poll, state, [state, parts.timer], **AT_ONCE)
