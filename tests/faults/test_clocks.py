"""Clocks that jump: no live driver is declared lost."""

import itertools
import time
from contextlib import ExitStack, contextmanager

import psycopg
import pytest
from support.faults.children import PATIENCE_SECONDS, child
from support.faults.commands import wait_until
from support.faults.evidence import Evidence
from support.faults.victims import run, write_ahead

HOUR = 3600.0
# Leases expire several times during a test. A live driver renews its lease ten times before it could be declared lost.
TIMES = {"lease": 1.0, "beat": 0.2, "confirm": 2.0}
# This function hides the server's own one, so that the clock can be set.
SETTABLE_CLOCK = """
    CREATE TABLE clock_jump AS SELECT CAST(0 AS double precision) AS seconds;
    CREATE FUNCTION clock_timestamp() RETURNS timestamptz LANGUAGE sql VOLATILE AS
        $$ SELECT pg_catalog.clock_timestamp() + seconds * interval '1 second' FROM clock_jump $$;
    DO $$ BEGIN
        EXECUTE format('ALTER DATABASE %I SET search_path = public, pg_catalog', current_database());
    END $$
"""
HAVE_RENEWED = """
    SELECT count(*) FROM driver
    WHERE lost IS NULL AND ended IS NULL AND abs(lease_until - extract(epoch FROM clock_timestamp())) < 60
"""


@contextmanager
def training(*victims):
    """All victims train inside the block; at its end, they are awaited and must have succeeded."""
    with ExitStack() as stack:
        processes = [stack.enter_context(child(run, victim)) for victim in victims]
        yield
        for process, victim in zip(processes, victims, strict=True):
            process.join(PATIENCE_SECONDS)
            assert process.exitcode == 0, victim.complaint


def check_nobody_was_replaced(address, expected_export):
    """Check that no driver was replaced and that the results are right; returns the rows of the two drivers."""
    found = Evidence(address)
    found.check_whole()
    assert found.export == expected_export
    assert set(found.attempts.values()) == {1}
    drivers = [row for row in found.rows["driver"] if row.ended]
    assert len(drivers) == 2 and not any(row.lost for row in drivers)
    return drivers


@pytest.mark.nightly
@pytest.mark.parametrize("database_kind", ["sqlite"])
def test_drivers_whose_clocks_jump_apart_take_nothing_from_each_other(new_victim, undisturbed_export):
    """Each driver believes it runs on a machine of its own; after a second, their clocks are two hours apart."""
    first = new_victim(machine="one", clock_jump=HOUR, pause=0.3, **TIMES)
    write_ahead(first)
    second = new_victim(again=first, machine="another", clock_jump=-HOUR, pause=0.3, **TIMES)
    with training(first, second):
        pass
    drivers = check_nobody_was_replaced(first.address, undisturbed_export)
    apart = max(abs(one.ended - other.ended) for one, other in itertools.combinations(drivers, 2))
    assert apart > HOUR, "their clocks did not jump"


@pytest.mark.nightly
@pytest.mark.parametrize("database_kind", ["postgresql"])
def test_when_the_clock_of_the_server_jumps_nobody_is_taken_for_dead(new_victim, undisturbed_export):
    """The clock jumps forward by an hour, so that every lease has expired, then back by two, so that no lease seems to
    end soon.
    """
    first = new_victim(machine="one", pause=0.6, **TIMES)
    write_ahead(first)
    second = new_victim(again=first, machine="another", pause=0.6, **TIMES)
    with psycopg.connect(first.address, autocommit=True) as server:
        server.execute(SETTABLE_CLOCK)
    # Connect again, because the new search path only applies to new connections.
    with psycopg.connect(first.address, autocommit=True) as server, training(first, second):
        for jump in (0.0, HOUR, -HOUR):
            server.execute("UPDATE clock_jump SET seconds = %s", [jump])
            assert wait_until(lambda: server.execute(HAVE_RENEWED).fetchone() == (2,)) is not None
            time.sleep(TIMES["confirm"] / 2)
    for driver in check_nobody_was_replaced(first.address, undisturbed_export):
        assert driver.ended < driver.began - HOUR / 2, "the clock did not jump"
