"""A real browser on a real page, while a real sweep trains.

Without Chromium, these tests are skipped, and the message names the command that installs it. With
$FITGAP_BROWSER_TESTS=required, they fail instead.
"""

import os
import shutil
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from fitgap.runner.store import open_store
from support.charts.made_sweeps import Made, make
from support.web.path_proxy import proxied
from support.web.site import COMMAND, Site

INSTALL = "apt-get install -y chromium"
NAMES = ("chromium", "chromium-browser", "google-chrome")
# Trains in one process, for longer than any test run takes.
BACKGROUND = ["--data", "xor", "--hidden", "2", "--hidden", "4", "--epochs", "1000000", "--repeats", "30"]


@pytest.fixture(scope="session")
def chromium():
    """The path of the browser."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None:
        message = f"no Chromium is installed; install it with: {INSTALL}"
        if os.environ.get("FITGAP_BROWSER_TESTS") == "required":
            pytest.fail(message)
        pytest.skip(message)
    return found


# One browser per test file: while Playwright is open, no other test in this process can run an event loop.
@pytest.fixture(scope="module")
def browser(chromium):
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def site(chromium, tmp_path_factory):
    """A page with a made-up sweep and one that is being trained."""
    folder = tmp_path_factory.mktemp("site")
    make(str(folder / "site.db"), Made(diverging=11))
    words = ["run", *BACKGROUND, "--name", "busy", "--engine", "local", "--db", "site.db"]
    quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    # Niced in favor of the tests, but not so much that it would never start next to one test process per core.
    training = subprocess.Popen(["nice", "-n", "3", COMMAND, *words], cwd=folder, **quiet)
    site = Site(folder)
    wait_until_it_trains(training, site.database)
    # It trains until the last test has ended. This slows down only its main thread, not its heartbeat.
    os.setpriority(os.PRIO_PROCESS, training.pid, 19)
    yield site
    site.close()
    # Shutting down cleanly could take a minute on a busy machine, and what it leaves behind does not matter.
    training.kill()
    training.wait(60)


def wait_until_it_trains(training, database):
    """Wait until the sweep is being trained. A page opened earlier would report that there is no such sweep."""
    with open_store(str(database)) as store:
        while not any(row["name"] == "busy" and row["running"] for row in store.sweeps()):
            assert training.poll() is None, "the sweep in the background ended before it trained"
            time.sleep(0.2)


@dataclass(frozen=True)
class SiteBelowAPath:
    """The same page behind a proxy."""

    address: str
    database: Path


@pytest.fixture
def site_below_a_path(site):
    host, port = urlsplit(site.address).netloc.split(":")
    with proxied((host, int(port))) as proxy:
        yield SiteBelowAPath(proxy.address, site.database)


class Visit:
    """A person at a page. Requests to other machines and violations of the page's content policy fail the test."""

    def __init__(self, page, site, keyboard):
        self.page, self.site, self.keyboard = page, site, keyboard
        self.requests, self.errors = [], []
        page.set_default_timeout(60_000)
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on(
            "console", lambda message: self.errors.append(message.text) if "policy" in message.text.lower() else None
        )

    def open(self, path):
        self.page.goto(self.site.address + path)

    def press(self, locator):
        """Follow a link or press a button, with the mouse or with the keyboard only."""
        if self.keyboard:
            self.reach(locator)
            self.page.keyboard.press("Enter")
        else:
            locator.click()

    def write(self, locator, text):
        """Replace the text of a field."""
        if self.keyboard:
            self.reach(locator)
            self.page.keyboard.press("Control+a")
            self.page.keyboard.type(text)
        else:
            locator.fill(text)

    def reach(self, locator):
        """Press Tab until an element has the focus."""
        wanted = locator.element_handle()
        for _ in range(400):
            if wanted.evaluate("element => element === document.activeElement"):
                return
            self.page.keyboard.press("Tab")
        raise AssertionError("the Tab key does not lead there")

    def until(self, expression):
        """Wait until a JavaScript expression is true."""
        from playwright.sync_api import Error as PageError

        for _ in range(300):
            # Evaluating an expression fails while the page is being replaced by another.
            with suppress(PageError):
                if self.page.evaluate(expression):
                    return
            self.page.wait_for_timeout(200)
        raise AssertionError(f"never true: {expression}")

    def check(self):
        assert all(url.startswith((self.site.address, "data:")) for url in self.requests), self.requests
        assert self.errors == []


@pytest.fixture
def visit(browser, site):
    """`visit(width=1280, keyboard=False, dark=False)`: a person in a new window."""
    opened = []

    def begin(width=1280, keyboard=False, dark=False, at=site):
        scheme = "dark" if dark else "light"
        context = browser.new_context(
            viewport={"width": width, "height": 844}, color_scheme=scheme, accept_downloads=True
        )
        found = Visit(context.new_page(), at, keyboard)
        opened.append((context, found))
        return found

    yield begin
    for context, found in opened:
        found.check()
        context.close()
