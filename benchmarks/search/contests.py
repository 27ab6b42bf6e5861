"""The contests: a method of fitgap and a sampler of a peer, with the trials, seeds and problems to compare."""

from dataclasses import dataclass

from benchmarks.search.problems import PROBLEMS

# Names of peers; some of Optuna's samplers need another package.
OPTUNA, OPTUNA_CMAES, OPTUNA_GP, RUSTUNA = PEERS = ("optuna", "optuna-cmaes", "optuna-gp", "rustuna")
BUDGETS = (30, 100, 300)
SEEDS = 20
# Proposals per generation. Peers always propose one at a time and know all earlier results.
GENERATIONS = (1, 8, 32)
# Problems with two objectives, and those in which only the error is minimized.
FRONTS = ("digits-front",)
ERRORS = tuple(name for name in PROBLEMS if name not in FRONTS)


@dataclass(frozen=True)
class Contest:
    """A comparison of a method with a sampler on the same seeds. Slow samplers get fewer seeds, trials and problems."""

    method: str
    peer: str
    sampler: str
    generations: tuple[int, ...] = GENERATIONS
    budgets: tuple[int, ...] = BUDGETS
    most_seeds: int = SEEDS
    problems: tuple[str, ...] = ERRORS


# Optuna's Gaussian process takes up to a minute of CPU time for 100 trials.
SLOW = ("digits", "phoneme", "rastrigin", "rosenbrock")
CONTESTS = (
    Contest("tpe", OPTUNA, "tpe"),
    Contest("cmaes", OPTUNA_CMAES, "cmaes"),
    Contest("random", OPTUNA, "random", generations=(1,)),
    Contest("sobol", OPTUNA, "qmc", generations=(1,)),
    Contest("tpe", RUSTUNA, "tpe"),
    Contest("nsga2", OPTUNA, "nsga2", problems=FRONTS),
    Contest("gp", OPTUNA_GP, "gp", budgets=(30, 100), most_seeds=10, problems=SLOW),
)
