"""A cluster of several nodes on one machine: nodes die and join during a sweep, and the results are the same."""

import contextlib
import json
import os
import sqlite3
import subprocess
import sys

import pytest
from support.faults.commands import COMMAND, PATIENCE_SECONDS, run, running, wait_until
from support.faults.evidence import Evidence
from support.faults.ray_clusters import ENVIRONMENT, ray_cluster
from support.sampling import at_night

# These tests share fixtures that are slow to set up.
pytestmark = pytest.mark.xdist_group("a cluster of three nodes")

SWEEP = """\
name: long
data: digits
repeats: REPEATS
training: {epochs: 100}
axes:
  architecture: [16]
  activation: [relu, {prelu: {learn: beta}}]
  regularizer: [none, {dropout: {ratio: 0.2}}]
  optimizer: [adam, {gradient_descent: {rate: 0.1}}, {gradient_descent: {rate: 1e+30}}]
"""
# Number of configurations of the sweep.
CONFIGURATIONS = 12
# Small and large case: nodes, repeats, and how many trials must have sent epochs, so that every node has a part of
# them.
FEW_NODES = 2
SIZES = [(FEW_NODES, 4, 16), at_night(3, 25, 80)]
# Uses the engine directly. Checks which packs a refused node gets, what happens to a pack whose examples are lost,
# which states packs save when asked to leave, and how far workers run ahead of a slow driver.
ENGINE = """
import json, sys, time
from pathlib import Path
import ray
from fitgap.runner.engine import ClusterSettings, find_cluster
from fitgap.runner.engine.dispatch import pack_memory
from fitgap.runner.engine.ray import remote_training as remote
from fitgap.runner.engine.ray.engine import RayEngine, StoredExamples
from fitgap.runner.planning.packs import PlannedTrial, pack_shape, pack_task
from fitgap.runner.planning.preparation import prepare_sweep
from fitgap.runner.spec import sweep_from_text

COUNTER = Path("sent").absolute()

def send_blocks(task, terms, *examples):
    from fitgap.runner.messages import Block
    for number in range(1000):
        COUNTER.write_text(str(number))
        yield Block(None, ())

def lose():
    # What Ray says where nobody has them any more.
    raise ray.exceptions.ObjectLostError("00", None, "")

cluster = find_cluster(ClusterSettings(sys.argv[1]))
sweep = prepare_sweep(sweep_from_text("{data: iris, repeats: 12, training: {epochs: 3}}"))
shape = pack_shape(sweep.configurations[0], sweep)
tasks = [pack_task([PlannedTrial(n, sweep.configurations[0], n)], shape, sweep) for n in range(1, 13)]
refused = cluster.nodes[0].node_id
with RayEngine(sweep.dataset, None, cluster) as engine:
    engine.place.nodes.refused.add(refused)
    nodes = {block.node for block in engine.run(iter(tasks))}
found = {"nodes": len(cluster.nodes), "workers": cluster.workers, "used": len(nodes), "refused": refused in nodes}

with RayEngine(sweep.dataset, None, cluster) as engine:
    def ends():
        return [end.status for block in engine.run(iter(tasks[:1])) for end in block.ended]
    found["before"] = ends()
    for key in engine.prepared.kept:
        engine.prepared.kept[key] = StoredExamples(ray.remote(lose).remote(), 0)
    failures = [block.failure for block in engine.run(iter(tasks[:1]))]
    found["lost"] = [[*each.trials, each.is_blameless] for each in failures]
    found["after"] = ends()

sweep = prepare_sweep(sweep_from_text("{data: iris, repeats: 4, training: {epochs: 1000000}}"))
trials = [PlannedTrial(n, sweep.configurations[0], n) for n in range(1, 5)]
with RayEngine(sweep.dataset, None, cluster) as engine:
    saved = set()
    for block in engine.run(iter([pack_task(trials, shape, sweep)])):
        if block.rows is not None:
            engine.stop()
        saved |= {state.trial_id for state in block.states}
found["saved"] = sorted(saved)

pack_memory.WAITING_BYTES = 0
remote.train_pack_remotely = send_blocks
with RayEngine(sweep.dataset, None, cluster) as engine:
    blocks = engine.run(iter(tasks[:1]))
    next(blocks)
    sent = []
    while len(sent) < 20 or len({*sent[-20:]}) > 1:
        sent.append(COUNTER.read_text())
        time.sleep(0.1)
    found["ahead"] = int(sent[-1])
    found["blocks"] = 1 + sum(1 for _ in blocks)
print(json.dumps(found))
"""

# Runs a sweep from Python, then resumes it with a second call.
FROM_PYTHON = """
import sys
from fitgap import resume_sweep, run_sweep

sweep = {"name": "mine", "data": "iris", "repeats": 4, "training": {"epochs": 2}}
trained = run_sweep(sweep, address=sys.argv[1], cpus_per_pack=1, max_in_flight=2)
assert trained.trials()["status"].to_list() == ["completed"] * 4
assert resume_sweep("mine", address=sys.argv[1]).trials().equals(trained.trials())
"""


@pytest.fixture(scope="module")
def cluster(request):
    """Three nodes with one core each, unless the test asks for another number."""
    with ray_cluster(nodes=getattr(request, "param", 3)) as made:
        yield made


@pytest.fixture(autouse=True)
def let_in(monkeypatch):
    """Set the token of the cluster."""
    for name in ("RAY_AUTH_MODE", "RAY_AUTH_TOKEN"):
        monkeypatch.setenv(name, ENVIRONMENT[name])


def ask(folder, statement):
    """The single number that a query returns; 0 if the database has no tables yet."""
    with (
        contextlib.suppress(sqlite3.OperationalError),
        contextlib.closing(sqlite3.connect(f"file:{folder / 'fitgap.db'}?mode=ro", uri=True)) as connection,
    ):
        return connection.execute(statement).fetchone()[0]
    return 0


def wait_for_epochs(folder, process, many):
    """Wait until N trials have sent epochs, by which time every node has."""
    trials = "SELECT count(DISTINCT trial_id) FROM epoch"
    assert wait_until(lambda: ask(folder, trials) >= many or process.poll() is not None) is not None
    assert process.poll() is None, (folder / "err").read_text()


@pytest.mark.nightly
@pytest.mark.parametrize(("cluster", "repeats", "many"), SIZES, indirect=["cluster"])
def test_a_sweep_in_which_a_node_dies_and_one_joins_finds_the_same(repeats, many, cluster, tmp_path):
    sweep = SWEEP.replace("REPEATS", str(repeats))
    (tmp_path / "long.yaml").write_text(sweep)
    with running("run", "long.yaml", "--address", cluster.address, folder=tmp_path) as command:
        wait_for_epochs(tmp_path, command, many)
        cluster.do("kill 0")
        cluster.do("add")
        assert command.wait(5 * PATIENCE_SECONDS) == 0, (tmp_path / "err").read_text()
    text = (tmp_path / "err").read_text()
    assert "Traceback" not in text and "raylet" not in text + (tmp_path / "out").read_text()
    found = Evidence(str(tmp_path / "fitgap.db"))
    found.check_whole()
    assert len(found.trials) == CONFIGURATIONS * repeats and set(found.counts) == {"completed", "diverged"}
    # A dead node does not count as a worker failure of its trials.
    assert {row.worker_failures for row in found.trials.values()} == {0}
    alone = tmp_path / "alone"
    alone.mkdir()
    (alone / "long.yaml").write_text(sweep)
    assert run("run", "long.yaml", "--engine", "local", folder=alone)[0] == 0
    assert found.export == Evidence(str(alone / "fitgap.db")).export


@pytest.mark.nightly
@pytest.mark.parametrize("database_kind", ["postgresql"], indirect=True)
def test_drivers_of_one_command_share_the_cluster(cluster, database, tmp_path):
    """Two drivers train, each on its share of the workers, and leave nothing behind."""
    sweep = SWEEP.replace("REPEATS", "25")
    (tmp_path / "long.yaml").write_text(sweep)
    given = ("--address", cluster.address, "--db", database, "--drivers", "2")
    with running("run", "long.yaml", *given, folder=tmp_path) as command:
        assert command.wait(5 * PATIENCE_SECONDS) == 0, (tmp_path / "err").read_text()
    text = (tmp_path / "err").read_text()
    assert "Traceback" not in text and "has ended" not in text and "waiting for" not in text
    found = Evidence(database)
    found.check_whole()
    assert {row.driver_id for row in found.trials.values()} == {1, 2}
    assert run("run", "long.yaml", "--engine", "local", folder=tmp_path)[0] == 0
    assert found.export == Evidence(str(tmp_path / "fitgap.db")).export


@pytest.fixture(scope="module")
def found(cluster, tmp_path_factory):
    """What the ENGINE script found."""
    folder = tmp_path_factory.mktemp("engine")
    environment = {**os.environ, **ENVIRONMENT}
    done = subprocess.run(
        [sys.executable, "-c", ENGINE, cluster.address],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.nightly
def test_a_node_that_is_refused_gets_nothing(found):
    assert found["nodes"] == found["workers"] == 3
    assert not found["refused"] and 1 <= found["used"] <= 2


@pytest.mark.nightly
def test_examples_that_are_gone_cost_an_attempt_and_are_prepared_again(found):
    """As if the node that stored them had died."""
    assert found["before"] == found["after"] == ["completed"]
    assert found["lost"] == [[1, True]]


@pytest.mark.nightly
def test_packs_that_are_asked_to_leave_save_how_far_they_are(found):
    """They would train for hours; the run ends only because they notice the request."""
    assert found["saved"] == [1, 2, 3, 4]


@pytest.mark.nightly
def test_workers_wait_for_a_slow_driver(found):
    """With a limit of one waiting block."""
    assert found["blocks"] == 1000 and found["ahead"] <= 3, found


@pytest.mark.nightly
def test_a_sweep_is_trained_there_from_python(cluster, tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", FROM_PYTHON, cluster.address],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    with contextlib.closing(sqlite3.connect(tmp_path / "fitgap.db")) as connection:
        ((environment,),) = connection.execute("SELECT DISTINCT environment FROM driver WHERE id IN (1, 2)")
    assert "3 nodes: Python" in json.loads(environment)["nodes"]


@pytest.mark.nightly
@pytest.mark.parametrize("cluster", [FEW_NODES], indirect=True)
def test_a_wrong_token_is_told_in_a_line_and_nothing_is_written(cluster, tmp_path, monkeypatch):
    monkeypatch.setenv("RAY_AUTH_TOKEN", "f" * 32)
    done = subprocess.run(
        [COMMAND, "run", "--data", "iris", "--address", cluster.address],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2 and done.stderr.count("\n") == 1, done.stderr
    assert "rejects the token" in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.nightly
def test_a_driver_that_loses_its_cluster_says_so_and_puts_its_trials_back(tmp_path):
    # Long enough that the sweep is not over before the driver gives up.
    (tmp_path / "long.yaml").write_text(SWEEP.replace("epochs: 100", "epochs: 400").replace("REPEATS", "25"))
    with (
        ray_cluster(nodes=3) as lost,
        running("run", "long.yaml", "--address", lost.address, folder=tmp_path) as command,
    ):
        wait_for_epochs(tmp_path, command, 80)
        lost.do("kill-head")
        assert command.wait(PATIENCE_SECONDS) == 1, (tmp_path / "err").read_text()
    assert "has not answered for 30 s" in (tmp_path / "err").read_text()
    assert "fitgap resume long" in (tmp_path / "err").read_text()
    assert ask(tmp_path, "SELECT count(*) FROM trial WHERE status = 'running'") == 0
    code, text = run("resume", "long", folder=tmp_path)
    assert code == 0, text
    Evidence(str(tmp_path / "fitgap.db")).check_whole()


@pytest.mark.nightly
def test_packages_of_the_user_named_like_ours_have_no_effect(cluster, tmp_path):
    """Neither here nor on the nodes, which receive this program with the sweep."""
    for name in ("core", "runner", "migrations"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("raise SystemExit(77)\n")
    environment = {**os.environ, **ENVIRONMENT, "PYTHONPATH": "."}
    line = [COMMAND, "run", "--data", "iris", "--hidden", "4", "--repeats", "3", "--address", cluster.address]
    done = subprocess.run(line, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0 and "3 completed" in done.stderr, done.stderr
