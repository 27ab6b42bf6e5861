"""Signals before and after training: the command exits silently with 130, even if an interrupt is swallowed."""

import signal
import subprocess
import sys
import time

import pytest
from fitgap.runner.cli.terminal import INTERRUPTED

# The command line in a process that swallows an interrupt once, as callbacks of compiled libraries do.
SWALLOWING = """
import os, signal, sys, time
from fitgap.runner.cli import main as cli

class Stubborn:
    def __del__(self):
        os.kill(os.getpid(), signal.{signal})
        time.sleep(0.01)

def work():
    Stubborn()
    time.sleep(60)

cli.command = work
cli.main()
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT])
def test_an_interrupt_that_is_swallowed_comes_again(number):
    done = subprocess.run(
        [sys.executable, "-c", SWALLOWING.format(signal=number.name)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (INTERRUPTED, "", "")


# An interrupt while the first module is loaded, before any password can be hidden.
INTERRUPTED_AT_ONCE = """
import os, signal, sys

class Interrupting:
    def find_spec(self, name, path=None, target=None):
        if name == "fitgap.runner.system.passwords":
            os.kill(os.getpid(), signal.SIGINT)

from fitgap import __main__
sys.meta_path.insert(0, Interrupting())
__main__.main()
"""


def test_an_interrupt_is_heard_before_anything_is_loaded():
    done = subprocess.run([sys.executable, "-c", INTERRUPTED_AT_ONCE], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (INTERRUPTED, "", "")


# A command that runs forever, and prints when it has begun.
ENDLESS = """
import sys, time
from fitgap import __main__
from fitgap.runner.cli import main as cli

def work():
    print("begun", flush=True)
    time.sleep(60)

cli.command = work
__main__.main()
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT])
def test_many_signals_at_once_give_the_same_code(number):
    """Also signals that arrive when the command has ended and Python is shutting down."""
    with subprocess.Popen(
        [sys.executable, "-c", ENDLESS], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as running:
        assert running.stdout.readline() == "begun\n"
        while running.poll() is None:
            running.send_signal(number)
            time.sleep(0.001)
        assert (running.returncode, running.stderr.read()) == (INTERRUPTED, "")
