"""Table `search`: the lowest error after equally many trials, compared with the samplers of peers.

It has its own layout, because it shows differences and their standard errors instead of times and ratios.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from threadpoolctl import threadpool_limits

from benchmarks.search.contests import CONTESTS, SEEDS, Contest
from benchmarks.search.judgement import Judgement, judged
from benchmarks.search.problems import missing
from benchmarks.search.runs import OURS, KnownRuns, Run

QUICK_SEEDS, QUICK_BUDGETS = 3, (12,)
Report = Callable[[str], None]
EXPLANATION = (
    "search: the mean over seeds of the lowest error after as many trials, ± its standard error, by fitgap's methods",
    "in generations of 1, 8 and 32 and by samplers of peers, which propose one trial at a time and know all earlier",
    "results. Nothing is trained: errors are looked up or computed. Lower is better. digits: honest E_v of 4,608",
    "recorded networks. phoneme, segment: tables of HPOBench, minus the lowest error. The others: functions of four",
    "numbers from COCO's bbob, log10 of the distance to the lowest value. digits-front: the networks of digits, by",
    "error and number of parameters: the share of the best trade-off that was not found. The difference is ours minus",
    "theirs, by seed; within two of its standard errors it says nothing.",
)


def judgements(
    problems: Sequence[str], peers: Sequence[str], seeds: int | None, quick: bool, report: Report
) -> Iterator[Judgement]:
    """The rows of the table: all contests of these problems against these peers."""
    known = KnownRuns(cache_file())
    with threadpool_limits(1):
        for problem in problems:
            if module := missing(problem):
                report(f"left out: {problem} ({module} not installed; pip install '.[bench]')")
                continue
            for contest in CONTESTS:
                if contest.peer in peers and problem in contest.problems:
                    yield from of_contest(problem, shortened(contest, quick), known, seeds or SEEDS, report)


def shortened(contest: Contest, quick: bool) -> Contest:
    """The contest, shortened if `quick`."""
    if not quick:
        return contest
    return replace(contest, budgets=QUICK_BUDGETS, most_seeds=QUICK_SEEDS, generations=contest.generations[:2])


def of_contest(problem: str, contest: Contest, known: KnownRuns, seeds: int, report: Report) -> Iterator[Judgement]:
    """The rows of one contest on one problem."""
    count, trials = min(seeds, contest.most_seeds), max(contest.budgets)
    report(f"search: {problem}, {contest.method} and {contest.sampler} of {contest.peer}, {count} seeds")

    def found(who: str, method: str, generation: int) -> list[list[float]]:
        return [known.scores(Run(problem, who, method, generation, seed, trials)) for seed in range(count)]

    theirs = found(contest.peer, contest.sampler, 1)
    for generation in contest.generations:
        ours = found(OURS, contest.method, generation)
        for budget in contest.budgets:
            yield judged(
                *([scores[min(budget, len(scores)) - 1] for scores in side] for side in (ours, theirs)),
                problem=problem,
                method=contest.method,
                generation=generation,
                peer=contest.peer,
                sampler=contest.sampler,
                trials=budget,
            )


def cache_file() -> Path:
    """The file that caches finished searches, so that an interrupted table can be continued."""
    folder = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(folder) / "fitgap" / "benchmark-search.jsonl"
