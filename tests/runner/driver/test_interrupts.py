"""Signals: the first requests a stop, a second one or a timeout interrupts; then the previous state is restored."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time

import pytest
from fitgap.runner.driver import interrupts
from fitgap.runner.driver.interrupts import InterruptHandler

STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)


def send(number):
    os.kill(os.getpid(), number)
    # The handler runs before the next instruction of the main thread, or soon after.
    time.sleep(0.01)


@pytest.mark.parametrize("number", STOPPING)
def test_the_first_signal_asks_once_and_interrupts_nothing(number):
    asked = []
    with InterruptHandler() as handler:
        handler.call(lambda: asked.append(1))
        assert not handler.is_requested
        send(number)
        assert handler.is_requested and asked == [1]


def test_what_is_to_be_called_is_called_at_once_if_the_signal_has_come_already():
    asked = []
    with InterruptHandler() as handler:
        send(signal.SIGINT)
        handler.call(lambda: asked.append(1))
        assert asked == [1]


@pytest.mark.parametrize("second", [signal.SIGINT, signal.SIGTERM, signal.SIGQUIT])
def test_the_second_signal_interrupts(second):
    asked = []
    with pytest.raises(KeyboardInterrupt), InterruptHandler() as handler:
        handler.call(lambda: asked.append(1))
        send(signal.SIGINT)
        send(second)
        pytest.fail("it went on")
    assert asked == [1]


def test_a_closed_terminal_may_hang_up_twice():
    """The shell and the system both send SIGHUP; the packs in flight still get their grace period."""
    with InterruptHandler() as handler:
        send(signal.SIGHUP)
        send(signal.SIGHUP)
        assert handler.is_requested


def test_what_does_not_stop_by_itself_is_interrupted(monkeypatch):
    monkeypatch.setattr(interrupts, "GRACE_SECONDS", 0.05)
    with pytest.raises(KeyboardInterrupt), InterruptHandler():
        send(signal.SIGINT)
        time.sleep(10)


def test_who_leaves_in_time_is_not_interrupted(monkeypatch):
    monkeypatch.setattr(interrupts, "GRACE_SECONDS", 0.05)
    with InterruptHandler():
        send(signal.SIGINT)
    time.sleep(0.1)


def test_an_interrupt_that_is_swallowed_comes_again(capfd):
    """An exception raised in `__del__` is lost; nothing is printed about it either."""

    class Stubborn:
        def __del__(self):
            send(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt), InterruptHandler():
        send(signal.SIGINT)
        stubborn = Stubborn()
        del stubborn
        time.sleep(10)
    assert capfd.readouterr().err == ""


def test_nothing_interrupts_what_is_left_to_do_after_it_was_enough(monkeypatch):
    monkeypatch.setattr(interrupts, "GRACE_SECONDS", 0.05)
    with InterruptHandler() as handler:
        send(signal.SIGINT)
        handler.ignore_more()
        send(signal.SIGINT)
        time.sleep(0.1)


def test_handlers_threads_and_files_from_before_come_back():
    def state():
        handlers = [signal.getsignal(number) for number in (*STOPPING, signal.SIGALRM)]
        return handlers, threading.enumerate(), os.listdir("/proc/self/fd"), sys.unraisablehook

    before = state()
    with InterruptHandler():
        assert state() != before
        send(signal.SIGTERM)
    assert state() == before


def test_the_alarm_of_the_program_around_it_still_rings():
    """Timers such as those of pytest-timeout belong to the caller."""
    rung = []
    before = signal.signal(signal.SIGALRM, lambda *_: rung.append(1))
    try:
        with InterruptHandler():
            signal.setitimer(signal.ITIMER_REAL, 0.02)
            send(signal.SIGINT)
            time.sleep(0.1)
        assert rung == [1]
    finally:
        signal.signal(signal.SIGALRM, before)


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGQUIT])
def test_what_nohup_ignores_stays_ignored(number):
    with ignored(number), InterruptHandler() as handler:
        send(number)
        assert not handler.is_requested and signal.getsignal(number) is signal.SIG_IGN


def test_an_interrupt_sent_to_what_a_script_runs_in_the_background_is_heard():
    """Shells without job control start such processes with SIGINT ignored."""
    with ignored(signal.SIGINT), InterruptHandler() as handler:
        send(signal.SIGINT)
        assert handler.is_requested


@contextlib.contextmanager
def ignored(number):
    before = signal.signal(number, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(number, before)


# Python cannot restore a handler that was not set by Python.
FOREIGN_HANDLER = """
import faulthandler, signal
from fitgap.runner.driver.interrupts import InterruptHandler
faulthandler.register(signal.SIGQUIT)
assert signal.getsignal(signal.SIGQUIT) in (None, signal.SIG_DFL)
for _ in range(2):
    with InterruptHandler():
        pass
print("fine")
"""


def test_a_handler_that_is_not_pythons_is_no_problem():
    done = subprocess.run([sys.executable, "-c", FOREIGN_HANDLER], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("fine\n", "")


def test_in_another_thread_signals_are_left_to_the_main_one():
    before, inside = signal.getsignal(signal.SIGINT), []

    def enter():
        with InterruptHandler():
            inside.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=enter)
    thread.start()
    thread.join()
    assert inside == [before]
