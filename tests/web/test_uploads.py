"""Articles brought through the page: kept, indexed, taken out; nothing leaves its folder."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from index.errors import BroadsheetError
from index.model_files import ensure_embedder
from index.settings import Settings
from index.types import BuildReport
from tests.conftest import MODELS
from tests.index.archive import STORIES, HashedEmbeddings, live_ids, write
from web import uploads as kept_in
from web.uploads import Uploads


@pytest.fixture
def uploads(tmp_path) -> Uploads:
    settings = Settings(data_dir=tmp_path / "data", model_dir=MODELS)
    return Uploads(settings, HashedEmbeddings(lambda: ensure_embedder(settings)))


def _zip(path: Path, files: dict[str, str]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return path


def _indexed(uploads: Uploads) -> BuildReport:
    *_, report = uploads.index()
    return report


def test_files_and_archives_become_articles(uploads, tmp_path) -> None:
    single = write(tmp_path / "new", {"late.txt": "date 2023-12-01 Late news\n\nIt rained."})
    brought = [single / "late.txt", _zip(tmp_path / "all.zip", STORIES)]
    assert uploads.take(brought) == []
    assert _indexed(uploads).added == 5
    assert live_ids(uploads._settings) == {"late.txt", *STORIES}
    assert uploads.status().articles == 5


def test_a_file_of_the_same_name_takes_the_place_of_the_old_one(uploads, tmp_path) -> None:
    for text in ("It rained.", "It snowed."):
        folder = write(tmp_path / text[:4], {"a.txt": f"date 2023-12-01 News\n\n{text}"})
        uploads.take([folder / "a.txt"])
        report = _indexed(uploads)
    assert (report.changed, report.articles) == (1, 1)


@pytest.mark.parametrize(
    "name",
    ["../../out.txt", "/etc/out.txt", "..\\..\\out.txt", "a/../../../out.txt", "C:\\out.txt"],
)
def test_no_name_in_an_archive_leads_out_of_the_folder(uploads, tmp_path, name) -> None:
    uploads.take([_zip(tmp_path / "evil.zip", {name: "date 2023-12-01 News\n\nText."})])
    written = [path for path in tmp_path.rglob("*out.txt*") if path.is_file()]
    assert len(written) == 1
    assert written[0].resolve().is_relative_to(uploads.folder.resolve())
    assert _indexed(uploads).articles == 1


def test_an_archive_that_unpacks_to_too_much_is_refused(uploads, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(kept_in, "LARGEST", 1000)
    bomb = _zip(tmp_path / "bomb.zip", {"a.txt": "x" * 5000})
    (refused,) = uploads.take([bomb])
    assert str(refused).startswith("bomb.zip: cannot be kept: it unpacks to more than")
    monkeypatch.setattr(kept_in, "MOST", 1)
    (refused,) = uploads.take([_zip(tmp_path / "many.zip", {"a.txt": "", "b.txt": ""})])
    assert "at most 1 are taken" in str(refused)


def test_what_is_no_article_is_named_and_the_rest_goes_in(uploads, tmp_path) -> None:
    (tmp_path / "photo.txt").write_bytes(bytes(range(256)) * 9)
    good = write(tmp_path / "new", {"late.txt": "date 2023-12-01 Late news\n\nIt rained."})
    uploads.take([tmp_path / "photo.txt", good / "late.txt"])
    report = _indexed(uploads)
    assert report.added == 1
    assert [Path(one.location).name for one in report.skipped] == ["photo.txt"]


def test_what_is_taken_out_does_not_come_back(uploads, tmp_path) -> None:
    uploads.take([_zip(tmp_path / "all.zip", STORIES)])
    _indexed(uploads)
    uploads.remove("maui.txt")
    assert "maui.txt" not in live_ids(uploads._settings)
    more = write(tmp_path / "new", {"late.txt": "date 2023-12-01 Late news\n\nIt rained."})
    uploads.take([more / "late.txt"])
    _indexed(uploads)
    assert live_ids(uploads._settings) == {"late.txt", *STORIES} - {"maui.txt"}
    with pytest.raises(BroadsheetError, match="no such article"):
        uploads.remove("maui.txt")


def test_an_article_of_a_file_of_many_leaves_the_others(uploads, tmp_path) -> None:
    lines = [f'{{"id": "{n}", "title": "News {n}", "body": "Text {n}."}}' for n in (1, 2)]
    (tmp_path / "two.jsonl").write_text("\n".join(lines), encoding="utf-8")
    uploads.take([tmp_path / "two.jsonl"])
    _indexed(uploads)
    uploads.remove("1")
    assert live_ids(uploads._settings) == {"2"}
    assert (uploads.folder / "two.jsonl").exists()
