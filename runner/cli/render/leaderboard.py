"""The results of a sweep: its best configurations, and its trials counted by status."""

from typing import Any

from fitgap.runner.amounts import counted
from fitgap.runner.cli.render.chart_hint import chart_hint
from fitgap.runner.cli.render.diagnosis_page import verdict_line
from fitgap.runner.cli.render.lines import report
from fitgap.runner.cli.render.text_tables import print_table
from fitgap.runner.cli.render.verdicts import verdict_text
from fitgap.runner.driver import WrittenSweep
from fitgap.runner.store import Row, Store
from fitgap.runner.trial_status import Status

SHOWN = 10
# Axes whose column has another name.
COLUMN_OF_AXIS = {"epochs": "planned_epochs"}
# In order of importance: a terminal of 80 columns has room only for the first ones.
KEYS = ("best_e_v", "best_e_v_sd", "best_epoch", "e_t", "e_v", "gap", "verdict", "n", "accuracy_v")


def print_leaderboard(store: Store, written: WrittenSweep, name: str) -> None:
    """Print the best configurations of a sweep, as means over repeats."""
    axes = {COLUMN_OF_AXIS.get(name, name): len(values) for name, values in written.prepared.sweep.axes.items()}
    groups = store.leaderboard(written.sweep_id, list(axes), SHOWN)
    varied = [name for name, count in axes.items() if count > 1] or ["architecture"]
    found = counted(len(written.prepared.configurations), "configuration")
    title = f"{name}: the best {len(groups)} of {found}, by E_v at the best epoch"
    print_table(*leaders(groups, varied), title=title, needed=["best_e_v"])


def report_summary(store: Store, counts: Row) -> None:
    """Report the number of trials by status and the number of configurations by verdict."""
    report(summary(counts["name"], counts))
    verdicts = store.verdict_counts(counts["sweep"])
    if verdicts:
        report(verdict_line(counts["name"], verdicts))
        axes = store.sweep(counts["sweep"])["specification"].get("axes") or {}
        report(chart_hint(counts["name"], axes, sum(verdicts.values())))


def leaders(groups: list[Row], varied: list[str]) -> tuple[list[Row], list[str]]:
    """The leaderboard's rows and keys, without empty columns such as a standard deviation over one repeat."""
    rows = [{**group, "n": group["completed"], "verdict": verdict_text(group)} for group in groups]
    shown = [key for key in KEYS if any(row[key] is not None for row in rows)]
    if rows and all(row["n"] == 1 for row in rows):
        shown.remove("n")
    return rows, [*varied, *shown]


def summary(name: str, counts: dict[str, Any]) -> str:
    """Such as `324 trials: 320 completed, 4 diverged. Look closer: fitgap trials digits …`."""
    ends = [f"{counts[status]} {status}" for status in Status if counts[status]]
    advice = f"fitgap trials {name} --sort best_e_v, fitgap compare {name} --by activation"
    return f"{counted(counts['trials'], 'trial')}: {', '.join(ends)}. Look closer: {advice}"
