"""The end of a training command: its exit code, and how to continue if trials are left."""

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from fitgap.runner.amounts import counted
from fitgap.runner.cli.environment_errors import EnvironmentFailureError, is_environment_failure, one_line_reason
from fitgap.runner.cli.render.lines import ignoring_closed_output, report
from fitgap.runner.cli.terminal import command
from fitgap.runner.errors import EngineError, FullOutputError, StoreError

if TYPE_CHECKING:
    from fitgap.runner.driver import WrittenSweep
    from fitgap.runner.store import Row, Store

UNFINISHED = ("pending", "running")
# The number of advised configurations, best first, whose reason is reported.
ADVICE_LISTED = 3


def code_after_training(store: "Store", written: "WrittenSweep", database: str | None, spent: str | None = None) -> int:
    """Print the results of a sweep and return the exit code: 0 only if every trial has ended and none has failed.

    `spent` describes the budget, if training ended because it was used up.
    A closed standard output does not change the code. If the answer cannot be written, the code is 2.
    """
    from fitgap.runner.cli.render.leaderboard import report_summary
    from fitgap.runner.driver import advice_beyond, present_name

    counts = present_counts(store, written)
    problem = output_problem(store, written, counts["name"])
    name = present_name(store, written)
    if problem:
        trials_command = command("trials", name, database=database)
        report(f"fitgap: {problem}; the results are stored; show them with: {trials_command}")
    else:
        sweep = written.prepared.sweep
        is_grid = sweep.search is None and sweep.only is None
        report_summary(store, counts, len(written.prepared.configurations) if is_grid else None)
        report_pruned(written, counts, database)
        report_rounds(store, written, sum(counts[status] for status in UNFINISHED), database)
        sample = store.small_sample(written.sweep_id)
        if sample:
            report(str(sample))
    left = sum(counts[status] for status in UNFINISHED)
    if not left:
        report_test_errors(store, written)
        report_followed_advice(store, written)
        if beyond := advice_beyond(store, written):
            report(f"{beyond}; see {command('diagnose', name, database=database)}")
    rest = what_is_left(store, written, left, spent)
    if rest:
        resume_command = command("resume", name, database=database)
        stopped = f"stopped after {spent}, the limit of its budget; " if spent else ""
        report(f"{stopped}{rest}; continue with: {resume_command}")
    return problem.exit_code if problem else int(bool(rest or counts["failed"]))


def report_pruned(written: "WrittenSweep", counts: "Row", database: str | None) -> None:
    """Report how the rungs of a sweep were planned, and which command shows what was pruned, if anything was."""
    rule = written.prepared.sweep.pruning
    if rule is None or not counts["pruned"]:
        return
    from fitgap.runner.planning.rungs import only_legs

    legs = only_legs(written.prepared)
    plan = f"{rule.section}: at most {legs}; " if legs else ""
    condition = ("--where", 'status == "pruned"', "--columns", "+rung,rank,reason")
    report(f"{plan}pruned trials: {command('trials', counts['name'], *condition, database=database)}")


def report_rounds(store: "Store", written: "WrittenSweep", left: int, database: str | None) -> None:
    """Report what the rounds of repeats of a sweep have shown, if it has any, and what to do if this is not enough.

    `left` trials have not ended.
    """
    if written.prepared.sweep.rounds is None:
        return
    from fitgap.runner.diagnosis.rounds import rounds_text

    text, found = rounds_text(store, written.sweep_id), store.rounds_answer(written.sweep_id)
    if found is None and left:
        report(f"rounds: {counted(left, 'trial')} of this round left, so it is not known yet which could be the best")
        return
    if text is None or found is None:
        report("rounds: no configuration has completed its repeats, so nothing can be compared")
        return
    advice = ""
    if found["is_over"] and len(found["within_reach"]) > 1:
        more = command("extend", written.name, "--repeats", str(2 * found["repeats"]), database=database)
        advice = f"; allow more repeats with: {more}"
    report(f"{text}{advice}")


def report_followed_advice(store: "Store", written: "WrittenSweep") -> None:
    """Report how many configurations of a search follow advice, which trials those are, and why the best were tried."""
    from fitgap.runner.driver import followed_advice

    followed = followed_advice(store, written)
    if not followed:
        return
    trials = ", ".join(str(each.trial) for each in followed)
    follow, what = ("follows", "trial") if len(followed) == 1 else ("follow", "trials")
    where = "within the alternatives of the search"
    report(f"{counted(len(followed), 'configuration')} {follow} advice, {where}: {what} {trials}")
    best = sorted((each for each in followed if each.error is not None), key=lambda each: each.error or 0.0)
    report(*(f"  trial {each.trial} (E_v {each.error:.3g}): {each.words}" for each in best[:ADVICE_LISTED]))


def what_is_left(store: "Store", written: "WrittenSweep", left: int, spent: str | None) -> str | None:
    """The trials or configurations of a sweep that are left to train, in words; None if there are none.

    If no budget was used up and a search has still not proposed all its configurations, it found no others. This is
    reported.
    """
    from fitgap.runner.driver import repeats_to_come

    to_come = store.proposals_to_come(written.sweep_id)
    if left:
        pending = f"{counted(left, 'trial')} {'is' if left == 1 else 'are'} still pending"
        if to_come:
            return f"{pending}, and the search will propose {counted(to_come, 'more configuration')}"
        return f"{pending}, and further rounds may follow" if written.prepared.sweep.rounds else pending
    if to_come and not spent:
        report(
            f"the search ended {counted(to_come, 'configuration')} short, because it found no others that are allowed"
        )
        to_come = 0
    if to_come:
        return f"the search will propose {counted(to_come, 'more configuration')}"
    repeats = repeats_to_come(store, written)
    return f"the next round of repeats has {counted(repeats, 'trial')}" if repeats else None


def report_test_errors(store: "Store", written: "WrittenSweep") -> None:
    """Report the errors of the best configuration on the test examples, if there are any."""
    from fitgap.runner.holdout import holdout_errors

    found = holdout_errors(store, written.sweep_id, written.prepared)
    if found:
        report(found.line())


def output_problem(store: "Store", written: "WrittenSweep", name: str) -> FullOutputError | None:
    """Print the leaderboard; returns the error if it cannot be written."""
    from fitgap.runner.cli.render.leaderboard import print_leaderboard

    try:
        with ignoring_closed_output():
            print_leaderboard(store, written, name)
    except FullOutputError as problem:
        return problem
    return None


@contextlib.contextmanager
def with_resume_hint(store: "Store", written: "WrittenSweep", database: str | None) -> Iterator[None]:
    """If the engine fails to start or the system refuses a resource, add to the error how to continue."""
    from fitgap.runner.driver import present_name

    try:
        yield
    except Exception as error:
        is_engine = isinstance(error, EngineError)
        if not (is_engine or is_environment_failure(error)):
            raise
        resume_command = command("resume", present_name(store, written), database=database)
        error_class = EngineError if is_engine else EnvironmentFailureError
        reason = str(error) if is_engine else one_line_reason(error)
        raise error_class(f"{reason}; the results so far are stored, continue with: {resume_command}") from error


def present_counts(store: "Store", written: "WrittenSweep") -> "Row":
    """The row of a sweep with its trials counted by status. Raises StoreError if the sweep was deleted meanwhile."""
    counts = next((row for row in store.sweeps() if row["sweep"] == written.sweep_id), None)
    if counts is None:
        raise StoreError(f"sweep {written.name} was deleted while it was being trained")
    return counts
