"""What a start of the program indexes, and that the sample is never mixed with other articles."""

from __future__ import annotations

from pathlib import Path

import pytest

from index.status import give_way, index_status, live_below, paths_due
from tests.index.archive import run_build, write


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    return write(tmp_path / "sample")


@pytest.fixture
def own(tmp_path: Path) -> Path:
    story = "date 2024-02-01 A bridge opens\n\nThe bridge over the Foyle opened to traffic.\n"
    return write(tmp_path / "own", {"bridge.txt": story})


@pytest.mark.parametrize(
    ("indexed", "named", "due"),
    [
        ([], [], ["sample"]),
        (["sample"], [], ["sample"]),  # kept in line
        (["own"], [], None),
        ([], ["own"], ["own"]),
        (["sample"], ["own"], ["own"]),
    ],
)
def test_what_a_start_indexes(settings, hashed, tmp_path, sample, own, indexed, named, due):
    for name in indexed:
        run_build(settings, hashed, tmp_path / name)
    paths = paths_due(settings, [tmp_path / name for name in named], sample)
    assert paths == (None if due is None else [tmp_path / name for name in due])


def test_an_index_of_an_older_recipe_is_rebuilt(settings, hashed, sample, own, monkeypatch):
    run_build(settings, hashed, own)
    monkeypatch.setattr("index.status.current_recipe", lambda: "another")
    assert paths_due(settings, [], sample) == []


def test_the_sample_gives_way(settings, hashed, sample, own):
    run_build(settings, hashed, sample)
    run_build(settings, hashed, own)
    assert give_way(settings, [own], sample)
    assert live_below(settings, sample) == []
    assert index_status(settings).articles == 1
    assert not give_way(settings, [own], sample), "there is nothing left to take out"


@pytest.mark.parametrize("named", ["", "maui.txt", ".."])
def test_a_sample_that_is_named_stays(settings, hashed, sample, named):
    run_build(settings, hashed, sample)
    assert not give_way(settings, [sample / named], sample)
    assert len(live_below(settings, sample)) == 4


def test_a_neighbour_with_the_same_beginning_is_not_below(settings, hashed, tmp_path):
    run_build(settings, hashed, write(tmp_path / "samples"))
    (tmp_path / "sample").mkdir()
    assert live_below(settings, tmp_path / "sample") == []
