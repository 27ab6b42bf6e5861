"""The environment of a process that runs Ray; the environment of the user's own process is only read."""

import pytest
from fitgap.runner.engine.cluster import ray_environment
from fitgap.runner.engine.cluster.ray_environment import cluster_environment, own_environment, worker_environment


@pytest.mark.parametrize(
    ("environment", "has_file", "mode"),
    [
        ({}, False, "disabled"),
        ({}, True, "token"),
        ({"RAY_AUTH_TOKEN": "abc"}, False, "token"),
        ({"RAY_AUTH_TOKEN_PATH": "/somewhere"}, False, "token"),
        ({"RAY_AUTH_TOKEN": "abc", "RAY_AUTH_MODE": "disabled"}, False, "disabled"),
        ({"RAY_AUTH_MODE": "token"}, False, "token"),
    ],
)
def test_the_mode_of_authentication_is_always_explicit(environment, has_file, mode, tmp_path, monkeypatch):
    """The user's setting is kept; otherwise, a token is used if there is one, as in `ray start`."""
    monkeypatch.setattr(ray_environment, "token_file", lambda: tmp_path / "auth_token")
    if has_file:
        (tmp_path / "auth_token").write_text("abc")
    remote = cluster_environment("10.0.0.1:6379", {"RAY_USAGE_STATS_ENABLED": "1", **environment})
    assert (remote["RAY_AUTH_MODE"], remote["RAY_USAGE_STATS_ENABLED"]) == (mode, "0")
    assert "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER" not in remote
    assert cluster_environment("127.0.0.1:6379", environment)["RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"] == "0"


def test_a_ray_of_our_own_is_not_led_astray_by_variables_for_another_one():
    """Such as those inside a Ray job, or those of a shell that works with a cluster."""
    foreign = {"RAY_ADDRESS": "10.0.0.1:6379", "RAY_TMPDIR": "/x", "RAY_AUTH_TOKEN_PATH": "/y", "RAY_JOB_ID": "1"}
    found = own_environment({"PATH": "/bin", **foreign, "RAY_AUTH_TOKEN": "theirs", "RAY_AUTH_MODE": "disabled"})
    assert not foreign.keys() & found.keys()
    assert found["PATH"] == "/bin" and found["RAY_AUTH_MODE"] == "token"
    assert len(found["RAY_AUTH_TOKEN"]) == 64 and found["RAY_AUTH_TOKEN"] != own_environment({})["RAY_AUTH_TOKEN"]


@pytest.mark.parametrize(
    ("inherited", "hosts"),
    [
        ({}, "127.0.0.1,localhost"),
        ({"http_proxy": "http://proxy:3128", "no_proxy": "example.org"}, "example.org,127.0.0.1,localhost"),
        ({"NO_PROXY": "localhost,example.org"}, "localhost,example.org,127.0.0.1"),
    ],
)
def test_no_proxy_is_asked_for_processes_of_this_machine(inherited, hosts):
    found = own_environment(inherited)
    assert found["no_proxy"] == found["NO_PROXY"] == hosts


@pytest.mark.parametrize("chosen", [{}, {"FITGAP_KERNELS": "numpy"}])
def test_workers_on_other_nodes_get_the_choice_of_kernels_and_nothing_else_of_ours(chosen):
    threads = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    found = worker_environment({"HOME": "/root", "OMP_NUM_THREADS": "8", "FITGAP_DB": "x.db", **chosen})
    assert found.items() >= {**threads, **chosen}.items()
    assert not {"HOME", "FITGAP_DB"} & found.keys()
    assert ("FITGAP_KERNELS" in found) == bool(chosen)


def test_workers_of_a_ray_of_our_own_have_the_priority_of_the_command_unless_another_is_set():
    assert own_environment({})["RAY_worker_niceness"] == "0"
    assert own_environment({"RAY_worker_niceness": "7"})["RAY_worker_niceness"] == "7"
