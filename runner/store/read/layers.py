"""Layers of trained networks: statistics of their units and weights, from the evidence of completed trials."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from fitgap.runner.store.read.lookups import Row, find_sweep, require_trials
from fitgap.runner.store.read.trials import chosen_trials
from fitgap.runner.store.schema import result_keys
from fitgap.runner.store.schema.tables import configuration, evidence, trial
from sqlalchemy.engine import Connection

# Settings that every row repeats, so that layers can be grouped by them.
SETTINGS = ("trial", "configuration", "repeat", "architecture", "activation", "optimizer", "verdict")
OUTPUT, HIDDEN = "output", "hidden"


def layers_of_sweep(connection: Connection, sweep: str, where: str | None = None) -> list[Row]:
    """One row per layer of the completed trials of a sweep that match the filter `where`, in order."""
    number = find_sweep(connection, sweep)["id"]
    return layers(connection, chosen_trials(connection, number, where, [trial.c.id]))


def layers_of_trial(connection: Connection, number: int) -> list[Row]:
    """One row per layer of a trial; none if it has not completed. StoreError if there is no such trial."""
    require_trials(connection, [number])
    return layers(connection, sa.select(trial.c.id).where(trial.c.id == number))


def layers_of_trials(connection: Connection, numbers: Sequence[int]) -> list[Row]:
    """One row per layer of the completed trials among these, in order."""
    return layers(connection, sa.select(trial.c.id).where(trial.c.id.in_(numbers)))


def layers(connection: Connection, numbers: sa.Select) -> list[Row]:
    """The layers of the trials whose ids a query gives."""
    keys = {**result_keys.TRIAL, **result_keys.MORE_SETTINGS}
    query = (
        sa.select(
            *result_keys.labelled({name: keys[name] for name in SETTINGS}),
            configuration.c.settings["architecture"].label("written"),
            evidence.c.statistics,
        )
        .join_from(trial, configuration, trial.c.configuration_id == configuration.c.id)
        .join(evidence, evidence.c.trial_id == trial.c.id)
        .where(trial.c.id.in_(numbers))
        .order_by(trial.c.id)
    )
    return [row for found in connection.execute(query).mappings() for row in rows_of(dict(found))]


def rows_of(found: Mapping[str, Any]) -> Iterator[Row]:
    """One row per layer of a trial: counts, and shares of them. The last layer is the output layer."""
    settings = {name: found[name] for name in SETTINGS}
    layers = found["statistics"].get("layers", [])
    # Imported here, so that other queries do not load the code that reads sweep files.
    from fitgap.runner.spec.architectures import layer_names
    from fitgap.runner.spec.configuration import restored

    names = layer_names(restored("architecture", found["written"]))
    for number, layer in enumerate(layers, start=1):
        yield {
            **settings,
            "layer": number,
            "kind": OUTPUT if number == len(layers) else HIDDEN,
            "units": layer["units"],
            "dead": layer["dead"] / layer["units"],
            "saturated": layer["saturated"] / layer["units"],
            "weights": layer["weights"],
            "near_zero": layer["near_zero"] / layer["weights"],
            "rms_start": layer["rms_start"],
            "rms": layer["rms"],
            "growth": layer["rms"] / layer["rms_start"] if layer["rms_start"] else None,
            # Not in the evidence of earlier versions.
            "gradient": layer.get("gradient"),
            "name": name_of(number, len(layers), names),
        }


def name_of(number: int, count: int, names: Sequence[str]) -> str:
    """The name of a layer, given the names of hidden layers; in a dense network, these are named by their number."""
    if number == count:
        return OUTPUT
    return names[number - 1] if len(names) == count - 1 else f"layer {number}"
