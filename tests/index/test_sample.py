"""What a start of the program indexes, and that the sample is never mixed with other articles."""

from __future__ import annotations

from pathlib import Path

import pytest

from index.settings import Settings
from index.status import give_way, index_status, live_below, paths_due
from tests.index.archive import HashedEmbeddings, run_build, write


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    return write(tmp_path / "sample")


@pytest.fixture
def own(tmp_path: Path) -> Path:
    story = "date 2024-02-01 A bridge opens\n\nThe bridge over the Foyle opened to traffic.\n"
    return write(tmp_path / "own", {"bridge.txt": story})


def test_the_sample_is_indexed_where_nothing_is(settings: Settings, sample: Path) -> None:
    assert paths_due(settings, [], sample) == [sample]


def test_the_sample_is_kept_in_line(
    settings: Settings, hashed: HashedEmbeddings, sample: Path
) -> None:
    run_build(settings, hashed, sample)
    assert paths_due(settings, [], sample) == [sample]


def test_an_index_of_ones_own_stays_as_it_is(
    settings: Settings, hashed: HashedEmbeddings, sample: Path, own: Path
) -> None:
    run_build(settings, hashed, own)
    assert paths_due(settings, [], sample) is None


def test_an_index_of_an_older_recipe_is_made_anew(
    settings: Settings,
    hashed: HashedEmbeddings,
    sample: Path,
    own: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run_build(settings, hashed, own)
    monkeypatch.setattr("index.status.current_recipe", lambda: "another")
    assert paths_due(settings, [], sample) == []


def test_articles_that_are_named_are_all_that_is_indexed(
    settings: Settings, sample: Path, own: Path
) -> None:
    assert paths_due(settings, [own], sample) == [own]


def test_the_sample_gives_way(
    settings: Settings, hashed: HashedEmbeddings, sample: Path, own: Path
) -> None:
    run_build(settings, hashed, sample)
    run_build(settings, hashed, own)
    assert give_way(settings, [own], sample)
    assert live_below(settings, sample) == []
    assert index_status(settings).articles == 1
    assert not give_way(settings, [own], sample), "there is nothing left to take out"


@pytest.mark.parametrize("named", ["", "maui.txt", ".."])
def test_a_sample_that_is_named_stays(
    settings: Settings, hashed: HashedEmbeddings, sample: Path, named: str
) -> None:
    run_build(settings, hashed, sample)
    assert not give_way(settings, [sample / named], sample)
    assert len(live_below(settings, sample)) == 4


def test_a_neighbour_with_the_same_beginning_is_not_below(
    settings: Settings, hashed: HashedEmbeddings, tmp_path: Path
) -> None:
    run_build(settings, hashed, write(tmp_path / "samples"))
    (tmp_path / "sample").mkdir()
    assert live_below(settings, tmp_path / "sample") == []
