"""Rounds of improvement: each plans configurations to try, has them trained, and measures the gain."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from fitgap.runner.amounts import counted
from fitgap.runner.driver import WrittenSweep, add_configurations, check_extensible, stored_sweep
from fitgap.runner.errors import SpecError
from fitgap.runner.improvement.candidates import Candidate, candidates
from fitgap.runner.spec import Configuration, require_equal_repeats, stored_sweep_of
from fitgap.runner.store import Row, Store

# A round has helped if the best E_v is lower by at least this share.
LEAST_GAIN = 0.01
DEFAULT_TRIALS, DEFAULT_ROUNDS = 60, 3
UNFINISHED = ("pending", "running")


@dataclass(frozen=True)
class Budget:
    """The maximum number of new trials, and of rounds among which they are divided."""

    trials: int = DEFAULT_TRIALS
    rounds: int = DEFAULT_ROUNDS


@dataclass(frozen=True)
class RoundResult:
    """The gain of a round: the best E_v before and after it (None if there is none), and the best configuration."""

    number: int
    before: float | None
    after: float | None
    best: Configuration | None

    @property
    def gain(self) -> float:
        """The share by which the best E_v became lower; 1 if there was none before."""
        if self.before is None or self.after is None:
            return 0.0 if self.after is None else 1.0
        return 1 - self.after / self.before if self.before > 0 else 0.0

    @property
    def helped(self) -> bool:
        return self.gain >= LEAST_GAIN

    def in_words(self) -> str:
        """Such as `round 1: E_v 0.173 became 0.121 (30 % lower) with 16, relu, none, adam:rate=0.009`."""
        if self.after is None or self.best is None:
            return f"round {self.number}: no configuration has completed all its repeats"
        if not self.helped:
            return f"round {self.number}: nothing is better than before (E_v {self.after:.3g})"
        was = f"E_v {self.after:.3g}"
        if self.before is not None:
            was = f"E_v {self.before:.3g} became {self.after:.3g} ({100 * self.gain:.0f} % lower)"
        return f"round {self.number}: {was} with {main_settings(self.best)}"


@dataclass
class Improvement:
    """The state of an improvement: the sweep by name or number, the budget, and the rounds so far."""

    sweep: str
    budget: Budget
    repeats: int = 1
    used: int = 0
    rounds: int = 0
    planned: Sequence[Candidate] = ()
    results: list[RoundResult] = field(default_factory=list)

    def plan(self, store: Store) -> Sequence[Candidate]:
        """Plan and return the candidates of the next round; empty if none are left or the budget is used up."""
        row = self.check_budget(store)
        rounds_left, room = self.budget.rounds - self.rounds, (self.budget.trials - self.used) // self.repeats
        has_helped = not self.results or self.results[-1].helped
        most = -(-room // rounds_left) if rounds_left > 0 and has_helped else 0
        self.planned = candidates(store, row, self.planned)[:most] if most else ()
        return self.planned

    def check_budget(self, store: Store) -> Row:
        """The sweep's row. Raises SpecError if the budget is too small for the repeats of a single configuration, or
        if the sweep cannot be extended.
        """
        row = store.sweep(self.sweep)
        sweep = stored_sweep_of(row["specification"])
        check_extensible(store, row["id"], sweep)
        require_equal_repeats(sweep)
        self.repeats = store.repeat_count(row["id"])
        if self.budget.trials < self.repeats:
            rule = f"a configuration of this sweep has {self.repeats} repeats, more than the limit for new trials"
            advice = f"raise it to {self.repeats} or more: --trials {self.repeats}, in Python trials={self.repeats}"
            raise SpecError(f"{rule} ({self.budget.trials:,}); {advice}")
        return row

    def start(self, store: Store) -> WrittenSweep:
        """Add the planned configurations to the sweep."""
        row = store.sweep(self.sweep)
        self.before = best_of(store, row)[0]
        added = add_configurations(
            store, stored_sweep(store, self.sweep), [each.configuration for each in self.planned]
        )
        self.used += added.new
        self.rounds += 1
        return added.written

    def conclude(self, store: Store) -> RoundResult:
        """Measure the gain of the round."""
        after, best = best_of(store, store.sweep(self.sweep))
        self.results.append(RoundResult(self.rounds, self.before, after, best))
        return self.results[-1]

    def why_stopped(self) -> str:
        """Why there is no further round."""
        if self.results and not self.results[-1].helped:
            return "stopped, because no advice helps any more"
        if self.rounds >= self.budget.rounds:
            return f"stopped after {counted(self.rounds, 'round')}; improve again to go on"
        if self.used + self.repeats > self.budget.trials:
            return f"stopped after {counted(self.used, 'new trial')}; improve again to go on"
        return "stopped, because there is nothing left to try"


def best_of(store: Store, sweep: Row) -> tuple[float | None, Configuration | None]:
    """The E_v of the best configuration at its best epoch, and the configuration; None if none is complete."""
    rows = store.measured_configurations(sweep["id"], 1)
    if not rows:
        return None, None
    settings = store.settings_of_configurations(sweep["id"], [rows[0]["configuration"]])
    return rows[0]["error"], Configuration.from_canonical(settings[rows[0]["configuration"]])


def unfinished(store: Store, sweep: str) -> int:
    """The number of trials that have not ended."""
    number = store.sweep(sweep)["id"]
    status = next(each for each in store.sweeps() if each["sweep"] == number)
    return sum(status[name] for name in UNFINISHED)


def main_settings(configuration: Configuration) -> str:
    """The main settings of a configuration."""
    parts = [configuration.architecture_label, configuration.activation_label, configuration.regularizer_label]
    epochs = counted(configuration.epochs, "epoch")
    return ", ".join([*parts, configuration.optimizer.label, f"batch size {configuration.batch_size}", epochs])


def described(planned: Sequence[Candidate]) -> str:
    """Such as `4 configurations: architecture 32; optimizer adam:rate=0.009`."""
    return f"{counted(len(planned), 'configuration')}: {'; '.join(each.changed for each in planned)}"
