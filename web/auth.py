"""Who is let in: the names and passwords of `--auth`. Knows nothing of the page."""

from __future__ import annotations

from pathlib import Path

from index.errors import SettingsError


def read_auth(path: Path) -> list[tuple[str, str]]:
    """Return the name and password pairs of a file, one `name:password` a line.

    Blank lines and lines that begin with `#` do not count.

    Raises:
        SettingsError: the file cannot be read, is empty, or has a line of another form.
    """
    try:
        lines = [line.strip() for line in path.read_text(encoding="utf-8").splitlines()]
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"--auth {path}: {error}") from error
    pairs = [line.partition(":") for line in lines if line and not line.startswith("#")]
    if not pairs or not all(name and password for name, _, password in pairs):
        raise SettingsError(f"--auth {path}: every line must be name:password.")
    return [(name, password) for name, _, password in pairs]
