"""A sweep on a Ray cluster of separate hosts, with the driver on one host and PostgreSQL on another, while hosts are
lost, join or are cut off for a while, or the whole cluster goes away.

The hosts are namespaces of this machine (`support.faults.hosts`); the nodes have neither the program nor a shared disk.
"""

import contextlib
import json
import os
import signal
import sys
import time
from functools import cached_property
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pytest
from support.databases.temporary_postgres import TemporaryPostgres
from support.faults.commands import descendants, title, wait_until
from support.faults.evidence import Evidence
from support.faults.hosts import NETWORK, REPOSITORY, Hosts, can_make_hosts
from support.faults.ray_hosts import PORT, RayHosts
from support.faults.tell import let_note_history, told

pytestmark = pytest.mark.nightly

# 300 trials; some diverge, some stop early.
SWEEP = """\
name: large
data: digits
seed: 3
repeats: 5
training: {epochs: EPOCHS}
axes:
  architecture: [32, 64-32]
  activation: [relu, {prelu: {learn: beta}}, tanh]
  regularizer: [none, {dropout: {ratio: 0.2}}]
  optimizer: [{adam: {rate: [1e-3, 1e-2]}}, {gradient_descent: {rate: [0.03, 0.1, 1e+30]}}]
"""
TRIALS = 2 * 3 * 2 * 5 * 5
# Timeout for a whole sweep, including its disturbances.
LONGEST_SECONDS = 1800.0
EPOCHS_TO_MEASURE = 5
LONGEST_SECONDS_TO_USE_A_NODE = 120.0
SECONDS_OF_CUT = 60.0
# PostgreSQL refuses to run as root, and on a host we are root.
SOMEBODY = ("unshare", "--user", "--map-user=1000", "--map-group=1000")
TRAINING = "ray::train_pack_remotely"


class Site:
    """A cluster with its head, nodes and drivers, and a database, each on a host of its own."""

    def __init__(self, folder, stack):
        self.hosts = stack.enter_context(Hosts(folder))
        self.cluster = RayHosts(self.hosts)
        self.keeper = self.hosts.add("database", programs=Path(sys.prefix), has_repository=True)
        self.server = stack.enter_context(contextlib.closing(self._serve()))

    @cached_property
    def head(self):
        return self.cluster.add_head()

    @property
    def address(self):
        return f"{self.head.address}:{PORT}"

    def _serve(self):
        return TemporaryPostgres(self.keeper.address, NETWORK, lambda *words: self.keeper.line(*SOMEBODY, *words))

    def add_node(self, name):
        return self.cluster.add_node(name, self.head)

    def add_driver(self, name, head=None):
        """Add a host for drivers, which can reach the database."""
        host = self.cluster.add_driver(name, head or self.head)
        host.environment |= {"FITGAP_DB": self.server.address(), "PYTHONPATH": str(REPOSITORY / "tests")}
        return host


@pytest.fixture
def site(tmp_path):
    if not can_make_hosts():
        pytest.skip("this machine does not let its users make networks of their own (unshare, nsenter, ip)")
    with contextlib.ExitStack() as stack:
        yield Site(tmp_path / "site", stack)


def train_alone(host, epochs, database):
    """Train the sweep undisturbed in one process of a host."""
    write_sweep(host.home, epochs)
    host.run("fitgap", "run", "large.yaml", "--engine", "local", "--db", database)


def epochs_lasting(host, seconds):
    """How many epochs take about this many seconds on the nodes, which together have at least two cores."""
    began = time.monotonic()
    train_alone(host, EPOCHS_TO_MEASURE, "pace.db")
    return int(2 * seconds * EPOCHS_TO_MEASURE / (time.monotonic() - began)) + 1


def undisturbed(host, epochs):
    """The results of the sweep in one process."""
    train_alone(host, epochs, "alone.db")
    return Evidence(str(host.home / "alone.db")).export


def write_sweep(folder, epochs):
    (folder / "large.yaml").write_text(SWEEP.replace("EPOCHS", str(epochs)))


def begin(site, driver, epochs):
    """Start the sweep on the cluster from a driver's host; the database records every change of a trial."""
    let_note_history(driver, site.server.address())
    write_sweep(driver.home, epochs)
    return driver.start("fitgap", "run", "large.yaml", "--address", site.address, output="told")


def ended(driver):
    """The number of trials that have ended."""
    sweeps = json.loads(driver.run("fitgap", "sweeps", "--format", "json"))
    return sum(sweeps[0][status] for status in ("completed", "diverged", "failed")) if sweeps else 0


def wait_for_trials(driver, command, count):
    """Wait until N trials have ended; fails if the command ends first."""
    reached = wait_until(lambda: command.poll() is not None or pause_and_count(driver) >= count, LONGEST_SECONDS)
    assert reached is not None and command.poll() is None, said(driver)


def pause_and_count(driver):
    time.sleep(1.0)
    return ended(driver)


def is_training(host):
    """Whether a worker on the host trains a pack."""
    return any(title(process).startswith(TRAINING) for process in descendants(host.first))


def said(driver):
    return (driver.home / "told").read_text()


def check_whole(found, expected, trials=TRIALS):
    """Check that every trial has ended once, and that all results equal those of undisturbed training."""
    assert set(found["statuses"]) <= {"completed", "diverged"} and sum(found["statuses"].values()) == trials, found
    assert (found["broken"], found["gaps"], found["states"]) == ([], [], 0)
    assert found["export"] == expected


def test_a_node_is_lost_and_another_one_joins(site):
    nodes = [site.add_node(f"node-{number}") for number in (1, 2, 3)]
    driver = site.add_driver("driver")
    epochs = epochs_lasting(driver, 100)
    began = time.monotonic()
    command = begin(site, driver, epochs)
    wait_for_trials(driver, command, TRIALS // 5)
    assert wait_until(lambda: is_training(nodes[0])) is not None, said(driver)
    nodes[0].lose()
    before = ended(driver)
    joined = site.add_node("node-4")
    used = wait_until(lambda: is_training(joined), LONGEST_SECONDS_TO_USE_A_NODE)
    assert used is not None, said(driver)
    assert command.wait(LONGEST_SECONDS) == 0, said(driver)
    found = told(driver, site.server.address())
    check_whole(found, undisturbed(driver, epochs))
    print(
        f"node lost after {before} trials, the new one trains {used:.1f} s after it joined, "
        f"attempts {found['attempts']}, {epochs} epochs, {time.monotonic() - began:.0f} s"
    )
    assert set(found["attempts"]) <= {"1", "2"}


def test_the_link_of_a_node_is_cut_for_a_minute(site):
    nodes = [site.add_node(f"node-{number}") for number in (1, 2, 3)]
    driver = site.add_driver("driver")
    epochs = epochs_lasting(driver, 150)
    began = time.monotonic()
    command = begin(site, driver, epochs)
    wait_for_trials(driver, command, TRIALS // 20)
    assert wait_until(lambda: is_training(nodes[0])) is not None, said(driver)
    site.hosts.cut(nodes[0])
    before = ended(driver)
    time.sleep(SECONDS_OF_CUT)
    meanwhile = ended(driver) - before
    assert command.poll() is None, said(driver)
    site.hosts.mend(nodes[0])
    assert command.wait(LONGEST_SECONDS) == 0, said(driver)
    found = told(driver, site.server.address())
    check_whole(found, undisturbed(driver, epochs))
    print(
        f"link cut after {before} trials, {meanwhile} ended in its {SECONDS_OF_CUT:.0f} s, "
        f"attempts {found['attempts']}, {epochs} epochs, {time.monotonic() - began:.0f} s"
    )
    assert meanwhile > 0


def test_drivers_on_two_hosts_share_a_sweep(site):
    for number in (1, 2):
        site.add_node(f"node-{number}")
    first, second = site.add_driver("driver-1"), site.add_driver("driver-2")
    epochs = epochs_lasting(first, 100)
    command = begin(site, first, epochs)
    wait_for_trials(first, command, 1)
    helping = second.start("fitgap", "resume", "large", "--address", site.address, output="told")
    assert command.wait(LONGEST_SECONDS) == 0, said(first)
    assert helping.wait(LONGEST_SECONDS) == 0, said(second)
    found = told(first, site.server.address())
    check_whole(found, undisturbed(first, epochs))
    print(f"trials by driver: {found['drivers']}, attempts {found['attempts']}")
    assert len(found["drivers"]) == 2


def test_a_driver_that_loses_its_cluster_says_so_and_the_sweep_goes_on_elsewhere(site):
    site.add_node("node-1")
    driver = site.add_driver("driver")
    epochs = epochs_lasting(driver, 150)
    command = begin(site, driver, epochs)
    wait_for_trials(driver, command, TRIALS // 20)
    site.head.lose()
    began = time.monotonic()
    code = command.wait(LONGEST_SECONDS)
    seconds = time.monotonic() - began
    assert code == 1 and "resume" in said(driver) and "Traceback" not in said(driver), (code, said(driver))
    left = told(driver, site.server.address())["statuses"]
    assert "running" not in left and left["pending"] > 0, left
    head = site.cluster.add_head("head-2")
    site.cluster.add_node("node-2", head)
    other = site.add_driver("driver-2", head)
    other.run("fitgap", "resume", "large", "--address", f"{head.address}:{PORT}")
    found = told(other, site.server.address())
    check_whole(found, undisturbed(driver, epochs))
    print(f"told {seconds:.0f} s after the cluster was gone: {said(driver).splitlines()[-1]}")
    print(f"then {left}, in the end attempts {found['attempts']}")


def test_ctrl_c_on_a_cluster_leaves_nothing_running(site):
    node = site.add_node("node-1")
    driver = site.add_driver("driver")
    command = begin(site, driver, epochs_lasting(driver, 150))
    wait_for_trials(driver, command, 1)
    # The command is the descendant that started first; the others are its own child processes.
    fitgap, _ = min(descendants(command.pid), key=lambda each: int(each[1]))
    os.kill(fitgap, signal.SIGINT)
    began = time.monotonic()
    assert command.wait(LONGEST_SECONDS) == 130, said(driver)
    print(f"ended {time.monotonic() - began:.1f} s after Ctrl-C")
    assert "running" not in told(driver, site.server.address())["statuses"]
    assert wait_until(lambda: not is_training(node)) is not None


def test_a_driver_is_sent_into_the_cluster_as_a_job(site):
    """Through the job API on the head's loopback; only the head knows the address of the database."""
    try:
        distribution("aiohttp_cors")
    except PackageNotFoundError:
        pytest.skip("jobs need ray[default]; pip install -e '.[cluster]'")
    epochs = 10
    site.head = head = site.cluster.add_head_for_jobs(FITGAP_DB=site.server.address())
    site.add_node("node-1")
    (head.home / "sweeps").mkdir()
    write_sweep(head.home / "sweeps", epochs)
    api = ("--address", "http://127.0.0.1:8265")
    sent = ("fitgap", "run", "large.yaml", "--address", "auto")
    text = head.run("ray", "job", "submit", *api, "--working-dir", "sweeps", "--", *sent)
    assert f"{TRIALS} trials" in text and site.server.address() not in text, text
    driver = site.add_driver("driver")
    check_whole(told(driver, site.server.address()), undisturbed(driver, epochs))
