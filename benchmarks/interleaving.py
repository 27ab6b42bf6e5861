"""Interleaved runs of all jobs, A B A B …, so that other load on the machine affects all of them."""

from collections.abc import Callable, Sequence

from benchmarks.comparison import Comparison, Figure, Job, Row, Side, best_side
from benchmarks.processes import MeasurementError, run_job

Samples = dict[Job, list[dict[str, float]]]
Report = Callable[[str], None]


def measure(table: str, comparisons: Sequence[Comparison], runs: int, report: Report) -> list[Row]:
    """The rows of a table. A peer that fails is reported and left out; if fitgap fails, raises MeasurementError."""
    samples: Samples = {job: [] for comparison in comparisons for job in comparison.jobs}
    ours = {figure.job for comparison in comparisons for figure in comparison.ours}
    broken: set[Job] = set()
    for run in range(runs):
        for number, job in enumerate(samples, 1):
            if job in broken:
                continue
            report(f"{table}: run {run + 1} of {runs}, measurement {number} of {len(samples)}: {job.function}")
            try:
                samples[job].append(run_job(job))
            except MeasurementError as error:
                if job in ours:
                    raise
                broken.add(job)
                report(f"left out: {job.function} {job.arguments}: {error}")
    return [row(table, comparison, samples) for comparison in comparisons if broken.isdisjoint(comparison.jobs)]


def row(table: str, comparison: Comparison, samples: Samples) -> Row:
    """The row of a comparison whose jobs have all run."""
    ours, theirs = (
        side(each, comparison.unit, samples).within(comparison.limit) for each in (comparison.ours, comparison.theirs)
    )
    return Row(table, comparison.case, comparison.peer, ours, theirs, comparison.unit, comparison.target)


def side(figures: tuple[Figure, ...] | float, unit: str, samples: Samples) -> Side:
    """The measurement of one side of a comparison."""
    if not isinstance(figures, tuple):
        return Side(figures, figures, figures)
    return best_side({figure: [result[figure.name] for result in samples[figure.job]] for figure in figures}, unit)
