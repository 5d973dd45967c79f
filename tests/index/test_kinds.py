"""Every file below a folder ends as taken in, unchanged, skipped, or of a kind that is not read."""

from __future__ import annotations

import json
from dataclasses import asdict

import pytest

from index.preview import preview_build
from index.progress import report_rows, status_rows
from index.status import index_status
from tests.index.archive import run_build

STORY = "The ferry came late.\n\nNobody on the quay minded."
PAGE = f"<html><body><article><h1>Late ferry</h1><p>{STORY}</p></article></body></html>"
TREE = {
    "news/a.txt": STORY,
    "news/b.text": STORY + " Twice.",
    "news/no-suffix": STORY + " Thrice.",
    "news/c.md": "# Late ferry\n\nNobody minded.",
    "news/d.markdown": "Nobody minded at all.",
    "news/e.jsonl": json.dumps({"body": "One late ferry."}),
    "news/f.ndjson": json.dumps({"body": "Two late ferries."}),
    "news/g.json": json.dumps([{"body": "Three late ferries."}]),
    "news/h.html": PAGE,
    "news/i.htm": PAGE.replace("late", "early"),
    "news/j.xhtml": PAGE.replace("late", "on time"),
    "news/empty.txt": "",
    "news/broken.json": "{",
    "news/draft.md": "---\ndraft: true\n---\nNot yet.",
    "news/README.md": "How to use these files.",
    "news/LICENSE": "You may read them.",
    "news/Makefile": "all:\n\ttrue",
    "news/robots.txt": "User-agent: *",
    "news/k.html": PAGE.replace("late", "gone"),
    "news/k_files/frame.html": "<html><body><p>Accept all cookies?</p></body></html>",
    "news/k_files/pixel.gif": "GIF89a",
    "pictures/a.jpg": "x",
    "pictures/b.PNG": "x",
    "other/a.py": "print()",
    "other/b.css": "p {}",
    "other/c.js": "1",
    "other/d.mp3": "x",
    "other/e.xyz": "x",
    "other/f.exe": "x",
    "other/g.txt~": STORY,
    ".git/config": "x",
    "other/.DS_Store": "x",
}


@pytest.fixture
def tree(tmp_path):
    root = tmp_path / "tree"
    for name, content in TREE.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return root


def test_the_counts_of_a_mixed_folder_add_up_to_its_files(settings, hashed, tree):
    report = run_build(settings, hashed, tree)
    assert report.files == {
        "taken in": 12,
        "unchanged": 0,
        "skipped": 3,
        "of other kinds": len(TREE) - 15,
    }
    assert sum(report.kinds.values()) == report.files["of other kinds"]
    assert report.kinds["README, LICENSE and the like"] == 4
    assert report.kinds["hidden"] == 2
    assert report.kinds["part of a saved page"] == 2
    assert report.kinds[".png"] == 1
    assert report.exit_code == 1  # for the three that were skipped, not for pictures
    again = run_build(settings, hashed, tree)
    assert again.files["unchanged"] == 12
    assert sum(again.files.values()) == len(TREE)


def test_kinds_that_are_not_read_are_told_by_build_preview_and_status(settings, hashed, tree):
    assert preview_build([tree], settings).kinds[".mp3"] == 1
    report = run_build(settings, hashed, tree)
    assert "1 .mp3" in dict(report_rows(report))["not read, by kind"]
    assert "12 taken in" in dict(report_rows(report))["files"]
    status = index_status(settings)
    assert status.kinds == dict(report.kinds)
    assert json.loads(json.dumps(asdict(status), default=str))["kinds"][".mp3"] == 1
    assert "1 .mp3" in dict(status_rows(status))["not read, by kind"]
    (tree / "other" / "d.mp3").unlink()
    run_build(settings, hashed, tree)
    assert ".mp3" not in index_status(settings).kinds


def test_only_pictures_make_no_failure_of_their_own(settings, hashed, tmp_path):
    folder = tmp_path / "news"
    folder.mkdir()
    (folder / "p.png").write_text("x")
    (folder / "a.txt").write_text(STORY)
    assert run_build(settings, hashed, folder).exit_code == 0


def test_settings_in_a_folder_of_code_are_counted_and_no_articles(settings, hashed, tmp_path):
    root = tmp_path / "site"
    root.mkdir()
    (root / "package.json").write_text('{"name": "site", "description": "A site of news."}')
    (root / "tsconfig.json").write_text('{ // no JSON\n "compilerOptions": {} }')
    (root / "story.json").write_text(json.dumps({"title": "Late ferry", "body": STORY}))
    report = run_build(settings, hashed, root)
    assert report.files == {"taken in": 1, "unchanged": 0, "skipped": 0, "of other kinds": 2}
    assert report.kinds == {"settings of programs": 2}
    assert report.exit_code == 0


def test_pages_that_a_table_of_posts_names_are_its_texts(settings, hashed, tmp_path):
    root = tmp_path / "export"
    (root / "posts").mkdir(parents=True)
    (root / "posts" / "1.ferry.html").write_text(f"<p>{STORY}</p>" * 5)
    (root / "posts.csv").write_text("post_id,post_date,title\n1.ferry,2021-03-05,Late ferry\n")
    report = run_build(settings, hashed, root)
    assert (report.files["taken in"], report.undated) == (1, 0)
    assert report.kinds == {"text of posts.csv": 1}
    (root / "posts.csv").write_text("title,text\nLate ferry,It came late.\n")  # of nobody's pages
    assert run_build(settings, hashed, root).files["taken in"] == 2
