"""Percentiles, ratios and samples, on cases counted by hand."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from benchmarks.answer_figures import headline_of, numbers_of
from benchmarks.archives import open_archive, text_files
from benchmarks.figures import percentile, ratios, shares_of, spread
from benchmarks.questions import Asked, load_questions, sample
from benchmarks.sides import Row


def test_percentiles_lie_between_the_values_around_them() -> None:
    assert percentile([4.0, 1.0, 3.0, 2.0], 0.5) == 2.5
    assert percentile([10.0], 0.95) == 10.0
    assert percentile(list(range(101)), 0.95) == 95
    with pytest.raises(ValueError, match="no values"):
        percentile([], 0.5)


def test_a_spread_of_nothing_says_so() -> None:
    assert spread([]) == {"n": 0}
    assert spread([1.0, 3.0])["p50"] == 2.0


def test_ratio_of_medians_and_median_of_ratios_are_told_apart() -> None:
    found = ratios([1.0, 2.0, 9.0], [2.0, 8.0, 9.0])
    assert found == {"of_medians": 0.25, "p50": 0.5, "min": 0.25, "max": 1.0}
    with pytest.raises(ValueError):
        ratios([1.0], [1.0, 2.0])


def test_shares_follow_the_sizes_and_add_up() -> None:
    sizes = {"single": 70, "numeric": 25, "multi": 15, "unanswerable": 40}
    assert shares_of(sizes, 30) == {"single": 14, "numeric": 5, "multi": 3, "unanswerable": 8}
    assert shares_of(sizes, 999) == sizes


def test_a_sample_is_the_same_each_time_and_in_proportion() -> None:
    questions = [Asked(f"q{n}", "single" if n % 3 else "numeric", "?", ["x"]) for n in range(30)]
    first = sample(questions, 9, seed=7)
    assert first == sample(questions, 9, seed=7)
    assert first != sample(questions, 9, seed=8)
    assert Counter(one.type for one in first) == {"single": 6, "numeric": 3}


def test_answers_of_unanswerable_questions_are_not_read(tmp_path: Path) -> None:
    file = tmp_path / "set.jsonl"
    record = {"id": "a", "type": "unanswerable", "question": "Who?", "answers": ["nobody"]}
    file.write_text(json.dumps(record) + "\n\n", encoding="utf-8")
    assert load_questions(file) == [Asked("a", "unanswerable", "Who?", ())]


def test_outcomes_are_counted_apart_for_both_kinds_of_question() -> None:
    rows = [
        _row("a", "ours", total=1.0, first=0.5, correct=True),
        _row("a", "stock", total=4.0, first=1.0, correct=False),
        _row("b", "ours", total=2.0, first=None, correct=None, abstained=True),
        _row("b", "stock", total=4.0, first=1.0, correct=None),
    ]
    numbers = numbers_of(rows)
    ours = numbers["outcomes_of_this_sample"]["ours"]
    assert (ours["correct_of_answerable"]["count"], ours["correct_of_answerable"]["n"]) == (1, 1)
    assert ours["refused_of_answerable"]["count"] == 0
    assert ours["refused_of_unanswerable"]["count"] == 1
    assert numbers["ratios"]["total"]["of_medians"] == 1.5 / 4.0
    assert numbers["ratios"]["first_token"]["p50"] == 0.5, "only pairs in which both wrote"
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


def _row(
    name: str,
    side: str,
    *,
    total: float,
    first: float | None,
    correct: bool | None,
    abstained: bool = False,
) -> Row:
    return Row(name, "single", side, 0.1, None, first, total, 300, 20, 1, abstained, correct)
