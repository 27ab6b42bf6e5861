"""Ctrl-C: once asks to stop, twice or after a while interrupts; what was there before comes back."""

import os
import signal
import threading
import time

import pytest

from runner.driver import stopping
from runner.driver.stopping import Stopping


def send(number):
    os.kill(os.getpid(), number)
    # The handler runs before the next instruction of the main thread, or soon after.
    time.sleep(0.01)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_signal_asks_once_and_interrupts_nothing(number):
    asked = []
    with Stopping() as stop:
        stop.call(lambda: asked.append(1))
        assert not stop.is_requested
        send(number)
        assert stop.is_requested and asked == [1]


def test_what_is_to_be_called_is_called_at_once_where_the_signal_has_come_already():
    asked = []
    with Stopping() as stop:
        send(signal.SIGINT)
        stop.call(lambda: asked.append(1))
        assert asked == [1]


def test_the_second_signal_interrupts(monkeypatch):
    asked = []
    with pytest.raises(KeyboardInterrupt), Stopping() as stop:
        stop.call(lambda: asked.append(1))
        send(signal.SIGINT)
        send(signal.SIGINT)
        pytest.fail("it went on")
    assert asked == [1]


def test_what_does_not_stop_by_itself_is_interrupted(monkeypatch):
    monkeypatch.setattr(stopping, "GRACE_SECONDS", 0.05)
    with pytest.raises(KeyboardInterrupt), Stopping():
        send(signal.SIGINT)
        time.sleep(10)


def test_who_leaves_in_time_is_not_interrupted(monkeypatch):
    monkeypatch.setattr(stopping, "GRACE_SECONDS", 0.05)
    with Stopping():
        send(signal.SIGINT)
    time.sleep(0.1)


def test_an_interrupt_that_is_swallowed_comes_again(capfd):
    """What is raised while an object is cleared up goes nowhere; nobody is told of it either."""

    class Stubborn:
        def __del__(self):
            send(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt), Stopping():
        send(signal.SIGINT)
        stubborn = Stubborn()
        del stubborn
        time.sleep(10)
    assert capfd.readouterr().err == ""


def test_nothing_interrupts_what_is_left_to_do_after_it_was_enough(monkeypatch):
    monkeypatch.setattr(stopping, "GRACE_SECONDS", 0.05)
    with Stopping() as stop:
        send(signal.SIGINT)
        stop.ignore_more()
        send(signal.SIGINT)
        time.sleep(0.1)


def test_handlers_from_before_come_back():
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGALRM)
    before = [signal.getsignal(number) for number in numbers]
    with Stopping():
        assert [signal.getsignal(number) for number in numbers] != before
    assert [signal.getsignal(number) for number in numbers] == before


def test_in_another_thread_signals_are_left_to_the_main_one():
    before, inside = signal.getsignal(signal.SIGINT), []

    def enter():
        with Stopping():
            inside.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=enter)
    thread.start()
    thread.join()
    assert inside == [before]
