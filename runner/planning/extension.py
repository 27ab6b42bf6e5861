"""From a sweep in the store and a larger one to the rows that are missing between them."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from fitgap.core.schedules import Schedule
from fitgap.runner.planning.sweep import PreparedSweep, configuration_row, split_row, with_absolute_path
from fitgap.runner.spec import Configuration
from fitgap.runner.store import SweepExtension


def sweep_extension(
    prepared: PreparedSweep, known: Sequence[Configuration], known_hashes: Sequence[str], known_repeats: int
) -> SweepExtension:
    """What a sweep in the store lacks to be this one.

    `known` are its configurations as they are read now, and `known_hashes` what they are stored under: a program with
    more settings gives the same configuration another hash.
    """
    stored = dict(zip(known, known_hashes, strict=True))
    new = [each for each in prepared.configurations if each not in stored]
    return SweepExtension(
        specification=with_absolute_path(prepared.sweep).canonical(),
        splits=[
            split_row(prepared, repeat, split) for repeat, split in prepared.splits.items() if repeat > known_repeats
        ],
        configurations=[configuration_row(each, prepared) for each in new],
        known=len(known),
        recording=prepared.sweep.training.record,
        continues={each.hash: stored[shorter] for each in new if (shorter := longest_beginning(each, stored))},
    )


def longest_beginning(configuration: Configuration, known: Iterable[Configuration]) -> Configuration | None:
    """The configuration that asks for the same with most, but fewer, epochs, each of them alike."""
    beginnings = [
        each
        for each in known
        if each.epochs < configuration.epochs
        and replace(configuration, epochs=each.epochs) == each
        and has_equal_rates(configuration.schedule.variant, each.epochs, configuration.epochs)
    ]
    return max(beginnings, key=lambda each: each.epochs, default=None)


def has_equal_rates(schedule: Schedule, epochs: int, more_epochs: int) -> bool:
    """Whether training begins alike however long it is to last."""
    return all(schedule.factor(epoch, epochs) == schedule.factor(epoch, more_epochs) for epoch in range(1, epochs + 1))
