"""Pools of local processes give the same rows as this process, whatever happens to one of them."""

import errno
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from fitgap.runner.engine.in_process import LocalEngine
from fitgap.runner.engine.local_processes import shared_examples, worker_process
from fitgap.runner.engine.local_processes.shared_examples import ExamplesForgotten, SharedRepeats
from fitgap.runner.engine.local_processes.worker_process import WorkerProcess
from fitgap.runner.engine.worker.examples import repeats_of
from fitgap.runner.planning.packs import pack_shape, pack_task, planned_trials
from fitgap.runner.planning.preparation import prepare_sweep
from fitgap.runner.spec import sweep_from_text
from support.engine.pools import (
    ENDLESS,
    PATIENCE,
    SWEEP,
    blocks_of,
    is_alive,
    packs_of,
    stat_fields,
    wait_for_blocks,
    wait_until,
)
from support.engine.rows import rows_of

# Trains with the current folder on the module path, which contains modules that raise errors if imported.
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


def test_rows_are_those_of_this_process_each_once(start):
    tasks, dataset = packs_of(SWEEP)
    assert len(tasks) > 4
    with LocalEngine(dataset) as engine:
        expected = rows_of(engine.run(iter(tasks)))
    blocks = blocks_of(start(dataset, 2), tasks)
    assert rows_of(blocks) == expected
    assert sorted(end.trial_id for block in blocks for end in block.ended) == list(range(1, 13))


def test_no_task_is_taken_before_somebody_is_there_to_train_it(start):
    """Except for the spare tasks that the pool keeps waiting."""
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
    # There is room for one repeat.
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


def test_each_has_one_blas_thread_whatever_the_environment_says(start, monkeypatch):
    """Its two other threads listen to the driver and wait for its end."""
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        monkeypatch.setenv(name, "2")
    tasks, dataset = packs_of(ENDLESS)
    processes = start(dataset, 1)
    wait_for_blocks(processes, tasks, 2)
    assert int(stat_fields(processes.workers[0].process.pid)[17]) == 3


def test_nothing_listens_anywhere(start):
    """A socket pair is the only connection to a worker process."""
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
    # It neither listens (the kernel has a flag for sockets that accept connections) nor has a name.
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
    """The waiting tasks are given back."""
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


@pytest.mark.nightly
def test_who_has_nothing_to_do_gets_half_of_a_pack(start):
    """Packs are split repeatedly, as long as it pays. Every row arrives once, bit for bit the same."""
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


def test_a_process_that_cannot_be_sent_its_pack_does_not_wait_for_it_for_ever(start, monkeypatch):
    """As when this process may open no more files. The trials are not blamed, and the process is not replaced."""

    def refuse(connection, key, file):
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr(worker_process, "send_examples", refuse)
    tasks, dataset = packs_of(SWEEP)
    processes = start(dataset, 1)
    (block,) = wait_for_blocks(processes, tasks, 1)
    assert block.failure and block.failure.is_blameless and "Too many open files" in block.failure.reason
    assert "Too many open files" in processes.new_trouble() and processes.workers == []


def test_without_files_for_examples_all_processes_leave_and_the_pack_is_given_back(start, monkeypatch):
    """As when this process may open only few files. It then trains the pack itself."""

    def refuse(purpose="fitgap-examples"):
        raise OSError(errno.EMFILE, "Too many open files")

    tasks, dataset = packs_of(SWEEP)
    processes = start(dataset, 3)
    assert wait_until(lambda: processes.receive_ready() or all(each.is_ready for each in processes.workers))
    monkeypatch.setattr(shared_examples, "nameless_file", refuse)
    processes.submit(iter(tasks))
    assert "ulimit -n" in processes.new_trouble() and processes.workers == []
    assert processes.take_back()[0] == tasks[0]
