"""The scripts that measure the web page count and report correctly. No test checks speed."""

import os
import subprocess
import sys

import pytest

from benchmarks.chromium import installed_browser
from benchmarks.made_store import fill_store
from benchmarks.open_page import Pair, Window, descendants, is_browser, summary, used
from benchmarks.page_times import lines, measured


def test_an_open_page_is_judged_by_pairs_of_windows():
    alone = Window(rate=100.0, own=2.0, page=0.0)
    pairs = [Pair(alone, Window(rate=rate, own=2.0, page=0.05)) for rate in (97.0, 99.0, 101.0)]
    epochs, share, _ = summary(pairs)
    assert "1.0 (-1.0 to 3.0) % fewer epochs" in epochs and "2.5 (2.5 to 2.5) %" in share


def test_processes_that_a_process_started_are_counted_with_it():
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        assert child.pid in descendants(os.getpid()) and used(child.pid) >= 0
        assert not is_browser(child.pid)
    finally:
        child.communicate(b"\n")


def test_times_of_pages_are_told_with_their_range():
    assert lines({"first paint": [0.5, 0.2, 1.0]}, "10 trials, sqlite") == [
        "10 trials, sqlite: first paint 0.50 s (0.20 to 1.00)"
    ]


@pytest.mark.nightly
def test_the_page_of_a_made_sweep_is_timed_in_a_browser(tmp_path):
    """All figures are measured on the page itself: without rows, sorted columns and filtered tables, the script would
    not end.
    """
    fill_store(str(tmp_path / "it.db"), epochs=2, size="ten")
    found = measured(str(tmp_path / "it.db"), installed_browser())
    assert list(found) == [
        "first paint",
        "first row",
        *(f"{what} {show}" for show in ("configurations", "trials") for what in ("sort", "filter")),
    ]
    assert all(values and min(values) > 0 for values in found.values())
