"""A few builds are killed at random moments; `python -m tests.index.kill_build` kills many."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.index.archive import ROOT, environment


@pytest.mark.slow
def test_killed_builds_lose_nothing_and_no_reader_sees_half(settings):
    done = subprocess.run(
        [sys.executable, "-m", "tests.index.kill_build", "--kills", "4", "--seed", "7"],
        env=environment(settings),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=900,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "sound, no article lost" in done.stdout
    assert "whole" in done.stdout.splitlines()[-1]
