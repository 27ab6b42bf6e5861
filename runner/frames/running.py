"""Training of sweeps from Python, and the sweep objects that it returns."""

import contextlib
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import polars as pl
from fitgap.runner.amounts import counted
from fitgap.runner.data import is_in_memory
from fitgap.runner.diagnosis.rounds import rounds_text
from fitgap.runner.diagnosis.whole_sweep import no_skill_text
from fitgap.runner.driver import (
    DriverShare,
    SweepStoppedError,
    WrittenSweep,
    advice_beyond,
    launch_new,
    launch_stored,
    present_name,
    stored_sweep,
)
from fitgap.runner.driver import continue_pruned as continue_stored
from fitgap.runner.engine import Engine
from fitgap.runner.engine.placement import placement_of, require_count
from fitgap.runner.errors import DataError, SpecError
from fitgap.runner.frames.arguments import text
from fitgap.runner.frames.frame_store import open_store
from fitgap.runner.frames.tables import in_python, with_kept_table
from fitgap.runner.holdout import holdout_errors
from fitgap.runner.improvement import Budget, Candidate, Improvement, described, unfinished
from fitgap.runner.improvement.rounds import DEFAULT_ROUNDS, DEFAULT_TRIALS
from fitgap.runner.messages import Block
from fitgap.runner.planning.preparation import PreparedSweep, prepare_sweep
from fitgap.runner.spec import Flags, Sweep, budget_from_flags, sweep_from_file, sweep_from_mapping
from fitgap.runner.store import Store
from fitgap.runner.store import open_store as open_rows

if TYPE_CHECKING:
    import altair as alt

EngineName = Literal["auto", "ray", "local"]
Notify = Callable[[str], None]


@dataclass(frozen=True)
class SweepFrames:
    """A sweep in a database. Each call queries the database again; `name` is the name of the sweep."""

    name: str
    db: str | None = None

    def trials(self, **options: Any) -> pl.DataFrame:
        """The same as `open_store(db).trials(name, …)`."""
        with open_store(self.db) as store:
            return store.trials(self.name, **options)

    def epochs(self, **options: Any) -> pl.DataFrame:
        """The same as `open_store(db).epochs(name, …)`."""
        with open_store(self.db) as store:
            return store.epochs(self.name, **options)

    def data(self, **options: Any) -> pl.DataFrame:
        """The same as `open_store(db).data(name, …)`: the examples with the side that each is on."""
        with open_store(self.db) as store:
            return store.data(self.name, **options)

    def compare(self, by: str | list[str], **options: Any) -> pl.DataFrame:
        """The same as `open_store(db).compare(name, by, …)`."""
        with open_store(self.db) as store:
            return store.compare(self.name, by, **options)

    def improve(self, **options: Any) -> "SweepFrames":
        """The same as `improve_sweep(name, db=db, …)`."""
        return improve_sweep(self.name, db=self.db, **options)

    def continue_pruned(self, **options: Any) -> "SweepFrames":
        """The same as `continue_pruned(name, db=db, …)`."""
        return continue_pruned(self.name, db=self.db, **options)

    def plot(self, kind: str, **options: Any) -> "alt.TopLevelMixin":
        """The same as `open_store(db).plot(kind, name, …)`: an Altair chart, which notebooks display."""
        with open_store(self.db) as store:
            return store.plot(kind, self.name, **options)


def run_sweep(
    sweep: str | os.PathLike[str] | Mapping[str, Any],
    *,
    db: str | None = None,
    name: str | None = None,
    engine: EngineName = "auto",
    workers: int | None = None,
    address: str | None = None,
    cpus_per_pack: int | None = None,
    max_in_flight: int | None = None,
    mixed_versions: bool = False,
    drivers: int | Literal["auto"] = "auto",
    max_trials: int | None = None,
    max_time: float | str | None = None,
    max_epochs_total: int | None = None,
    notify: Notify = print,
) -> SweepFrames:
    """Train a sweep and return it when all its trials have ended, or its budget is spent.

    `sweep` is the path of a sweep file, or a mapping with the same keys. If the name is taken, a number is appended.
    `max_trials`, `max_time` (in seconds, or text such as "10m") and `max_epochs_total` override the budget of the
    sweep. `notify` is called with a line of text if something cannot be started, and if no configuration is clearly
    better than a constant prediction. Ctrl-C makes the trials in flight pending again and raises KeyboardInterrupt;
    `resume_sweep` continues. With the `address` of a Ray cluster, the sweep is trained there. With PostgreSQL, several
    `drivers` may share the work of writing the results of many workers. The other arguments mean the same as the
    options of `fitgap run`. Raises FitgapError.
    """
    placement = placement_of(engine, workers, address, cpus_per_pack, max_in_flight, mixed_versions, drivers)
    limits = budget_from_flags(max_trials, max_time, max_epochs_total)
    prepared = prepared_sweep(sweep_of(sweep, name))
    for line in prepared.report:
        notify(line)
    return launch_new(prepared, placement, db, Caller(db, notify), limits=limits)


def prepared_sweep(sweep: Sweep) -> PreparedSweep:
    """The prepared sweep; errors in data from memory name keys instead of flags."""
    try:
        return prepare_sweep(sweep)
    except DataError as error:
        if not is_in_memory(sweep.data.source):
            raise
        raise DataError(in_python(str(error))) from None


def resume_sweep(
    sweep: str | int,
    *,
    db: str | None = None,
    engine: EngineName = "auto",
    workers: int | None = None,
    address: str | None = None,
    cpus_per_pack: int | None = None,
    max_in_flight: int | None = None,
    mixed_versions: bool = False,
    drivers: int | Literal["auto"] = "auto",
    max_trials: int | None = None,
    max_time: float | str | None = None,
    max_epochs_total: int | None = None,
    notify: Notify = print,
) -> SweepFrames:
    """Train the pending trials of a stored sweep; the arguments are those of `run_sweep`. Raises FitgapError."""
    placement = placement_of(engine, workers, address, cpus_per_pack, max_in_flight, mixed_versions, drivers)
    limits = budget_from_flags(max_trials, max_time, max_epochs_total)
    caller = Caller(db, notify)
    return launch_stored(sweep, lambda store: stored_sweep(store, str(sweep)), placement, db, caller, limits)


def continue_pruned(
    sweep: str | int,
    *,
    where: str | None = None,
    db: str | None = None,
    engine: EngineName = "auto",
    workers: int | None = None,
    address: str | None = None,
    cpus_per_pack: int | None = None,
    max_in_flight: int | None = None,
    mixed_versions: bool = False,
    notify: Notify = print,
) -> SweepFrames:
    """Continue the pruned trials of a stored sweep from where they stopped, to their end.

    With the filter `where`, such as `"rung >= 9"`, only configurations with a pruned trial that matches are continued.
    `notify` is also called with the number of continued trials. The other arguments are those of `run_sweep`. Raises
    FitgapError, also if some rungs are not decided yet.
    """
    placement = placement_of(engine, workers, address, cpus_per_pack, max_in_flight, mixed_versions)
    chosen = None if where is None else text(where, "where")

    def change(store: Store) -> WrittenSweep:
        try:
            extended = continue_stored(store, str(sweep), chosen)
        except SpecError as error:
            raise SpecError(str(error).replace("--where", "where")) from None
        trials = counted(extended.continued, "pruned trial")
        notify(f"{extended.written.name}: {trials} to continue, with {counted(extended.epochs or 0, 'epoch')} left")
        return extended.written

    return launch_stored(sweep, change, placement, db, Caller(db, notify))


def improve_sweep(
    sweep: str | int,
    *,
    trials: int = DEFAULT_TRIALS,
    rounds: int = DEFAULT_ROUNDS,
    db: str | None = None,
    engine: EngineName = "auto",
    workers: int | None = None,
    address: str | None = None,
    cpus_per_pack: int | None = None,
    max_in_flight: int | None = None,
    mixed_versions: bool = False,
    notify: Notify = print,
) -> SweepFrames:
    """Extend a sweep with changes advised for its best configurations and the ends of its axes, as long as it helps.

    At most `trials` new trials are trained in at most `rounds` rounds. `notify` is also called with what each round
    tries and gains. The other arguments are those of `run_sweep`. Raises FitgapError.
    """
    placement = placement_of(engine, workers, address, cpus_per_pack, max_in_flight, mixed_versions)
    require_count("trials", trials, str(DEFAULT_TRIALS))
    require_count("rounds", rounds, str(DEFAULT_ROUNDS))
    improvement, caller, name = Improvement(str(sweep), Budget(trials, rounds)), Caller(db, notify), str(sweep)
    with open_rows(db) as store:
        improvement.check_budget(store)
        is_unfinished = unfinished(store, name) > 0
    if is_unfinished:
        launch_stored(name, lambda store: stored_sweep(store, name), placement, db, caller)
    while planned := plan_round(improvement, db):
        notify(f"round {improvement.rounds + 1}: {described(planned)}")
        launch_stored(name, improvement.start, placement, db, caller)
        with open_rows(db) as store:
            notify(improvement.conclude(store).in_words())
    notify(improvement.why_stopped())
    with open_rows(db) as store:
        return SweepFrames(store.sweep(name)["name"], db)


def plan_round(improvement: Improvement, db: str | None) -> Sequence[Candidate]:
    """The candidates of the next round; empty if there is none."""
    with open_rows(db) as store:
        return improvement.plan(store)


def sweep_of(sweep: str | os.PathLike[str] | Mapping[str, Any], name: str | None) -> Sweep:
    """The sweep of a file or of a mapping, under another name if one is given. Raises SpecError."""
    if not isinstance(sweep, (str, os.PathLike, Mapping)):
        raise SpecError(
            f"a sweep must be the path of a sweep file or a mapping with its keys, not {type(sweep).__name__}"
        )
    if isinstance(sweep, Mapping):
        sweep = with_kept_table(sweep)
        return sweep_from_mapping(sweep if name is None else {**sweep, "name": name})
    return sweep_from_file(Path(sweep), Flags(name=name))


class Caller:
    """The calling program: `notify` gets messages for the user, and the result is a `SweepFrames`."""

    def __init__(self, db: str | None, notify: Notify):
        self.db, self.say = db, notify

    @contextlib.contextmanager
    def watch(self, store: Store, written: WrittenSweep) -> "Iterator[Caller]":
        """Follow the training."""
        yield self

    def __call__(self, block: Block) -> None:
        """Show nothing for a block."""

    def on_engine_ready(self, engine: Engine) -> None:
        """Show nothing for the engine."""

    def on_further(self, share: DriverShare) -> None:
        """Show nothing for further drivers."""

    def conclude(self, store: Store, written: WrittenSweep, spent: str | None) -> SweepFrames:
        """The sweep under its current name, since it may have been renamed during training.

        Notifies the caller if no configuration beats a constant prediction, and of test errors, advice outside the
        space of a search, rounds, and a spent budget.
        """
        floor = store.floor(written.sweep_id)
        if floor and floor.is_beaten is False:
            is_pruned = written.prepared.sweep.pruning is not None
            self.say(f"{written.name}: {no_skill_text(floor.e_v, floor.skill, is_pruned=is_pruned)}")
        if found := holdout_errors(store, written.sweep_id, written.prepared):
            self.say(found.line())
        if beyond := advice_beyond(store, written):
            self.say(beyond)
        if text := rounds_text(store, written.sweep_id):
            self.say(f"{written.name}: {text}")
        name = present_name(store, written)
        if spent and (left := unfinished(store, name)):
            trials = f"{counted(left, 'trial')} {'is' if left == 1 else 'are'} still pending"
            self.say(f"stopped after {spent}, the limit of the budget; {trials}; continue with resume_sweep({name!r})")
        return SweepFrames(name, self.db)

    def stopped(self, stop: SweepStoppedError) -> SweepFrames:
        """Raise a KeyboardInterrupt that says how to resume."""
        if stop.sweep_name is None:
            raise KeyboardInterrupt("stopped while the sweep was being stored; check open_store().sweeps() for it")
        released = f"{counted(stop.released, 'trial')} in flight are pending again"
        raise KeyboardInterrupt(f"stopped; {released}; resume with resume_sweep({stop.sweep_name!r})")
