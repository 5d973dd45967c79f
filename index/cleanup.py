"""Deletes for good what no question can still hold: old articles, their words and vectors."""

from __future__ import annotations

import sqlite3
import time

from index.lexical import LexicalStore
from index.store import Store
from index.vectors import VectorStore

GRACE_SECONDS = 900.0  # far longer than a question keeps its snapshot
UNFINISHED_SECONDS = 86_400.0  # what a killed build embedded waits a day for its next run


def expired_contents(sql: sqlite3.Connection) -> list[int]:
    """Forget articles removed a while ago; return the contents that no article has any more.

    What a rollback would show again is kept.
    """
    old = time.time() - GRACE_SECONDS
    sql.execute(
        "DELETE FROM articles WHERE removed IS NOT NULL AND removed <= "
        "(SELECT coalesce(max(number), 0) FROM generations WHERE made < ?) "
        "AND removed <= coalesce((SELECT nullif(CAST(value AS INTEGER), 0) FROM meta "
        "WHERE name = 'earlier'), removed)",
        (old,),
    )
    rows = sql.execute(
        "SELECT key FROM contents WHERE made < ? "
        "AND key NOT IN (SELECT content FROM articles) "
        "AND key NOT IN (SELECT content FROM staged)",
        (time.time() - UNFINISHED_SECONDS,),
    )
    return [key for (key,) in rows]


def forget_contents(sql: sqlite3.Connection, contents: list[int]) -> None:
    """Delete contents and their passages, after the lexical index has dropped them."""
    keys = [(key,) for key in contents]
    sql.execute("BEGIN IMMEDIATE")
    sql.executemany("DELETE FROM passages WHERE content = ?", keys)
    sql.executemany("DELETE FROM contents WHERE key = ?", keys)
    sql.execute("COMMIT")


def clean_up(store: Store, vectors: VectorStore, lexical: LexicalStore) -> None:
    """Delete expired contents, and drop collections that were left a while ago."""
    sql = store.connection
    contents = expired_contents(sql)
    if contents:
        keys = [(key,) for key in contents]
        with store.transaction():  # after a kill, one whose text comes back is worded anew
            sql.executemany("UPDATE contents SET worded = 0 WHERE key = ?", keys)
        for _ in lexical.replace((), contents):
            pass
        forget_contents(sql, contents)
    old = time.time() - GRACE_SECONDS
    sql.execute(
        "UPDATE collections SET retired = ? WHERE retired IS NULL AND name NOT IN "
        "(SELECT collection FROM contents WHERE collection NOT NULL)",
        (time.time(),),
    )
    for (name,) in sql.execute("SELECT name FROM collections WHERE retired < ?", (old,)).fetchall():
        vectors.drop(name)
        sql.execute("DELETE FROM collections WHERE name = ?", (name,))
