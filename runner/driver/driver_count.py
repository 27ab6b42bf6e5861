"""The number of drivers of a sweep: as requested, or as many as its workers need."""

from dataclasses import replace

from fitgap.runner.amounts import counted
from fitgap.runner.engine.placement import Placement
from fitgap.runner.errors import SpecError
from fitgap.runner.spec import Budget
from fitgap.runner.store.database.addresses import database_url, is_file

# One driver can store the results of about this many workers with small networks (64-16-10), or more with larger ones.
WORKERS_PER_DRIVER = 175
ONE_WRITER = "SQLite accepts only one writer at a time, so further drivers would only wait"
ONE_COUNTER = "only a single driver can count the trials and epochs of a budget"


def with_driver_count(placement: Placement, database: str | None, trials: int, budget: Budget) -> Placement:
    """The placement with its number of drivers decided. Raises SpecError for several if only one is possible."""
    obstacle = obstacle_to_several(database, budget)
    if placement.drivers is None:
        # A worker without a trial needs no driver.
        needed = -(-min(placement.worker_count, trials) // WORKERS_PER_DRIVER)
        return replace(placement, drivers=1 if obstacle else max(1, needed))
    if placement.drivers > 1 and obstacle:
        raise SpecError(f"{placement.drivers} drivers were requested, but {obstacle[0]}; {obstacle[1]}")
    return placement


def obstacle_to_several(database: str | None, budget: Budget) -> tuple[str, str] | None:
    """Why a sweep can have only one driver, and what to do about it; None if it can have several."""
    if is_file(database_url(database)):
        return ONE_WRITER, "use PostgreSQL (--db postgresql://…), or one driver"
    if budget.trials is not None or budget.epochs is not None:
        return ONE_COUNTER, "limit the time instead, or use one driver"
    return None


def explained(placement: Placement, database: str | None, trials: int, budget: Budget) -> str | None:
    """A line about the drivers of a sweep; None for a single driver that needs no explanation."""
    settled = with_driver_count(placement, database, trials, budget)
    assert settled.drivers is not None
    if settled.drivers > 1:
        each = placement_words(settled)
        return f"{settled.drivers} drivers, {each}"
    obstacle = obstacle_to_several(database, budget)
    if obstacle and min(placement.worker_count, trials) > WORKERS_PER_DRIVER:
        return f"one driver, which feeds about {WORKERS_PER_DRIVER} workers of small networks: {obstacle[0]}"
    return None


def placement_words(placement: Placement) -> str:
    """The share of each driver in words, such as `each for about 150 workers`."""
    assert placement.drivers is not None
    return f"each for about {counted(-(-placement.worker_count // placement.drivers), 'worker')}"
