"""Local worker processes end with their pool and their parent, however these end, and leave signals to the parent."""

import contextlib
import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from support.engine.pools import (
    ENDLESS,
    PATIENCE,
    SWEEP,
    blocks_of,
    is_alive,
    packs_of,
    processor_ticks,
    stat_fields,
    wait_for_blocks,
    wait_until,
)

COMMAND = Path(sys.executable).parent / "fitgap"
# Prints the ids of two processes that train endlessly, then waits.
PARENT = f"""
import sys
from fitgap.runner.engine.local_processes.shared_examples import SharedRepeats
from fitgap.runner.engine.local_processes.pool import ProcessPool
from fitgap.runner.planning.packs import pack_trials, planned_trials
from fitgap.runner.planning.preparation import prepare_sweep
from fitgap.runner.spec import sweep_from_text

sweep = prepare_sweep(sweep_from_text("{ENDLESS}"))
tasks = pack_trials(planned_trials(sweep), sweep, workers=2)
processes = ProcessPool(SharedRepeats(sweep.dataset))
processes.start(2)
heard = 0
while heard < 4:
    processes.submit(tasks)
    heard += sum(1 for _ in processes.poll(1.0))
print(*[each.process.pid for each in processes.workers], flush=True)
sys.stdin.read()
"""


def test_control_c_and_terminate_are_left_to_the_parent(start):
    """A terminal sends them to all processes of a group."""
    tasks, dataset = packs_of(SWEEP)
    processes = start(dataset, 2)
    numbers = [process.process.pid for process in processes.workers]
    for number in numbers:
        os.kill(number, signal.SIGINT)
        os.kill(number, signal.SIGTERM)
    blocks = blocks_of(processes, tasks)
    assert [process.process.pid for process in processes.workers] == numbers
    assert not any(block.failure for block in blocks)


def test_nobody_is_left_after_closing(start):
    tasks, dataset = packs_of(ENDLESS)
    processes = start(dataset, 2)
    wait_for_blocks(processes, tasks, 1)
    numbers = [process.process.pid for process in processes.workers]
    processes.close()
    assert not any(map(is_alive, numbers))


@pytest.mark.nightly
def test_when_the_parent_is_killed_they_end_by_themselves_in_the_middle_of_a_pack(tmp_path):
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT], cwd=tmp_path, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    numbers = [int(word) for word in parent.stdout.readline().split()]
    try:
        busy = {number: processor_ticks(number) for number in numbers}
        assert wait_until(lambda: all(processor_ticks(number) > busy[number] for number in numbers))
        parent.kill()
        parent.wait()
        assert wait_until(lambda: not any(map(is_alive, numbers)), seconds=10.0)
    finally:
        parent.kill()
        parent.communicate()
        for number in filter(is_alive, numbers):
            os.kill(number, signal.SIGKILL)


def children_of(process):
    """The ids of a process's children."""
    numbers = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    return [number for number in numbers if stat_fields(number)[1:2] == [str(process)]]


def found_in(database, query):
    """The result of a query in a database; empty if the database does not exist yet."""
    try:
        with contextlib.closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
            return connection.execute(query).fetchall()
    except sqlite3.Error:
        return []


def test_control_c_in_the_terminal_saves_every_pack_and_leaves_no_process(tmp_path):
    """All processes of the group get the signal at once."""
    flags = ("--data", "digits", "--hidden", "32", "--repeats", "4", "--epochs", "3000", "--workers", "2")
    database, begun = tmp_path / "fitgap.db", "SELECT DISTINCT trial_id FROM epoch ORDER BY 1"
    running = subprocess.Popen(
        [COMMAND, "run", *flags], cwd=tmp_path, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    try:
        # The second pack starts once the worker processes are ready.
        assert wait_until(lambda: len(found_in(database, begun)) > 1)
        children = children_of(running.pid)
        os.killpg(running.pid, signal.SIGINT)
        _, said = running.communicate(timeout=PATIENCE)
    finally:
        running.kill()
    assert running.returncode == 130, said
    assert len(children) >= 2 and wait_until(lambda: not any(map(is_alive, children)), seconds=10.0)
    assert found_in(database, "SELECT DISTINCT status FROM trial") == [("pending",)]
    assert found_in(database, "SELECT trial_id FROM state ORDER BY 1") == found_in(database, begun)


def test_a_hang_up_and_a_quit_are_left_to_the_parent(start):
    """A closed terminal sends them to all processes of a group, while the command saves the packs in flight."""
    tasks, dataset = packs_of(SWEEP)
    processes = start(dataset, 2)
    for process in processes.workers:
        os.kill(process.process.pid, signal.SIGHUP)
        os.kill(process.process.pid, signal.SIGQUIT)
    assert not any(block.failure for block in blocks_of(processes, tasks))


# Starts a process that trains endlessly, then forks itself. The copy keeps all open files open.
FORKING = """
import os, sys, time
sys.path.insert(0, sys.argv[1])
from fitgap.runner.engine.local_processes.pool import ProcessPool
from fitgap.runner.engine.local_processes.shared_examples import SharedRepeats
from support.engine.pools import ENDLESS, packs_of, wait_for_blocks
tasks, dataset = packs_of(ENDLESS)
processes = ProcessPool(SharedRepeats(dataset))
processes.start(1)
wait_for_blocks(processes, tasks, 1)
copy = os.fork()
if copy:
    print(processes.workers[0].process.pid, copy, flush=True)
time.sleep(60)
"""


@pytest.mark.nightly
def test_a_copy_of_the_parent_made_by_fork_does_not_keep_it_alive():
    line = [sys.executable, "-c", FORKING, str(Path(__file__).parents[3])]
    with subprocess.Popen(line, stdout=subprocess.PIPE, text=True) as parent:
        number, copy = map(int, parent.stdout.readline().split())
        parent.kill()
        try:
            assert wait_until(lambda: not is_alive(number))
            assert is_alive(copy)
        finally:
            os.kill(copy, signal.SIGKILL)
