"""Examples in unnamed files: the same bits in every process, one copy in memory, nothing left on disk."""

import errno
import json
import multiprocessing
import os
import subprocess
import sys
import tempfile
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
from fitgap.core.preprocessing import TABLES, Examples
from fitgap.runner.engine.local_processes import shared_examples
from fitgap.runner.engine.local_processes.shared_examples import (
    ExampleFile,
    ExamplesHere,
    SharedRepeats,
    receive_examples,
    send_examples,
)
from fitgap.runner.engine.worker.examples import PreparedRepeats, repeats_of
from fitgap.runner.errors import EngineError
from fitgap.runner.planning.packs import PlannedTrial, pack_shape, pack_task
from fitgap.runner.planning.preparation import prepare_sweep
from fitgap.runner.spec import sweep_from_text

# Trains a sweep on 80 MB of examples in two processes; prints how much private memory each has.
LARGE = """
import json, re, time
import numpy as np
from fitgap.core.datasets import Dataset
from dataclasses import replace
from fitgap.runner.engine.local_processes.shared_examples import SharedRepeats
from fitgap.runner.engine.local_processes.pool import ProcessPool
from fitgap.runner.planning.packs import PlannedTrial, pack_shape, pack_task
from fitgap.runner.planning.preparation import prepare_sweep
from fitgap.runner.spec import sweep_from_text

def own_megabytes(process):
    return int(re.search(r"RssAnon:\\s+([0-9]+)", open(f"/proc/{process}/status").read())[1]) / 1024

sweep = prepare_sweep(sweep_from_text("{data: iris, repeats: 2, training: {epochs: 100000, batch_size: 1000}}"))
inputs = np.random.default_rng(1).normal(size=(200_000, 100))
targets = (inputs[:, :1] > 0).astype(float)
dataset = replace(sweep.dataset, inputs=inputs, targets=targets, class_names=("a", "b"))
sweep = replace(sweep, dataset=dataset)
(configuration,) = sweep.configurations
shape = pack_shape(configuration, sweep)
tasks = iter([pack_task([PlannedTrial(n, configuration, n)], shape, sweep) for n in (1, 2)] * 2)
shared = SharedRepeats(dataset)
processes = ProcessPool(shared)
processes.start(2)
heard = set()
while len(heard) < 2:
    processes.submit(tasks)
    heard |= {task.trials for task, block in processes.poll(1.0) if block.rows is not None}
found = {"own": [own_megabytes(each.process.pid) for each in processes.workers]}
found["examples"] = [file.byte_count / 2**20 for file in shared.kept.values()]
processes.close()
print(json.dumps(found))
"""


@pytest.fixture
def task():
    """A pack of a sweep on iris with two repeats."""
    sweep = prepare_sweep(sweep_from_text("{data: iris, repeats: 2}"))
    (configuration,) = sweep.configurations
    trials = [PlannedTrial(number, configuration, number) for number in (1, 2)]
    return pack_task(trials, pack_shape(configuration, sweep), sweep)


@pytest.fixture
def dataset():
    return prepare_sweep(sweep_from_text("{data: iris}")).dataset


def assert_equal(found, expected):
    for field in fields(Examples):
        mine, theirs = getattr(found, field.name), getattr(expected, field.name)
        if field.name in TABLES and theirs is not None:
            assert mine.dtype == theirs.dtype and mine.shape == theirs.shape and mine.tobytes() == theirs.tobytes()
        else:
            assert repr(mine) == repr(theirs)


def test_what_is_read_is_what_was_prepared_and_cannot_be_changed(task, dataset):
    shared = SharedRepeats(dataset)
    found, expected = ExamplesHere(shared).of_task(task), PreparedRepeats(dataset).of_task(task)
    assert found.keys() == expected.keys() == {1, 2}
    for repeat, examples in found.items():
        assert_equal(examples, expected[repeat])
        for name in TABLES:
            table = getattr(examples, name)
            if table is None:
                continue
            assert table.ctypes.data % shared_examples.ALIGNMENT == 0
            with pytest.raises(ValueError, match="read-only"):
                table[0, 0] = 1
    shared.clear()


def test_another_process_reads_the_same(task, dataset):
    shared = SharedRepeats(dataset)
    ours, theirs = multiprocessing.Pipe()
    files = shared.of_task(task)
    for repeat, key in repeats_of(task).items():
        send_examples(ours, key, files[repeat])
    ours.send("something else")
    for repeat, key in repeats_of(task).items():
        sent = theirs.recv()
        assert sent.key == key
        assert_equal(receive_examples(theirs, sent), files[repeat].examples)
    assert theirs.recv() == "something else"
    shared.clear()


def test_nothing_stays_open(task, dataset):
    before = len(os.listdir("/proc/self/fd"))
    shared = SharedRepeats(dataset, most_bytes=0)
    kept = list(shared.of_task(task).values())
    # The mapping keeps a file descriptor of its own as long as it is in use.
    assert len(os.listdir("/proc/self/fd")) > before
    shared.clear()
    assert all(file.is_closed for file in kept)
    values = [float(file.examples.training_inputs.sum()) for file in kept]
    assert all(map(np.isfinite, values)), "whoever reads may go on"
    del kept
    assert len(os.listdir("/proc/self/fd")) == before


def test_where_files_in_memory_are_unknown_those_on_disk_leave_no_name(task, dataset, tmp_path, monkeypatch):
    monkeypatch.delattr(os, "memfd_create")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    shared = SharedRepeats(dataset)
    for repeat, examples in ExamplesHere(shared).of_task(task).items():
        assert_equal(examples, PreparedRepeats(dataset).of_task(task)[repeat])
    assert not list(Path(tmp_path).iterdir())
    shared.clear()


def test_where_there_is_no_room_one_line_says_so(task, dataset, monkeypatch):
    def full(*arguments):
        raise OSError(28, "No space left on device")

    before = len(os.listdir("/proc/self/fd"))
    monkeypatch.setattr(shared_examples, "write_tables", full)
    (examples, _) = PreparedRepeats(dataset).of_task(task).values()
    with pytest.raises(EngineError, match=r"not enough memory .*No space left on device.*free some memory"):
        ExampleFile(examples)
    assert len(os.listdir("/proc/self/fd")) == before


@pytest.mark.nightly
def test_processes_share_the_examples_and_have_no_copies_of_them(tmp_path):
    done = subprocess.run([sys.executable, "-c", LARGE], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert len(found["own"]) == len(found["examples"]) == 2 and min(found["examples"]) > 70
    # The program itself, batches and errors take less than half of a copy.
    assert max(found["own"]) < min(found["examples"]) / 2


def test_a_process_that_may_open_no_more_files_keeps_examples_in_its_own_memory(monkeypatch):
    """The numbers are the same. Later repeats are kept in its own memory too, because they would need files as well."""

    def refuse(purpose="fitgap-examples"):
        raise OSError(errno.EMFILE, "Too many open files")

    sweep = prepare_sweep(sweep_from_text("{data: iris, repeats: 2, training: {epochs: 1}}"))
    (configuration,) = sweep.configurations
    trials = [PlannedTrial(number, configuration, number) for number in (1, 2)]
    task = pack_task(trials, pack_shape(configuration, sweep), sweep)
    expected = PreparedRepeats(sweep.dataset).of_task(task)
    shared = SharedRepeats(sweep.dataset)
    here = ExamplesHere(shared)
    monkeypatch.setattr(shared_examples, "nameless_file", refuse)
    for _ in range(2):
        found = here.of_task(task)
        assert found.keys() == expected.keys()
        for repeat, examples in found.items():
            for name in TABLES:
                assert np.array_equal(getattr(examples, name), getattr(expected[repeat], name))
    assert shared.kept == {}
