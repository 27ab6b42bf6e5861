"""Probing a cluster: bad addresses and missing clusters give one-line errors, before Ray is called if possible."""

import contextlib
import io
import json
import socket

import pytest
from fitgap.runner.engine.cluster import probe
from fitgap.runner.engine.cluster.description import ClusterSettings
from fitgap.runner.engine.ray import probe_child
from fitgap.runner.errors import ClusterError
from support.engine.made_clusters import cluster, node


@pytest.mark.parametrize(
    "address", ["10.0.0.1", "10.0.0.1:", ":6379", "10.0.0.1:port", "http://h:1", "a b:1", "h:123456"]
)
def test_what_is_no_address_is_refused_with_an_example(address):
    with pytest.raises(ClusterError, match=r"expected HOST:PORT, such as 10\.0\.0\.1:6379, or auto"):
        probe.require_address(address)


def test_ray_client_is_refused_with_what_to_do_instead():
    with pytest.raises(ClusterError, match=r"Ray Client is not supported; give HOST:PORT .*`ray job submit"):
        probe.require_address("ray://10.0.0.1:10001")


def test_an_address_at_which_nobody_answers_is_refused():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        with pytest.raises(ClusterError, match=f"127.0.0.1:{port}: nothing answers there"):
            probe.require_address(f"127.0.0.1:{port}")


@pytest.mark.parametrize("address", ["127.0.0.1:66000", "no-such-host.invalid:6379"])
def test_an_address_that_cannot_be_reached_is_refused(address):
    with pytest.raises(ClusterError, match="nothing answers there"):
        probe.require_address(address)


def test_what_answers_but_is_no_cluster_is_refused_in_time(monkeypatch):
    """It accepts connections but sends nothing. If no Ray node runs on this machine, the error comes at once."""
    monkeypatch.setattr(probe, "SECONDS_TO_JOIN", 3.0)
    for name in ("RAY_AUTH_MODE", "RAY_USAGE_STATS_ENABLED", "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(ClusterError, match=r"no Ray cluster answers there|is not a node of that cluster"):
            probe.find_cluster(ClusterSettings(f"127.0.0.1:{other.getsockname()[1]}"))


@pytest.mark.parametrize("nodes", [set(), {"0" * 56}])
def test_a_machine_on_which_no_node_runs_is_not_kept_waiting(nodes, monkeypatch):
    services = pytest.importorskip("ray._private.services")
    monkeypatch.setattr(services, "find_node_ids", lambda: nodes)
    with contextlib.nullcontext() if nodes else pytest.raises(RuntimeError) as refused:
        probe_child.require_node()
    if not nodes:
        assert "this machine is not a node of that cluster; run `ray start" in probe.explanation(str(refused.value))


def test_the_answer_is_found_among_what_ray_prints():
    joined = []
    lines = io.StringIO(f"a warning\n{probe.JOINED}\nmore\n{probe.ANSWER}{json.dumps({'nodes': []})}\nlast\n")
    assert probe.answer_in(lines, lambda: joined.append(True)) == {"nodes": []}
    assert joined == [True]


def test_what_cannot_become_better_is_not_waited_for():
    def lines():
        yield "Failed to get cluster ID: Unauthenticated: InvalidAuthToken\n"
        raise AssertionError("read on")

    told = probe.answer_in(lines(), lambda: None)
    assert "rejects the token" in probe.explanation(told["problem"])


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        (
            "RuntimeError: Version mismatch: The cluster was started with:\n  Ray: 2.54.0\n  Python: 3.12.1",
            "Ray: 2.54.0",
        ),
        ("ConnectionError: Could not find any running Ray instance.", "Ray is not running on this machine"),
        (
            "RuntimeError: This node has an IP address of 10.0.0.9, and Ray expects one of the Raylet",
            "is not a node of that",
        ),
        ("gcs_client.cc:210: TimedOut: Timed out while waiting for GCS", "no Ray cluster answers there"),
        ("", "no Ray cluster answers there"),
        ("ValueError: something else\nlast line", "last line"),
    ],
)
def test_what_ray_says_becomes_one_line(text, meaning):
    assert meaning in probe.explanation(text)
    assert "\n" not in probe.explanation(text)


@pytest.mark.parametrize("changes", [{"numpy": "2.0.1"}, {"python": "3.11.0"}])
def test_other_versions_are_refused_by_the_name_of_the_node_or_allowed(changes):
    mixed = (node(), node("10.0.0.7", **changes), node("10.0.0.8", **changes))
    with pytest.raises(ClusterError, match=r"node 10\.0\.0\.7 has .* this process .*\(and 1 more\).*--mixed-versions"):
        probe.require_versions(cluster(*mixed))
    probe.require_versions(cluster(*mixed, are_versions_mixed=True))
    probe.require_versions(cluster(node()))


def test_a_cluster_without_room_for_a_pack_is_refused():
    with pytest.raises(ClusterError, match="a pack takes 8 cores, but the largest node that answered has 4"):
        probe.require_workers(cluster(node(), cores_per_pack=8))
    probe.require_workers(cluster(node(), cores_per_pack=4))
