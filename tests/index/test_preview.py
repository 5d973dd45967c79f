"""A preview says what a build then does, and changes nothing."""

from __future__ import annotations

from contextlib import closing
from datetime import date
from pathlib import Path

import pytest

import index.models.embedder
from index.errors import ArticleError
from index.preview import Preview, preview_build, preview_files
from index.store.database import open_writer, writer_lock
from index.store.staging import mark_outdated
from index.types import BuildReport
from tests.index.archive import STORIES, execute, live_ids, run_build, write


def counts(report: BuildReport) -> tuple[int, ...]:
    return (report.added, report.changed, report.moved, report.removed, report.unchanged)


def agreed(settings, hashed, *paths: Path, **options: bool) -> Preview:
    """Preview a build, make it, and check that it did what the preview shows."""
    before = live_ids(settings) if settings.index_dir.exists() else set()
    preview = preview_build(paths, settings, **options)
    if settings.index_dir.exists():
        assert live_ids(settings) == before
    report = run_build(settings, hashed, *paths, **options)
    assert counts(preview.report) == counts(report)
    assert preview.skipped == report.skipped
    assert preview.report.exit_code == report.exit_code
    after = live_ids(settings)
    assert after - before == {*preview.added, *preview.changed, *preview.moved} - before
    assert set(preview.removed) <= before - after
    return preview


def test_a_first_build_is_previewed_where_there_is_no_index(settings, hashed, folder):
    preview = preview_build([folder], settings)
    assert not settings.index_dir.exists()
    assert (set(preview.added), preview.report.exit_code) == (set(STORIES), 0)
    agreed(settings, hashed, folder)


def test_a_preview_says_what_it_takes_for_headline_and_day(settings, hashed, folder):
    run_build(settings, hashed, folder)
    (folder / "same.txt").write_text(STORIES["maui.txt"])
    (folder / "bare.txt").write_text("No day at all\n\nNone.\n")
    (folder / "sydney.txt").write_text("date 2023-08-21 Spain win again\n\nThey did.\n")
    heads = preview_build([folder], settings).heads
    assert heads["bare.txt"] == ("No day at all", None)
    assert heads["sydney.txt"] == ("Spain win again", date(2023, 8, 21))
    assert heads["same.txt"][1] is not None, "of a text that the archive holds already"


def test_every_kind_of_change_is_previewed_as_the_build_makes_it(settings, hashed, folder):
    agreed(settings, hashed, folder)
    (folder / "maui.txt").write_text("date 2023-08-12 The fire's toll rises\n\nIt is now 89.\n")
    (folder / "old").mkdir()
    (folder / "beijing.txt").rename(folder / "old" / "beijing.txt")
    (folder / "sydney.txt").unlink()
    (folder / "new.txt").write_text("date 2023-09-11 Dams break above Derna\n")
    (folder / "empty.txt").write_text("")
    preview = agreed(settings, hashed, folder)
    assert (preview.added, preview.changed) == (("new.txt",), ("maui.txt",))
    assert (preview.moved, preview.removed) == (("old/beijing.txt",), ("sydney.txt",))
    assert (preview.unchanged, preview.kept) == ((), 1)
    assert [Path(one.location).name for one in preview.skipped] == ["empty.txt"]


def test_a_changed_article_may_take_over_the_text_of_another(settings, hashed, folder):
    agreed(settings, hashed, folder)
    (folder / "maui.txt").unlink()
    (folder / "sydney.txt").write_text(STORIES["maui.txt"])
    preview = agreed(settings, hashed, folder)
    assert (preview.added, preview.changed, preview.removed) == ((), ("sydney.txt",), ("maui.txt",))


def test_two_copies_that_move_are_two_that_moved(settings, hashed, tmp_path):
    copies = {name: STORIES["maui.txt"] for name in ("a.txt", "b.txt")}
    folder = write(tmp_path / "news", copies)
    agreed(settings, hashed, folder)
    (folder / "old").mkdir()
    for name in copies:
        (folder / name).rename(folder / "old" / name)
    preview = agreed(settings, hashed, folder)
    assert (preview.moved, preview.added, preview.removed) == (("old/a.txt", "old/b.txt"), (), ())


def test_same_names_get_the_ids_that_the_build_gives_them(settings, hashed, tmp_path):
    june = write(tmp_path / "june", {"001.txt": "date 2023-06-01 June begins"})
    july = write(tmp_path / "july", {"001.txt": "date 2023-07-01 July begins"})
    agreed(settings, hashed, june)
    assert agreed(settings, hashed, july).added == ("july/001.txt",)


def test_an_identical_text_is_named_with_its_twin(settings, hashed, folder):
    agreed(settings, hashed, folder)
    write(folder, {"copy.txt": STORIES["maui.txt"], "x.txt": "News.", "y.txt": "News."})
    preview = agreed(settings, hashed, folder)
    assert preview.identical == (("copy.txt", "maui.txt"), ("y.txt", "x.txt"))


def test_an_old_recipe_changes_everything(settings, hashed, folder, monkeypatch):
    agreed(settings, hashed, folder)
    monkeypatch.setattr(index.models.embedder, "TEMPLATE_VERSION", "next")
    preview = preview_build([], settings)
    assert set(preview.changed) == set(STORIES)
    assert counts(run_build(settings, hashed)) == counts(preview.report)


def test_a_build_that_embeds_all_again_is_previewed(settings, hashed, folder):
    agreed(settings, hashed, folder)
    (folder / "maui.txt").unlink()
    preview = agreed(settings, hashed, folder, again=True)
    assert (len(preview.changed), preview.removed) == (3, ("maui.txt",))


def test_what_a_killed_build_left_outdated_is_previewed(settings, hashed, folder):
    run_build(settings, hashed, folder)
    with closing(open_writer(settings.index_dir)) as sql:
        mark_outdated(sql, [1])
    execute(settings, "UPDATE contents SET collection = NULL WHERE key = 2")
    preview = agreed(settings, hashed, folder)
    assert (len(preview.changed), preview.kept) == (2, 2)
    assert agreed(settings, hashed, folder).kept == 4


def test_a_preview_waits_for_no_build_and_a_missing_path_is_an_error(settings, hashed, folder):
    run_build(settings, hashed, folder)
    with writer_lock(settings):
        assert preview_build([folder], settings).kept == 4
    with pytest.raises(ArticleError, match="no such file or folder"):
        preview_build([folder / "absent"], settings)


def test_files_are_previewed_before_they_are_moved_to_their_folder(settings, hashed, tmp_path):
    lines = [f'{{"id": "{n}", "title": "News {n}", "body": "Text {n}."}}' for n in (1, 2)]
    target = write(tmp_path / "kept", {**STORIES, "two.jsonl": "\n".join(lines)})
    run_build(settings, hashed, target)
    brought = {
        "maui.txt": "date 2023-08-12 The toll rises\n\nIt is now 89.\n",
        "sydney.txt": STORIES["sydney.txt"],
        "two.jsonl": lines[0],
        "more/late.txt": "date 2023-12-01 Late news\n\nIt rained.",
        "twin.txt": STORIES["recipe.txt"],
        "empty.txt": "",
    }
    folder = write(tmp_path / "brought", brought)
    preview = preview_files(folder, target, settings)
    assert (preview.added, preview.changed) == (("more/late.txt", "twin.txt"), ("maui.txt",))
    assert (set(preview.unchanged), preview.removed) == ({"sydney.txt", "1"}, ("2",))
    assert preview.identical == (("twin.txt", "recipe.txt"),)
    assert [one.location for one in preview.skipped] == [str(target / "empty.txt")]
    write(target, brought)
    report = run_build(settings, hashed, target)
    assert counts(report)[:4] == counts(preview.report)[:4]
