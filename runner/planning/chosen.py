"""The configurations of a sweep: those combinations of a grid, or proposals of a search, that `only` accepts."""

import itertools
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property

from fitgap.runner.amounts import counted
from fitgap.runner.errors import SpecError
from fitgap.runner.planning.configuration_rows import configuration_row
from fitgap.runner.planning.data_variants import DataVariant, variant_of, variants_of_sweep
from fitgap.runner.planning.preparation import PreparedSweep
from fitgap.runner.search import Accept, Drawn, Proposal, proposals
from fitgap.runner.spec import Configuration, Sweep
from fitgap.runner.spec.configuration_sequence import ConfigurationSequence

FILTERED_AT_A_TIME = 1_000


def chosen_configurations(prepared: PreparedSweep) -> Sequence[Configuration]:
    """The configurations of a sweep, which are created on first use. Raises FilterError if `only` is invalid."""
    sweep = prepared.sweep
    only = filter_of(prepared)
    if sweep.search is None:
        return Accepted(sweep.configurations(), only) if only else sweep.configurations()
    wanted = sweep.search.trials // prepared.repeat_count
    if not wanted:
        rule = f"a configuration of this sweep has {prepared.repeat_count} repeats"
        raise SpecError(
            f"search: {rule}, more than the {sweep.search.trials} trials; raise trials", ("search", "trials")
        )
    if sweep.search.learns:
        return FirstGeneration(sweep, min(wanted, sweep.generation_sizes.first), only)
    return Drawn(sweep, wanted, only, prepared.repeat_count)


def filter_of(prepared: PreparedSweep) -> "Only | None":
    """The filter `only` of a sweep; None if it has none."""
    return Only(prepared, prepared.sweep.only) if prepared.sweep.only else None


def left_out(prepared: PreparedSweep) -> list[str]:
    """A line that says how many combinations of a grid `only` does not accept; none if it accepts all of them."""
    configurations = prepared.configurations
    if not isinstance(configurations, Accepted) or not configurations.refused:
        return []
    return [f"left out {counted(configurations.refused, 'combination')} that `only: {prepared.sweep.only}` refuses"]


def rounded_down(prepared: PreparedSweep) -> list[str]:
    """A line with the number of trials that a search plans, if `trials` is not a multiple of the repeats."""
    search, repeats = prepared.sweep.search, prepared.repeat_count
    if search is None or not (rest := search.trials % repeats):
        return []
    planned = f"plans {search.trials - rest:,} of the {counted(search.trials, 'trial')}"
    return [f"search: {planned}, since a configuration has {repeats} repeats"]


class Only:
    """The filter `only` of a sweep, applied to the rows that its configurations would have."""

    def __init__(self, prepared: PreparedSweep, text: str):
        from fitgap.runner.store.filter import SettingsFilter

        self._prepared = prepared
        self.text = text
        self._filter: SettingsFilter = SettingsFilter(text)

    def refusal(self, configurations: Sequence[Configuration]) -> str:
        """The error for a filter that accepts none of the configurations, with one of them as an example."""
        row = configuration_row(configurations[0], self._prepared)
        settings = [row[key] for key in ("architecture", "activation", "regularizer", "optimizer")]
        example = f"{', '.join(map(str, settings))} with {row['parameters']:,} parameters"
        rule = f"only: {self.text} accepts none of the {counted(len(configurations), 'configuration')}"
        return f"{rule}, such as {example}; change it"

    def __call__(self, configurations: Sequence[Configuration]) -> list[bool]:
        """Which of the configurations are accepted."""
        return self._filter.accepts([configuration_row(each, self._prepared) for each in configurations])


class Accepted(ConfigurationSequence):
    """The configurations that a filter accepts, in their order; the filter is applied on first use."""

    def __init__(self, configurations: Sequence[Configuration], only: Only):
        self._all = configurations
        self._only = only

    def __len__(self) -> int:
        return len(self._places)

    def __iter__(self) -> Iterator[Configuration]:
        return map(self._all.__getitem__, self._places)

    def at(self, position: int) -> Configuration:
        return self._all[self._places[position]]

    @property
    def refused(self) -> int:
        """How many configurations are not accepted."""
        return len(self._all) - len(self)

    @cached_property
    def _places(self) -> list[int]:
        """The positions of the accepted configurations."""
        answers = (self._only(part) for part in parts_of(self._all))
        found = [place for place, is_accepted in enumerate(itertools.chain.from_iterable(answers)) if is_accepted]
        if not found:
            raise SpecError(self._only.refusal(self._all), ("only",))
        return found


class FirstGeneration(ConfigurationSequence):
    """The configurations with which a search that learns begins; they are proposed on first use."""

    def __init__(self, sweep: Sweep, count: int, accept: Accept | None):
        self._sweep, self._count, self._accept = sweep, count, accept

    def __len__(self) -> int:
        return len(self.proposals)

    def at(self, position: int) -> Configuration:
        return self.proposals[position].configuration

    def __iter__(self) -> Iterator[Configuration]:
        return iter([each.configuration for each in self.proposals])

    @cached_property
    def proposals(self) -> list[Proposal]:
        """The configurations with their points."""
        found = proposals(self._sweep, [], (), generation=0, count=self._count, accept=self._accept)
        if not found:
            raise SpecError("search: `only` accepts no configuration that was tried; change it", ("only",))
        return found


def parts_of(configurations: Iterable[Configuration]) -> Iterator[list[Configuration]]:
    """The configurations in parts, since there may be a million."""
    rest = iter(configurations)
    while part := list(itertools.islice(rest, FILTERED_AT_A_TIME)):
        yield part


def variants_of_plan(prepared: PreparedSweep) -> Iterable[DataVariant]:
    """The variants of a sweep's configurations. For a grid, they are found without creating configurations."""
    sweep = prepared.sweep
    found = list(variants_of_sweep(sweep))
    if sweep.search is None or len(found) == 1:
        return found
    return dict.fromkeys(variant_of(each, sweep) for each in prepared.configurations)
