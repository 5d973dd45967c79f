"""What a person said of columns (`--map date=Posted`), kept with each folder for later builds."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from os import stat_result
from pathlib import Path

from index.errors import BroadsheetError
from index.readers.files import MAPPED
from index.readers.kinds import format_of
from index.readers.named import FIELDS
from index.readers.text import Columns
from index.store.database import read_value
from index.store.staging import Staging
from index.types import IsUnchanged

_NAME = "maps"  # of the row of `meta`
_FORGET = "none"


def parse_columns(written: Sequence[str]) -> Columns | None:
    """Read what was given as `--map FIELD=COLUMN`; None where nothing was.

    `none` by itself forgets what was said before.

    Raises:
        BroadsheetError: it has another form, or the field is unknown.
    """
    if list(written) == [_FORGET]:
        return ()
    columns = {}
    for option in written:
        field, _, column = (part.strip() for part in option.partition("="))
        if field.lower() not in FIELDS or not column:
            fields = ", ".join(FIELDS)
            raise BroadsheetError(
                f"--map {option}: expected FIELD=COLUMN; a field is one of {fields}"
            )
        columns[field.lower()] = column
    return tuple(columns.items()) or None


def kept_maps(sql: sqlite3.Connection) -> dict[str, Columns]:
    """Return what was said with earlier builds, by folder or file."""
    kept = json.loads(read_value(sql, _NAME) or "{}")
    return {
        path: tuple((field, column) for field, column in columns) for path, columns in kept.items()
    }


def describe_maps(maps: Mapping[str, Columns]) -> str:
    """Return them in a line: `/news: date=Posted, text=Story`."""
    return "; ".join(
        f"{path}: " + ", ".join(f"{field}={column}" for field, column in columns)
        for path, columns in maps.items()
    )


class Maps:
    """What is said of columns in one build, and was in those before."""

    def __init__(
        self, sql: sqlite3.Connection, paths: Iterable[str], columns: Columns | None
    ) -> None:
        """Add what is said of these paths now, if anything is."""
        self._sql = sql
        self._before = kept_maps(sql)
        self._now = dict(self._before)
        if columns is not None:
            self._now |= dict.fromkeys(paths, columns)

    def columns_of(self, path: Path) -> Columns:
        """Return what is said of a file."""
        return _columns_of(path, self._now)

    def is_unchanged(
        self, staging: Staging, path: Path, stat: stat_result, settled: IsUnchanged | None = None
    ) -> bool:
        """Whether a file need not be read: `Staging` knows it, and its columns are as they were."""
        again = _columns_of(path, self._before) != _columns_of(path, self._now)
        return staging.is_unchanged(path, stat, settled, again=again)

    def keep(self) -> None:
        """Keep them for later builds, once the files have been read so."""
        if self._now != self._before:
            stated = {path: columns for path, columns in self._now.items() if columns}
            row = (_NAME, json.dumps(stated))
            self._sql.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", row)


def _columns_of(path: Path, maps: Mapping[str, Columns]) -> Columns:
    """Return what is said of a file, or of the nearest folder above it."""
    if not maps or format_of(path.name) not in MAPPED:
        return ()
    return next((maps[str(place)] for place in (path, *path.parents) if str(place) in maps), ())
