"""Builds and the state of the index -> escaped HTML."""

from __future__ import annotations

from collections.abc import Sequence

from index.preview import Preview
from index.status import Status
from index.store.history import STOPPED, BuildRecord
from index.types import STDIN, BuildReport, Skipped, Stage
from web import wording
from web.rendering import safe
from web.uploads.building import Step

_SHOWN = 50  # files named in a list
_BUILDS = 10  # builds shown
_COMMANDS = {
    "build": "Build of",
    "add": "Add",
    "remove": "Article taken out",
    "watch": "Changes in",
    "rollback": "Back to the articles before",
    "repair": "Repair",
}
_STAGES = {
    Stage.READING: "Reading articles:",
    Stage.EMBEDDING: "Embedding articles:",
    Stage.MERGING: "Putting vectors together:",
    Stage.WORDS: "Indexing words:",
    Stage.SWITCHING: "Switching to the new state",
}


def looking(files: int) -> str:
    """What stands there while files are read."""
    return f'<p class="found">{safe("Looking at " + wording.count(files, "file"))}…</p>'


def preview(said: Preview) -> str:
    """What adding files would do, by name."""
    twins = dict(said.identical)
    lists = {
        "new": [_named(name, twins.get(name)) for name in said.added],
        "changed, in place of what has the same name": [_named(name) for name in said.changed],
        "moved": [_named(name) for name in said.moved],
        "gone from their file, taken out": [_named(name) for name in said.removed],
        "there already, as it is": [_named(name) for name in said.unchanged],
        "left out": [safe(str(one)) for one in said.skipped],
    }
    parts = "".join(_list(f"{len(rows):,} {name}", rows) for name, rows in lists.items() if rows)
    if said.report.touched:
        title = "If you add these files:"
    else:
        title = "Nothing in these files is new." if said.unchanged else "No article can be read."
    return f'<div class="preview"><p class="found" role="status">{title}</p>{parts}</div>'


def progress(step: Step) -> str:
    """A bar for the stage that a build is in, and how long it will take yet."""
    event = step.event
    count = f" {event.done:,} of {event.total:,}" if event.total else ""
    left = f", {wording.left(step.left)}" if step.left else ""
    name = safe(f"{_STAGES[event.stage]}{count}{left}")
    value = f' value="{event.done}" max="{event.total}"' if event.total else ""
    label = safe(_STAGES[event.stage].rstrip(":"))
    return f'<p class="found">{name}</p><progress{value} aria-label="{label}"></progress>'


def stopping() -> str:
    """What stands there until a build has stopped."""
    return '<p class="found" role="status">Stopping after the articles it is at…</p>'


def report(done: BuildReport) -> str:
    """What a build did, and what was left out and why."""
    said = _counts(done.added, done.changed, done.moved, done.removed, len(done.skipped))
    now = f"The archive has {wording.count(done.articles, 'article')} now."
    text = safe(f"{(said or 'Nothing was new').capitalize()}. {now}")
    return f'<p class="found" role="status">{text}</p>{_skipped(done.skipped)}'


def status(found: Status, brought: str) -> str:
    """What is indexed, what was left out and why, and the last builds.

    Args:
        found: What is indexed.
        brought: The folder of what was brought through the page, as builds name it.
    """
    days = wording.span(found.first, found.last) if found.first and found.last else "no dates"
    lines = [
        ("Articles", f"{found.articles:,}, {days}"),
        ("Without a date", f"{found.undated:,}"),
        ("Word for word the same as another", f"{found.identical:,}"),
        ("Passages", f"{found.passages:,}"),
        ("Size on disk", f"{found.bytes / 1e6:,.1f} MB"),
        ("Last change", f"{found.made:%H:%M}, {wording.day(found.made)}" if found.made else "none"),
    ]
    rows = "".join(
        f'<tr><th scope="row">{safe(name)}</th><td>{safe(value)}</td></tr>' for name, value in lines
    )
    table = f'<table class="state"><tbody>{rows}</tbody></table>'
    return table + _skipped(found.skipped) + _builds(found.builds[:_BUILDS], brought)


def removed() -> str:
    """What stands in an article's place when it was taken out."""
    return (
        '<p class="notice" role="status">The article was taken out of the index. If its file '
        "lies in a folder that is indexed, a later build brings it back.</p>"
    )


def _counts(added: int, changed: int, moved: int, removed: int, left_out: int) -> str:
    counts = {
        "added": added,
        "changed": changed,
        "moved": moved,
        "taken out": removed,
        "left out": left_out,
    }
    return ", ".join(f"{count:,} {name}" for name, count in counts.items() if count)


def _builds(builds: Sequence[BuildRecord], brought: str) -> str:
    """The last builds, the newest first."""
    if not builds:
        return ""
    heads = "".join(f'<th scope="col">{name}</th>' for name in ("When", "What", "Result", "Took"))
    rows = "".join(_build(one, brought) for one in builds)
    return (
        f'<table class="builds"><caption>Last builds</caption><thead><tr>{heads}</tr></thead>'
        f"<tbody>{rows}</tbody></table>"
    )


def _build(one: BuildRecord, brought: str) -> str:
    counts = _counts(one.added, one.changed, one.moved, one.removed, one.skipped)
    result = counts or "no article changed"
    if one.error:
        result = one.error if one.error == STOPPED else f"failed: {one.error}"
    named = {brought: "files brought here", STDIN: "standard input"}
    paths = ", ".join(named.get(path, path) for path in one.paths)
    what = f"{_COMMANDS[one.command]} {paths}".rstrip()
    return (
        f"<tr><td>{safe(wording.moment(one.began))}</td>"
        f'<td dir="auto">{safe(what)}</td><td dir="auto">{safe(result)}</td>'
        f"<td>{safe(wording.took(one.seconds))}</td></tr>"
    )


def _named(name: str, twin: str | None = None) -> str:
    note = f" <span>says word for word what {safe(twin)} says</span>" if twin is not None else ""
    return safe(name) + note


def _list(title: str, rows: Sequence[str], short: int = 8) -> str:
    """A list that is open where it is short; `rows` are inert HTML."""
    items = "".join(f'<li dir="auto">{row}</li>' for row in rows[:_SHOWN])
    more = len(rows) - _SHOWN
    items += f"<li>and {more:,} more</li>" if more > 0 else ""
    state = " open" if len(rows) <= short else ""
    head = f'<details class="removed"{state}><summary>{safe(title)}</summary>'
    return f"{head}<ul>{items}</ul></details>"


def _skipped(skipped: Sequence[Skipped]) -> str:
    if not skipped:
        return ""
    title = f"{wording.count(len(skipped), 'file')} left out"
    return _list(title, [safe(str(one)) for one in skipped], short=0)
