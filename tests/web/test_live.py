"""A page that stays open while a sweep ends shows what is true then, without being loaded again."""

import subprocess
import sys
import time
from pathlib import Path

import pytest
from fitgap.runner.store import open_store

COMMAND = str(Path(sys.executable).with_name("fitgap"))
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
