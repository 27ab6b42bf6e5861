"""Plain processes: the same rows as in this process, whatever becomes of one of them, and none that outlives us."""

import contextlib
import errno
import itertools
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from fitgap.runner.engine.in_process import LocalEngine
from fitgap.runner.engine.local_processes import shared_examples, worker_process
from fitgap.runner.engine.local_processes.pool import ProcessPool
from fitgap.runner.engine.local_processes.shared_examples import ExamplesForgotten, SharedRepeats
from fitgap.runner.engine.local_processes.worker_process import WorkerProcess
from fitgap.runner.engine.worker.examples import repeats_of
from fitgap.runner.planning.packs import PlannedTrial, pack_shape, pack_task, pack_trials, planned_trials
from fitgap.runner.planning.preparation import prepare_sweep
from fitgap.runner.spec import sweep_from_text

COMMAND = Path(sys.executable).parent / "fitgap"
PATIENCE = 60.0
SWEEP = "{data: iris, repeats: 6, training: {epochs: 8}, axes: {architecture: [4, 8-4]}}"
# Trains until it is stopped.
ENDLESS = "{data: iris, repeats: 2, training: {epochs: 1000000}}"
# Tells the numbers of two processes that train for ever, then waits.
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
# Trains beside a current folder that is on the module path and full of traps.
AMONG_TRAPS = f"""
import json, pathlib, sys
from fitgap.runner.engine.local_processes.shared_examples import SharedRepeats
from fitgap.runner.engine.local_processes.pool import ProcessPool
from fitgap.runner.planning.packs import pack_trials, planned_trials
from fitgap.runner.planning.preparation import prepare_sweep
from fitgap.runner.spec import sweep_from_text

sweep = prepare_sweep(sweep_from_text("{SWEEP}"))
for name in ("core.py", "runner.py", "numpy.py", "threadpoolctl.py", "queue.py"):
    pathlib.Path(name).write_text("raise RuntimeError('the wrong one was loaded')")
sys.path[:0] = ["", str(pathlib.Path.cwd())]
tasks = pack_trials(planned_trials(sweep), sweep, workers=1)
processes = ProcessPool(SharedRepeats(sweep.dataset))
processes.start(1)
ended = []
while len(ended) < sweep.trial_count and processes.workers:
    processes.submit(tasks)
    ended += [end.trial_id for _, block in processes.poll(1.0) for end in block.ended]
print(json.dumps([len(ended), processes.new_trouble()]))
processes.close()
"""
IMPORTED = "import sys, fitgap.runner.engine.local_processes.worker_program; print(*sys.modules)"


def packs_of(text, workers=2):
    """The packs of a sweep, and its data set."""
    sweep = prepare_sweep(sweep_from_text(text))
    pairs = itertools.product(sweep.configurations, range(1, sweep.sweep.repeats + 1))
    trials = [PlannedTrial(number, *pair) for number, pair in enumerate(pairs, start=1)]
    return list(pack_trials(trials, sweep, workers=workers)), sweep.dataset


@pytest.fixture
def start():
    """`start(dataset, count)`: so many processes, which are ended after the test."""
    started = []

    def make(dataset, count):
        processes = ProcessPool(SharedRepeats(dataset))
        started.append(processes)
        processes.start(count)
        return processes

    yield make
    for processes in started:
        processes.close()


def blocks_of(processes, tasks):
    """What comes while these tasks are trained, until all are and nobody has one."""
    tasks, blocks = iter(tasks), []
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and processes.workers:
        processes.submit(tasks)
        if processes.is_ready and not processes.running:
            return blocks
        blocks += [block for _, block in processes.poll(0.2)]
    raise AssertionError(f"after {PATIENCE} s {processes.running} were in training by {processes.workers}")


def wait_for_blocks(processes, tasks, count):
    """Train until so many blocks have come."""
    tasks, blocks = iter(tasks), []
    while len(blocks) < count:
        processes.submit(tasks)
        blocks += [block for _, block in processes.poll(1.0)]
    return blocks


def rows_of(blocks):
    """Trial, epoch and E_v of every row, as text: equal bits have equal text, also those that are no numbers."""
    parts = [block.rows for block in blocks if block.rows is not None]
    return sorted(
        (trial, epoch, repr(e_v))
        for part in parts
        for trial, epoch, e_v in zip(part.trial_id.tolist(), part.epoch.tolist(), part.e_v.tolist(), strict=True)
    )


def wait_until(condition, seconds=PATIENCE):
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.02)
    return condition()


def stat_fields(process):
    """The fields of /proc/…/stat from the state on; none where there is no such process."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def is_alive(process):
    return stat_fields(process)[:1] not in ([], ["Z"], ["X"])


def processor_ticks(process):
    return sum(map(int, stat_fields(process)[11:13]))


def test_rows_are_those_of_this_process_each_once(start):
    tasks, dataset = packs_of(SWEEP)
    assert len(tasks) > 4
    with LocalEngine(dataset) as engine:
        expected = rows_of(engine.run(iter(tasks)))
    blocks = blocks_of(start(dataset, 2), tasks)
    assert rows_of(blocks) == expected
    assert sorted(end.trial_id for block in blocks for end in block.ended) == list(range(1, 13))


def test_no_task_is_taken_before_somebody_is_there_to_train_it(start):
    """Beyond the spare ones that wait here."""
    tasks, dataset = packs_of(SWEEP)
    processes, given = start(dataset, 1), iter(tasks)
    processes.submit(given)
    assert len(tasks) - len(list(given)) == 2


def test_examples_are_sent_once_and_forgotten_when_they_are_kept_no_longer(monkeypatch):
    sent = []
    monkeypatch.setattr(worker_process, "send_examples", lambda connection, key, file: sent.append(key.repeat))
    process = WorkerProcess.__new__(WorkerProcess)
    process.connection, process.files = SimpleNamespace(send=sent.append), {}
    tasks, dataset = packs_of("{data: iris, repeats: 3, training: {epochs: 1}}", workers=3)
    assert [[member.repeat for member in task.members] for task in tasks] == [[1], [2], [3]]
    # There is room for one repeat beside what a pack needs.
    shared = SharedRepeats(dataset)
    shared.most_bytes = next(iter(shared.of_task(tasks[0]).values())).byte_count
    for number in (0, 0, 1, 0):
        process.train(tasks[number], shared.of_task(tasks[number]))
        assert {key.repeat for key in process.files} == {number + 1}
    forgotten = [ExamplesForgotten(frozenset(repeats_of(tasks[number]).values())) for number in (0, 1)]
    expected = [1, tasks[0], tasks[0], forgotten[0], 2, tasks[1], forgotten[1], 1, tasks[0]]
    assert sent == expected
    shared.clear()


def test_it_imports_little():
    done = subprocess.run([sys.executable, "-P", "-c", IMPORTED], capture_output=True, text=True, check=True)
    packages = {name.partition(".")[0] for name in done.stdout.split()}
    assert {"fitgap", "numpy"} < packages
    assert not packages & {"sqlalchemy", "alembic", "ray", "polars", "rich", "ruamel", "typer"}


@pytest.mark.nightly
def test_nothing_in_the_current_folder_is_imported(tmp_path):
    done = subprocess.run([sys.executable, "-c", AMONG_TRAPS], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == [12, None]


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


def test_each_has_one_blas_thread_whatever_the_environment_says(start, monkeypatch):
    """Its other threads listen to the driver and wait for its end."""
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        monkeypatch.setenv(name, "2")
    tasks, dataset = packs_of(ENDLESS)
    processes = start(dataset, 1)
    wait_for_blocks(processes, tasks, 2)
    assert int(stat_fields(processes.workers[0].process.pid)[17]) == 3


def test_nothing_listens_anywhere(start):
    """Nothing but a pair of sockets leads to them."""
    tasks, dataset = packs_of(ENDLESS)
    processes = start(dataset, 1)
    wait_for_blocks(processes, tasks, 1)
    folder = Path(f"/proc/{processes.workers[0].process.pid}")
    targets = [os.readlink(link) for link in (folder / "fd").iterdir()]
    held = {target[8:-1] for target in targets if target.startswith("socket:[")}
    unix = [line.split() for line in (folder / "net/unix").read_text().splitlines()[1:]]
    tables = [(folder / "net" / kind).read_text().splitlines() for kind in ("tcp", "tcp6", "udp", "udp6")]
    internet = [line.split()[9] for table in tables for line in table]
    assert len(held) == 1 and not held & set(internet)
    # Neither listening nor with a name: the flag is that of the kernel for sockets that accept.
    assert [(fields[3], fields[7:]) for fields in unix if fields[6] in held] == [("00000000", [])]


def test_after_a_stop_all_packs_have_saved_their_state_and_left(start):
    tasks, dataset = packs_of(ENDLESS)
    processes = start(dataset, 2)
    wait_for_blocks(processes, tasks, 4)
    in_flight = {trial for pack in processes.running for trial in pack.task.trials}
    processes.stop()
    blocks = blocks_of(processes, [])
    assert {state.trial_id for block in blocks for state in block.states} == in_flight == {1, 2}


def test_what_waits_when_all_is_stopped_is_not_begun(start):
    tasks, dataset = packs_of(SWEEP)
    processes = start(dataset, 1)
    processes.submit(iter(tasks))
    processes.stop()
    assert blocks_of(processes, []) == []
    assert processes.take_back() == []


def test_a_pack_whose_process_dies_is_lost_and_another_process_takes_its_place(start):
    tasks, dataset = packs_of(ENDLESS)
    processes = start(dataset, 1)
    wait_for_blocks(processes, tasks[:1], 2)
    killed = processes.workers[0].process.pid
    os.kill(killed, signal.SIGKILL)
    blocks = wait_for_blocks(processes, [], 1)
    while blocks[-1].failure is None:
        blocks += wait_for_blocks(processes, [], 1)
    failure = blocks[-1].failure
    assert (failure.task, failure.trials) == (tasks[0], tasks[0].trials)
    assert "killed" in failure.reason and "memory" in failure.reason and not failure.is_certain
    wait_for_blocks(processes, tasks[1:], 1)
    (process,) = processes.workers
    assert process.process.pid != killed and process.pack.task is tasks[1]
    assert processes.new_trouble() is None


@pytest.mark.nightly
def test_a_process_that_dies_without_a_pack_is_replaced(start):
    tasks, dataset = packs_of(SWEEP)
    processes = start(dataset, 1)
    assert blocks_of(processes, []) == []
    killed = processes.workers[0].process.pid
    os.kill(killed, signal.SIGKILL)
    assert list(processes.poll(PATIENCE)) == [] and processes.workers[0].process.pid != killed
    assert len({end.trial_id for block in blocks_of(processes, tasks) for end in block.ended}) == 12


@pytest.mark.parametrize(
    ("program", "reason"),
    [("#!/nowhere/python", "No such file"), ("#!/bin/sh\necho first >&2; echo last >&2; exit 3", "last"),
     ("#!/bin/sh\nexit 3", "exited with 3")],
)  # fmt: skip
def test_what_cannot_be_started_is_told_and_not_tried_for_ever(program, reason, start, tmp_path, monkeypatch):
    """What waited is given back."""
    tasks, dataset = packs_of(SWEEP)
    broken = tmp_path / "python"
    broken.write_text(program)
    broken.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(broken))
    processes = start(dataset, 2)
    processes.submit(iter(tasks))
    assert wait_until(lambda: list(processes.poll(0.1)) == [] and not processes.workers)
    assert reason in processes.new_trouble() and processes.new_trouble() is None
    assert processes.take_back() == tasks[:2]


def test_after_retiring_each_ends_with_its_pack(start):
    tasks, dataset = packs_of(SWEEP)
    processes = start(dataset, 2)
    given = iter(tasks)
    blocks = wait_for_blocks(processes, given, 1)
    numbers = [process.process.pid for process in processes.workers]
    in_flight = [trial for pack in processes.running for trial in pack.task.trials]
    processes.retire()
    waiting = processes.take_back()
    while processes.workers:
        blocks += [block for _, block in processes.poll(1.0)]
    ended = {end.trial_id for block in blocks for end in block.ended}
    assert set(in_flight) <= ended and not ended & {trial for task in waiting for trial in task.trials}
    assert not any(map(is_alive, numbers))


def test_nobody_is_left_after_closing(start):
    tasks, dataset = packs_of(ENDLESS)
    processes = start(dataset, 2)
    wait_for_blocks(processes, tasks, 1)
    numbers = [process.process.pid for process in processes.workers]
    processes.close()
    assert not any(map(is_alive, numbers))


@pytest.mark.nightly
def test_who_has_nothing_to_do_gets_half_of_a_pack(start):
    """Again and again, as long as it is worth it; every row is there once, with the same bits."""
    sweep = prepare_sweep(sweep_from_text("{data: iris, repeats: 8, training: {epochs: 1000}}"))
    task = pack_task(list(planned_trials(sweep)), pack_shape(sweep.configurations[0], sweep), sweep)
    processes, takers = start(sweep.dataset, 2), set()
    given, blocks = iter([task]), []
    while not processes.is_ready or processes.running or processes.spare or not blocks:
        processes.submit(given)
        takers |= {process.process.pid for process in processes.workers if process.pack and process.pack.task.states}
        blocks += [block for _, block in processes.poll(1.0)]
    assert len(takers) == 2
    with LocalEngine(sweep.dataset) as engine:
        expected = list(engine.run(iter([task])))
    assert rows_of(blocks) == rows_of(expected)


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
    """The processes that it has started."""
    numbers = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    return [number for number in numbers if stat_fields(number)[1:2] == [str(process)]]


def found_in(database, query):
    """What a query finds in a database that may not be there yet."""
    try:
        with contextlib.closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
            return connection.execute(query).fetchall()
    except sqlite3.Error:
        return []


def test_control_c_in_the_terminal_saves_every_pack_and_leaves_no_process(tmp_path):
    """All of the process group get the signal at once."""
    flags = ("--data", "digits", "--hidden", "32", "--repeats", "4", "--epochs", "3000", "--workers", "2")
    database, begun = tmp_path / "fitgap.db", "SELECT DISTINCT trial_id FROM epoch ORDER BY 1"
    running = subprocess.Popen(
        [COMMAND, "run", *flags], cwd=tmp_path, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    try:
        # The second pack begins when the processes are there.
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


def test_a_process_that_cannot_be_sent_its_pack_does_not_wait_for_it_for_ever(start, monkeypatch):
    """As where this process may open no more files. The trials are not to blame, and nobody takes its place."""

    def refuse(connection, key, file):
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr(worker_process, "send_examples", refuse)
    tasks, dataset = packs_of(SWEEP)
    processes = start(dataset, 1)
    (block,) = wait_for_blocks(processes, tasks, 1)
    assert block.failure and block.failure.is_blameless and "Too many open files" in block.failure.reason
    assert "Too many open files" in processes.new_trouble() and processes.workers == []


def test_without_files_for_examples_all_processes_leave_and_the_pack_is_given_back(start, monkeypatch):
    """As where this process may open few files; it then trains by itself."""

    def refuse(purpose="fitgap-examples"):
        raise OSError(errno.EMFILE, "Too many open files")

    tasks, dataset = packs_of(SWEEP)
    processes = start(dataset, 3)
    assert wait_until(lambda: processes.receive_ready() or all(each.is_ready for each in processes.workers))
    monkeypatch.setattr(shared_examples, "nameless_file", refuse)
    processes.submit(iter(tasks))
    assert "ulimit -n" in processes.new_trouble() and processes.workers == []
    assert processes.take_back()[0] == tasks[0]


def test_a_hang_up_and_a_quit_are_left_to_the_parent(start):
    """A terminal that is closed sends them to all processes of a group, while the command saves what is in flight."""
    tasks, dataset = packs_of(SWEEP)
    processes = start(dataset, 2)
    for process in processes.workers:
        os.kill(process.process.pid, signal.SIGHUP)
        os.kill(process.process.pid, signal.SIGQUIT)
    assert not any(block.failure for block in blocks_of(processes, tasks))


# Starts a process that trains for ever, then a copy of itself by fork, which holds everything open that it has.
FORKING = """
import os, sys, time
sys.path.insert(0, sys.argv[1])
from test_pool import ENDLESS, ProcessPool, SharedRepeats, packs_of, wait_for_blocks
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
    line = [sys.executable, "-c", FORKING, str(Path(__file__).parent)]
    with subprocess.Popen(line, stdout=subprocess.PIPE, text=True) as parent:
        number, copy = map(int, parent.stdout.readline().split())
        parent.kill()
        try:
            assert wait_until(lambda: not is_alive(number))
            assert is_alive(copy)
        finally:
            os.kill(copy, signal.SIGKILL)
