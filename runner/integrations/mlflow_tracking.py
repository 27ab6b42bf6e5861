"""Export of a sweep to an MLflow experiment: one run per trial, settings as parameters, curves as metrics."""

from collections.abc import Iterator
from itertools import islice
from typing import Any

from fitgap.runner.errors import IntegrationError
from fitgap.runner.integrations.contents import EndedTrial, Key, Sent, SweepContents
from fitgap.runner.integrations.peers import (
    import_peer,
    only_warnings,
    peer_address,
    peer_errors_in_one_line,
    without_telemetry,
)
from fitgap.runner.store import Store
from fitgap.runner.store.schema.tables import METRICS
from fitgap.runner.trial_status import Status

IDENTITY = "fitgap.sweep"
# Tables by which a database of MLflow is recognized.
TABLES = ("alembic_version", "experiments", "runs")
TRIAL, CONFIGURATION, REPEAT = "fitgap.trial", "fitgap.configuration", "fitgap.repeat"
STATES = {Status.COMPLETED: "FINISHED", Status.PRUNED: "KILLED", Status.CANCELLED: "KILLED"}
CURVES = ("e_t", "e_v", "accuracy_t", "accuracy_v", "learning_rate")
SUMMARY = ("best_e_t", "best_e_v", "best_epoch", "gap", "excess", "underfit", "overfit", "seconds", *METRICS)
# MLflow's limits per request.
MOST_METRICS, MOST_PARAMS = 1_000, 100
RUNS_AT_A_TIME = 1_000
LOGGERS = ("mlflow", "alembic")


@without_telemetry()
def send_to_mlflow(
    store: Store, sweep: str | int, tracking: str, *, name: str | None = None, database: str | None = None
) -> Sent:
    """Write the ended trials of a sweep as runs of an experiment, which has the sweep's name unless `name` is given.

    Existing runs are kept; an incomplete one is written again. `tracking` is a database or the address of a server.
    Raises IntegrationError if MLflow is missing or cannot write, or if the experiment is not for this sweep.
    """
    contents = SweepContents(store, store.sweep(sweep))
    mlflow = import_peer("mlflow", "mlflow")
    address = peer_address(tracking, database, TABLES)
    name = name or contents.name
    with peer_errors_in_one_line("MLflow", address), only_warnings(*LOGGERS):
        client = mlflow.MlflowClient(address)
        experiment = experiment_of(client, contents, name)
        known = complete_runs(client, experiment)
        new = 0
        for part in contents.trials(known):
            for trial in part:
                write_run(mlflow, client, experiment, trial)
            new += len(part)
    return Sent(name, new, len(known))


def experiment_of(client: Any, contents: SweepContents, name: str) -> str:
    """The id of the experiment, created if necessary. Raises IntegrationError if it is not for this sweep."""
    existing = client.get_experiment_by_name(name)
    if existing is None:
        return str(client.create_experiment(name, tags={IDENTITY: contents.identity}))
    if existing.tags.get(IDENTITY) != contents.identity or existing.lifecycle_stage != "active":
        raise IntegrationError(
            f"the experiment {name!r} exists but is not for this sweep; give another name with --name"
        )
    return str(existing.experiment_id)


def complete_runs(client: Any, experiment: str) -> set[Key]:
    """The trials that have complete runs; incomplete runs are deleted."""
    known: set[Key] = set()
    token = None
    while True:
        page = client.search_runs([experiment], max_results=RUNS_AT_A_TIME, page_token=token)
        for run in page:
            if run.info.status == "RUNNING":
                client.delete_run(run.info.run_id)
            elif CONFIGURATION in run.data.tags:
                known.add((run.data.tags[CONFIGURATION], int(run.data.tags[REPEAT])))
        token = page.token
        if not token:
            return known


def write_run(mlflow: Any, client: Any, experiment: str, trial: EndedTrial) -> None:
    """Write one trial as a run, whose status is RUNNING until it is complete."""
    row = trial.row
    start, end = milliseconds(row["started"] or row["ended"]), milliseconds(row["ended"])
    run = client.create_run(experiment, start_time=start, tags=tags_of(trial), run_name=f"trial {row['trial']}")
    entities = mlflow.entities
    metrics = (entities.Metric(*each) for each in metrics_of(trial, start, end))
    params = (entities.Param(name, str(value)) for name, value in sorted(trial.settings.items()))
    # Everything goes into one request, unless it exceeds the limits.
    first = list(islice(params, MOST_PARAMS))
    client.log_batch(run.info.run_id, list(islice(metrics, MOST_METRICS - len(first))), first)
    while more := list(islice(metrics, MOST_METRICS)):
        client.log_batch(run.info.run_id, more)
    while rest := list(islice(params, MOST_PARAMS)):
        client.log_batch(run.info.run_id, params=rest)
    client.set_terminated(run.info.run_id, STATES.get(row["status"], "FAILED"), end)


def tags_of(trial: EndedTrial) -> dict[str, str]:
    """The MLflow tags of a trial: everything except its numbers. Its own tags become `fitgap.tag.NAME`."""
    row = trial.row
    known = {TRIAL: row["trial"], CONFIGURATION: row["configuration"], REPEAT: row["repeat"]}
    known["mlflow.note.content"] = row["note"]
    for name in ("status", "reason", "verdict", "layers", "parameters"):
        known[f"fitgap.{name}"] = row[name]
    tags = {f"fitgap.tag.{tag_key(tag)}": "true" for tag in row["tags"]}
    return {**{name: str(value) for name, value in known.items() if value is not None}, **tags}


def tag_key(tag: str) -> str:
    """A tag with the characters that MLflow allows in names."""
    return "".join(letter if letter.isalnum() or letter in "_-. " else "_" for letter in tag)


def metrics_of(trial: EndedTrial, start: int, end: int) -> Iterator[tuple[str, float, int, int]]:
    """Name, value, time and step of every number. Epochs are assumed to end at even intervals from start to end."""
    row, last = trial.row, trial.epochs[-1]["epoch"] if trial.epochs else 1
    for each in trial.epochs:
        time = start + (end - start) * each["epoch"] // last
        for name in CURVES:
            if each[name] is not None:
                yield name, each[name], time, each["epoch"]
    for name in SUMMARY:
        if row[name] is not None:
            yield name, float(row[name]), end, 0


def milliseconds(seconds: float) -> int:
    return round(seconds * 1000)
