"""From rows to figures, each with its count and interval. Pure functions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from statistics import median, quantiles

from evals.metrics import wilson_interval
from evals.rows import Row

TOPS = (1, 4, 10)


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure: a share of `count` cases with its 95 % interval, or a mean without one."""

    name: str
    value: float
    count: int
    low: float | None = None
    high: float | None = None
    unit: str = ""


def figures(rows: Sequence[Row]) -> list[Figure]:
    """Return all figures that the rows carry, retrieval first."""
    asked = [row for row in rows if row.asked]
    return [*_finding(rows), *_answering(asked), *_citing(asked), *_costs(asked)]


def share(name: str, hits: Iterable[bool]) -> Figure | None:
    """Return a share with its interval (Wilson 1927); None without cases."""
    cases = list(hits)
    if not cases:
        return None
    low, high = wilson_interval(sum(cases), len(cases))
    return Figure(name, sum(cases) / len(cases), len(cases), low, high)


def _finding(rows: Sequence[Row]) -> list[Figure]:
    located = [row for row in rows if row.evidence]
    quoted = [row for row in located if row.quotes]
    made = [
        *_ranks("evidence article", located, lambda row: row.article_rank),
        *_ranks("evidence sentence in passage", quoted, lambda row: row.passage_rank),
        *_ranks(
            "the same, one article needed",
            [row for row in quoted if row.evidence == 1 and len(quoted) > len(located) / 2],
            lambda row: row.passage_rank,
        ),
        *_ranks("gold article", [row for row in rows if row.gold], lambda row: row.gold_rank),
        share(
            "evidence sentence shown to the model",
            (row.shown for row in quoted if row.shown is not None),
        ),
    ]
    return [figure for figure in made if figure]


def _ranks(
    name: str, rows: Sequence[Row], rank: Callable[[Row], int | None]
) -> list[Figure | None]:
    ranks = [rank(row) for row in rows]
    tops = [share(f"{name} in first {top}", ((r or 99) <= top for r in ranks)) for top in TOPS]
    if not ranks:
        return []
    reciprocal = sum(1.0 / r for r in ranks if r) / len(ranks)
    return [*tops, Figure(f"{name}, MRR", reciprocal, len(ranks))]


def _answering(rows: Sequence[Row]) -> list[Figure]:
    able = [row for row in rows if row.answerable]
    silent = [row for row in rows if not row.answerable]
    told = [row for row in rows if not row.abstained]
    types = dict.fromkeys(row.type for row in able)
    kinds = dict.fromkeys(row.type for row in silent)
    made = [
        share("correct", (row.correct or False for row in able)),
        *(share(f"correct: {t}", (r.correct or False for r in able if r.type == t)) for t in types),
        share("drafted correct, before the check", _known(row.drafted for row in able)),
        share("abstained where it should not", (row.abstained for row in able)),
        share("abstained where it should", (row.abstained for row in silent)),
        *(share(f"abstained: {t}", (r.abstained for r in silent if r.type == t)) for t in kinds),
        share("wrong among those answered", (not row.correct for row in told)),
    ]
    if able and silent:
        right = sum(row.abstained for row in silent) / len(silent)
        kept = sum(not row.abstained for row in able) / len(able)
        made.append(Figure("balanced accuracy of abstaining", (right + kept) / 2, len(rows)))
    return [figure for figure in made if figure]


def _known(outcomes: Iterable[bool | None]) -> list[bool]:
    """The outcomes, unknown ones as failed; none where all are unknown, as for the stock chain."""
    cases = list(outcomes)
    return [bool(case) for case in cases] if any(case is not None for case in cases) else []


def _citing(rows: Sequence[Row]) -> list[Figure]:
    if not any(row.cited for row in rows):
        return []
    told = [row for row in rows if row.answerable and not row.abstained and row.evidence]
    quoted = [row for row in told if row.quotes]
    made = [
        share("citation precision by article", _spread(told, lambda row: row.by_article)),
        share("citation precision by span", _spread(quoted, lambda row: row.by_span)),
        share("citation recall by article", _found(told, lambda row: row.articles_found)),
        share("citation recall by span", _found(quoted, lambda row: row.spans_found)),
        share("quotes exact", _spread(rows, lambda row: len(row.cited) - row.inexact)),
    ]
    late = sum(row.late for row in rows)
    cited = sum(len(row.cited) for row in rows)
    return [*(f for f in made if f), Figure("citations later than as_of", late, cited, unit="n")]


def _spread(rows: Iterable[Row], right: Callable[[Row], int]) -> list[bool]:
    return [at < right(row) for row in rows for at in range(len(row.cited))]


def _found(rows: Iterable[Row], found: Callable[[Row], int]) -> list[bool]:
    made: list[bool] = []
    for row in rows:
        needed = 1 if row.any_of else row.evidence
        made += [at < found(row) for at in range(needed)]
    return made


def _costs(rows: Sequence[Row]) -> list[Figure]:
    made: list[Figure] = []
    stages = {"first token": "first_token", "whole answer": "total", "evidence": "evidence"}
    for name, stage in stages.items():
        times = [row.seconds[stage] for row in rows if stage in row.seconds]
        if len(times) > 1:
            made.append(Figure(f"{name}, p50", median(times), len(times), unit="s"))
            made.append(Figure(f"{name}, p95", quantiles(times, n=20)[-1], len(times), unit="s"))
    read = [row.tokens[0] for row in rows if row.tokens[0]]
    if read:
        made.append(Figure("prompt tokens, p50", median(read), len(read), unit="n"))
    return made
