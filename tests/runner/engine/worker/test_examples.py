"""Prepared examples are reused between packs, but only for the same data set, repeat and preparation."""

import dataclasses
import itertools

import numpy as np
import pytest
from fitgap.core.preprocessing import prepare_examples
from fitgap.runner.engine.worker.examples import KeptRepeats, PreparedRepeats
from fitgap.runner.planning.packs import PlannedTrial, pack_shape, pack_task
from fitgap.runner.planning.preparation import prepare_sweep
from fitgap.runner.spec import sweep_from_text


def arrays_of(examples):
    return [value for value in vars(examples).values() if isinstance(value, np.ndarray)]


def assert_prepared(found, task, dataset):
    """Check that the examples found equal newly prepared ones."""
    assert sorted(found) == sorted({member.repeat for member in task.members})
    for member in task.members:
        settings = {"seed": member.seed, "repeat": member.repeat, "dtype": task.shape.dtype}
        expected = prepare_examples(dataset, task.preparation, task.shape.reading, **settings)
        for mine, theirs in zip(arrays_of(found[member.repeat]), arrays_of(expected), strict=True):
            assert mine.dtype == theirs.dtype and np.array_equal(mine, theirs)


@pytest.fixture
def task_of():
    """`task_of(settings, repeats)`: a pack of a sweep on iris with these data settings, and its data set."""

    def make(settings="", repeats=(1,)):
        sweep = prepare_sweep(sweep_from_text(f"data: {{source: iris{settings}}}\nrepeats: 5"))
        (configuration,) = sweep.configurations
        trials = [PlannedTrial(number, configuration, number) for number in repeats]
        return pack_task(trials, pack_shape(configuration, sweep), sweep), sweep.dataset

    return make


def test_every_repeat_is_prepared_once(task_of):
    (first, dataset), (second, _) = task_of(repeats=(1, 2)), task_of(repeats=(2, 3))
    prepared = PreparedRepeats(dataset)
    one, other = prepared.of_task(first), prepared.of_task(second)
    assert_prepared(one, first, dataset)
    assert_prepared(other, second, dataset)
    assert other[2] is one[2]


def test_what_was_prepared_otherwise_is_prepared_anew(task_of):
    _, dataset = task_of()
    prepared = PreparedRepeats(dataset)
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
        assert_prepared(prepared.of_task(each), each, dataset)
    assert len(prepared.kept) == 12


@dataclasses.dataclass(frozen=True)
class Thing:
    """Stands in for the cached examples of a repeat."""

    repeat: int
    byte_count: int = 10


def test_those_that_nobody_asked_for_for_longest_are_let_go(task_of):
    let_go = []
    repeats = KeptRepeats(lambda key: Thing(key.repeat), lambda thing: let_go.append(thing.repeat), most_bytes=20)
    kept = []
    for wanted in ((1,), (2,), (1,), (3,), (3, 4, 5), (3,)):
        assert [thing.repeat for thing in repeats.of_task(task_of(repeats=wanted)[0]).values()] == list(wanted)
        kept.append([key.repeat for key in repeats.kept])
    # There is no room for three at once, but the pack needs them.
    assert kept == [[1], [1, 2], [2, 1], [1, 3], [3, 4, 5], [5, 3]]
    assert let_go == [2, 1, 4]
    repeats.clear()
    assert let_go == [2, 1, 4, 5, 3] and not repeats.kept
