"""How much an open page slows a sweep: `python -m benchmarks.open_page`, which needs Chromium and the extra `test`.

While one long sweep trains, a browser alternates between the page of the sweep and an empty page, in pairs of windows
of time; the order changes from pair to pair. Two figures are reported: how many fewer epochs are trained, which is what
users notice, and the CPU time of the page's server and the browser relative to that of the sweep, which depends less
on other load. The one-time cost of opening the page is reported separately.
"""

import argparse
import contextlib
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

from fitgap.runner.store import open_store

from benchmarks.chromium import installed_browser
from benchmarks.machine import describe, usable_cores

FITGAP = (sys.executable, "-m", "fitgap")
NAME, TICKS = "watched", os.sysconf("SC_CLK_TCK")
# Takes longer than any measurement. Trials end continually, so rows, verdicts and charts keep changing.
SWEEP = (
    *("--data", "digits", "--repeats", "500", "--epochs", "50", "--name", NAME, "--engine", "local"),
    *(word for width in ("16", "32", "64-32") for word in ("--hidden", width)),
    *(word for rate in ("1e-3", "3e-3", "1e-2", "3e-2") for word in ("--optimizer", f"adam:rate={rate}")),
)
# Long enough for the page to draw its charts and fill its section "Answer", or for the server to notice that the page
# was closed; and for the sweep to start.
SETTLING_SECONDS, WARM_SECONDS = 15, 20


@dataclass(frozen=True)
class Window:
    """Epochs trained per second, and CPU seconds used per second by the sweep (`own`) and by page and browser."""

    rate: float
    own: float
    page: float


@dataclass(frozen=True)
class Pair:
    alone: Window
    watched: Window

    @property
    def slower(self) -> float:
        """The loss of epochs while the page is open, in percent."""
        return 100 * (1 - self.watched.rate / self.alone.rate)

    @property
    def share(self) -> float:
        """The CPU time of page and browser, in percent of that of the sweep."""
        return 100 * self.watched.page / self.watched.own

    @property
    def part(self) -> float:
        """The same in percent of all cores: what a sweep would lose that otherwise has the machine to itself."""
        return 100 * self.watched.page / usable_cores()


def main() -> int:
    options = parse()
    browser = installed_browser()
    with (
        tempfile.TemporaryDirectory(prefix="fitgap-open-page-") as folder,
        bench(f"{folder}/page.db", browser) as found,
    ):
        print(f"opening the page once: {found.opening():.1f} processor seconds of page and browser", flush=True)
        pairs = [found.pair(options.seconds, number % 2 == 1) for number in range(options.pairs)]
    print(*describe([]), *summary(pairs), sep="\n")
    return 0


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.open_page", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--pairs", type=int, default=6, metavar="N", help="pairs of windows (default: 6)")
    parser.add_argument("--seconds", type=float, default=60, metavar="S", help="seconds of a window (default: 60)")
    return parser.parse_args()


def summary(pairs: Sequence[Pair]) -> list[str]:
    """The medians over pairs, with the lowest and the highest."""
    return [
        f"with an open page, {median([pair.slower for pair in pairs])} % fewer epochs are trained",
        f"page and browser use {median([pair.share for pair in pairs])} % of the processor time of the sweep, and "
        f"{median([pair.part for pair in pairs])} % of all processors",
        f"medians of {len(pairs)} pairs (lowest to highest); load of the machine at the end: {os.getloadavg()[0]:.1f}",
    ]


def median(values: Sequence[float]) -> str:
    return f"{statistics.median(values):.1f} ({min(values):.1f} to {max(values):.1f})"


@dataclass(frozen=True)
class Bench:
    """A sweep in training, the server of its page, and a browser."""

    database: str
    training: int
    server: int
    page: Any
    address: str

    def opening(self) -> float:
        """The CPU seconds that opening the page takes."""
        before = self.used_by_page()
        self.turn_to(True)
        return self.used_by_page() - before

    def pair(self, seconds: float, is_open_first: bool) -> Pair:
        found = {is_open: self.window(is_open, seconds) for is_open in (is_open_first, not is_open_first)}
        pair = Pair(found[False], found[True])
        share = f"{pair.share:.1f} % of the processor time of the sweep, {pair.part:.1f} % of all processors"
        print(f"{pair.slower:.1f} % fewer epochs, {share}", file=sys.stderr, flush=True)
        return pair

    def window(self, is_open: bool, seconds: float) -> Window:
        """Measure for `seconds`, with the page open or closed."""
        self.turn_to(is_open)
        before, began = self.counters(), time.perf_counter()
        self.page.wait_for_timeout(1000 * seconds)
        after, lasted = self.counters(), time.perf_counter() - began
        return Window(*((late - early) / lasted for early, late in zip(before, after, strict=True)))

    def turn_to(self, is_open: bool) -> None:
        self.page.goto(self.address if is_open else "about:blank", timeout=120_000)
        self.page.wait_for_timeout(1000 * SETTLING_SECONDS)

    def counters(self) -> tuple[float, float, float]:
        with open_store(self.database) as store:
            epochs = store.progress(store.sweep(NAME)["id"]).epochs
        own = sum(map(used, (self.training, *descendants(self.training))))
        return epochs, own, self.used_by_page()

    def used_by_page(self) -> float:
        own = [number for number in descendants(os.getpid()) if number == self.server or is_browser(number)]
        return sum(map(used, own))


@contextlib.contextmanager
def bench(database: str, browser: str) -> Iterator[Bench]:
    """Start the sweep, the server and the browser, and stop them when the measurement ends."""
    from playwright.sync_api import sync_playwright

    quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL}
    training = subprocess.Popen([*FITGAP, "run", *SWEEP, "--db", database], **quiet, stderr=subprocess.DEVNULL)
    words = [*FITGAP, "ui", "--no-browser", "--port", "0", "--db", database]
    server = subprocess.Popen(words, **quiet, stderr=subprocess.PIPE, text=True)
    try:
        assert server.stderr is not None
        found = re.search(r"http://\S+/", server.stderr.readline())
        assert found is not None, "fitgap ui did not start"
        time.sleep(WARM_SECONDS)
        with sync_playwright() as playwright:
            opened = playwright.chromium.launch(executable_path=browser, args=["--no-sandbox"])
            page = opened.new_page(viewport={"width": 1280, "height": 844})
            yield Bench(database, training.pid, server.pid, page, urljoin(found.group(), f"sweeps/{NAME}"))
            opened.close()
    finally:
        server.kill()
        training.terminate()
        server.communicate()
        training.wait(60)


def descendants(process: int) -> list[int]:
    """All child processes of a process, and their descendants."""
    found = []
    for number in children(process):
        found += [number, *descendants(number)]
    return found


def children(process: int) -> list[int]:
    with contextlib.suppress(OSError):
        return [
            int(each)
            for task in Path(f"/proc/{process}/task").iterdir()
            for each in (task / "children").read_text().split()
        ]
    return []


def used(process: int) -> float:
    """The CPU seconds of a process, including those of its children that have ended."""
    with contextlib.suppress(OSError):
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        return sum(map(int, fields[11:15])) / TICKS
    return 0.0


def is_browser(process: int) -> bool:
    with contextlib.suppress(OSError):
        return b"chrom" in Path(f"/proc/{process}/cmdline").read_bytes().split(b"\0")[0]
    return False


if __name__ == "__main__":
    sys.exit(main())
