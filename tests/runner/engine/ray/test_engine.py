"""The engine on Ray: the same numbers as in one process, in any folder, and nothing left behind after a stop.

Each commit starts Ray twice: for a sweep in a hostile folder that is stopped, and for one that is stopped before Ray is
ready. At night, the stopped sweep is also resumed on Ray.
"""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest
from support.engine.process_tables import alive, command_line, descendants, is_loopback, listening_addresses
from support.sampling import at_night

# Runs these tests in one process, because they share slow fixtures.
pytestmark = pytest.mark.xdist_group("the engine on Ray")

COMMAND = Path(sys.executable).parent / "fitgap"
PATIENCE = 60.0
LONG_SWEEP = """\
name: long
data: digits
seed: 1
repeats: 2
training: {epochs: 60, batch_size: 32}
axes:
  architecture: [16, 32-16]
  regularizer: [none, {dropout: {ratio: 0.2}}]
  optimizer: [adam, {gradient_descent: {rate: [0.1, 1e+30]}}]
"""


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("0100007F", True),
        ("00000000", False),
        ("0201A8C0", False),
        ("00000000000000000000000001000000", True),
        ("00000000000000000000000000000000", False),
        ("0000000000000000FFFF00000100007F", True),
        ("0000000000000000FFFF00000201A8C0", False),
    ],
)
def test_loopback_is_told_from_other_addresses(address, expected):
    """Checks `is_loopback`, which a test below relies on, with addresses in the format of /proc/net/tcp."""
    assert is_loopback(address) is expected


def wait_until(condition, patience=PATIENCE):
    """Wait until a condition holds; returns whether it does."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.05)
    return condition()


def rows_in(database, query):
    """Rows of a database; none if it does not exist yet."""
    try:
        connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    except sqlite3.Error:
        return []
    try:
        return connection.execute(query).fetchall()
    except sqlite3.Error:
        return []
    finally:
        connection.close()


def epoch_count(database):
    return (rows_in(database, "SELECT count(*) FROM epoch") or [(0,)])[0][0]


@pytest.fixture(scope="module")
def stopped_sweep(tmp_path_factory):
    """A sweep on Ray in a folder full of traps, watched while it runs, stopped by Ctrl-C, then resumed."""
    folder = tmp_path_factory.mktemp("hostile")
    (folder / "core").mkdir()
    (folder / "core" / "__init__.py").write_text("raise RuntimeError('the wrong core was loaded')\n")
    (folder / "runner.py").write_text("raise RuntimeError('the wrong runner was loaded')\n")
    (folder / "numpy.py").write_text("raise RuntimeError('the wrong numpy was loaded')\n")
    (folder / "long.yaml").write_text(LONG_SWEEP)
    database = folder / "fitgap.db"
    seen = {"folder": folder, "database": database, "growth": set()}
    with (folder / "out").open("w") as out, (folder / "err").open("w") as err:
        running = subprocess.Popen(
            [COMMAND, "run", "long.yaml", "--engine", "ray", "--workers", "2"],
            cwd=folder, stdout=out, stderr=err, start_new_session=True,
        )  # fmt: skip
        try:
            wait_until(lambda: running.poll() is not None or epoch_count(database) > 0)
            processes = descendants(running.pid)
            seen["lines"] = [command_line(process) for process, _ in processes]
            seen["listening"] = listening_addresses({process for process, _ in processes} | {running.pid})
            seen["pending"] = rows_in(database, "SELECT count(*) FROM trial")
            processes |= descendants(running.pid)
            os.killpg(running.pid, signal.SIGINT)
            seen["code"] = running.wait(PATIENCE)
        finally:
            running.kill()
    wait_until(lambda: not any(alive(*process) for process in processes))
    seen["left"] = [command_line(process) for process, started in processes if alive(process, started)]
    seen["err"] = (folder / "err").read_text()
    seen["status"] = dict(rows_in(database, "SELECT status, count(*) FROM trial GROUP BY status"))
    return seen


# A stopped sweep has epochs from Ray, whatever it is resumed on. tests/runner/engine/ray/test_dying_workers.py compares
# trials that Ray trained from their first epoch to their last.
@pytest.fixture(params=["local", at_night("ray")])
def resumed_sweep(request, stopped_sweep, command):
    """A database with the stopped sweep, resumed to its end, and the same sweep trained in one process without a
    stop.
    """
    folder = stopped_sweep["folder"]
    database = folder / f"{request.param}.db"
    with closing(sqlite3.connect(stopped_sweep["database"])) as stopped, closing(sqlite3.connect(database)) as copy:
        stopped.backup(copy)
    resumed = command("resume", "long", "--engine", request.param, "--workers", "2", "--db", database, cwd=folder)
    alone = command("run", "long.yaml", "--engine", "local", "--db", database, cwd=folder)
    assert (resumed.code, alone.code) == (0, 0), resumed.err + alone.err
    return database


@pytest.mark.nightly
def test_the_wrong_core_and_runner_in_the_current_folder_are_not_loaded(stopped_sweep):
    assert epoch_count(stopped_sweep["database"]) > 0 or stopped_sweep["code"] == 130
    assert "the wrong" not in stopped_sweep["err"]
    assert "failed" not in stopped_sweep["status"]


@pytest.mark.nightly
def test_everything_that_ray_listens_at_is_on_this_machine_alone(stopped_sweep):
    assert stopped_sweep["listening"], "no listener was found, so nothing was checked"
    assert all(map(is_loopback, stopped_sweep["listening"])), stopped_sweep["listening"]


def test_no_page_is_served_by_ray(stopped_sweep):
    """The process that Ray calls dashboard runs without its web pages."""
    pages = [line for line in stopped_sweep["lines"] if "dashboard/dashboard.py" in line]
    assert all("--disable-frontend" in line for line in pages)


def test_no_usage_statistics_are_collected(stopped_sweep):
    assert any("raylet" in line for line in stopped_sweep["lines"])
    assert "usage stat" not in stopped_sweep["err"].lower()


def test_all_trials_were_rows_when_the_first_epoch_came(stopped_sweep):
    assert stopped_sweep["pending"] == [(2 * 2 * 3 * 2,)]


def test_control_c_puts_trials_back_and_says_how_to_go_on(stopped_sweep):
    assert stopped_sweep["code"] == 130, stopped_sweep["err"]
    assert "fitgap resume long" in stopped_sweep["err"]
    assert "Traceback" not in stopped_sweep["err"]
    assert "running" not in stopped_sweep["status"] and stopped_sweep["status"]["pending"] > 0


def test_no_process_is_left_behind(stopped_sweep):
    assert stopped_sweep["left"] == []


def test_a_resumed_sweep_and_ray_and_one_process_agree_to_the_last_bit(resumed_sweep):
    """Every number of every epoch is the same, whether stopped on Ray and resumed or trained in one process."""
    names = ("epoch", "e_t", "e_v", "e_t_running", "se_t", "se_v", "accuracy_t", "accuracy_v", "learning_rate")
    columns = ", ".join(f"epoch.{name}" for name in names)
    query = (
        f"SELECT hash, repeat, {columns} FROM epoch JOIN trial ON trial.id = trial_id "
        "JOIN configuration ON configuration.id = configuration_id WHERE trial.sweep_id = {} ORDER BY 1, 2, 3"
    )
    on_ray, in_process = (rows_in(resumed_sweep, query.format(sweep)) for sweep in (1, 2))
    assert len(in_process) > 60 * 16
    assert on_ray == in_process
    summary = (
        "SELECT status, count(*), sum(epochs), min(best_e_v), max(best_epoch) FROM trial "
        "WHERE sweep_id = {} GROUP BY status ORDER BY 1"
    )
    on_ray, in_process = (rows_in(resumed_sweep, summary.format(sweep)) for sweep in (1, 2))
    assert on_ray == in_process
    assert [status for status, *_ in on_ray] == ["completed", "diverged"]


def test_control_c_while_ray_starts_leaves_no_process_behind(tmp_path):
    """Ray's own processes have started, but no trial is running yet."""
    flags = ("--data", "iris", "--epochs", "2", "--engine", "ray", "--workers", "2")
    with (tmp_path / "err").open("w") as err:
        starting = subprocess.Popen(
            [COMMAND, "run", *flags], cwd=tmp_path, stdout=err, stderr=err, start_new_session=True
        )
        try:
            wait_until(lambda: starting.poll() is not None or len(descendants(starting.pid)) >= 3)
            processes = descendants(starting.pid)
            os.killpg(starting.pid, signal.SIGINT)
            assert starting.wait(PATIENCE) == 130, (tmp_path / "err").read_text()
        finally:
            starting.kill()
    wait_until(lambda: not any(alive(*process) for process in processes), patience=15.0)
    left = [process for process in processes if alive(*process)]
    for process, _ in left:
        os.kill(process, signal.SIGKILL)
    assert processes and left == []
    assert "fitgap resume iris" in (tmp_path / "err").read_text()
    assert rows_in(tmp_path / "fitgap.db", "SELECT DISTINCT status FROM trial") == [("pending",)]
