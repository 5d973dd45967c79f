"""Deletes what no snapshot can show any more; each build ends with it."""

from __future__ import annotations

import time

from index.store.lexical import LexicalStore
from index.store.vectors import VectorStore
from index.store.writer import Store

GRACE_SECONDS = 900.0
"""How long what was removed is kept: far longer than a question holds its snapshot."""
UNFINISHED_SECONDS = 86_400.0
"""How long what a killed build embedded waits for the next one."""


def clean_up(store: Store, vectors: VectorStore, lexical: LexicalStore) -> None:
    """Delete for good what no snapshot can show any more; what a rollback would show is kept."""
    sql, now = store.connection, time.time()
    # A removed article is kept while a question may hold a snapshot that shows it, and while the
    # generation that `rollback` goes back to (`earlier`; 0 is none) shows it.
    sql.execute(
        "DELETE FROM articles WHERE removed IS NOT NULL AND removed <= "
        "(SELECT coalesce(max(number), 0) FROM generations WHERE made < ?) "
        "AND removed <= coalesce((SELECT nullif(CAST(value AS INTEGER), 0) FROM meta "
        "WHERE name = 'earlier'), removed)",
        (now - GRACE_SECONDS,),
    )
    contents = sql.execute(
        "SELECT key FROM contents WHERE made < ? "
        "AND key NOT IN (SELECT content FROM articles) "
        "AND key NOT IN (SELECT content FROM staged)",
        (now - UNFINISHED_SECONDS,),
    ).fetchall()
    if contents:
        with store.transaction():  # after a kill, a text that comes back is indexed again
            sql.executemany("UPDATE contents SET worded = 0 WHERE key = ?", contents)
        lexical.delete(key for (key,) in contents)
        with store.transaction():
            sql.executemany("DELETE FROM passages WHERE content = ?", contents)
            sql.executemany("DELETE FROM contents WHERE key = ?", contents)
    sql.execute(
        "UPDATE collections SET retired = ? WHERE retired IS NULL AND name NOT IN "
        "(SELECT collection FROM contents WHERE collection NOT NULL)",
        (now,),
    )
    retired = "SELECT name FROM collections WHERE retired < ?"
    for (name,) in sql.execute(retired, (now - GRACE_SECONDS,)).fetchall():
        vectors.drop(name)
        sql.execute("DELETE FROM collections WHERE name = ?", (name,))
