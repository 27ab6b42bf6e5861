"""The driver's side of Ray: any failure of the host process becomes one line, and nothing is left behind."""

import os
import threading

import pytest
from fitgap.runner.engine.ray_client import client
from fitgap.runner.engine.ray_client.client import RayClient
from fitgap.runner.errors import ClusterLostError, EngineError
from fitgap.runner.planning.preparation import prepare_sweep
from fitgap.runner.spec import sweep_from_text
from fitgap.runner.system.child_processes import start_child
from support.engine import stand_in_hosts


@pytest.fixture
def dataset():
    return prepare_sweep(sweep_from_text("{data: iris}")).dataset


@pytest.fixture
def hosted_by(monkeypatch):
    """`hosted_by(function)`: starts one of the stand-ins instead of the host."""

    def choose(function):
        def start(module, name, *arguments, **options):
            return start_child(stand_in_hosts.__name__, function.__name__, *arguments, **options)

        monkeypatch.setattr(client, "start_child", start)

    return choose


@pytest.fixture(autouse=True)
def nothing_left():
    """Checks that this process has the same threads and open files after every test as before."""
    before = threading.enumerate(), os.listdir("/proc/self/fd")
    yield
    assert (threading.enumerate(), os.listdir("/proc/self/fd")) == before


@pytest.mark.parametrize(
    ("host", "words"),
    [
        (stand_in_hosts.refuse, "Ray could not be started: no Ray today; see `fitgap doctor`"),
        (stand_in_hosts.die_at_start, "Ray could not be started: something is missing; `fitgap doctor` finds"),
        (stand_in_hosts.die_without_a_word, "its process exited with code -9"),
    ],
)
def test_a_host_that_does_not_start_ray_is_told_in_one_line(host, words, dataset, hosted_by, make_task):
    hosted_by(host)
    with pytest.raises(EngineError) as refused, RayClient(dataset, 2) as engine:
        list(engine.run(iter([make_task()])))
    assert words in str(refused.value) and "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("host", "words"),
    [
        (
            stand_in_hosts.die_with_its_first_pack,
            "Ray has ended unexpectedly (its process exited with code -9), as it does when memory runs out",
        ),
        (stand_in_hosts.lose_the_cluster, "the cluster is gone"),
    ],
)
def test_a_host_that_ends_while_it_trains_is_a_cluster_that_is_lost(host, words, dataset, hosted_by, make_task):
    """The driver then puts the trials back and says how to continue."""
    hosted_by(host)
    with pytest.raises(ClusterLostError) as lost, RayClient(dataset, 2) as engine:
        list(engine.run(iter([make_task()])))
    assert str(lost.value) == words


@pytest.mark.nightly
def test_a_ray_that_never_starts_is_not_waited_for_for_ever(dataset, hosted_by, make_task, monkeypatch):
    """As on a machine without a loopback device."""
    monkeypatch.setattr(client, "SECONDS_TO_START", 0.3)
    hosted_by(stand_in_hosts.never_start)
    words = "has not started within 0 s; `fitgap doctor` finds the cause"
    with pytest.raises(EngineError, match=words), RayClient(dataset, 2) as engine:
        list(engine.run(iter([make_task()])))


def test_a_stop_while_ray_starts_ends_the_wait(dataset, hosted_by, make_task):
    hosted_by(stand_in_hosts.never_start)
    given = iter([make_task()])
    with RayClient(dataset, 2) as engine:
        threading.Timer(0.2, engine.stop).start()
        assert list(engine.run(given)) == []
    assert next(given, None) is not None, "it took a task that nobody trains"


def test_a_process_that_cannot_be_started_is_one_line(dataset, monkeypatch):
    def refuse(*given, **options):
        raise OSError(12, "Cannot allocate memory")

    monkeypatch.setattr(client, "start_child", refuse)
    with pytest.raises(EngineError, match=r"no process can be started for Ray .*Cannot allocate memory.*fitgap doctor"):
        RayClient(dataset, 2).__enter__()


def test_a_data_set_larger_than_any_buffer_does_not_block_the_driver(hosted_by, make_task):
    """A host may read it late or never."""
    hosted_by(stand_in_hosts.never_start)
    with RayClient(bytes(50 << 20), 2) as engine:
        engine.stop()
        assert list(engine.run(iter([make_task()]))) == []
