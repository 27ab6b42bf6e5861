"""What a sweep that prunes trials cannot be combined with."""

from typing import TYPE_CHECKING

from fitgap.runner.errors import SpecError
from fitgap.runner.spec.budget import Budget
from fitgap.runner.spec.pruning_settings import HyperbandSettings

if TYPE_CHECKING:
    from fitgap.runner.spec.sweep import Sweep


def check_pruning(sweep: "Sweep") -> None:
    """Raise SpecError if a sweep could prune nothing, or if it cannot do so with its search or its budget."""
    rule = sweep.pruning
    if rule is None:
        return
    most = max(sweep.axes["epochs"])
    if not rule.rungs(most):
        raise SpecError(f"first must be below the {most} epochs of a trial, but is {rule.first}", (rule.section,))
    if isinstance(rule, HyperbandSettings) and (sweep.search is None or sweep.search.learns):
        obstacle = "needs search: random or sobol, since it compares parts of the plan, which must be alike"
        raise SpecError(f"{obstacle}; change the search, or prune with halving", (rule.section,))
    check_budget_of_pruning(sweep, sweep.budget)


def check_budget_of_pruning(sweep: "Sweep", budget: Budget) -> None:
    """Raise SpecError for a number of trials: those of a rung must all be trained before any of them is over."""
    if sweep.pruning and budget.trials is not None:
        rule = f"a number of trials cannot limit a sweep with {sweep.pruning.section}, of which all trials begin"
        raise SpecError(f"{rule}; limit the epochs or the time", ("budget", "trials"))


def require_extensible(sweep: "Sweep") -> None:
    """Raise SpecError for a sweep that prunes: what was pruned was compared with what the sweep had then."""
    if sweep.pruning:
        rule = f"sweep {sweep.name} uses {sweep.pruning.title}, which compared all its trials with each other"
        raise SpecError(
            f"{rule}, so nothing can be added; start a new sweep with the settings you want, or "
            f"continue what was pruned: fitgap extend {sweep.name} --pruned"
        )
