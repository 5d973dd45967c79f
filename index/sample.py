"""Keeps the sample archive apart from articles of one's own.

The sample is indexed where nothing else is; it never comes into an index that someone has made,
and gives way when they name articles.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from index.errors import IndexMissing
from index.settings import Settings
from index.status import index_status, live_below, recipe_is_current


def paths_due(settings: Settings, articles: Sequence[Path], sample: Path) -> list[Path] | None:
    """Return what a program that starts must index; None where the index stands as it is.

    Args:
        settings: Where the index lies.
        articles: What the person named; nothing else is then indexed.
        sample: Folder of the sample.
    """
    if articles:
        return list(articles)
    try:
        holds_sample = bool(live_below(settings, sample))
        if sample.is_dir() and (holds_sample or index_status(settings).articles == 0):
            return [sample]
        return None if recipe_is_current(settings) else []
    except IndexMissing:
        return [sample]


def give_way(settings: Settings, articles: Sequence[Path], sample: Path) -> bool:
    """Take the sample out of the index unless `articles` name it; whether there was any.

    Raises:
        IndexLocked: a build is running.
    """
    from index.build import remove_articles

    named = (path.expanduser().resolve() for path in articles)
    if not articles or any(path.is_relative_to(sample) or path in sample.parents for path in named):
        return False
    ids = live_below(settings, sample)
    if ids:
        remove_articles(ids, settings)
    return bool(ids)
