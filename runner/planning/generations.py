"""The rows of a generation that is added to a search while it trains."""

from collections.abc import Iterable, Sequence
from typing import Any

from fitgap.runner.planning.chosen import filter_of
from fitgap.runner.planning.configuration_rows import configuration_row
from fitgap.runner.planning.data_variants import variants_of
from fitgap.runner.planning.plan import variant_rows
from fitgap.runner.planning.preparation import PreparedSweep
from fitgap.runner.search import Result, proposals
from fitgap.runner.store import Generation


def generation_rows(
    prepared: PreparedSweep,
    known: Sequence[str],
    results: Sequence[Result],
    number: int,
    count: int,
    advised: Iterable[Sequence[float | None]] = (),
) -> Generation:
    """The rows of generation `number`, with at most `count` configurations.

    `known` are the hashes of all earlier proposals, `results` the results of those on which the generation is based,
    and `advised` the points to try first.
    """
    sweep = prepared.sweep
    found = proposals(
        sweep, results, set(known), generation=number, count=count, accept=filter_of(prepared), advised=advised
    )
    configurations: list[dict[str, Any]] = [
        {**configuration_row(each.configuration, prepared), "proposal": each.point} for each in found
    ]
    variants = variants_of([each.configuration for each in found], sweep)
    return Generation(len(known), configurations, variant_rows(prepared, variants, prepared.splits))
