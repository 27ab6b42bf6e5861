"""The evidence that a worker sends: errors of a fixed sample, bit for bit the same whichever trials share a pack."""

import itertools
from collections import defaultdict
from types import SimpleNamespace

import numpy as np
import pytest
from fitgap.core.fit_evidence import SAMPLE_SIZE
from fitgap.runner.engine.worker import member_summaries
from fitgap.runner.engine.worker.examples import PreparedRepeats
from fitgap.runner.engine.worker.pack_trainer import train_pack
from fitgap.runner.planning.packs import PlannedTrial, pack_shape, pack_task
from fitgap.runner.planning.preparation import prepare_sweep
from fitgap.runner.spec import sweep_from_text
from fitgap.runner.trial_status import Status
from support.sampling import per_commit

BEST, LAST, TRAINING, VALIDATION = 0, 1, 0, 1
# More training and validation examples than a sample holds.
LARGE = "{data: digits, repeats: 2, training: {epochs: 12MORE}, axes: {architecture: [16]}}"


@pytest.fixture
def tasks_of():
    """`tasks_of(text)`: a pack for every shape in a sweep, and the source of their examples."""

    def make(text):
        sweep = prepare_sweep(sweep_from_text(text))
        pairs = itertools.product(sweep.configurations, range(1, sweep.repeat_count + 1))
        packs = defaultdict(list)
        for number, pair in enumerate(pairs, start=1):
            packs[pack_shape(pair[0], sweep)].append(PlannedTrial(number, *pair))
        return [pack_task(trials, shape, sweep) for shape, trials in packs.items()], PreparedRepeats(sweep.dataset)

    return make


def evidence_of(blocks):
    found = {each.trial_id: each for block in blocks for each in block.evidence}
    completed = {end.trial_id for block in blocks for end in block.ended if end.status is Status.COMPLETED}
    assert found.keys() == completed
    return found


def bits(found):
    """The evidence in a form that can be compared, by trial."""
    return {
        trial: (repr(each.statistics), each.errors.tobytes(), each.honest.tobytes()) for trial, each in found.items()
    }


def ends_of(blocks):
    """The errors in the summaries with full precision, by trial."""
    names = ("best_e_v", "honest_e_t", "honest_e_v")
    return {end.trial_id: [getattr(end, name).hex() for name in names] for block in blocks for end in block.ended}


@pytest.mark.nightly
@pytest.mark.parametrize("measured", per_commit([", measure: 40"], ["", ", measure: 40"]))
def test_it_is_the_same_alone_and_in_any_company(measured, tasks_of, small_sweep):
    """With diverging members, with dropout, in mixed packs; also if other examples are measured after each epoch."""
    tasks, source = tasks_of(small_sweep.replace("epochs: 4", f"epochs: 4{measured}"))
    for task in tasks:
        blocks = list(train_pack(task, source))
        each_alone = [list(train_pack(task.subset([trial]), source)) for trial in task.trials]
        together, alone = evidence_of(blocks), [evidence_of(each) for each in each_alone]
        assert 0 < len(together) < len(task.trials)
        assert bits(together) == {trial: each for one in alone for trial, each in bits(one).items()}
        assert ends_of(blocks) == {trial: each for one in each_alone for trial, each in ends_of(one).items()}


def test_it_is_the_same_where_only_some_members_have_ended(tasks_of):
    """Their last networks are measured separately from their best ones, because the errors differ."""
    axes = "architecture: [4], optimizer: [{adam: {rate: [0.5, 0.4]}}], epochs: [3, 5]"
    (task,), source = tasks_of(f"{{data: iris, repeats: 2, training: {{measure: 40}}, axes: {{{axes}}}}}")
    together = evidence_of(list(train_pack(task, source)))
    alone = [evidence_of(list(train_pack(task.subset([trial]), source))) for trial in task.trials]
    assert bits(together) == {trial: each for one in alone for trial, each in bits(one).items()}


@pytest.mark.parametrize("measured", per_commit([", measure: 40"], ["", ", measure: 40"]))
def test_it_is_the_same_for_trials_that_went_on_from_a_saved_state(measured, tasks_of, small_sweep):
    """Whatever epoch they were stopped after, also if the best epoch was before it."""
    tasks, source = tasks_of(small_sweep.replace("epochs: 4", f"epochs: 6{measured}"))
    for task, stop_after in itertools.product(tasks, (1, 3, 5)):
        epochs = itertools.count(1)
        first = list(train_pack(task, source, lambda: next(epochs) >= stop_after))  # noqa: B023
        states = {state.trial_id: state for block in first for state in block.states}
        rest = task.subset(states).starting_from([states[trial].arrays for trial in task.trials if trial in states])
        halves = [block for half in rest.halves() for block in train_pack(half, source)]
        undisturbed = list(train_pack(task, source))
        assert bits(evidence_of(first + halves)) == bits(evidence_of(undisturbed))
        assert ends_of(first + halves) == ends_of(undisturbed)


def test_a_saved_state_without_errors_ends_with_none_for_the_best_epoch(tasks_of):
    """Earlier versions saved such states."""
    (task,), source = tasks_of("{data: iris, training: {epochs: 2}}")
    first = list(train_pack(task, source, lambda: True))
    (state,) = [state for block in first for state in block.states]
    left_out = (member_summaries.BEST_ERRORS, member_summaries.HONEST, member_summaries.HONEST_ERRORS)
    arrays = {name: array for name, array in state.arrays.items() if name not in left_out}
    # Its best epoch was before the stop.
    arrays[member_summaries.SUMMARY] = np.array([0.0, 0.0, 1, 1.0])
    blocks = list(train_pack(task.starting_from([arrays]), source))
    (found,), (end,) = evidence_of(blocks).values(), [end for block in blocks for end in block.ended]
    assert found.honest is None and np.isnan(end.honest_e_v)
    assert np.isnan(found.errors[BEST]).all() and np.isfinite(found.errors[LAST, TRAINING]).any()


def test_errors_are_those_of_single_examples_after_the_best_and_the_last_epoch(tasks_of):
    """If there are fewer examples than a sample holds, it has all of them, and their means are the measured errors."""
    (task,), source = tasks_of("{data: iris, training: {epochs: 9}, axes: {optimizer: [{adam: {rate: 0.3}}]}}")
    blocks = list(train_pack(task, source))
    (end,), (found,) = [end for block in blocks for end in block.ended], evidence_of(blocks).values()
    assert end.best_epoch < 9
    means = np.nanmean(found.errors.astype(float), axis=2)
    assert means[BEST] == pytest.approx([end.best_e_t, end.best_e_v], rel=1e-6)
    assert means[LAST] == pytest.approx([end.e_t, end.e_v], rel=1e-6)
    counts = np.isfinite(found.errors[LAST]).sum(axis=1).tolist()
    assert counts == [105, 45]


@pytest.mark.parametrize(("measured", "size"), [("", SAMPLE_SIZE), (", measure: 60", 60)])
def test_all_trials_of_a_repeat_have_the_same_examples_and_never_too_many(measured, size, tasks_of):
    (task,), source = tasks_of(LARGE.replace("MORE", measured).replace("[16]", "[16], activation: [relu, tanh]"))
    found = evidence_of(list(train_pack(task, source)))
    assert all(each.errors.shape == (2, 2, size) and each.errors.nbytes <= 4096 for each in found.values())
    # The errors of two networks correlate if they were measured on the same examples, and otherwise they do not.
    repeats = [member.repeat for member in task.members]
    pairs = list(itertools.combinations(range(len(task.trials)), 2))
    alike = {pair: together(*(found[task.trials[row]].errors[LAST, VALIDATION] for row in pair)) for pair in pairs}
    same = [value for pair, value in alike.items() if repeats[pair[0]] == repeats[pair[1]]]
    others = [value for pair, value in alike.items() if repeats[pair[0]] != repeats[pair[1]]]
    assert min(same) > 0.3 > max(map(abs, others))


def together(one, other):
    return float(np.corrcoef(one, other)[0, 1])


def test_statistics_tell_dead_saturated_and_vanished(tasks_of):
    """By construction: ReLUs that never start to learn, saturated sigmoids, and weights pulled to zero."""
    text = "{data: iris, training: {epochs: 120}, axes: {architecture: [6], AXES}}"
    found = {}
    for name, axes in {
        "dead": "activation: [relu], initializer: [zeros], optimizer: [{gradient_descent: {rate: 0.01}}]",
        "saturated": "activation: [{sigmoid: {beta: 500}}], optimizer: [{gradient_descent: {rate: 0.01}}]",
        "vanished": "regularizer: [{l1: {weight: 5}}], optimizer: [{gradient_descent: {rate: 0.0004}}]",
        "plain": "activation: [tanh], optimizer: [{gradient_descent: {rate: 0.05}}]",
    }.items():
        (task,), source = tasks_of(text.replace("AXES", axes))
        (each,) = evidence_of(list(train_pack(task, source))).values()
        found[name] = [SimpleNamespace(**layer) for layer in each.statistics["layers"]]
    assert all([layer.units for layer in layers] == [6, 3] for layers in found.values())
    assert all([layer.weights for layer in layers] == [24, 18] for layers in found.values())
    assert found["dead"][0].dead == 6 and found["plain"][0].dead == 0
    assert found["saturated"][0].saturated >= 4 and found["plain"][0].saturated == 0
    assert all(layer.near_zero > 0.8 * layer.weights for layer in found["vanished"])
    assert all(layer.rms < 0.2 * layer.rms_start for layer in found["vanished"])
    assert all(layer.near_zero < 0.2 * layer.weights for layer in found["plain"])
