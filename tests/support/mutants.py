"""Mutation testing: random small changes to the program, and whether the tests notice.

    python tests/support/mutants.py --count 300 --seed 1 --tests tests/core tests/runner > mutants.csv

Run it in a checkout of its own with its own virtual environment (and `pip install pytest-cov`): it changes files there.
A first run of the tests records which test runs which line. Each mutant is then tried on the tests that run its line.
`--only FILE --option=-m=` tries the survivors on the nightly tests too, which shows what sampling misses.
"""

import argparse
import ast
import csv
import importlib
import os
import random
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# The sources of numbers, rows and filters, where mistakes are worst.
TARGETS = ("core", "runner/store/write", "runner/driver", "runner/store/filter")
FAILING = ROOT / ".coverage-failing"
SECONDS = 300
FIRST = 60
# Packages loaded before pytest are not rewritten by it, which does not matter here.
OPTIONS = ("-q", "-x", "-n", "0", "-p", "no:cacheprovider", "-W", "ignore::pytest.PytestAssertRewriteWarning")
PACKAGES = (
    "alembic",
    "hypothesis",
    "numpy",
    "polars",
    "psycopg",
    "rich",
    "ruamel.yaml",
    "sqlalchemy",
    "typer",
    "xdist",
)
COMPARISONS = {ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq}
ARITHMETIC = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.FloorDiv: ast.Mult}


@dataclass(frozen=True)
class Mutant:
    """One change: the file, the line, what is changed, and the text of the changed file."""

    file: str
    line: int
    change: str
    text: str


def mutants_of(file: Path) -> Iterator[Mutant]:
    """Every mutant of a file."""
    text = file.read_text(encoding="utf-8")
    count = len(list(places(ast.parse(text))))
    for number in range(count):
        tree = ast.parse(text)
        node = list(places(tree))[number]
        before = ast.unparse(node)
        change(node)
        yield Mutant(str(file.relative_to(ROOT)), node.lineno, f"{before} -> {ast.unparse(node)}", ast.unparse(tree))


def places(tree: ast.AST) -> Iterator[ast.AST]:
    """The nodes that can be changed, except in annotations."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            for statement in node.body:
                yield from (each for each in ast.walk(statement) if can_change(each))


def can_change(node: ast.AST) -> bool:
    match node:
        case ast.Compare(ops=[operator]):
            return type(operator) in COMPARISONS
        case ast.BinOp(op=operator):
            return type(operator) in ARITHMETIC
        case ast.BoolOp() | ast.UnaryOp(op=ast.Not()):
            return True
        case ast.Constant(value=value):
            return isinstance(value, int | float)
    return False


def change(node: ast.AST) -> None:
    """Change a node in place."""
    match node:
        case ast.Compare():
            node.ops = [COMPARISONS[type(node.ops[0])]()]
        case ast.BinOp():
            node.op = ARITHMETIC[type(node.op)]()
        case ast.BoolOp():
            node.op = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        case ast.UnaryOp():
            node.op, node.operand = ast.Not(), ast.UnaryOp(ast.Not(), node.operand)
        case ast.Constant():
            node.value = not node.value if isinstance(node.value, bool) else node.value + 1


def record_coverage(tests: list[str]) -> None:
    """Run the tests once, and record which test runs which line. Tests that fail without a mutant are left out."""
    options = ["-n", "2", "-p", "no:cacheprovider", "--cov=core", "--cov=runner", "--cov-context=test", "--cov-report="]
    line = [sys.executable, "-m", "pytest", "-q", "-rf", *options, *tests]
    done = subprocess.run(line, cwd=ROOT, capture_output=True, text=True, check=False)
    FAILING.write_text("\n".join(re.findall(r"^FAILED (.+?)(?: - .*)?$", done.stdout, re.MULTILINE)), encoding="utf-8")
    print(done.stdout[-500:], file=sys.stderr)


def tests_of(mutant: Mutant) -> list[str]:
    """The tests that run the line of a mutant, starting with those that run the fewest lines."""
    from coverage.numbits import num_in_numbits

    return [name for name, bits in recorded_tests(mutant.file) if num_in_numbits(mutant.line, bits)]


@cache
def recorded_tests(file: str) -> list[tuple[str, bytes]]:
    """Each test that runs a file, with the lines it runs in the format of coverage.py."""
    query = """SELECT context.context, line_bits.numbits
        FROM line_bits JOIN context ON context.id = context_id JOIN file ON file.id = file_id WHERE file.path = ?"""
    with closing(sqlite3.connect(ROOT / ".coverage")) as connection:
        rows = [(context.partition("|")[0], bits) for context, bits in connection.execute(query, [str(ROOT / file)])]
    failing = {"", *FAILING.read_text(encoding="utf-8").splitlines()}
    sizes = lines_run()
    return sorted(((name, bits) for name, bits in rows if name not in failing), key=lambda row: sizes[row[0]])


@cache
def lines_run() -> dict[str, int]:
    """How many bytes of line numbers coverage.py stores for each test: a rough measure of how much it runs."""
    query = (
        "SELECT context.context, sum(length(numbits)) FROM line_bits JOIN context ON context.id = context_id GROUP BY 1"
    )
    with closing(sqlite3.connect(ROOT / ".coverage")) as connection:
        return {context.partition("|")[0]: size for context, size in connection.execute(query)}


def is_killed(mutant: Mutant, tests: list[str], options: list[str]) -> bool:
    """Whether a test fails or does not end with this change."""
    file = ROOT / mutant.file
    before = file.read_text(encoding="utf-8")
    file.write_text(mutant.text, encoding="utf-8")
    # The first few tests kill most mutants. If there are more, whole files make a shorter command line.
    files = list(dict.fromkeys(name.partition("::")[0] for name in tests))
    try:
        return fails(tests[:FIRST], options) or (len(tests) > FIRST and fails(files, options))
    finally:
        file.write_text(before, encoding="utf-8")


def fails(tests: list[str], options: list[str]) -> bool:
    """Whether a test fails or does not end, in a forked child that has loaded all packages except ours."""
    child = os.fork()
    if child == 0:
        os.setsid()
        os._exit(exit_code([*options, *tests]))
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            # Exit code 5: there was nothing to run, for example because all of these tests are nightly.
            return os.waitstatus_to_exitcode(status) not in (0, 5)
        time.sleep(0.02)
    os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return True


def exit_code(arguments: list[str]) -> int:
    """Run pytest with its output discarded; returns its exit code."""
    os.chdir(ROOT)
    nothing = os.open(os.devnull, os.O_RDWR)
    for number in range(3):
        os.dup2(nothing, number)
    try:
        return int(pytest.main([*OPTIONS, *arguments]))
    except BaseException:
        return 1


def load() -> None:
    """Load the packages that are slow to load, for the forked children."""
    os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"))
    sys.dont_write_bytecode = True
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    for name in PACKAGES:
        importlib.import_module(name)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", help="a CSV file of an earlier run: try those that survived it")
    parser.add_argument("--option", action="append", default=[], help="an option of pytest, such as -m=")
    parser.add_argument("--recorded", action="store_true", help="use the recorded coverage of an earlier run")
    parser.add_argument("--tests", nargs="+", default=["tests/core", "tests/runner"])
    options = parser.parse_args()
    load()
    if not options.recorded:
        record_coverage(options.tests)
    every = [each for target in TARGETS for file in sorted((ROOT / target).rglob("*.py")) for each in mutants_of(file)]
    covered = [each for each in random.Random(options.seed).sample(every, len(every)) if tests_of(each)][
        : options.count
    ]
    if options.only:
        with open(options.only, encoding="utf-8") as file:
            survived = {
                (row["file"], row["change"], int(row["line"])) for row in csv.DictReader(file) if row["killed"] == "0"
            }
        covered = [each for each in covered if (each.file, each.change, each.line) in survived]
    if fails(tests_of(covered[0])[:FIRST], options.option):
        raise SystemExit("the tests fail without any change")
    writer = csv.writer(sys.stdout)
    writer.writerow(["file", "line", "change", "tests", "killed"])
    for mutant in covered:
        tests = tests_of(mutant)
        killed = is_killed(mutant, tests, options.option)
        writer.writerow([mutant.file, mutant.line, mutant.change, len(tests), int(killed)])
        sys.stdout.flush()


if __name__ == "__main__":
    main()
