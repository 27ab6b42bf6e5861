"""Extension of a stored sweep: the rows to add so that it becomes a larger one."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from fitgap.core.schedules import Schedule
from fitgap.runner.planning.configuration_rows import configuration_row
from fitgap.runner.planning.data_variants import variants_of
from fitgap.runner.planning.plan import split_row, variant_rows, with_absolute_path
from fitgap.runner.planning.preparation import PreparedSweep
from fitgap.runner.spec import Configuration
from fitgap.runner.store import SweepExtension


def sweep_extension(
    prepared: PreparedSweep, known: Sequence[Configuration], known_hashes: Sequence[str], known_repeats: int
) -> SweepExtension:
    """The rows that turn a stored sweep into `prepared`.

    `known` are the stored configurations as this version reads them, `known_hashes` their stored hashes. The two may
    not match: a version with more settings computes another hash for the same configuration.
    """
    stored = dict(zip(known, known_hashes, strict=True))
    new = [each for each in prepared.configurations if each not in stored]
    variants = variants_of(known, prepared.sweep)
    added = variants_of(new, prepared.sweep) - variants
    repeats = [each for each in prepared.splits if each > known_repeats]
    return SweepExtension(
        specification=with_absolute_path(prepared.sweep).canonical(),
        splits=[split_row(prepared, repeat, prepared.splits[repeat]) for repeat in repeats],
        variants=[*variant_rows(prepared, variants, repeats), *variant_rows(prepared, added, prepared.splits)],
        configurations=[configuration_row(each, prepared) for each in new],
        known=len(known),
        recording=prepared.sweep.training.record,
        continues={each.hash: stored[shorter] for each in new if (shorter := longest_beginning(each, stored))},
    )


def longest_beginning(configuration: Configuration, known: Iterable[Configuration]) -> Configuration | None:
    """The known configuration from whose end this one can continue; None if there is none.

    It has the same settings and learning rates but fewer epochs, the most among all such configurations.
    """
    beginnings = [
        each
        for each in known
        if each.epochs < configuration.epochs
        and replace(configuration, epochs=each.epochs) == each
        and has_equal_rates(configuration.schedule.variant, each.epochs, configuration.epochs)
    ]
    return max(beginnings, key=lambda each: each.epochs, default=None)


def has_equal_rates(schedule: Schedule, epochs: int, more_epochs: int) -> bool:
    """Whether the first `epochs` learning rates are the same for both numbers of epochs."""
    return all(schedule.factor(epoch, epochs) == schedule.factor(epoch, more_epochs) for epoch in range(1, epochs + 1))
