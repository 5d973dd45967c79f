"""The commands that look after an index which is there: check it, go back in it."""

from __future__ import annotations

import typer

from index.cli_show import errors_shown, rollback_line


def verify() -> None:
    """Check that articles, passages, vectors and words agree. Exit code 0: they do; 1: not."""
    with errors_shown():
        from index.settings import load_settings
        from index.verify import Kind
        from index.verify import verify as check

        findings = check(load_settings())
        for finding in findings:
            remedy = f"; run `{finding.remedy}`" if finding.remedy else ""
            print(f"{finding.kind.value}: {finding.what}{remedy}")
        wrong = sum(finding.kind is not Kind.NOTE for finding in findings)
        print(f"{wrong} problems" if wrong else "the index is sound")
        raise typer.Exit(1 if wrong else 0)


def rollback() -> None:
    """Go back to the articles as they were before the last build or removal.

    A second rollback undoes the first. The next build of a folder brings its articles in line
    again. Exit code 0: done; 2: no earlier generation is kept.
    """
    with errors_shown():
        from index.rollback import roll_back
        from index.settings import load_settings

        print(rollback_line(roll_back(load_settings())))
