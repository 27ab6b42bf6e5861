"""Runs of searches, and a file that caches their scores, so that an interrupted table can be continued."""

import ast
import hashlib
import json
from dataclasses import asdict, dataclass
from functools import cache
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

from benchmarks.search.contests import OPTUNA, OPTUNA_CMAES, OPTUNA_GP, RUSTUNA
from benchmarks.search.problem import Outcome, Problem
from benchmarks.search.problems import PROBLEMS, problem_of

OURS = "fitgap"
ROOT = Path(__file__).parents[2]
# The module of each peer's samplers, and the distributions whose versions determine what they find.
PEERS = {
    OPTUNA: ("peers.optuna_samplers", ("optuna",)),
    OPTUNA_CMAES: ("peers.optuna_samplers", ("optuna", "cmaes")),
    OPTUNA_GP: ("peers.optuna_samplers", ("optuna", "torch")),
    RUSTUNA: ("peers.rustuna_samplers", ("rustuna",)),
}
# The files in `runner/search` that only one method uses.
METHOD_FILES = {"tpe": "tpe", "gp": "gp", "cmaes": "cmaes", "nsga2": "nsga2", "random": "random_points"}
METHOD_FILES |= {"sobol": "sobol_points", "advice": "nearest"}


@dataclass(frozen=True)
class Run:
    """One search: the problem, the program that searches, its method, the seed, and the number of trials."""

    problem: str
    who: str
    method: str
    generation: int
    seed: int
    trials: int

    def scores(self) -> list[float]:
        """The scores after 1, 2, … trials."""
        problem = problem_of(self.problem, self.seed)
        return problem.scores(self._outcomes(problem))

    def _outcomes(self, problem: Problem) -> list[Outcome]:
        if self.who == OURS:
            from benchmarks.ours.searching import outcomes

            return outcomes(problem, self.method, self.generation, self.seed, self.trials)
        module, _ = PEERS[self.who]
        peer = import_module(f"benchmarks.{module}")
        found: list[Outcome] = peer.outcomes(problem, self.method, self.seed, self.trials)
        return found


class KnownRuns:
    """A cache of runs in a file of JSON lines. It ignores runs made by other code or versions."""

    def __init__(self, path: Path):
        self._path = path
        self._found: dict[str, list[float]] = {}
        if path.exists():
            for line in path.read_text().splitlines():
                entry = json.loads(line)
                self._found[entry["key"]] = entry["scores"]

    def scores(self, run: Run) -> list[float]:
        """The scores of a run after 1, 2, … trials; runs it if they are not cached."""
        key = json.dumps({**asdict(run), "made_by": made_by(run.who, run.method, run.problem)}, sort_keys=True)
        if key not in self._found:
            self._found[key] = run.scores()
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("a") as file:
                file.write(json.dumps({"key": key, "scores": self._found[key]}) + "\n")
        return self._found[key]


@cache
def made_by(who: str, method: str, problem: str) -> str:
    """A hash of what determines the result of a search besides its settings: code, without comments, and versions."""
    meaning = [ast.dump(ast.parse(path.read_text())) for path in (*code_of(who, method), code_of_problem(problem))]
    versions = [version(each) for each in PEERS[who][1]] if who != OURS else []
    return hashlib.sha256(json.dumps([meaning, versions]).encode()).hexdigest()[:16]


def code_of(who: str, method: str) -> list[Path]:
    """The files that make proposals: for fitgap, all but those of other methods; for a peer, its own."""
    if who != OURS:
        return [ROOT / "benchmarks" / f"{PEERS[who][0].replace('.', '/')}.py"]
    others = {*METHOD_FILES.values()} - {METHOD_FILES.get(method)}
    shared = [path for path in sorted((ROOT / "runner" / "search").glob("*.py")) if path.stem not in others]
    return [*shared, ROOT / "runner" / "spec" / "generation_sizes.py"]


def code_of_problem(problem: str) -> Path:
    """The file that defines a problem."""
    return ROOT / "benchmarks" / "search" / f"{PROBLEMS[problem].module}.py"
