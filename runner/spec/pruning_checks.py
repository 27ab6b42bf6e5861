"""Checks for settings that a sweep cannot combine with pruning."""

from typing import TYPE_CHECKING

from fitgap.runner.amounts import counted
from fitgap.runner.errors import SpecError
from fitgap.runner.spec.budget import Budget
from fitgap.runner.spec.pruning_settings import FACTOR, HyperbandSettings
from fitgap.runner.suggestions import suggested

if TYPE_CHECKING:
    from fitgap.runner.spec.sweep import Sweep


def check_pruning(sweep: "Sweep") -> None:
    """Raise SpecError if a sweep would prune nothing, or if its search or budget does not allow pruning."""
    rule = sweep.pruning
    if rule is None:
        return
    most = max(sweep.axes["epochs"])
    if not rule.rungs(most):
        obstacle = f"first must be below the {counted(most, 'epoch')} of a trial, but is {rule.first}"
        earlier = f"begin earlier, such as with first={max(1, most // FACTOR)}, or " if most > 1 else ""
        raise SpecError(f"{obstacle}; {earlier}train for more epochs", (rule.section,))
    if isinstance(rule, HyperbandSettings) and (sweep.search is None or sweep.search.learns):
        obstacle = "needs search: random or sobol, whose points can be split into comparable brackets"
        raise SpecError(f"{obstacle}; change the search, or prune with halving", (rule.section,))
    check_budget_of_pruning(sweep, sweep.budget)


def check_budget_of_pruning(sweep: "Sweep", budget: Budget) -> None:
    """Raise SpecError for a limit on trials: all trials of a rung must be trained before any of them can finish."""
    if sweep.pruning and budget.trials is not None:
        obstacle = f"cannot limit a sweep with {sweep.pruning.section}, which has to begin all its trials"
        advice = "limit it by --max-epochs-total or --max-time instead (epochs or time under budget)"
        raise SpecError(f"a number of trials (--max-trials) {obstacle}; {advice}", ("budget", "trials"))


def require_extensible(sweep: "Sweep", *, has_pruned: bool = True) -> None:
    """Raise SpecError for a sweep that prunes: its trials were compared with those that it had at that time.

    `has_pruned` says whether it still has pruned trials.
    """
    if sweep.pruning:
        rule = f"sweep {sweep.name} uses {sweep.pruning.title}, which compared all its trials with each other"
        other = f", or continue what was pruned: {suggested('extend', sweep.name, '--pruned')}" if has_pruned else ""
        raise SpecError(f"{rule}, so nothing can be added; start a new sweep with the settings you want{other}")
