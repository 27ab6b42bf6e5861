"""E_t and E_v measured on a random sample of the examples, redrawn in every epoch (Magyar 2024, Alg. 11)."""

import dataclasses

import numpy as np
import pytest
from fitgap.core.activations import Sigmoid
from fitgap.core.preprocessing import Examples
from fitgap.core.stopping import AcceptableError
from fitgap.core.training import Pack


def telling_examples(training, validation):
    """Examples whose targets identify them: if all outputs are 0, the errors show which examples were measured."""
    sides = [np.sqrt(2 * np.arange(1.0, count + 1))[:, None] for count in (training, validation)]
    return Examples(np.zeros((training, 2)), sides[0], np.zeros((validation, 2)), sides[1], ())


@pytest.fixture
def measured(make_member, make_shape, standing_still):
    """`measured(count, epochs, members)`: the sorted numbers of the measured examples, by member, epoch and side."""

    def measure(count, epochs=3, keys=((0, 0),), sizes=(40, 25)):
        members = [
            make_member(depth=1, optimizer=standing_still(), epochs=epochs, seed=seed, repeat=repeat)
            for seed, repeat in keys
        ]
        examples = {repeat: telling_examples(*sizes) for _, repeat in keys}
        pack = Pack(make_shape((2, 1), 8, measured_examples=count), members, examples)
        found = {number: [] for number in range(len(members))}
        pack.networks.parameters[:] = 0
        for _ in range(epochs):
            pack.run_epoch()
            sides = []
            for side, measurer in enumerate((pack.on_training, pack.on_validation)):
                chosen = pack.repeats.choose_measured(count, pack.epoch, side)
                errors = measurer.measure(pack.networks, pack.repeats.rows, chosen).errors
                sides.append(np.sort(np.rint(errors)).astype(int).tolist())
            for row, number in enumerate(pack.member_numbers.tolist()):
                found[number].append([side[row] for side in sides])
        return found

    return measure


def test_so_many_examples_of_either_side_are_measured_none_twice(measured):
    for epoch in measured(7)[0]:
        for side, total in zip(epoch, (40, 25), strict=True):
            assert len(side) == len(set(side)) == 7
            assert set(side) <= set(range(1, total + 1))


def test_they_are_drawn_anew_for_every_epoch_side_seed_and_repeat(measured):
    keys = [(seed, repeat) for seed in (0, 1) for repeat in (0, 1)]
    found = measured(7, keys=keys, sizes=(40, 40))
    drawn = [tuple(side) for epochs in found.values() for epoch in epochs for side in epoch]
    assert len(set(drawn)) == len(drawn) == 4 * 3 * 2


def test_members_of_a_repeat_are_measured_on_the_same_whoever_else_is_there(measured):
    found = measured(7, keys=[(0, 0), (0, 1), (0, 0)])
    assert found[0] == found[2] == measured(7)[0]
    assert found[1] == measured(7, keys=[(0, 1)])[0]


@pytest.mark.parametrize(
    ("count", "expected"), [(30, (30, 25)), (25, (25, 25)), (40, (40, 25)), (1000, (40, 25)), (None, (40, 25))]
)
def test_a_side_with_no_more_examples_is_measured_whole(measured, count, expected):
    for epoch in measured(count)[0]:
        assert tuple(map(len, epoch)) == expected


def test_over_many_epochs_every_example_is_measured_as_often(measured):
    counts = np.zeros((2, 41))
    for epoch in measured(10, epochs=300, sizes=(40, 40))[0]:
        for side, chosen in enumerate(epoch):
            counts[side, chosen] += 1
    assert (abs(counts[:, 1:] - 75) < 5 * np.sqrt(300 * 0.25 * 0.75)).all()


def test_results_are_those_of_the_chosen_examples(make_member, make_shape, make_examples, run_training):
    """This applies to E, its standard error and the accuracy; training itself is not affected."""
    layers, examples = (3, 4, 1), make_examples((3, 4, 1), 40, 25)
    examples = dataclasses.replace(
        examples,
        training_targets=np.rint(examples.training_targets),
        validation_targets=np.rint(examples.validation_targets),
    )
    member = make_member(output_activation=Sigmoid(), epochs=4)
    shapes = [make_shape(layers, 8, classes=True, measured_examples=count) for count in (9, None)]
    part, whole = (run_training(shape, [member], {0: examples}) for shape in shapes)
    assert np.array_equal(part.parameters[0], whole.parameters[0])
    pack = Pack(shapes[0], [member], {0: examples})
    for epoch in part.epochs[0]:
        pack.run_epoch()
        for side, (name, measurer) in enumerate({"t": pack.on_training, "v": pack.on_validation}.items()):
            everything = measurer.measure(pack.networks, np.array([0])).errors[0]
            chosen = everything[pack.repeats.choose_measured(9, pack.epoch, side)[0]]
            assert epoch[f"e_{name}"] == pytest.approx(chosen.mean(), rel=1e-12)
            assert epoch[f"se_{name}"] == pytest.approx(chosen.std(ddof=1) / 3, rel=1e-12)
            assert epoch[f"accuracy_{name}"] * 9 == pytest.approx(round(epoch[f"accuracy_{name}"] * 9))
    assert [each["e_t_running"] for each in part.epochs[0]] == [each["e_t_running"] for each in whole.epochs[0]]


def test_stopping_asks_for_the_measured_examples_alone(make_member, make_shape, standing_still, run_training):
    """Of the 40 errors 1, 2, …, 40, fewer than ¾ are at most 28, but in a sample the share can be ¾."""
    rule = AcceptableError(error=28.0, share=0.75, epochs=1)
    member = make_member(depth=1, optimizer=standing_still(), stopping=(rule,), epochs=200)
    examples = {0: telling_examples(40, 25)}
    whole, part = (
        run_training(make_shape((2, 1), 8, measured_examples=count), [member], examples) for count in (None, 8)
    )
    assert len(whole.epochs[0]) == 200
    assert len(part.epochs[0]) < 200 and part.last(0, "stopped_because") == rule.reason()
