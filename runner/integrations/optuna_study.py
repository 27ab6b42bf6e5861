"""Export of a sweep to an Optuna study: varying settings as parameters, best E_v as value, E_v as its curve."""

import contextlib
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from fitgap.runner.errors import IntegrationError
from fitgap.runner.integrations.contents import EndedTrial, Sent, SweepContents
from fitgap.runner.integrations.peers import (
    import_peer,
    only_warnings,
    peer_address,
    peer_errors_in_one_line,
    without_telemetry,
)
from fitgap.runner.integrations.settings import Setting, varying
from fitgap.runner.store import Store
from fitgap.runner.trial_status import Status

IDENTITY, ALTERNATIVES = "fitgap_sweep", "fitgap_alternatives"
# Tables by which a database of Optuna is recognized.
TABLES = ("studies", "trials", "version_info")
# All other trials count as failed in Optuna; their attribute `status` says why.
STATES = {Status.COMPLETED: "COMPLETE", Status.PRUNED: "PRUNED"}


@without_telemetry()
def send_to_optuna(
    store: Store, sweep: str | int, storage: str, *, name: str | None = None, database: str | None = None
) -> Sent:
    """Write the ended trials of a sweep into a study, which has the sweep's name unless `name` is given.

    Existing trials are kept. Raises IntegrationError if Optuna is missing or cannot write, or if the study is not of
    this sweep.
    """
    contents = SweepContents(store, store.sweep(sweep))
    optuna = import_peer("optuna", "optuna")
    address = peer_address(storage, database, TABLES)
    with peer_errors_in_one_line("Optuna", address), only_warnings("optuna"), opened(optuna, address) as opened_storage:
        distributions = distributions_of(optuna, contents.settings.values())
        study = study_of(optuna, contents, opened_storage, name or contents.name, distributions)
        attributes = [trial.user_attrs for trial in study.get_trials(deepcopy=False)]
        known = {(each.get("configuration", ""), each.get("repeat", 0)) for each in attributes}
        new = 0
        for part in contents.trials(known):
            study.add_trials(frozen_trial(optuna, trial, distributions) for trial in part)
            new += len(part)
    return Sent(study.study_name, new, len(known))


@contextlib.contextmanager
def opened(optuna: Any, address: str) -> Iterator[Any]:
    """The storage. Its connections are closed afterwards, which Optuna does not do."""
    storage = optuna.storages.RDBStorage(address)
    try:
        yield storage
    finally:
        storage.remove_session()
        storage.engine.dispose()


def study_of(optuna: Any, contents: SweepContents, storage: Any, name: str, distributions: dict[str, Any]) -> Any:
    """The study, created if necessary. Raises IntegrationError if it is not for this sweep in its current form."""
    study = optuna.create_study(storage=storage, study_name=name, direction="minimize", load_if_exists=True)
    written = {IDENTITY: contents.identity, ALTERNATIVES: {key: str(each) for key, each in distributions.items()}}
    existing = study.user_attrs
    if not existing and not study.get_trials(deepcopy=False):
        for key, value in written.items():
            study.set_user_attr(key, value)
        study.set_user_attr("settings", constant_settings(contents, distributions))
    elif existing.get(IDENTITY) != written[IDENTITY]:
        raise IntegrationError(f"the study {name!r} exists but is not for this sweep; give another name with --name")
    elif existing.get(ALTERNATIVES) != written[ALTERNATIVES]:
        raise IntegrationError(
            f"the alternatives of the sweep have changed since the study {name!r} was created, and Optuna cannot "
            "change them there; give another name with --name"
        )
    return study


def constant_settings(contents: SweepContents, distributions: dict[str, Any]) -> dict[str, Setting]:
    """The settings that are the same in all configurations that have them."""
    found = {name: value for each in contents.settings.values() for name, value in each.items()}
    return {name: value for name, value in found.items() if name not in distributions}


def distributions_of(optuna: Any, settings: Iterable[dict[str, Setting]]) -> dict[str, Any]:
    """The distribution of each varying setting: a range for numbers, else a choice."""
    all_ = list(settings)
    names = varying(all_)
    return {name: distribution(optuna, [each[name] for each in all_ if name in each]) for name in sorted(names)}


def distribution(optuna: Any, values: list[Setting]) -> Any:
    """The distribution over these values."""
    kinds = {type(value) for value in values}
    if kinds == {int}:
        return optuna.distributions.IntDistribution(min(values), max(values))
    if kinds <= {int, float}:
        low, high = float(min(values)), float(max(values))
        # Alternatives that span a power of ten are assumed to be on a logarithmic scale.
        return optuna.distributions.FloatDistribution(low, high, log=0 < 10 * low <= high)
    # Sorted, because Optuna treats the same alternatives in another order as different ones.
    return optuna.distributions.CategoricalDistribution(sorted(set(values), key=str))


def frozen_trial(optuna: Any, trial: EndedTrial, distributions: dict[str, Any]) -> Any:
    """A trial as an Optuna FrozenTrial."""
    row = trial.row
    value = row["best_e_v"]
    state = STATES.get(row["status"], "FAIL") if value is not None else "FAIL"
    params = {name: value for name, value in trial.settings.items() if name in distributions}
    frozen = optuna.trial.create_trial(
        state=optuna.trial.TrialState[state],
        value=value if state == "COMPLETE" else None,
        params={name: as_drawn(value, distributions[name]) for name, value in params.items()},
        distributions={name: distributions[name] for name in params},
        user_attrs={**trial.findings, "e_t_by_epoch": [each["e_t"] for each in trial.epochs]},
        intermediate_values=dict(intermediate_values(trial)),
    )
    # Optuna's times are local times without a zone.
    frozen.datetime_start = datetime.fromtimestamp(row["started"] or row["ended"])
    frozen.datetime_complete = datetime.fromtimestamp(row["ended"])
    return frozen


def as_drawn(value: Setting, distribution: Any) -> Setting:
    return float(value) if type(distribution).__name__ == "FloatDistribution" else value


def intermediate_values(trial: EndedTrial) -> Iterator[tuple[int, float]]:
    """E_v by epoch, where it is finite."""
    return ((each["epoch"], each["e_v"]) for each in trial.epochs if each["e_v"] is not None)
