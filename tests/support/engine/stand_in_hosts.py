"""Stand-ins for the process that hosts Ray, which behave in ways that are rare with Ray."""

import os
import signal
import sys
import time
from multiprocessing.connection import Connection

from fitgap.runner.engine.ray_client.host_messages import HostLost, HostState, HostTrouble


def refuse(connection, stop, gone):
    """Ray cannot be started."""
    Connection(int(connection)).send(HostTrouble("Ray could not be started: no Ray today; see `fitgap doctor`"))


def die_at_start(connection, stop, gone):
    """It ends with an error before Ray has started."""
    Connection(int(connection)).recv()
    sys.exit("something is missing")


def die_without_a_word(connection, stop, gone):
    os.kill(os.getpid(), signal.SIGKILL)


def die_with_its_first_pack(connection, stop, gone):
    """As if memory had run out."""
    with_first_pack(connection, lambda theirs: os.kill(os.getpid(), signal.SIGKILL))


def lose_the_cluster(connection, stop, gone):
    """The cluster is lost while it trains."""
    with_first_pack(connection, lambda theirs: theirs.send(HostLost("the cluster is gone")))


def with_first_pack(connection, act):
    theirs = Connection(int(connection))
    theirs.recv()
    theirs.send(HostState(0, 0, 2, 4, None))
    theirs.recv()
    act(theirs)


def never_start(connection, stop, gone):
    """Ray never starts, and every signal except SIGKILL is ignored."""
    signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    time.sleep(600)
