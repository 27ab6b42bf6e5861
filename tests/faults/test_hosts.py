"""The hosts that other tests use: isolated, joined by a network that can be cut, and gone at the end."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from support.faults.commands import descendants, is_alive, wait_until
from support.faults.hosts import Hosts, can_make_hosts

PROGRAMS = Path(sys.prefix)
PING = """
import socket, sys
with socket.create_connection((sys.argv[1], 4000), timeout=2) as connection:
    print(connection.recv(10).decode())
"""
ANSWER = """
import socket
with socket.create_server(("", 4000)) as listener:
    print("listens", flush=True)
    while True:
        listener.accept()[0].sendall(b"pong")
"""
# Makes a host, starts a process on it, reports this and waits to be killed.
MAKE = """
import sys, time
from pathlib import Path
from support.faults.hosts import Hosts
with Hosts(Path(sys.argv[1])) as hosts:
    host = hosts.add("left", programs=Path(sys.prefix))
    host.start("sleep", "1000", output="out")
    print("made", flush=True)
    time.sleep(1000)
"""


@pytest.fixture
def hosts(tmp_path):
    if not can_make_hosts():
        pytest.skip("this machine does not let its users make networks of their own (unshare, nsenter, ip)")
    with Hosts(tmp_path) as made:
        yield made


@pytest.mark.nightly
def test_hosts_share_a_network_that_can_be_cut_and_nothing_else(hosts):
    first, second = (hosts.add(name, programs=PROGRAMS) for name in ("first", "second"))
    (first.home / "own").write_text("")
    answering = first.start("python", "-c", ANSWER, output="answers")
    assert wait_until(lambda: "listens" in (first.home / "answers").read_text()) is not None
    assert second.run("python", "-c", PING, first.address) == "pong\n"
    assert (second.run("hostname"), second.run("ls", "/tmp/home")) == ("second\n", "")
    assert "python" in first.run("ps", "-e") and "python" not in second.run("ps", "-e")
    hosts.cut(first)
    with pytest.raises(RuntimeError, match="Error"):
        second.run("python", "-c", PING, first.address)
    hosts.mend(first)
    assert second.run("python", "-c", PING, first.address) == "pong\n"
    assert second.run("ip", "route") == f"10.77.0.0/24 dev eth0 proto kernel scope link src {second.address} \n"
    answering.kill()
    answering.wait()


def test_only_a_host_that_has_the_repository_sees_it(hosts):
    node = hosts.add("node", programs=PROGRAMS)
    driver = hosts.add("driver", programs=PROGRAMS, has_repository=True)
    find = ("python", "-c", "import importlib.util; print(importlib.util.find_spec('fitgap') is not None)")
    assert (node.run(*find), driver.run(*find)) == ("False\n", "True\n")


def test_hosts_end_with_whoever_made_them(hosts, tmp_path):
    """Even if the process that made them was killed and could not clean up."""
    line = [sys.executable, "-c", MAKE, tmp_path / "left"]
    folder = str(Path(__file__).parents[1])
    with subprocess.Popen(
        line, stdout=subprocess.PIPE, text=True, env={"PYTHONPATH": folder, "PATH": "/usr/bin:/bin:/usr/sbin:/sbin"}
    ) as maker:
        assert maker.stdout.readline() == "made\n"
        left = descendants(maker.pid)
        assert len(left) >= 5
        maker.send_signal(signal.SIGKILL)
    assert wait_until(lambda: not any(map(is_alive, left))) is not None
