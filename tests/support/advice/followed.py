"""Follow the advice: every bad configuration is changed as advised, trained, and measured on fresh examples.

`PYTHONPATH=tests python -m support.advice.followed` prints the tables of docs/explanation/advice.md.
"""

import contextlib
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from multiprocessing import Pool

import numpy as np
from fitgap.core.datasets import Dataset, Division
from fitgap.core.fit_verdicts import Verdict
from fitgap.core.preprocessing import Preparation
from fitgap.core.target_coding import READINGS
from fitgap.runner.diagnosis.explained import judged_reasons
from fitgap.runner.diagnosis.facts import Reason
from fitgap.runner.driver import WrittenSweep, add_configurations, launch_new, launch_stored
from fitgap.runner.engine.placement import placement_of
from fitgap.runner.frames.running import Caller
from fitgap.runner.planning.preparation import PreparedSweep
from fitgap.runner.spec import Configuration, sweep_from_mapping
from fitgap.runner.store import Store, open_store

from support.advice.problems import PROBLEMS, Problem

# Other seeds were used to develop the advice.
SEEDS = range(4000, 4002)
REPEATS = 3
FRESH_EXAMPLES = 20_000
# A configuration is bad if its true excess is at least this share of the lowest true error, and advice on it is good if
# it removes at least this share of the excess.
BAD, HELPED = 0.2, 0.2


@dataclass(frozen=True)
class Followed:
    """The first advice on a bad configuration, and its true excess before and after, as fractions of the lowest
    error.
    """

    problem: str
    configuration: str
    verdict: Verdict
    cause: str
    advice: str
    before: float
    after: float

    @property
    def helped(self) -> bool:
        return self.after <= (1 - HELPED) * self.before


def follow(problem: Problem, seed: int, *, siblings: bool = True) -> list[Followed]:
    """Follow the first advice on every bad configuration of a problem that has a bad verdict."""
    with tempfile.TemporaryDirectory() as folder:
        database = f"{folder}/advice.db"
        prepared = prepared_problem(problem, seed)
        placement = placement_of("local", 1)
        launch_new(prepared, placement, database, Caller(database, ignore))
        with open_store(database) as store:
            before = true_errors(store, prepared, problem, seed)
            advised = list(first_advice(store, siblings))
        wanted = [reason.changes[0].configuration for _, _, reason in advised if reason and reason.changes]

        def change(store: Store) -> WrittenSweep:
            return add_configurations(store, WrittenSweep(1, "advice", prepared), list(dict.fromkeys(wanted))).written

        launch_stored(1, change, placement, database, Caller(database, ignore))
        with open_store(database) as store:
            after = true_errors(store, prepared, problem, seed)
    return list(compared(problem, advised, before, after))


def ignore(line: str) -> None:
    """Ignores messages about the engine."""


def compared(
    problem: Problem,
    advised: Sequence[tuple[Configuration, Verdict, Reason | None]],
    before: dict[str, float],
    after: dict[str, float],
) -> Iterator[Followed]:
    least = min(before.values())
    for configuration, verdict, reason in advised:
        excess = before.get(configuration.hash, np.inf) / least - 1
        if excess < BAD:
            continue
        change = reason.changes[0] if reason and reason.changes else None
        left = after.get(change.configuration.hash, np.inf) / least - 1 if change else excess
        yield Followed(
            problem.name,
            described(configuration),
            verdict,
            reason.found.cause.value if reason else "none",
            f"{change.axis} {change.after}" if change else "none",
            excess,
            left,
        )


def described(configuration: Configuration) -> str:
    parts = [configuration.architecture_label, configuration.activation_label, configuration.regularizer_label]
    return " ".join([*parts, configuration.optimizer.label, f"{configuration.epochs} epochs"])


def first_advice(store: Store, siblings: bool) -> Iterator[tuple[Configuration, Verdict, Reason | None]]:
    """Every configuration with a bad verdict, and the first reason in its diagnosis."""
    settings = {row["hash"]: row["settings"] for row in store.configurations(1)}
    for row, reasons in judged_reasons(store, 1, siblings=siblings):
        configuration = Configuration.from_canonical(settings[row["configuration"]])
        yield configuration, Verdict(row["verdict"]), next(iter(reasons), None)


def prepared_problem(problem: Problem, seed: int) -> PreparedSweep:
    """The sweep of a problem, with its data passed in directly instead of by a source."""
    dataset = problem.load(seed)
    default = "one_per_class" if dataset.target_kind == "classes" else "numbers"
    training = {"outputs": default, "keep": "last", **problem.training}
    common = {"data": "xor", "name": "advice", "seed": seed, "repeats": REPEATS}
    sweeps = [sweep_from_mapping({**common, "training": training, "axes": axes}) for axes in problem.configurations]
    configurations = [configuration for sweep in sweeps for configuration in sweep.configurations()]
    preparation = Preparation(Division(problem.validation), problem.preprocess, "standard")
    reading = READINGS[training["outputs"]]()
    return PreparedSweep(sweeps[0], dataset, preparation, reading, configurations)


def true_errors(store: Store, prepared: PreparedSweep, problem: Problem, seed: int) -> dict[str, float]:
    """The mean error of every configuration on fresh examples, by its hash; infinite if a trial diverged."""
    fresh = problem.fresh(seed, FRESH_EXAMPLES) if problem.fresh else None
    found: dict[str, list[float]] = {}
    for row in store.trials(1):
        error = (
            fresh_error(store, prepared, row["trial"], fresh) if fresh and row["status"] == "completed" else row["e_v"]
        )
        found.setdefault(row["configuration"], []).append(np.inf if row["status"] != "completed" else error)
    return {configuration: float(np.mean(errors)) for configuration, errors in found.items()}


def fresh_error(store: Store, prepared: PreparedSweep, trial: int, fresh: Dataset) -> float:
    from fitgap.runner.models.trial_models import model_with_parameters
    from fitgap.runner.planning.packs import PlannedTrial

    row = store.show(trial)
    planned = PlannedTrial(trial, Configuration.from_canonical(row["settings"]), row["repeat"])
    parameters = store.kept_parameters(trial, row["epochs"])
    model = model_with_parameters(planned, prepared, parameters, store.preprocessing(trial)).model
    targets = model.reading.encode(model.targets_scaling.apply(fresh.targets), fresh.class_count)
    outputs = model.unlinked_outputs(fresh.inputs)
    return float(np.mean(model.loss.errors(outputs[None].astype(float), targets[None].astype(float))))


def follow_one(task: tuple[int, int, bool]) -> list[Followed]:
    number, seed, siblings = task
    with contextlib.redirect_stdout(sys.stderr):
        return follow(PROBLEMS[number], seed, siblings=siblings)


def share_helped(followed: Sequence[Followed]) -> float:
    return sum(each.helped for each in followed) / max(1, len(followed))


def table(followed: Sequence[Followed], key: str) -> Iterator[str]:
    """The lines of a table of how often first advice helped, by cause or problem."""
    groups: dict[str, list[Followed]] = {}
    for each in followed:
        groups.setdefault(getattr(each, key), []).append(each)
    for name, some in sorted(groups.items()):
        yield f"| {name} | {len(some)} | {100 * share_helped(some):.0f} % |"


def main(seeds: Sequence[int] = SEEDS, names: Sequence[str] = ()) -> None:
    chosen = [number for number, problem in enumerate(PROBLEMS) if not names or problem.name in names]
    with Pool() as processes:
        for siblings in (True, False):
            tasks = [(number, seed, siblings) for seed in seeds for number in chosen]
            followed = [each for some in processes.imap(follow_one, tasks) for each in some]
            print(f"\nwith siblings: {siblings}; {len(followed)} first advices, {share_helped(followed):.1%} helped\n")
            for each in followed:
                if "-v" in sys.argv or not each.helped:
                    print(
                        f"{each.helped!s:6}{each.problem}: {each.configuration} [{each.verdict}] {each.cause}: "
                        f"{each.advice}: {each.before:.2f} -> {each.after:.2f}"
                    )
            print("\n".join([*table(followed, "cause"), "", *table(followed, "problem")]))


if __name__ == "__main__":
    given = [word for word in sys.argv[1:] if word.isdecimal()]
    main(
        [int(word) for word in given] or SEEDS, [word for word in sys.argv[1:] if not word.isdecimal() and word != "-v"]
    )
