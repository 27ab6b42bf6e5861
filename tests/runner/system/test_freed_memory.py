"""After a large answer, a process that was told to keep little has no more memory than a small answer needs."""

import os
import subprocess
import sys

import pytest

# As a server does: threads read frames and drop them.
READS = """
import threading, time
from fitgap.runner.system.freed_memory import give_back, keep_little
keep_little()
import polars as pl

def memory():
    return int(open("/proc/self/status").read().partition("VmRSS:")[2].split()[0]) / 1024

def read(rows):
    pl.DataFrame({"value": [float(number) for number in range(rows)]}).sort("value", descending=True)

for rows in (1_000, 3_000_000):
    each = threading.Thread(target=read, args=(rows,))
    each.start()
    each.join()
    least = memory()
    # Other threads of Polars may still be letting go.
    for _ in range(30):
        give_back()
        least = min(least, memory())
        time.sleep(0.1)
    print(least)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_what_a_large_answer_needed_is_given_back():
    done = subprocess.run([sys.executable, "-c", READS], capture_output=True, text=True, check=True)
    small, large = map(float, done.stdout.split())
    # The numbers alone took 24 MB, twice that while they were sorted, and four times that as objects.
    assert large < small + 24


def test_a_setting_of_the_person_stays(monkeypatch):
    from fitgap.runner.system.freed_memory import POLARS_VARIABLE, keep_little

    monkeypatch.setenv(POLARS_VARIABLE, "narenas:1")
    keep_little()
    assert os.environ[POLARS_VARIABLE] == "narenas:1"
