"""Errors that a person is meant to read: each says what, where, and what to do.

All derive from `BroadsheetError`; anything else that is raised is a bug.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager


class BroadsheetError(Exception):
    """Base of all errors whose message is shown to a person as it is."""


class SettingsError(BroadsheetError):
    """A setting is unknown or has a value that is not allowed."""


class ArticleError(BroadsheetError):
    """A file, or a record in it, is not an article in any known format."""

    def __init__(self, reason: str, line: int | None = None) -> None:
        """Keep the reason and the line (1-based) apart, for the summary of a build."""
        super().__init__(reason)
        self.reason = reason
        self.line = line


class IndexMissing(BroadsheetError):
    """Nothing has been indexed yet; the message names the command that does it."""

    def __init__(
        self, message: str = "nothing is indexed yet; run `broadsheet index build FOLDER`"
    ) -> None:
        """Take another message where there is more to say."""
        super().__init__(message)


class IndexLocked(BroadsheetError):
    """Another build is writing to the index; `who` names its process."""

    def __init__(self, who: str) -> None:
        """Name the process that writes."""
        super().__init__(f"the index is being written by {who}; wait for it to end, or use --wait")
        self.who = who


class IndexUnwritable(BroadsheetError):
    """The disk is full or the folder is read-only; what was indexed before is still served."""


class IndexDamaged(BroadsheetError):
    """A file of the index cannot be read; the message names it and what to type."""


class IndexMismatch(BroadsheetError):
    """The index was made by another embedder, chunker or schema; a build mends it."""


class NothingEarlier(BroadsheetError):
    """No earlier generation is kept that the index could go back to."""


class ModelFileError(BroadsheetError):
    """A model file could not be fetched, or is not the file it should be."""


class ModelUnavailable(BroadsheetError):
    """The language model cannot answer: not there yet, or its server does not respond."""


class QuestionError(BroadsheetError):
    """A question is empty, too long, or has impossible bounds."""


def describe(error: BaseException) -> str:
    """Return an error in a line: its message, with its type where it is not meant for people."""
    return str(error) if isinstance(error, BroadsheetError) else f"{type(error).__name__}: {error}"


def visible(text: str) -> str:
    """Show control characters as what they are: file names may hold anything."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


@contextmanager
def one_line_errors(
    *others: type[Exception], goes_on: str = "the same command goes on where it stopped"
) -> Iterator[None]:
    """End a command with one line on stderr: exit code 2 for an error, 130 for Ctrl-C.

    Args:
        others: Errors besides `BroadsheetError` that the person can mend.
        goes_on: What to say after an interruption.
    """
    told: tuple[type[Exception], ...] = (BroadsheetError, *others)
    try:
        yield
    except told as error:
        sys.stderr.write(f"error: {visible(str(error))}\n")
        raise SystemExit(2) from None
    except KeyboardInterrupt:
        sys.stderr.write(f"interrupted; {goes_on}\n")
        raise SystemExit(130) from None
