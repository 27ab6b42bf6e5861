"""The results of a sweep: its best configurations, and its trials counted by status."""

from typing import Any

from fitgap.runner.amounts import counted
from fitgap.runner.cli.render.chart_hint import chart_hint
from fitgap.runner.cli.render.lines import report, say
from fitgap.runner.cli.render.scores import score_name, with_score_names
from fitgap.runner.cli.render.sweep_diagnosis_page import verdict_line
from fitgap.runner.cli.render.text_tables import print_table
from fitgap.runner.cli.render.verdicts import verdict_text
from fitgap.runner.diagnosis.whole_sweep import no_skill_text
from fitgap.runner.driver import WrittenSweep
from fitgap.runner.errors import StoreError
from fitgap.runner.store import Row, Store, SweepFloor
from fitgap.runner.suggestions import suggested
from fitgap.runner.trial_status import Status

SHOWN = 10
# The last line names the most important axis if the sweep has at most this number of trials.
MOST_RANKED = 50_000
# A narrow terminal shows the axes that vary and the first of these columns, then the rest of these if they fit. The
# best trial of the first row is also named below the table.
NEEDED, NEXT = ("honest_e_v", "verdict", "gap"), ("e_v", "e_t", "best_trial")
# Axes whose column has another name.
COLUMN_OF_AXIS = {"epochs": "planned_epochs"}
# In order of importance: a terminal of 80 columns has room only for the first ones.
# The choice of the best epoch does not bias the honest E_v downwards.
KEYS = (
    *("honest_e_v", "honest_e_v_sd", "best_trial", "best_epoch", "e_t", "e_v", "gap", "verdict"),
    *("n", "accuracy_v", "best_e_v"),
)
# Sweeps of earlier versions have no honest E_v.
INSTEAD = {"honest_e_v": "best_e_v", "honest_e_v_sd": "best_e_v_sd"}


def print_leaderboard(store: Store, written: WrittenSweep, name: str) -> None:
    """Print the best configurations of a sweep, as means over repeats."""
    axes = [COLUMN_OF_AXIS.get(name, name) for name in written.prepared.sweep.axes]
    groups = store.leaderboard(written.sweep_id, axes, SHOWN)
    if written.prepared.sweep.pruning:
        # Pruned configurations have no errors that could be compared with those of the others.
        groups = [group for group in groups if group["completed"]]
    varied = store.varying_keys(written.sweep_id) or ["architecture"]
    found = counted(store.configuration_count(written.sweep_id), "configuration")
    if written.prepared.sweep.pruning and not groups:
        say(f"{name}: none of {found} has been trained to its end so far")
        return
    kind = written.prepared.dataset.target_kind
    has_losses = "loss" in varied
    rows, keys = with_score_names(*leaders(groups, varied), kind)
    error = f"{'honest ' if 'honest_e_v' in keys else ''}E_v at the best epoch"
    by = score_name("accuracy_v", kind) + ", as losses differ" if has_losses else error
    has_rounds = written.prepared.sweep.rounds is not None
    title = f"{name}: the best {len(groups)} of {found}, by {'repeats and ' if has_rounds else ''}{by}"
    first = [key if key in keys else INSTEAD.get(key, key) for key in NEEDED]
    floor = store.floor(written.sweep_id)
    if floor and floor.is_beaten is False:
        say(no_skill_text(floor.e_v, floor.skill, is_pruned=written.prepared.sweep.pruning is not None))
    below = None if has_losses else constant_row(floor, keys)
    print_table(rows, keys, title=title, labels=varied, kept=first[:1], needed=[*first, *NEXT], below=below)
    if has_rounds and len({row["n"] for row in rows if row["n"]}) > 1:
        say("Means over different numbers of repeats (n) cannot be compared directly, since their splits differ.")


def constant_row(floor: SweepFloor | None, keys: list[str]) -> Row | None:
    """The errors of a constant prediction as a row below the leaderboard, if the leaderboard has errors to compare."""
    if floor is None or "e_v" not in keys:
        return None
    errors = {"honest_e_v": floor.e_v, "e_t": floor.e_t, "e_v": floor.e_v, "gap": floor.e_v - floor.e_t}
    return {**errors, "name": "constant"}


def report_summary(store: Store, counts: Row, planned: int | None = None) -> None:
    """Report the number of trials by status and the number of configurations by verdict.

    `planned` is the number of combinations of the sweep's alternatives, if it is known.
    """
    best = next(iter(store.leaderboard(counts["sweep"], [], 1)), None)
    report(summary(counts["name"], counts, best, most_important_axis(store, counts, planned)))
    verdicts = store.verdict_counts(counts["sweep"])
    if verdicts:
        report(verdict_line(counts["name"], verdicts))
        axes = store.sweep(counts["sweep"])["specification"].get("axes") or {}
        report(chart_hint(counts["name"], axes, sum(verdicts.values())))


def leaders(groups: list[Row], varied: list[str]) -> tuple[list[Row], list[str]]:
    """The leaderboard's rows and keys, without empty columns such as a standard deviation over one repeat."""
    rows = [{**group, "n": group["completed"], "verdict": verdict_text(group)} for group in groups]
    # A leaderboard that is not ordered by the honest E_v lacks its standard deviation.
    is_honest = bool(rows) and "honest_e_v_sd" in rows[0]
    keys = dict.fromkeys(key if is_honest else INSTEAD.get(key, key) for key in KEYS)
    shown = [key for key in keys if any(row[key] is not None for row in rows)]
    if rows and all(row["n"] == 1 for row in rows):
        shown.remove("n")
    return rows, [*varied, *shown]


def most_important_axis(store: Store, counts: Row, planned: int | None) -> str | None:
    """The axis that explains most of the ranks of the best E_v; None if none varies.

    If computing it would take long, it is the first axis that varies: in a very large sweep, and in one whose
    configurations are not just the combinations of its alternatives.
    """
    axes = store.varying_axes(counts["sweep"])
    is_grid = planned is not None and store.configuration_count(counts["sweep"]) <= planned
    if len(axes) < 2 or counts["completed"] > MOST_RANKED or not is_grid:
        return next(iter(axes), None)
    try:
        rows = store.importance(counts["sweep"], ["best_e_v"], scale="rank")
    except StoreError:
        return axes[0]
    shares = {row["axis"]: row["share"] for row in rows if row["kind"] == "axis"}
    return max(shares, key=lambda axis: shares[axis], default=axes[0])


def summary(name: str, counts: dict[str, Any], best: Row | None, axis: str | None) -> str:
    """Such as `324 trials: 320 completed, 4 diverged. Look closer: fitgap show 17 …`.

    `best` is the first row of the leaderboard; its best trial is suggested next.
    """
    ends = [f"{counts[status]} {status}" for status in Status if counts[status]]
    has_best = best is not None and best["best_trial"] is not None
    advice = [suggested("show", str(best["best_trial"]))] if best and has_best else [suggested("trials", name)]
    if axis:
        advice.append(suggested("compare", name, "--by", COLUMN_OF_AXIS.get(axis, axis)))
    return f"{counted(counts['trials'], 'trial')}: {', '.join(ends)}. Look closer: {', '.join(advice)}"
