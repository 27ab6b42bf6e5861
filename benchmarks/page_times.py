"""How fast the page of a large sweep is: `python -m benchmarks.page_times`, which needs Chromium and the extra `test`.

The sweep consists of synthetic trials, stored in SQLite or, on request, in a temporary PostgreSQL server. The browser
opens its page, sorts the table by several columns, and filters it. All times are measured by the browser: from the
start of the navigation to the first paint and to the first row of the table, and from a click to the new table.
"""

import argparse
import contextlib
import os
import re
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

from benchmarks.chromium import installed_browser
from benchmarks.machine import describe
from benchmarks.made_store import NAME, SIZES, fill_store, trial_count
from benchmarks.open_page import FITGAP
from benchmarks.ours.server import temporary_server

EPOCHS, TRIES, PATIENCE = 5, 5, 60_000
COLUMNS = {"configurations": ("e_t", "e_v", "verdict"), "trials": ("trial", "e_t", "best_e_v")}
# In stores of all sizes, each filter matches some trials.
FILTERS = ("activation == 'relu'", "e_v < 0.5", "architecture == '8' and optimizer.rate < 0.01")
# Seconds from the click on a column heading until the table is sorted by that column.
SORT = """async ([key]) => {
  const link = [...document.querySelectorAll("th a")].find((each) =>
    new URL(each.href).searchParams.get("sort") === key);
  const began = performance.now();
  link.click();
  const isSorted = () => new URL(location).searchParams.get("sort") === key
    && document.querySelector("th[aria-sort=ascending]") && !document.contains(link);
  while (!isSorted()) await new Promise(requestAnimationFrame);
  return (performance.now() - began) / 1000;
}"""
# Seconds from submitting a filter until the filtered rows are shown.
FILTER = """async ([text]) => {
  const field = document.querySelector("input[name=where]"), old = document.querySelector("tbody tr");
  field.value = text;
  const began = performance.now();
  field.form.requestSubmit();
  while (document.contains(old)) await new Promise(requestAnimationFrame);
  return (performance.now() - began) / 1000;
}"""
# Waits until the charts of a new view are drawn, so that drawing them does not slow the next measurement.
DRAWN = """async () => {
  await new Promise((done) => setTimeout(done, 200));
  while (document.querySelector(".drawing[aria-busy]")) await new Promise(requestAnimationFrame);
}"""
PAINT = """async () => {
  const painted = () => performance.getEntriesByName("first-contentful-paint")[0];
  while (!painted()) await new Promise(requestAnimationFrame);
  return painted().startTime / 1000;
}"""
ROWS = """async () => {
  while (!document.querySelector("tbody tr")) await new Promise(requestAnimationFrame);
  return performance.now() / 1000;
}"""


def main() -> int:
    options = parse()
    browser = installed_browser()
    print(*describe([]), sep="\n")
    for address in options.made:
        print(*lines(measured(address, browser), address), sep="\n", flush=True)
    for kind in options.databases:
        for size in options.sizes:
            with database(kind) as address:
                fill_store(address, epochs=EPOCHS, size=size)
                found = measured(address, browser)
            print(*lines(found, f"{trial_count(size):,} trials, {kind}"), sep="\n", flush=True)
    print(f"load of the machine at the end: {os.getloadavg()[0]:.1f}")
    return 0


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.page_times", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("--sizes", nargs="+", choices=SIZES, default=["ten", "tenth"], help="default: ten tenth")
    kinds = ("sqlite", "postgresql")
    parser.add_argument("--databases", nargs="*", choices=kinds, default=["sqlite"], help="default: sqlite")
    parser.add_argument("--made", nargs="*", default=[], metavar="DB", help="a store that was made before")
    return parser.parse_args()


def lines(found: Mapping[str, Sequence[float]], case: str) -> list[str]:
    """The median of each figure, with the lowest and the highest."""
    return [
        f"{case}: {name} {statistics.median(values):.2f} s ({min(values):.2f} to {max(values):.2f})"
        for name, values in found.items()
    ]


@contextlib.contextmanager
def database(kind: str) -> Iterator[str]:
    """The address of an empty database."""
    if kind == "postgresql":
        with temporary_server() as server:
            yield server.address()
    else:
        with tempfile.TemporaryDirectory(prefix="fitgap-benchmark-") as folder:
            yield str(Path(folder) / "it.db")


def measured(address: str, browser: str) -> dict[str, list[float]]:
    """Measured times in seconds, by what was measured."""
    from playwright.sync_api import sync_playwright

    with served(address) as root, sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=browser, args=["--no-sandbox"])
        page = opened.new_page(viewport={"width": 1280, "height": 844})
        page.set_default_timeout(PATIENCE)
        own = urljoin(root, f"sweeps/{NAME}")
        found: dict[str, list[float]] = {"first paint": [], "first row": []}
        for _ in range(TRIES):
            page.goto("about:blank")
            page.goto(own, wait_until="commit")
            found["first row"].append(page.evaluate(ROWS))
            found["first paint"].append(page.evaluate(PAINT))
        for show, keys in COLUMNS.items():
            found |= changed_tables(page, f"{own}?show={show}", show, keys)
        opened.close()
    return found


def changed_tables(page: Any, address: str, show: str, keys: Sequence[str]) -> dict[str, list[float]]:
    """Seconds until a table of configurations or trials is sorted or filtered."""
    open_table(page, address)
    sorting = [page.evaluate(SORT, [key]) for key in keys]
    open_table(page, address)
    filtering = []
    for text in FILTERS:
        filtering.append(page.evaluate(FILTER, [text]))
        page.evaluate(DRAWN)
    return {f"sort {show}": sorting, f"filter {show}": filtering}


def open_table(page: Any, address: str) -> None:
    """Open a page and wait for its table and its charts."""
    page.goto(address)
    page.evaluate(ROWS)
    page.wait_for_load_state("networkidle")
    page.evaluate(DRAWN)


@contextlib.contextmanager
def served(address: str) -> Iterator[str]:
    """Run a server of the page; yields its address."""
    words = [*FITGAP, "ui", "--no-browser", "--port", "0", "--db", address]
    server = subprocess.Popen(
        words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    try:
        assert server.stderr is not None
        found = re.search(r"http://\S+/", server.stderr.readline())
        assert found is not None, "fitgap ui did not start"
        yield found.group()
    finally:
        server.kill()
        server.communicate()


if __name__ == "__main__":
    sys.exit(main())
