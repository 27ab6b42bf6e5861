"""A page that stays open while a sweep ends updates itself without being reloaded."""

import sqlite3
import subprocess
import time
from contextlib import closing

import pytest
from fitgap.runner.store import open_store
from support.charts.made_sweeps import Made, make
from support.web.site import COMMAND, Site

WORDS = ["run", "--data", "xor", "--hidden", "2", "--epochs", "8000", "--name", "ending", "--engine", "local"]


def is_training(database):
    with open_store(str(database)) as store:
        return any(row["name"] == "ending" and row["running"] for row in store.sweeps())


@pytest.mark.nightly
@pytest.mark.xdist_group("browser")
def test_buttons_answer_and_charts_are_new_once_the_sweep_has_ended(visit, site):
    quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    guest = visit()
    pause = guest.page.get_by_role("button", name="Pause")
    with subprocess.Popen([COMMAND, *WORDS, "--db", str(site.database)], **quiet) as training:
        while not is_training(site.database):
            assert training.poll() is None, "the sweep ended before it was seen"
            time.sleep(0.1)
        guest.open("sweeps/ending")
        pause.wait_for()
        guest.page.get_by_text("have not ended").wait_for()
        assert training.wait(120) == 0
    guest.page.get_by_text("1 of 1 trials (1 completed)").wait_for()
    pause.wait_for(state="detached")
    guest.page.get_by_text("have not ended").wait_for(state="detached")
    assert "1 configuration: 1" in guest.page.locator("#answer").inner_text()
    assert guest.page.locator(".state").first.inner_text() == "done"


@pytest.fixture
def waiting_site(chromium, tmp_path):
    """A page with a sweep that is not being trained."""
    make(str(tmp_path / "site.db"), Made(name="waiting", configurations=2, pending=6))
    site = Site(tmp_path)
    yield site
    site.close()


@pytest.mark.xdist_group("browser")
def test_a_row_that_is_new_before_the_page_listens_is_shown(visit, waiting_site):
    """The page is rendered, then a trial is cancelled, and only then does the page start listening. Nothing changes
    afterwards.
    """
    cancelled = []

    def cancel_then_listen(route):
        with closing(sqlite3.connect(waiting_site.database, timeout=30)) as database, database:
            cancelled.extend(database.execute("SELECT max(id) FROM trial").fetchone())
            database.execute("UPDATE trial SET status = 'cancelled' WHERE id = ?", cancelled)
        route.continue_()

    guest = visit(at=waiting_site)
    guest.page.route("**/events?*", cancel_then_listen, times=1)
    guest.open("sweeps/waiting?show=trials&where=status+%3D%3D+'cancelled'")
    guest.page.get_by_text("Nothing matches").wait_for()
    row = guest.page.locator("table.results tbody tr")
    row.first.wait_for()
    assert row.get_attribute("id") == f"row-{cancelled[0]}"
