"""Errors of completed trials for `core.fit_verdicts`: after the last epoch, or for a reference after its best epoch."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from math import nan
from typing import Any

import numpy as np
import sqlalchemy as sa
from fitgap.core.fit_differences import Errors
from fitgap.runner.store.database.blobs import unpacked_errors, unpacked_sides
from fitgap.runner.store.fit.reference import ALL, At, Reference
from fitgap.runner.store.schema.tables import (
    configuration,
    data_set,
    epoch,
    evidence,
    split,
    split_variant,
    sweep,
    trial,
)
from fitgap.runner.store.schema.variants import peers_or_all
from fitgap.runner.trial_status import Status
from sqlalchemy.engine import Connection

# The columns of E_t and E_v, and of the epoch whose standard errors are read if there is no sample.
COLUMNS_AT = {
    At.CROSS_FIT: (trial.c.honest_e_t, trial.c.honest_e_v, trial.c.best_epoch),
    At.LAST: (trial.c.e_t, trial.c.e_v, trial.c.epochs),
    At.BEST: (trial.c.best_e_t, trial.c.best_e_v, trial.c.best_epoch),
}
NONE = np.empty(0, np.float32)


class ErrorsOfTrials:
    """Reads the errors of the trials of one sweep, given by its row."""

    def __init__(self, connection: Connection, sweep_row: Mapping[str, Any]):
        self.connection, self.sweep_id = connection, sweep_row["id"]
        counts = sa.select(split.c.repeat, split.c.training_count, split.c.validation_count)
        rows = connection.execute(counts.where(split.c.sweep_id == sweep_row["id"]))
        self.counts = {repeat: (training, validation) for repeat, training, validation in rows}
        self.variants = self._variants()
        measured = sweep_row["specification"].get("training", {}).get("measure", "all")
        self.measured = None if measured == "all" else int(measured)

    def _variants(self) -> dict[str, dict[int, int]]:
        """The number of training examples used in every repeat, by variant."""
        names = (split_variant.c.variant, split_variant.c.repeat, split_variant.c.training_count)
        rows = self.connection.execute(sa.select(*names).where(split_variant.c.sweep_id == self.sweep_id))
        found: dict[str, dict[int, int]] = defaultdict(dict)
        for variant, repeat, count in rows:
            found[variant][repeat] = count
        return found

    def counts_of(self, peers: str, repeat: int) -> tuple[int, int]:
        """The number of training and validation examples of these peers in a repeat."""
        training, validation = self.counts[repeat]
        return self.variants.get(peers, {}).get(repeat, training), validation

    def peers_of(self, numbers: Sequence[int]) -> dict[int, str]:
        """The groups of peers of configurations by id; empty if all use the same examples."""
        if not self.variants:
            return {}
        query = sa.select(configuration.c.id, peers_or_all).where(configuration.c.id.in_(numbers))
        return {number: peers for number, peers in self.connection.execute(query)}

    def of_reference(self, reference: Reference, peers: str) -> dict[int, Errors]:
        """The errors of the reference of these peers at its best epoch, by repeat."""
        query = query_of([reference.configuration], *COLUMNS_AT[reference.at])
        return {row.repeat: self._errors(row, reference.at, peers) for row in self.connection.execute(query)}

    def of_constant(self, peers: str) -> dict[int, Errors]:
        """The errors of the best constant prediction, by repeat; empty for sweeps of earlier versions."""
        table = split_variant if peers in self.variants else split
        names = ("repeat", "constant_e_t", "constant_e_v", "constant_errors")
        query = sa.select(*(table.c[name] for name in names)).where(
            table.c.sweep_id == self.sweep_id, table.c.constant_e_v.is_not(None)
        )
        if table is split_variant:
            query = query.where(table.c.variant == peers)
        return {
            row.repeat: Errors(
                row.constant_e_t,
                row.constant_e_v,
                *self.counts_of(peers, row.repeat),
                *both_sides(unpacked_sides(row.constant_errors, 2)),
            )
            for row in self.connection.execute(query)
        }

    def of_mean(self, reference: Reference, peers: str) -> dict[int, Errors]:
        """The errors, by repeat, of predicting the mean of numeric targets, computed from the variance explained by the
        reference. Used for sweeps of earlier versions; only mean errors are known, without a sample.
        """
        columns = [trial.c[name] for name in ("repeat", "e_t", "e_v", "accuracy_t", "accuracy_v")]
        query = (
            sa.select(*columns)
            .join_from(trial, sweep, sweep.c.id == trial.c.sweep_id)
            .join(data_set, data_set.c.id == sweep.c.data_set_id)
            .where(trial.c.configuration_id == reference.configuration, data_set.c.target_kind == "numbers")
        )
        return {
            repeat: Errors(e_t / (1 - r2_t), e_v / (1 - r2_v), *self.counts_of(peers, repeat), NONE, NONE)
            for repeat, e_t, e_v, r2_t, r2_v in self.connection.execute(query)
            if None not in (e_t, e_v, r2_t, r2_v) and max(r2_t, r2_v) < 1
        }

    def of_configurations(self, numbers: Sequence[int]) -> dict[int, list[tuple[int, int, Errors]]]:
        """For each of these configurations, its completed trials: id, repeat, and errors after the last epoch."""
        found, peers = defaultdict(list), self.peers_of(numbers)
        for row in self.connection.execute(query_of(numbers, *COLUMNS_AT[At.LAST])):
            errors = self._errors(row, At.LAST, peers.get(row.configuration_id, ALL))
            found[row.configuration_id].append((row.id, row.repeat, errors))
        return dict(found)

    def of_trial(self, number: int, configuration_id: int) -> Errors | None:
        """The errors of one trial after its last epoch; None if it has not completed."""
        rows = self.of_configurations([configuration_id]).get(configuration_id, [])
        return next((errors for each, _, errors in rows if each == number), None)

    def _errors(self, row: Any, at: At, peers: str) -> Errors:
        samples = samples_of(row, at)
        count_t, count_v = self.counts_of(peers, row.repeat)
        if self.measured is not None and self.measured < max(count_t, count_v) and samples[0].size:
            # Each epoch was measured on different examples, but the sample is always the same.
            e_t, e_v = (float(np.mean(sample, dtype=np.float64)) for sample in samples)
            return Errors(e_t, e_v, len(samples[0]), len(samples[1]), *samples)
        e_t, e_v, se_t, se_v = (nan if value is None else value for value in (row.e_t, row.e_v, row.se_t, row.se_v))
        return Errors(e_t, e_v, count_t, count_v, *samples, se_t=se_t, se_v=se_v)


def samples_of(row: Any, at: At) -> tuple[np.ndarray, np.ndarray]:
    """The sampled errors of training and validation examples; empty if there are none, or if one is infinite."""
    content = row.honest if at is At.CROSS_FIT else row.content
    if content is None:
        return NONE, NONE
    sides = unpacked_sides(content, 2) if at is At.CROSS_FIT else unpacked_errors(content)[int(at is At.LAST)]
    return both_sides(sides)


def both_sides(sides: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The errors of training and validation examples without padding; empty if one is infinite."""
    if np.isfinite(sides).all():
        return sides[0], sides[1]
    training, validation = (side[: valid_length(side)] for side in sides)
    if not (np.isfinite(training).all() and np.isfinite(validation).all()):
        return NONE, NONE
    return training, validation


def valid_length(side: np.ndarray) -> int:
    """The number of errors before the NaN padding."""
    known = np.flatnonzero(~np.isnan(side))
    return int(known[-1]) + 1 if known.size else 0


def query_of(numbers: Sequence[int], e_t: sa.Column, e_v: sa.Column, after: sa.Column) -> sa.Select:
    """A query for the completed trials of these configurations with their errors after an epoch.

    If there is no sample, as in databases of earlier versions, it includes the standard errors of that epoch.
    """
    same_epoch = sa.and_(evidence.c.trial_id.is_(None), epoch.c.trial_id == trial.c.id, epoch.c.epoch == after)
    return (
        sa.select(
            trial.c.id,
            trial.c.configuration_id,
            trial.c.repeat,
            e_t.label("e_t"),
            e_v.label("e_v"),
            evidence.c.content,
            evidence.c.honest,
            epoch.c.se_t,
            epoch.c.se_v,
        )
        .join_from(trial, evidence, evidence.c.trial_id == trial.c.id, isouter=True)
        .join(epoch, same_epoch, isouter=True)
        .where(trial.c.configuration_id.in_(numbers), trial.c.status == Status.COMPLETED)
        .order_by(trial.c.configuration_id, trial.c.repeat)
    )
