"""Percentiles, ratios and samples, on cases counted by hand."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from benchmarks.answer_latency import headline_of, numbers_of
from benchmarks.archives import open_archive, text_files
from benchmarks.processes import build_beside, free_port, memory, served
from benchmarks.results import in_turn, ratios, spread
from evals.rows import Row


def test_a_95th_percentile_lies_between_the_values_around_it() -> None:
    assert spread(list(range(101))) == {"n": 101, "min": 0, "p50": 50, "p95": 95, "max": 100}
    assert spread([4.0, 1.0])["p95"] == pytest.approx(3.85)
    assert spread([10.0])["p95"] == 10.0


def test_a_spread_of_nothing_says_so() -> None:
    assert spread([]) == {"n": 0}
    assert spread([1.0, 3.0])["p50"] == 2.0


def test_ratio_of_medians_and_median_of_ratios_are_told_apart() -> None:
    found = ratios([1.0, 2.0, 9.0], [2.0, 8.0, 9.0])
    assert found == {"of_medians": 0.25, "p50": 0.5, "min": 0.25, "max": 1.0}
    with pytest.raises(ValueError):
        ratios([1.0], [1.0, 2.0])


def test_each_side_comes_first_in_turn() -> None:
    order: list[str] = []
    sides = {name: lambda number, name=name: order.append(f"{name}{number}") or 3 for name in "ab"}
    times = in_turn(sides, 2, "things")
    assert order == ["a0", "b0", "b1", "a1"]
    assert [one.amount for one in times["a"]] == [3, 3]


def test_ratios_are_of_questions_for_which_both_sides_wrote() -> None:
    rows = {
        "ours": [row("a", total=1.0, first_token=0.5), row("b", total=2.0)],
        "stock": [row("a", total=4.0, first_token=1.0), row("b", total=4.0, first_token=1.0)],
    }
    numbers = numbers_of(rows)
    assert numbers["ratios"]["total"]["of_medians"] == 1.5 / 4.0
    assert numbers["ratios"]["first_token"]["p50"] == 0.5
    assert numbers["ours"]["evidence"] == {"n": 0}
    assert numbers["stock"]["prompt_tokens"]["p50"] == 300
    assert "0.38 of medians" in headline_of(numbers)


def test_json_lines_become_files_in_the_seeds_format(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("benchmarks.archives.BENCH", tmp_path / "bench")
    records = [
        {"id": "1", "title": "A headline", "body": "A body.", "published_at": "2023-06-18T10:00"},
        {"id": "2", "title": "Undated", "body": "Text."},
    ]
    packed = tmp_path / "news.jsonl"
    packed.write_text("\n".join(json.dumps(record) for record in records), encoding="utf-8")
    first, second = text_files(open_archive(packed))
    assert first.read_text(encoding="utf-8") == "date 2023-06-18 A headline\n\nA body.\n"
    assert second.read_text(encoding="utf-8") == "Undated\n\nText.\n"


SERVER = """
import http.server, subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
print("child", child.pid, flush=True)
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), http.server.SimpleHTTPRequestHandler)\\
    .serve_forever()
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_what_is_served_ends_with_all_that_it_started(tmp_path: Path) -> None:
    port = free_port()
    with served([sys.executable, "-c", SERVER, str(port)], tmp_path, {}, port) as app:
        assert app.wait_for_page(30) > 0
        started = app.processes
        assert len(started) == 2
        assert all(memory(process)["Pss"] > 0 for process in started)
    assert all(memory(process) == {} for process in started)


def test_a_build_beside_that_cannot_work_ends_the_run(tmp_path: Path) -> None:
    with (
        pytest.raises(SystemExit, match="the command ended"),
        build_beside(tmp_path / "absent", tmp_path / "home"),
    ):
        pass


def row(name: str, **seconds: float) -> Row:
    return Row(name, "single", answerable=True, seconds=seconds, tokens=(300, 20))
