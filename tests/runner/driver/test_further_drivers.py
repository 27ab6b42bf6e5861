"""Several drivers of one command get the same results as one, end with the first, and are replaced if they die."""

import contextlib
import os
import signal
import time

import pytest
from fitgap.runner.driver import launch_new
from fitgap.runner.engine.placement import Placement
from fitgap.runner.planning.preparation import prepare_sweep
from fitgap.runner.spec import sweep_from_text
from fitgap.runner.store import open_store
from fitgap.runner.system.machine_record import still_runs
from support.faults.children import PATIENCE_SECONDS, child
from support.faults.evidence import Evidence

pytestmark = pytest.mark.parametrize("database_kind", ["postgresql"], indirect=True)
SHORT = """\
name: short
data: xor
repeats: 2
training: {epochs: 20, batch_size: 2}
axes:
  architecture: {range: [2, 31], steps: 30}
  optimizer: [adam, {gradient_descent: {rate: 1e+30}}]
"""
ENDLESS = """\
name: endless
data: xor
repeats: 20
training: {epochs: 10000000, batch_size: 1, record: {epochs: log}}
axes: {architecture: [2, 3, 4]}
"""
THREE = Placement("local", drivers=3)


class Onlooker:
    """The caller of a training run: `when_joined` is called once the further drivers hold or have trained trials."""

    def __init__(self, database, when_joined=None, drivers=3):
        self.database, self.when_joined, self.drivers = database, when_joined, drivers
        self.said, self.shares, self.processes = [], [], {}
        self.released = None

    @contextlib.contextmanager
    def watch(self, store, written):
        self.written = written
        yield self

    def on_engine_ready(self, engine):
        """Make the first driver wait until the others have joined."""
        wait_until(lambda: len(self.joined()) == self.drivers - 1)
        if self.when_joined:
            self.when_joined(self)

    def joined(self):
        """The processes of the drivers at work, with the times at which they were started."""
        with open_store(self.database) as store:
            found = store.drivers_of(self.written.sweep_id)
        self.processes |= {each.process: each.process_started for each in found if each.process != os.getpid()}
        return self.processes

    @property
    def living(self):
        """The ids of further drivers' processes that still run."""
        return [process for process, started in self.processes.items() if still_runs(process, started)]

    def __call__(self, block):
        pass

    def say(self, line):
        self.said.append(line)

    def on_further(self, share):
        self.shares.append(share)

    def conclude(self, store, written, spent):
        return self

    def stopped(self, stop):
        self.released = stop.released
        return self


def wait_until(condition):
    until = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.05)


def train(text, database, onlooker, placement=THREE):
    return launch_new(prepare_sweep(sweep_from_text(text)), placement, database, onlooker)


def train_and_tell(database, joined):
    """Train the endless sweep; write the process ids of the further drivers to the file `joined`."""

    def tell(onlooker):
        joined.with_suffix(".part").write_text(" ".join(map(str, onlooker.processes)))
        joined.with_suffix(".part").rename(joined)

    train(ENDLESS, database, Onlooker(database, tell))


@pytest.fixture(scope="module")
def export_of_one(tmp_path_factory):
    """The results of one driver for the short sweep."""
    database = str(tmp_path_factory.mktemp("one") / "one.db")
    train(SHORT, database, Onlooker(database, drivers=1), Placement("local"))
    return Evidence(database).export


@pytest.mark.nightly
def test_three_drivers_find_what_one_finds(database, export_of_one):
    onlooker = train(SHORT, database, Onlooker(database))
    found = Evidence(database)
    found.check_whole()
    assert found.export == export_of_one
    assert {row.driver_id for row in found.rows["trial"]} >= {row.id for row in found.rows["driver"]} - {1}
    assert set(found.attempts.values()) == {1}
    assert onlooker.said == []
    assert sum(share.epochs for share in onlooker.shares) > 0
    assert onlooker.living == []


def test_a_driver_that_dies_is_replaced_and_its_trials_are_trained_again(database, export_of_one):
    onlooker = train(SHORT, database, Onlooker(database, lambda it: os.kill(min(it.processes), signal.SIGKILL)))
    found = Evidence(database)
    found.check_whole()
    assert found.export == export_of_one
    (line,) = onlooker.said
    assert sum(share.epochs for share in onlooker.shares) > 0
    assert onlooker.living == []
    assert line == f"driver process {min(onlooker.processes)} has ended (signal 9); another one takes its place"


@pytest.mark.nightly
def test_an_interrupt_stops_all_of_them_and_tells_how_many_trials_they_were_training(database):
    onlooker = Onlooker(database)
    onlooker.when_joined = lambda it: os.kill(os.getpid(), signal.SIGINT)
    train(ENDLESS, database, onlooker)
    assert onlooker.living == []
    found = Evidence(database)
    assert found.counts == {"pending": 60}
    assert onlooker.released == sum(1 for attempt in found.attempts.values() if attempt)
    assert onlooker.released > 0


def test_they_end_with_the_first_driver_however_it_ends(database, tmp_path):
    joined = tmp_path / "joined"
    with child(train_and_tell, database, joined) as first:
        wait_until(joined.exists)
        others = [int(each) for each in joined.read_text().split()]
        first.kill()
    assert len(others) == 2
    wait_until(lambda: not any(os.path.exists(f"/proc/{each}") for each in others))
