"""End to end: the installed command trains digits into a database, which can be queried while it grows."""

import contextlib
import io
import json
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
from fitgap.runner.cli.main import app
from fitgap.runner.errors import StoreError
from fitgap.runner.store import open_store
from fitgap.runner.suggestions import naming_database
from support.sampling import at_night

# These tests share a fixture that is slow to set up.
pytestmark = pytest.mark.xdist_group("end to end")

COMMAND = Path(sys.executable).parent / "fitgap"
PATIENCE = 60.0
SWEEP = """\
name: digits
data: {source: digits, validation: 0.3}
repeats: 2
training: {epochs: 60, batch_size: 32}
axes:
  architecture: [16, 32-16]
  activation: [relu, sigmoid]
  optimizer: [{gradient_descent: {rate: 0.1}}, {adam: {rate: 0.01}}]
"""
CONFIGURATIONS, TRIALS, EPOCHS = 8, 16, 60


# Per commit, tests/runner/engine/ray/test_engine.py runs commands that train on Ray.
@pytest.fixture(scope="module", params=["local", at_night("ray")])
def digits(request, tmp_path_factory):
    """The folder of a trained sweep with the command's output, its exit code, and how the rows grew meanwhile."""
    folder = tmp_path_factory.mktemp("digits")
    (folder / "digits.yaml").write_text(SWEEP)
    with (folder / "out").open("w") as out, (folder / "err").open("w") as err:
        running = subprocess.Popen(
            [COMMAND, "run", "digits.yaml", "--engine", request.param], cwd=folder, stdout=out, stderr=err
        )
        try:
            seen = watch(running, folder)
            code = running.wait(PATIENCE)
        finally:
            running.kill()
            running.wait()
    return folder, code, seen


def watch(running, folder):
    """The numbers of epochs that another process sees, in repeated queries until the sweep has ended."""
    seen = []
    end = time.monotonic() + PATIENCE
    while running.poll() is None and time.monotonic() < end:
        with contextlib.suppress(StoreError), open_store(str(folder / "fitgap.db")) as store:
            seen.append(sum(len(block["epoch"]) for block in store.epoch_blocks("digits")))
        time.sleep(0.1)
    return seen


def ask(folder, *arguments):
    """The answer of a command as JSON text, run in this process; other tests cover the installed command."""
    printed = io.StringIO()
    words = [*arguments, "--db", str(folder / "fitgap.db"), "--format", "json"]
    with contextlib.redirect_stdout(printed), naming_database():
        assert not app(words, standalone_mode=False)
    return printed.getvalue()


def test_all_trials_of_a_sweep_complete(digits):
    folder, code, _ = digits
    assert code == 0, (folder / "err").read_text()
    (sweep,) = json.loads(ask(folder, "sweeps"))
    assert (sweep["name"], sweep["trials"], sweep["completed"]) == ("digits", TRIALS, TRIALS)
    trials = json.loads(ask(folder, "trials", "digits"))
    assert {trial["epochs"] for trial in trials} == {EPOCHS}
    assert len(json.loads(ask(folder, "epochs", "digits"))) == TRIALS * EPOCHS


def test_the_leaderboard_is_on_standard_output_and_progress_is_not(digits):
    folder, _, _ = digits
    out, err = (folder / "out").read_text(), (folder / "err").read_text()
    assert out.startswith(
        f"digits: the best {CONFIGURATIONS} of {CONFIGURATIONS} configurations, by honest E_v at the best epoch\n"
    )
    assert f"{TRIALS} trials: {TRIALS} completed" in err
    assert f"{TRIALS} trials" not in out
    assert not re.search("Traceback|Warning|ERROR|WARNING", out + err)
    best = min(json.loads(ask(folder, "compare", "digits", "--by", "configuration")), key=lambda row: row["best_e_v"])
    assert f"{best['best_e_v']:.3g}" in out


def test_networks_learn_the_digits(digits):
    """With ten classes, guessing is right once in ten."""
    folder, _, _ = digits
    best = json.loads(ask(folder, "trials", "digits", "--sort", "-accuracy_v", "--limit", "1"))[0]
    assert best["accuracy_v"] > 0.9


def test_another_process_sees_the_rows_grow(digits):
    """The number never decreases, and some rows are seen before all are there."""
    _, _, seen = digits
    assert seen == sorted(seen)
    assert any(0 < count < TRIALS * EPOCHS for count in seen), seen
