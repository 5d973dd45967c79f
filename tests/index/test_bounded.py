"""A file over which a parser runs away is skipped with the reason, and the others are read."""

import gzip
import lzma
import os
import time
from pathlib import Path

import pytest

from index.readers import bounded, read_articles
from index.readers.kinds import format_of_bytes
from index.types import Article, Skipped


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "zoo.txt").write_text("date 2023-05-02 A zoo opens\n\nIt has two bears.\n")
    return tmp_path


PAGE = f"<html><body><p>{'The bears are called Ada and Bo. ' * 20}</p>{' ' * 20_000}</body></html>"


def read(folder: Path) -> tuple[list[str], list[Skipped]]:
    items = list(read_articles([folder]))
    skipped = [item for item in items if isinstance(item, Skipped)]
    return [item.id for item in items if isinstance(item, Article)], skipped


def children() -> set[str]:
    return set(Path(f"/proc/self/task/{os.getpid()}/children").read_text().split())


@pytest.mark.slow
def test_a_page_over_which_its_parser_runs_away_costs_seconds_and_no_other_file(folder):
    (folder / "front.md").write_text("---\n" + "- [a, b]\n" * 270_000 + "---\nA text.\n")  # 2.4 MB
    (folder / "links.md").write_text("![" * 400_000)
    (folder / "after.html").write_text(PAGE)
    began = os.times()
    ids, skipped = read(folder)
    ended = os.times()
    assert ids == ["after.html", "zoo.txt"]
    assert [(Path(one.location).name, one.reason) for one in skipped] == [
        (name, bounded.TOO_LONG) for name in ("front.md", "links.md")
    ]
    assert ended.children_user - began.children_user < 20
    assert ended.user - began.user < 3


def test_what_breaks_its_reader_down_costs_the_rest_of_its_file_only(folder, monkeypatch):
    """A process that is killed in mid-file, as by the system, is told and followed by another."""
    lines = (f'{{"title": "Bear {n}", "body": "It is bear {n}."}}\n' for n in range(9000))
    (folder / "bears.jsonl").write_text("".join(lines))
    (folder / "wolf.html").write_text(PAGE)
    before, found, killed = children(), [], 0
    for item in read_articles([folder]):
        found.append(item)
        if isinstance(item, Article) and item.id in ("bears.jsonl#100", "bears.jsonl#200"):
            for process in children() - before:
                os.kill(int(process), 9)
                killed += 1
    assert killed == 2
    ids = [item.id for item in found if isinstance(item, Article)]
    bears = [one for one in ids if one.startswith("bears")]
    assert bears == [f"bears.jsonl#{n}" for n in range(1, len(bears) + 1)]
    assert ids[len(bears) :] == ["wolf.html", "zoo.txt"]
    assert "broke down" in next(item.reason for item in found if isinstance(item, Skipped))
    assert children() == before


def test_what_takes_too_much_memory_is_skipped(folder):
    (folder / "lists.json").write_text('{"a": [' + "[]," * 8_000_000 + "[]]}")
    ids, skipped = read(folder)
    assert ids == ["zoo.txt"]
    assert "memory" in skipped[0].reason


@pytest.mark.parametrize("pack", [gzip, lzma], ids=["gz", "xz"])
def test_a_small_file_that_unpacks_to_hundreds_of_times_its_size_is_left(folder, pack):
    record = b'{"title": "Bear", "body": "One bear.%s"}\n' % (b" And one more." * 70)
    with pack.open(folder / f"bomb.jsonl.{'gz' if pack is gzip else 'xz'}", "wb") as bomb:
        for _ in range(500):
            bomb.write(record * 100)
    ids, skipped = read(folder)
    assert ids[-1] == "zoo.txt"
    assert len(ids) < 40_000
    assert any(one.reason.startswith("it unpacks to more than") for one in skipped)


def test_a_packed_file_of_ordinary_texts_is_read_whole(folder):
    with lzma.open(folder / "bears.jsonl.xz", "wt") as packed:
        for n in range(20_000):
            packed.write(
                f'{{"title": "Bear {n}", "body": "{n * n} was the number of bear {n}."}}\n'
            )
    ids, skipped = read(folder)
    assert len(ids) == 20_001
    assert not skipped


def test_a_file_of_nothing_but_faults_is_summed_up(folder):
    (folder / "faults.jsonl").write_text("1\n" * 30_000)
    _, skipped = read(folder)
    assert len(skipped) == 1001
    assert skipped[0].line == 1
    assert skipped[-1].reason == "29,000 more of this file are skipped"


def test_lists_that_stand_for_lists_are_not_unfolded(folder):
    """Twelve lines of nine aliases each would be 9 to the power of 12 words."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    (folder / "laughs.md").write_text("---\n" + "\n".join(lines) + "\ntitle: *a11\n---\nA text.\n")
    (folder / "said.md").write_text("---\ntitle: &name Bears\nsubject: *name\n---\nA text.\n")
    ids, skipped = read(folder)
    assert ids == ["said.md", "zoo.txt"]
    assert "alias" in skipped[0].reason


@pytest.mark.parametrize("piece", [b"<!-- -->\n", b"<!--", b"a-a: b\n b\n", b" ", b"A: b\n"])
def test_first_bytes_are_looked_at_in_no_time(piece):
    began = time.process_time()
    format_of_bytes((piece * 4096)[:4096] + b"x")
    assert time.process_time() - began < 0.2


def test_a_reader_that_is_left_in_the_middle_ends_its_process(folder):
    before = children()
    (folder / "bears.html").write_text(PAGE)
    items = read_articles([folder])
    next(items)
    assert children() != before
    items.close()
    assert children() == before


def test_small_files_need_no_process(folder, monkeypatch):
    monkeypatch.setattr(bounded, "Reader", lambda: pytest.fail("a process was started"))
    assert read(folder) == (["zoo.txt"], [])
