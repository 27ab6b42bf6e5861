"""The database server is killed and restarted while drivers train: they wait for it and continue."""

import contextlib
import random
import time
from statistics import median

import pytest
from support.databases.new_databases import PostgresDatabases, postgres_template
from support.faults.children import child, nursery, outcome
from support.faults.commands import wait_until
from support.faults.evidence import Evidence, note_history
from support.faults.sweeps import TINY
from support.faults.victims import Victim, run, run_when_all_are_ready, write_ahead

# These tests share fixtures that are slow to set up.
pytestmark = pytest.mark.xdist_group("the server of restarted servers")

RESTARTS, DRIVERS = 20, 2
SWEEP = TINY.replace("repeats: 1", "repeats: 30")
# The requirement is 5 s, on an idle machine.
LONGEST_SECONDS_TO_GO_ON = 30.0
PATIENCE_SECONDS = 600.0


@pytest.fixture
def new_driver(postgres_of_its_own, tmp_path):
    """`new_driver(number)`: a process on one database of a server that may be restarted."""
    made = PostgresDatabases(postgres_of_its_own, postgres_template(postgres_of_its_own))
    address = made.make()
    note_history(address)

    def make(number):
        folder = tmp_path / f"driver-{number}"
        folder.mkdir()
        return Victim(address, folder, sweep=SWEEP, pause=0.08)

    with contextlib.closing(made):
        yield make


@pytest.fixture(scope="module")
def expected_export(tmp_path_factory):
    folder = tmp_path_factory.mktemp("undisturbed")
    victim = Victim(str(folder / "store.db"), folder, sweep=SWEEP)
    assert outcome(run, victim) == 0, victim.complaint
    return Evidence(victim.address).export


def restart(server, victims, luck):
    """Restart the server at a random moment; returns the seconds until all drivers have shown more epochs."""
    time.sleep(luck.uniform(0.2, 1.0))
    server.kill()
    before = [victim.folder.joinpath("acknowledged").stat().st_size for victim in victims]
    time.sleep(luck.choice([0.0, 0.0, 2.0]))
    server.start()
    return wait_until(
        lambda: all(
            victim.folder.joinpath("acknowledged").stat().st_size > size
            for victim, size in zip(victims, before, strict=True)
        ),
        LONGEST_SECONDS_TO_GO_ON,
    )


@pytest.mark.nightly
def test_drivers_outlive_restarts_of_the_server(new_driver, postgres_of_its_own, expected_export):
    """At random moments of their transactions: no epoch is lost, written twice or trained by both, and no driver gives
    up.
    """
    luck = random.Random(18)
    victims = [new_driver(number) for number in range(DRIVERS)]
    write_ahead(victims[0])
    start = nursery().Barrier(DRIVERS)
    with contextlib.ExitStack() as stack:
        processes = [stack.enter_context(child(run_when_all_are_ready, victim, start)) for victim in victims]
        assert wait_until(lambda: all(victim.acknowledged for victim in victims)) is not None
        seconds = []
        for _ in range(RESTARTS):
            assert all(process.is_alive() for process in processes), [victim.complaint for victim in victims]
            seconds.append(restart(postgres_of_its_own, victims, luck))
            assert seconds[-1] is not None, [victim.complaint for victim in victims]
        for process in processes:
            process.join(PATIENCE_SECONDS)
        assert [process.exitcode for process in processes] == [0] * DRIVERS, [each.complaint for each in victims]
    print(
        f"{RESTARTS} restarts, back at work after at most {max(seconds):.1f} s, in the middle {median(seconds):.1f} s"
    )
    found = Evidence(victims[0].address)
    found.check_whole()
    assert found.export == expected_export
    shown = [epoch for victim in victims for epoch in victim.acknowledged]
    assert len(shown) == len(set(shown)) == len(found.epochs)
    assert {epoch: found.epochs[epoch] for epoch in shown} == {
        epoch: numbers for victim in victims for epoch, numbers in victim.acknowledged.items()
    }
