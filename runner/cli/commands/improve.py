"""`fitgap improve`: extend a sweep with what its diagnosis advises, round by round."""

from typing import TYPE_CHECKING, Annotated

import typer
from fitgap.runner.cli.options import placement_flags
from fitgap.runner.cli.options.common import Database, SweepArgument
from fitgap.runner.cli.render.lines import report, say
from fitgap.runner.cli.terminal import INTERRUPTED, Terminal

if TYPE_CHECKING:
    from fitgap.runner.driver import WrittenSweep
    from fitgap.runner.engine.placement import Placement
    from fitgap.runner.improvement import Improvement
    from fitgap.runner.store import Store

Trials = Annotated[int, typer.Option("--trials", metavar="N", min=1, help="Maximum number of new trials.")]
Rounds = Annotated[int, typer.Option("--rounds", metavar="N", min=1, help="Maximum number of rounds.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what the first round would add, without training.")]


def improve(
    sweep: SweepArgument,
    trials: Trials = 60,
    rounds: Rounds = 3,
    dry_run: DryRun = False,
    engine: placement_flags.Engine = "auto",
    workers: placement_flags.Workers = None,
    address: placement_flags.Address = None,
    cores_per_pack: placement_flags.CoresPerPack = None,
    most_in_flight: placement_flags.MostInFlight = None,
    mixed_versions: placement_flags.MixedVersions = False,
    database: Database = None,
) -> None:
    """Extend a sweep with changes advised for its best configurations and the ends of its axes, as long as it helps."""
    from fitgap.runner.engine.placement import placement_of

    placement = placement_of(engine, workers, address, cores_per_pack, most_in_flight, mixed_versions)
    from fitgap.runner.improvement import Budget, Improvement

    improvement = Improvement(sweep, Budget(trials, rounds))
    if dry_run:
        show_first_round(improvement, database)
        return
    raise typer.Exit(train_rounds(improvement, placement, database))


class RoundTerminal(Terminal):
    """Shows the training of one round; the leaderboard follows after the last one."""

    def conclude(self, store: "Store", written: "WrittenSweep", spent: str | None) -> int:
        return 0


def train_rounds(improvement: "Improvement", placement: "Placement", database: str | None) -> int:
    """Train round after round and print the leaderboard; returns the exit code."""
    from fitgap.runner.driver import launch_stored, stored_sweep
    from fitgap.runner.improvement import described, unfinished
    from fitgap.runner.store import open_store, open_store_for_writing

    sweep = improvement.sweep
    with open_store(database) as store:
        improvement.check_budget(store)
        is_unfinished = unfinished(store, sweep) > 0
    # Fail before a round is announced if the database is not writable.
    open_store_for_writing(database).close()
    terminal = RoundTerminal(database)
    if is_unfinished and launch_stored(sweep, lambda store: stored_sweep(store, sweep), placement, database, terminal):
        return INTERRUPTED
    while True:
        with open_store(database) as store:
            planned = improvement.plan(store)
        if not planned:
            break
        report(f"round {improvement.rounds + 1}: {described(planned)}")
        if launch_stored(sweep, improvement.start, placement, database, terminal):
            return INTERRUPTED
        with open_store(database) as store:
            report(improvement.conclude(store).in_words())
    report(improvement.why_stopped())
    return final_code(sweep, database)


def final_code(sweep: str, database: str | None) -> int:
    """Print the leaderboard; returns the exit code of the whole improvement, as for `extend`."""
    from fitgap.runner.cli.outcome import code_after_training
    from fitgap.runner.driver import stored_sweep
    from fitgap.runner.store import open_store

    with open_store(database) as store:
        return code_after_training(store, stored_sweep(store, sweep), database)


def show_first_round(improvement: "Improvement", database: str | None) -> None:
    """Print what the first round would add."""
    from fitgap.runner.amounts import counted
    from fitgap.runner.cli.render.text_tables import print_table
    from fitgap.runner.improvement.rounds import main_settings
    from fitgap.runner.store import open_store

    with open_store(database) as store:
        planned = improvement.plan(store)
    if not planned:
        say(improvement.why_stopped())
        return
    rows = [{"change": each.changed, "of": main_settings(each.base), "because": each.because} for each in planned]
    print_table(rows, ["change", "of", "because"])
    new = counted(len(planned) * improvement.repeats, "trial")
    say(f"round 1 would add {counted(len(planned), 'configuration')} = {new}; later rounds depend on its results")
