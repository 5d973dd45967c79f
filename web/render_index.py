"""Builds and the state of the index -> escaped HTML."""

from __future__ import annotations

from collections.abc import Sequence

from index.status import Status
from index.types import BuildEvent, BuildReport, Skipped, Stage
from web import wording
from web.markup import safe

_SHOWN = 50  # skipped files named
_STAGES = {
    Stage.READING: "Reading articles:",
    Stage.EMBEDDING: "Embedding articles:",
    Stage.MERGING: "Putting vectors together:",
    Stage.WORDS: "Indexing words:",
    Stage.SWITCHING: "Switching to the new state",
}


def progress(event: BuildEvent) -> str:
    """A bar for the stage that a build is in."""
    count = f" {event.done:,} of {event.total:,}" if event.total else ""
    name = safe(f"{_STAGES[event.stage]}{count}")
    value = f' value="{event.done}" max="{event.total}"' if event.total else ""
    return f'<p class="found">{name}</p><progress{value} aria-label="{name}"></progress>'


def report(done: BuildReport, refused: Sequence[Skipped]) -> str:
    """What a build did, and what was left out and why."""
    skipped = (*refused, *done.skipped)
    counts = {
        "added": done.added,
        "changed": done.changed,
        "removed": done.removed,
        "unchanged": done.unchanged,
        "left out": len(skipped),
    }
    said = ", ".join(f"{count:,} {name}" for name, count in counts.items() if count)
    now = f"The archive has {wording.count(done.articles, 'article')} now."
    text = safe(f"{(said or 'Nothing was new').capitalize()}. {now}")
    return f'<p class="found" role="status">{text}</p>{_skipped(skipped)}'


def status(found: Status) -> str:
    """What is indexed, and what was left out and why."""
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
    return f'<table class="state"><tbody>{rows}</tbody></table>{_skipped(found.skipped)}'


def removed() -> str:
    """What stands in an article's place when it was taken out."""
    return (
        '<p class="notice" role="status">The article was taken out of the index. If its file '
        "lies in a folder that is indexed, a later build brings it back.</p>"
    )


def _skipped(skipped: Sequence[Skipped]) -> str:
    if not skipped:
        return ""
    rows = "".join(f'<li dir="auto">{safe(str(one))}</li>' for one in skipped[:_SHOWN])
    more = len(skipped) - _SHOWN
    rows += f"<li>and {more:,} more</li>" if more > 0 else ""
    title = safe(f"{wording.count(len(skipped), 'file')} left out")
    return f'<details class="removed"><summary>{title}</summary><ul>{rows}</ul></details>'
