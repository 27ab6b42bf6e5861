"""The nodes of a cluster during training: those that join, leave or are refused. Tested without a cluster."""

import pytest
from fitgap.runner.engine.cluster import node_speed
from fitgap.runner.engine.cluster.description import Versions
from fitgap.runner.engine.cluster.probe import versions_here
from fitgap.runner.engine.ray import membership as nodes_module
from fitgap.runner.engine.ray import remote_cluster, remote_training
from fitgap.runner.engine.ray.membership import Nodes
from fitgap.runner.engine.ray.remote_cluster import RemoteCluster
from fitgap.runner.errors import ClusterLostError
from fitgap.runner.messages import Block, PackFailure
from support.engine.made_clusters import cluster, node


@pytest.fixture
def asked(monkeypatch):
    """The ids of the nodes that are queried; none ever answers."""
    ids = []
    monkeypatch.setattr(nodes_module, "ask", ids.append)
    monkeypatch.setattr(Nodes, "_check_answer", lambda self, node_id, alive: None)
    return ids


def row(each):
    return {each.node_id: {"NodeID": each.node_id}}


def test_nodes_that_join_are_asked_once_and_used_when_they_fit(asked):
    first, second = node("one", cores=2), node("two", cores=3)
    place = RemoteCluster(cluster(first), most_workers=None)
    alive = row(first) | row(second)
    place.nodes.update(alive)
    place.nodes.update(alive)
    assert asked == [second.node_id] and place.workers == 2
    place.nodes.add(second)
    assert place.workers == 5 and place.cluster_status(7).nodes == 2
    assert list(place.news()) == ["node two has joined with 3 cores"]
    assert list(place.news()) == []


def test_a_node_that_does_not_fit_is_told_once_and_gets_no_pack(asked, make_task):
    first, other = node("one"), node("two", numpy="2.0.1")
    place = RemoteCluster(cluster(first), most_workers=None)
    place.nodes.add(other)
    place.nodes.update(row(first) | row(other))
    assert asked == [] and place.workers == 4
    (line,) = place.news()
    assert line.startswith(f"node two has NumPy 2.0.1, this process has {versions_here().numpy}; the node is not used")
    assert place.task_options(make_task())["label_selector"] == {"ray.io/node-id": "!in(id of two)"}


def test_a_node_that_trains_before_it_was_asked_is_refused_by_its_worker(asked, make_task):
    """It returns its pack, for which no trial is blamed, and gets no more packs."""
    place = RemoteCluster(cluster(node("one")), most_workers=None)
    task = make_task()
    failure = PackFailure(task, task.trials, "node two has other versions", is_blameless=True)
    for _ in range(2):
        place.on_block(task, Block(None, (), failure=failure, node="id of two"), 1.0)
    place.nodes.update(row(node("one")) | row(node("two")))
    assert asked == [] and place.nodes.refused == {"id of two"}
    assert list(place.news()) == ["node two has other versions; the node is not used (--mixed-versions would allow it)"]


def test_a_worker_with_other_versions_trains_nothing(make_task, monkeypatch):
    monkeypatch.setattr(remote_training, "node", lambda: "id of this node")
    task = make_task()
    (block,) = remote_training.train_pack_remotely(
        task, remote_training.Terms(lambda: False, Versions("3.0.0", "1.0.0"))
    )
    assert block.rows is None and block.failure.is_blameless and block.failure.trials == task.trials
    assert block.node == "id of this node"


def test_mixed_versions_are_used_where_they_may_be(asked):
    place = RemoteCluster(cluster(node("one"), are_versions_mixed=True), most_workers=None)
    place.nodes.add(node("two", numpy="2.0.1"))
    assert place.workers == 8 and place.versions is None


def test_a_node_that_left_is_told_and_no_longer_counted(asked):
    first, second = node("one"), node("two")
    place = RemoteCluster(cluster(first, second), most_workers=None)
    place.nodes.update(row(second))
    assert place.workers == 4
    assert list(place.news()) == ["node one has left; its packs are trained again"]


def test_workers_are_bounded_and_never_none(asked):
    place = RemoteCluster(cluster(node(cores=8)), most_workers=3)
    assert place.workers == 3
    place.nodes.update({})
    assert place.workers == 1


def test_silence_ends_it_only_after_a_while(asked, monkeypatch):
    place = RemoteCluster(cluster(node()), most_workers=None)
    now = place.nodes.answered_at
    monkeypatch.setattr(nodes_module.time, "monotonic", lambda: now + remote_cluster.PATIENCE_SECONDS)
    assert list(place.news()) == []
    monkeypatch.setattr(nodes_module.time, "monotonic", lambda: now + remote_cluster.PATIENCE_SECONDS + 1)
    with pytest.raises(ClusterLostError, match=r"10\.0\.0\.1:6379 has not answered for 30 s"):
        list(place.news())


def test_a_slow_node_is_named_once(asked, make_task, make_block):
    names = ("one", "two", "three")
    place = RemoteCluster(cluster(*map(node, names)), most_workers=None)
    for _ in range(node_speed.LEAST_BLOCKS):
        for name, seconds in zip(names, (1.0, 1.0, 3.0), strict=True):
            place.on_block(make_task(), make_block(f"id of {name}"), seconds)
    assert list(place.news()) == ["node three is slow: it trains at 33% of the nodes' median pace"]
    assert list(place.news()) == []


def test_cores_and_memory_are_asked_for(asked, make_task):
    place = RemoteCluster(cluster(node(memory_bytes=10 << 30), cores_per_pack=2), most_workers=None)
    options = place.task_options(make_task())
    assert options["num_cpus"] == 2 and "label_selector" not in options
    assert 100 << 20 < options["memory"] < 1 << 30
    small = RemoteCluster(cluster(node(memory_bytes=1 << 20)), most_workers=None)
    assert small.task_options(make_task())["memory"] == 1 << 20
