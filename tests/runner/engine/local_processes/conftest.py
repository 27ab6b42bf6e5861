"""Processes that are ended after a test."""

import pytest
from fitgap.runner.engine.local_processes.pool import ProcessPool
from fitgap.runner.engine.local_processes.shared_examples import SharedRepeats


@pytest.fixture
def start():
    """`start(dataset, count)`: so many processes, which are ended after the test."""
    started = []

    def make(dataset, count):
        processes = ProcessPool(SharedRepeats(dataset))
        started.append(processes)
        processes.start(count)
        return processes

    yield make
    for processes in started:
        processes.close()
