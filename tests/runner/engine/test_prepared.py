"""Prepared examples are kept from pack to pack, and never those of another data set, repeat or preparation."""

import dataclasses
import itertools

import numpy as np
import pytest

from core.preprocessing import prepare_examples
from runner.engine.prepared import PreparedRepeats
from runner.packing import PlannedTrial, pack_shape, pack_task
from runner.planning import prepare_sweep
from runner.spec import sweep_from_text


def arrays_of(examples):
    return [value for value in vars(examples).values() if isinstance(value, np.ndarray)]


def assert_prepared(found, task, dataset):
    """They are what preparing them now gives."""
    assert sorted(found) == sorted({member.repeat for member in task.members})
    for member in task.members:
        settings = {"seed": member.seed, "repeat": member.repeat, "dtype": task.shape.dtype}
        expected = prepare_examples(dataset, task.preparation, task.shape.reading, **settings)
        for mine, theirs in zip(arrays_of(found[member.repeat]), arrays_of(expected), strict=True):
            assert mine.dtype == theirs.dtype and np.array_equal(mine, theirs)


@pytest.fixture
def task_of():
    """`task_of(settings, repeats)`: a pack of a sweep on iris, with these lines in its file, and its data set."""

    def make(settings="", repeats=(1,)):
        sweep = prepare_sweep(sweep_from_text(f"data: {{source: iris{settings}}}\nrepeats: 5"))
        (configuration,) = sweep.configurations
        trials = [PlannedTrial(number, configuration, number) for number in repeats]
        return pack_task(trials, pack_shape(configuration, sweep), sweep), sweep.dataset

    return make


def test_every_repeat_is_prepared_once(task_of):
    prepared = PreparedRepeats()
    (first, dataset), (second, _) = task_of(repeats=(1, 2)), task_of(repeats=(2, 3))
    one, other = prepared.of_task(first, dataset), prepared.of_task(second, dataset)
    assert_prepared(one, first, dataset)
    assert_prepared(other, second, dataset)
    assert other[2] is one[2]


def test_a_data_set_is_known_again_by_where_its_arrays_lie(task_of):
    """As Ray hands it to every task: a new object around the same memory."""
    prepared, (task, dataset) = PreparedRepeats(), task_of()
    again = dataclasses.replace(dataset, inputs=dataset.inputs.view(), targets=dataset.targets.view())
    assert prepared.of_task(task, dataset)[1] is prepared.of_task(task, again)[1]


def test_another_data_set_is_never_taken_for_one_before(task_of):
    """Of the same form, and made when nobody else holds the one before."""
    prepared, (task, dataset) = PreparedRepeats(), task_of()
    for number in range(20):
        changed = dataclasses.replace(dataset, inputs=dataset.inputs + number, targets=dataset.targets.copy())
        assert_prepared(prepared.of_task(task, changed), task, changed)
    other_targets = dataclasses.replace(changed, targets=changed.targets[::-1].copy())
    assert_prepared(prepared.of_task(task, other_targets), task, other_targets)


def test_what_was_prepared_otherwise_is_prepared_anew(task_of):
    prepared, (_, dataset) = PreparedRepeats(), task_of()
    texts = ("", ", preprocess: minmax", ", validation: 0.2")
    tasks = [
        dataclasses.replace(
            each,
            shape=dataclasses.replace(each.shape, dtype=dtype),
            members=tuple(dataclasses.replace(member, seed=seed) for member in each.members),
        )
        for (each, _), dtype, seed in itertools.product(map(task_of, texts), ("float32", "float64"), (0, 1))
    ]
    for each in [*tasks, *tasks]:
        assert_prepared(prepared.of_task(each, dataset), each, dataset)
    assert len(prepared.kept) == 12


def test_those_that_were_not_used_for_longest_are_let_go(task_of):
    one, dataset = task_of(repeats=(1,))
    size = sum(table.nbytes for table in arrays_of(PreparedRepeats().of_task(one, dataset)[1])[:4])
    prepared = PreparedRepeats(most_bytes=2 * size)
    kept = []
    for repeats in ((1,), (2,), (1,), (3,), (3, 4, 5), (3,)):
        task, _ = task_of(repeats=repeats)
        assert_prepared(prepared.of_task(task, dataset), task, dataset)
        kept.append([key[3] for key in prepared.kept])
    # Three at once are more than there is room for, but they are needed.
    assert kept == [[1], [1, 2], [2, 1], [1, 3], [3, 4, 5], [5, 3]]
