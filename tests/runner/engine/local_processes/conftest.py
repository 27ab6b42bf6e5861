"""A fixture for worker processes that end after each test."""

import pytest
from fitgap.runner.engine.local_processes.pool import ProcessPool
from fitgap.runner.engine.local_processes.shared_examples import SharedRepeats


@pytest.fixture
def start():
    """`start(dataset, count)`: a pool of `count` processes, which is closed after the test."""
    started = []

    def make(dataset, count):
        processes = ProcessPool(SharedRepeats(dataset))
        started.append(processes)
        processes.start(count)
        return processes

    yield make
    for processes in started:
        processes.close()
