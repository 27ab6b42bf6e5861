"""Drivers that claim, write, crash, stall, wake up, deliver late and twice: the database stays correct.

After every step, the rows are compared with a simple model; see `simulation` and `schedules` in `support.faults`.
"""

import contextlib

import pytest
from support.faults.children import child
from support.faults.schedules import try_schedules, try_schedules_apart
from support.sampling import on_sqlite_per_commit

# On each kind of database.
SCHEDULES, NIGHTLY_SCHEDULES = 30, 5_000
# The steps of a sequence are sequential, so one process keeps only one core busy.
PROCESSES = 2


@on_sqlite_per_commit
def test_no_order_of_events_breaks_a_claim(database):
    try_schedules(database, SCHEDULES)


@pytest.mark.nightly
def test_ten_thousand_orders_of_events_break_no_claim(databases, tmp_path):
    with contextlib.ExitStack() as stack:
        complaints = [tmp_path / f"complaint-{number}" for number in range(PROCESSES)]
        processes = [
            stack.enter_context(child(try_schedules_apart, databases.make(), NIGHTLY_SCHEDULES // PROCESSES, complaint))
            for complaint in complaints
        ]
        for process, complaint in zip(processes, complaints, strict=True):
            process.join()
            assert process.exitcode == 0, complaint.read_text()
