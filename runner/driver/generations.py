"""Adds generations to a search that learns, each as soon as the results on which it is based are known."""

from collections.abc import Iterator, Sequence

from fitgap.runner.diagnosis.search_advice import SearchAdvice
from fitgap.runner.driver.written_sweep import WrittenSweep
from fitgap.runner.planning.generations import generation_rows
from fitgap.runner.search import Result
from fitgap.runner.search.generations import history_of
from fitgap.runner.spec.search_settings import ADVICE
from fitgap.runner.store import DriverSession, Row, Store


class Generations:
    """The search of a sweep. Every driver of the sweep may add the next generation; all would add the same one."""

    def __init__(self, store: Store, session: DriverSession, written: WrittenSweep):
        self.store, self.session, self.written = store, session, written
        search = written.prepared.sweep.search
        self.settings = search if search and search.learns else None
        self.sizes = written.prepared.sweep.generation_sizes
        # True once no further configurations exist or all wanted ones are proposed.
        self.is_complete = self.settings is None

    def extend(self) -> bool:
        """Add the generations that are due; returns whether there were any."""
        is_extended = False
        while not self.is_complete and self._add_next():
            is_extended = True
        return is_extended

    def _add_next(self) -> bool:
        """Add the next generation if it is due; returns whether the sweep has it now."""
        assert self.settings is not None
        sizes, wanted = self.sizes, self.settings.trials // self.written.prepared.repeat_count
        counts = self.store.proposal_counts(self.written.sweep_id)
        number = sizes.number_at(counts.proposed)
        # A generation that is smaller than it should be is the last one.
        self.is_complete = counts.proposed >= wanted or not sizes.is_begin(counts.proposed)
        based_on = sizes.begin(max(0, number - self.settings.lag))
        if self.is_complete or counts.settled < based_on:
            return False
        # Leave out proposals that another driver has added since they were counted.
        rows = self.store.proposals(self.written.sweep_id)[: counts.proposed]
        results = results_of(rows[:based_on])
        count = min(sizes.begin(number + 1), wanted) - counts.proposed
        known, advised = [row["hash"] for row in rows], advised_points(self.store, self.written, rows[:based_on])
        generation = generation_rows(self.written.prepared, known, results, number, count, advised)
        self.is_complete = not generation.configurations
        self.session.add_generation(self.written.sweep_id, generation)
        return not self.is_complete


def results_of(rows: Sequence[Row]) -> list[Result]:
    """The results of proposals, in the form that search methods use."""
    return [Result(row["point"], row["error"], row["parameters"], row["rung"]) for row in rows]


def advised_points(store: Store, written: WrittenSweep, rows: Sequence[Row]) -> Iterator[Sequence[float | None]]:
    """The points that follow from the advice based on these proposals; none for other search methods."""
    if advice := search_advice(store, written, rows):
        yield from advice.points()


def search_advice(store: Store, written: WrittenSweep, rows: Sequence[Row]) -> SearchAdvice | None:
    """The advice based on proposals of a sweep; None if there are none, or if its search does not follow advice."""
    sweep = written.prepared.sweep
    if not rows or sweep.search is None or sweep.search.method != ADVICE:
        return None
    dimensions = len(rows[0]["point"])
    return SearchAdvice(store, sweep, rows, history_of(results_of(rows), dimensions, sweep.generation_sizes).errors)


def advice_beyond(store: Store, written: WrittenSweep) -> str | None:
    """The advice for the best configuration of a search by advice that is outside its ranges and lists, in words; None
    if there is none.
    """
    advice = search_advice(store, written, store.proposals(written.sweep_id))
    changes = advice.beyond() if advice else []
    words = dict.fromkeys(f"{change.axis.replace('_', ' ')} {change.after}" for change in changes)
    return f"beyond what the search may try, the advice is: {'; '.join(words)}" if words else None
