"""The compiler of a process: all threads share it, because machine code lives only as long as its compiler."""

import time
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from threading import Barrier

from fitgap.core.kernels import machine_code

THREADS = 4


def test_threads_that_need_it_at_the_same_time_get_the_same_one(monkeypatch):
    barrier, created = Barrier(THREADS), []

    @cache
    def slow_to_create():
        created.append(object())
        time.sleep(0.05)
        return created[-1]

    def needed(_):
        barrier.wait()
        return machine_code.compiler()

    monkeypatch.setattr(machine_code, "the_compiler", slow_to_create)
    with ThreadPoolExecutor(THREADS) as threads:
        found = list(threads.map(needed, range(THREADS)))
    assert len(created) == 1 and found == created * THREADS
