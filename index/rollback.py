"""Goes back to the articles of the generation before, in one transaction.

They are shown as a new generation, so that whoever reads sees the old state or the new one, and
nothing that was remembered of a generation becomes untrue. One earlier generation is kept.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import datetime

from index.errors import IndexMissing, NothingEarlier
from index.lock import writing
from index.recipe import current_recipe
from index.settings import Settings
from index.store import Store
from index.types import BuildReport


@dataclass(frozen=True, slots=True)
class RolledBack:
    """What a rollback did.

    Attributes:
        generation: The generation whose articles are shown again.
        made: When that generation was made, in local time.
        report: What changed by going back; `added` are the articles brought back.
    """

    generation: int
    made: datetime
    report: BuildReport


def roll_back(settings: Settings, wait: float = 0.0) -> RolledBack:
    """Show the articles of the generation before again; a second call undoes the first.

    Raises:
        IndexMissing: nothing has been indexed.
        IndexLocked: a build is running.
        NothingEarlier: no earlier generation is kept.
    """
    missing = IndexMissing("nothing is indexed yet; run `python -m index build FOLDER`")
    if not settings.index_dir.is_dir():
        raise missing
    with writing(settings, wait), Store(settings.index_dir, current_recipe()) as store:
        if store.generation == 0:
            raise missing
        earlier = store.earlier
        if not earlier:
            raise NothingEarlier(
                "there is nothing to go back to: the index has had one build so far, or was made "
                "anew by its last one"
            )
        return RolledBack(earlier, _made(store.connection, earlier), store.roll_back())


def _made(sql: sqlite3.Connection, generation: int) -> datetime:
    row = sql.execute("SELECT made FROM generations WHERE number = ?", (generation,)).fetchone()
    return datetime.fromtimestamp(row[0]).astimezone()
