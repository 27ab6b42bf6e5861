"""How many drivers train a sweep: one for SQLite and counted budgets, otherwise as many as its workers need."""

from pathlib import Path

import pytest
from fitgap import FitgapError, run_sweep
from fitgap.runner.driver import explained, with_driver_count
from fitgap.runner.engine import Cluster, ClusterSettings
from fitgap.runner.engine.cluster.description import NodeFacts
from fitgap.runner.engine.placement import MOST_DRIVERS, Placement, placement_of
from fitgap.runner.errors import SpecError
from fitgap.runner.spec import Budget

SERVER, FILE = "postgresql://me@database/results", "results.db"
MANY = 10**6


def cluster(workers):
    settings = ClusterSettings("10.0.0.1:6379", most_in_flight=600)
    return Cluster(settings, settings.address, (NodeFacts("1", "a", workers, *"000000"),))


def placement(workers, drivers=None, most=None):
    return Placement("ray", most, cluster(workers), drivers)


@pytest.mark.parametrize(
    ("workers", "most", "trials", "count"),
    [
        (1, None, MANY, 1),
        (175, None, MANY, 1),
        (176, None, MANY, 2),
        (1000, None, MANY, 6),
        (1000, 200, MANY, 2),
        (1000, None, 300, 2),
        (1000, None, 0, 1),
    ],
)
def test_with_a_server_every_175_workers_that_have_a_trial_get_a_driver(workers, most, trials, count):
    assert with_driver_count(placement(workers, most=most), SERVER, trials, Budget(seconds=60)).drivers == count
    line = explained(placement(workers, most=most), SERVER, trials, Budget())
    assert (line is None) == (count == 1)
    if workers == 1000 and count == 6:
        assert line == "6 drivers, each for about 167 workers"


@pytest.mark.parametrize(
    ("database", "budget", "words"),
    [
        (FILE, Budget(), "SQLite accepts only one writer at a time.*use PostgreSQL"),
        (SERVER, Budget(trials=5), "only a single driver can count.*limit the time instead"),
        (SERVER, Budget(epochs=5), "only a single driver can count.*limit the time instead"),
    ],
)
def test_where_one_must_do_auto_is_one_and_more_are_refused(database, budget, words):
    assert with_driver_count(placement(1000), database, MANY, budget).drivers == 1
    assert "one driver, which feeds about 175 workers" in explained(placement(1000), database, MANY, budget)
    with pytest.raises(SpecError, match=words):
        with_driver_count(placement(1000, drivers=2), database, MANY, budget)


def test_drivers_divide_the_workers_of_a_machine():
    shares = [Placement("auto", 8, drivers=3).share(number) for number in range(3)]
    assert [(each.workers, each.drivers) for each in shares] == [(3, 1), (3, 1), (2, 1)]
    assert [Placement("auto", 2, drivers=3).share(number).workers for number in range(3)] == [1, 1, 1]
    assert Placement("auto", 8).share(0) == Placement("auto", 8)


def test_each_driver_uses_its_part_of_a_cluster_as_nodes_come_and_go():
    share = placement(500, drivers=3).share(1)
    assert (share.workers, share.cluster.settings.most_in_flight) == (None, 200)
    assert share.cluster.share_of(share.cluster.nodes) == 167
    assert share.cluster.share_of(share.cluster.nodes * 2) == 334
    assert share.cluster.share_of([]) == 1
    assert placement(500, drivers=3, most=100).share(2).workers == 33


@pytest.mark.parametrize("wrong", ["many", "0", 0, -1, True, 1.5, MOST_DRIVERS + 1, "9" * 5000, None])
def test_what_is_no_number_of_drivers_is_refused(wrong):
    with pytest.raises(SpecError, match=f"drivers must be a whole number from 1 to {MOST_DRIVERS}, or auto"):
        placement_of("local", drivers=wrong)
    assert placement_of("local", drivers="3").drivers == 3
    assert placement_of("local", drivers="auto").drivers is None


def test_a_refusal_is_one_line_and_nothing_is_written(invoke):
    line = "fitgap: 2 drivers were requested, but SQLite accepts only one writer at a time, so further drivers would "
    line += "only wait; use PostgreSQL (--db postgresql://…), or one driver"
    run = ("run", "--data", "xor", "--epochs", "2", "--engine", "local")
    for more in ((), ("--dry-run",)):
        answer = invoke(*run, *more, "--drivers", "2")
        assert (answer.code, answer.err.splitlines()[-1]) == (2, line)
    with pytest.raises(FitgapError, match="SQLite accepts only one writer"):
        run_sweep({"data": "xor"}, drivers=2)
    assert not list(Path().iterdir())
    assert invoke(*run, "--drivers", "auto").code == 0
    assert invoke("resume", "xor", "--drivers", "2").code == 2


def test_a_dry_run_refuses_several_drivers_before_it_prints_anything(invoke):
    answer = invoke("run", "--data", "iris", "--drivers", "2", "--dry-run")
    assert (answer.code, answer.out) == (2, "") and "SQLite accepts only one writer" in answer.err
    assert "--drivers must be" in invoke("run", "--data", "iris", "--drivers", "0").err
