"""The check of how many drivers a sweep would have."""

from collections.abc import Iterator

from fitgap.runner.amounts import counted
from fitgap.runner.doctor.finding import Finding, ok
from fitgap.runner.driver.driver_count import WORKERS_PER_DRIVER, obstacle_to_several
from fitgap.runner.errors import StoreError
from fitgap.runner.spec import Budget
from fitgap.runner.system.cores import usable_cores


def check_drivers(database: str | None) -> Iterator[Finding]:
    """Report how many drivers `--drivers auto` starts with this database."""
    try:
        obstacle = obstacle_to_several(database, Budget())
    except StoreError:
        # Reported by the check of the database itself.
        return
    if obstacle:
        yield ok("drivers", f"one for every sweep: {obstacle[0]}")
        return
    cores = usable_cores()
    here = f"{-(-cores // WORKERS_PER_DRIVER)} for the {counted(cores, 'core')} of this machine"
    yield ok("drivers", f"{here}; on a cluster one for every {WORKERS_PER_DRIVER} workers")
