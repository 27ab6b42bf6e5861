"""A page left open on a running sweep: neither the server nor the browser uses more and more."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from support.web.site import Site

COMMAND = str(Path(sys.executable).with_name("fitgap"))
# About a hundred trials per second, for longer than the test takes even on a fast processor, so that rows, charts and
# counts change all the time.
TRAINED = [
    *("--data", "xor", "--epochs", "100", "--repeats", "3000", "--seed", "1", "--name", "long", "--engine", "local"),
    *(word for width in (2, 3, 4, 6, 8, 12) for word in ("--hidden", str(width))),
    *(word for rate in range(1, 31) for word in ("--optimizer", f"adam:rate={rate / 1000}")),
]
MINUTES = 60
# How long a newly started server is watched afterwards.
FRESH_MINUTES = 5
# The first part fills caches; usage measured after it may grow by at most this much.
WARM_SHARE, GROWTH, MEGABYTES = 0.2, 1.15, 8.0
SAMPLES = 30


def memory(process):
    """The resident memory of a process in megabytes."""
    text = Path(f"/proc/{process}/status").read_text()
    return int(text.partition("VmRSS:")[2].split()[0]) / 1024


def open_files(process):
    return len(os.listdir(f"/proc/{process}/fd"))


class Watched:
    """A page with its server, and the resources both use."""

    def __init__(self, page, process):
        self.process = process
        self.session = page.context.new_cdp_session(page)
        self.session.send("Performance.enable")

    def use(self):
        """Current usage, by name."""
        self.session.send("HeapProfiler.collectGarbage")
        metrics = {each["name"]: each["value"] for each in self.session.send("Performance.getMetrics")["metrics"]}
        return {
            "server": memory(self.process),
            "files": open_files(self.process),
            "heap": metrics["JSHeapUsedSize"] / 2**20,
            "nodes": metrics["Nodes"],
            "listeners": metrics["JSEventListeners"],
        }


def watch(page, process, minutes, warm_share=WARM_SHARE):
    """The usage of a page and its server at equal intervals, after a warm-up that fills caches."""
    watched = Watched(page, process)
    page.wait_for_timeout(60_000 * minutes * warm_share)
    found, began = [], time.monotonic()
    while time.monotonic() - began < 60 * minutes * (1 - warm_share):
        page.wait_for_timeout(60_000 * minutes * (1 - warm_share) / SAMPLES)
        found.append(watched.use())
    return found


def check(found, fresh):
    """Check that the last third uses no more than the first. The usage of a new server and page is printed for
    comparison: if it is equally high, the growth comes from the sweep, not from the page.
    """
    third = len(found) // 3
    parts = {"first": found[:third], "later": found[-third:], "fresh": fresh}
    used = {name: {part: max(each[name] for each in parts[part]) for part in parts} for name in found[0]}
    print(used)
    for name, most in used.items():
        assert most["later"] <= max(most["first"] * GROWTH, most["first"] + MEGABYTES), name


def open_once_planned(guest, attempts=60):
    """Open the sweep once it has been planned; otherwise, the test would spend an hour on a page without a sweep."""
    for _ in range(attempts):
        guest.open("sweeps/long")
        if guest.page.locator("#progress").count():
            return
        guest.page.wait_for_timeout(5000)
    raise AssertionError("the sweep was not planned in time")


@pytest.mark.nightly
@pytest.mark.xdist_group("browser")
def test_a_page_that_is_left_open_does_not_grow(visit, site):
    quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    words = ["nice", COMMAND, "run", *TRAINED, "--db", str(site.database)]
    with subprocess.Popen(words, cwd=site.database.parent, **quiet) as training:
        try:
            guest = visit()
            open_once_planned(guest)
            found = watch(guest.page, site.process.pid, MINUTES)
            text = guest.page.locator("#progress").inner_text()
            fresh = watch_a_new_server(visit, site)
        finally:
            training.terminate()
    assert "running" in text, text
    check(found, fresh)


def watch_a_new_server(visit, site):
    """The usage of another server for the same database, and of a new page."""
    new = Site(site.database.parent)
    try:
        guest = visit(at=new)
        open_once_planned(guest)
        found = watch(guest.page, new.process.pid, FRESH_MINUTES, warm_share=0)
        guest.page.close()
        return found
    finally:
        new.close()
