"""The benchmark command: `python -m benchmarks TABLE`; the tables are in `benchmarks/tables/`."""

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.comparison import Comparison
from benchmarks.interleaving import measure
from benchmarks.machine import describe
from benchmarks.peers import PEERS, peers_called
from benchmarks.processes import MeasurementError
from benchmarks.report import as_text
from benchmarks.tables import TABLES, Settings

RUNS, QUICK_RUNS = 5, 1
# The table that compares search results instead of times. It has its own layout.
SEARCH = "search"


def main() -> int:
    """Measure one table and print it; returns 1 if fitgap itself could not be measured."""
    options = parse()
    return search(options) if options.table == SEARCH else timed(options)


def timed(options: argparse.Namespace) -> int:
    """Measure a table of times, rates or sizes and print it."""
    runs = options.runs or (QUICK_RUNS if options.quick else RUNS)
    table = TABLES[options.table]
    with tempfile.TemporaryDirectory(prefix="fitgap-benchmark-") as folder:
        comparisons = table.comparisons(Settings(quick=options.quick, folder=Path(folder)))
        chosen = without_absent(comparisons, {name for given in options.without for name in peers_called(given)})
        try:
            rows = measure(options.table, chosen, runs, report)
        except MeasurementError as error:
            report(f"fitgap could not be measured: {error}")
            return 1
    if options.json:
        print(json.dumps([row.plain() for row in rows], indent=2, ensure_ascii=False))
        return 0
    packages = {package for comparison in chosen for package in PEERS[comparison.peer].distributions}
    print(*describe(sorted(packages)), *table.explanation, sep="\n")
    print(f"medians of {runs} interleaved runs (lowest–highest){', QUICK: too short to rely on' * options.quick}\n")
    print(as_text(rows))
    return 0


def search(options: argparse.Namespace) -> int:
    """Run the searches of the table `search` that are not cached yet, and print the table."""
    from benchmarks.search.contests import PEERS as RIVALS
    from benchmarks.search.problems import PROBLEMS
    from benchmarks.search.table import EXPLANATION, judgements
    from benchmarks.search.text import as_text, summary

    problems = options.problem or list(PROBLEMS)
    if unknown := set(problems) - set(PROBLEMS):
        report(f"--problem {min(unknown)}: no such problem; there are {', '.join(PROBLEMS)}")
        return 2
    unwanted = {name for given in options.without for name in peers_called(given)}
    peers = [name for name in RIVALS if name not in unwanted and is_installed(name)]
    found = list(judgements(problems, peers, options.runs, options.quick, report))
    if options.json:
        print(json.dumps([each.plain() for each in found], indent=2, ensure_ascii=False))
        return 0
    print(*describe(sorted({each for name in peers for each in PEERS[name].distributions})), *EXPLANATION, sep="\n")
    print("QUICK: too short to rely on" * options.quick)
    print(as_text(found), summary(found), sep="\n\n")
    return 0


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Compare fitgap with its peers.")
    parser.add_argument("table", choices=(*TABLES, SEARCH), help="table to measure")
    parser.add_argument("--quick", action="store_true", help="a short run, to check that it works")
    parser.add_argument("--json", action="store_true", help="print a list of rows instead of a table")
    parser.add_argument("--without", action="append", default=[], metavar="PEER", help="peer to leave out; repeatable")
    runs = f"runs of every measurement (default: {RUNS}); for {SEARCH}, seeds"
    parser.add_argument("--runs", type=int, metavar="N", help=runs)
    parser.add_argument("--problem", action="append", help=f"problem of {SEARCH}; repeatable (default: all)")
    options = parser.parse_args()
    unknown = [name for name in options.without if not peers_called(name)]
    if unknown:
        parser.error(f"--without {unknown[0]}: no such peer; there are {', '.join(PEERS)}")
    if options.runs is not None and options.runs < 1:
        parser.error(f"--runs {options.runs}: must be at least 1")
    return options


def without_absent(comparisons: Sequence[Comparison], unwanted: set[str]) -> list[Comparison]:
    """The comparisons whose peer is wanted and installed; each missing peer is reported once."""
    wanted = [comparison for comparison in comparisons if comparison.peer not in unwanted]
    for name in dict.fromkeys(comparison.peer for comparison in wanted):
        if not is_installed(name):
            unwanted = unwanted | {name}
    return [comparison for comparison in wanted if comparison.peer not in unwanted]


def is_installed(name: str) -> bool:
    """Whether a peer is installed; it is reported if not."""
    missing = PEERS[name].missing()
    if missing:
        report(f"left out: {name} ({', '.join(missing)} not installed; pip install '.[bench]')")
    return not missing


def report(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
