"""Searches, each of which runs once: what they found is kept in a file, so that a table can be continued."""

import ast
import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import cache
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

from benchmarks.search.contests import OPTUNA, RUSTUNA
from benchmarks.search.problem import Problem
from benchmarks.search.problems import problem_of

OURS = "fitgap"
ROOT = Path(__file__).parents[2]
# Where peers search, and the distributions whose versions decide what they find.
PEERS = {
    OPTUNA: ("peers.optuna_samplers", ("optuna", "cmaes")),
    RUSTUNA: ("peers.rustuna_samplers", ("rustuna",)),
}
# The files in `runner/search` that only one method uses.
METHOD_FILES = {"tpe": "tpe", "gp": "gp", "cmaes": "cmaes", "nsga2": "nsga2", "random": "random_points"}
METHOD_FILES |= {"sobol": "sobol_points", "advice": "nearest"}


@dataclass(frozen=True)
class Run:
    """One search: who searches which problem by which method, with what seed, and for how many trials."""

    problem: str
    who: str
    method: str
    generation: int
    seed: int
    trials: int

    def scores(self) -> list[float]:
        """What had been found after 1, 2, … trials."""
        problem = problem_of(self.problem, self.seed)
        return list(best_so_far(problem, self._errors(problem)))

    def _errors(self, problem: Problem) -> list[float]:
        if self.who == OURS:
            from benchmarks.ours.searching import errors_found

            return errors_found(problem, self.method, self.generation, self.seed, self.trials)
        module, _ = PEERS[self.who]
        found: list[float] = import_module(f"benchmarks.{module}").errors_found(
            problem, self.method, self.seed, self.trials
        )
        return found


def best_so_far(problem: Problem, errors: list[float]) -> Iterator[float]:
    """The score of the lowest error among the first 1, 2, … errors."""
    lowest = float("inf")
    for error in errors:
        lowest = min(lowest, error)
        yield problem.score(lowest)


class KnownRuns:
    """The runs in a file of JSON lines. One that other code or another version has made is not known."""

    def __init__(self, path: Path):
        self._path = path
        self._found: dict[str, list[float]] = {}
        if path.exists():
            for line in path.read_text().splitlines():
                entry = json.loads(line)
                self._found[entry["key"]] = entry["scores"]

    def scores(self, run: Run) -> list[float]:
        """What a run found after 1, 2, … trials; it runs now if it is not known."""
        key = json.dumps({**asdict(run), "made_by": made_by(run.who, run.method)}, sort_keys=True)
        if key not in self._found:
            self._found[key] = run.scores()
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("a") as file:
                file.write(json.dumps({"key": key, "scores": self._found[key]}) + "\n")
        return self._found[key]


@cache
def made_by(who: str, method: str) -> str:
    """What decides the result of a search besides its settings: versions of a peer, and code, without comments."""
    others = {*METHOD_FILES.values()} - {METHOD_FILES.get(method)}
    ours = [path for path in sorted((ROOT / "runner/search").glob("*.py")) if path.stem not in others]
    theirs = [ROOT / "benchmarks" / f"{PEERS[who][0].replace('.', '/')}.py"] if who != OURS else ours
    problems = sorted((ROOT / "benchmarks/search").glob("*table*.py")) + [ROOT / "benchmarks/search/functions.py"]
    meaning = [ast.dump(ast.parse(path.read_text())) for path in (*theirs, *problems)]
    versions = [version(each) for each in PEERS[who][1]] if who != OURS else []
    return hashlib.sha256(json.dumps([meaning, versions]).encode()).hexdigest()[:16]
