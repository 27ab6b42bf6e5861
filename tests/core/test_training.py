"""Training: what one step does, and what one epoch does."""

import dataclasses
import itertools

import numpy as np
import pytest
from fitgap.core.activation_parameters import function_counts
from fitgap.core.activations import ReLU, Sigmoid, Tanh
from fitgap.core.initializers import Zeros
from fitgap.core.losses import LOSSES
from fitgap.core.optimizers import OPTIMIZERS, GradientDescent
from fitgap.core.preprocessing import Examples
from fitgap.core.regularizers import L2, REGULARIZERS, Dropout
from fitgap.core.training import Pack, train
from support.core.trainings import at_rate


def test_train_yields_one_result_per_epoch_of_those_who_are_left(make_member, make_shape, make_examples):
    members = [make_member(kind(), epochs=epochs) for epochs, kind in [(3, Tanh), (1, ReLU), (2, Tanh), (3, ReLU)]]
    results = list(train(make_shape((3, 4, 2)), members, {0: make_examples((3, 4, 2))}))
    assert [each.epoch for each in results] == [1, 2, 3]
    assert [sorted(each.members.tolist()) for each in results] == [[0, 1, 2, 3], [0, 2, 3], [0, 3]]
    finished = [sorted(each.members[each.finished].tolist()) for each in results]
    assert finished == [[1], [2], [0, 3]]
    assert not any(each.diverged.any() for each in results)


def test_train_yields_what_its_pack_computes(draw_member, make_shape, make_repeats, run_training):
    rng, shape = np.random.default_rng(29), make_shape((3, 5, 2), 4, classes=True)
    members = [draw_member(rng, 2) for _ in range(8)]
    examples = make_repeats(shape, (10, 5))
    expected = run_training(shape, members, examples).epochs
    for results in train(shape, members, examples):
        for row, number in enumerate(results.members):
            for name, value in expected[number][results.epoch - 1].items():
                found = getattr(results, name)
                found = found if name == "epoch" else found[row]
                assert found == value or (name != "stopped_because" and np.isnan([found, value]).all()), name


def test_results_have_the_promised_types(make_member, make_shape, make_examples):
    shape = make_shape((3, 4, 2), dtype="float32")
    results = next(train(shape, [make_member()] * 3, {0: make_examples((3, 4, 2), dtype="float32")}))
    for name in ("e_t", "e_v", "e_t_running", "se_t", "se_v", "accuracy_t", "accuracy_v", "learning_rate"):
        assert getattr(results, name).dtype == np.float64 and getattr(results, name).shape == (3,), name
    assert (results.accuracy_t < 1).all() and (results.accuracy_v < 1).all()
    assert results.learning_rate.tolist() == [0.1] * 3
    assert results.stopped_because == (None, None, None)
    assert results.diverged.dtype == results.finished.dtype == bool


def one_hot_examples(count):
    """Each example has its own input, so the gradient of a weight shows when its example was used."""
    targets = np.arange(1.0, count + 1)[:, None]
    return Examples(np.eye(count), targets, np.eye(count), targets, ())


def batches_of(training_gradients, count):
    """The numbers of the examples in every batch, from gradients (K, P) of networks whose outputs are all 0."""
    return [np.flatnonzero(gradient[0, :count]).tolist() for gradient in training_gradients]


@pytest.fixture
def gradients_of(make_member, make_shape, standing_still, run_training):
    """`gradients_of(count, batch_size, epochs, **changes)`: the gradient (P,) of every step on one-hot examples."""

    def gradients(count, batch_size, epochs=1, **changes):
        standing_still.gradients.clear()
        member = make_member(depth=1, optimizer=standing_still(), initializer=Zeros(), epochs=epochs, **changes)
        run_training(make_shape((count, 1), batch_size), [member], {member.repeat: one_hot_examples(count)})
        return list(standing_still.gradients)

    return gradients


@pytest.mark.parametrize(
    ("count", "batch_size", "sizes"), [(10, 4, [4, 4, 2]), (10, 5, [5, 5]), (3, 8, [3]), (5, 1, [1] * 5)]
)
def test_an_epoch_uses_every_example_once_the_last_batch_with_what_is_left(gradients_of, count, batch_size, sizes):
    batches = batches_of(gradients_of(count, batch_size), count)
    assert [len(batch) for batch in batches] == sizes
    assert sorted(itertools.chain(*batches)) == list(range(count))


def test_the_gradient_of_a_batch_is_the_mean_over_its_examples(gradients_of):
    """Correction 6, also for a smaller last batch: the gradient of each weight is (0 − y)/B."""
    for gradient, size in zip(gradients_of(10, 4), [4, 4, 2], strict=True):
        used = np.flatnonzero(gradient[0, :10])
        np.testing.assert_allclose(gradient[0, used], -(used + 1) / size, rtol=1e-14)
        assert gradient[0, 10] == pytest.approx(-(used + 1).mean())


def test_batches_are_drawn_anew_every_epoch_by_seed_and_repeat_alone(gradients_of):
    def order(**changes):
        batches = batches_of(gradients_of(12, 1, epochs=2, **changes), 12)
        return tuple(batch[0] for batch in batches[:12]), tuple(batch[0] for batch in batches[12:])

    first = order()
    assert first == order() == order(regularizers=(L2(weight=0.1),), output_activation=Tanh())
    everything = [*first, *order(seed=1), *order(repeat=1)]
    assert len(set(everything)) == 6
    assert all(sorted(each) == list(range(12)) for each in everything)


def parameters_after_a_step(make_shape, member, examples, batch_size):
    pack = Pack(make_shape((3, 4, 2), batch_size), [member], {0: examples})
    pack.run_epoch()
    return pack.networks.parameters


@pytest.mark.parametrize("name", sorted(OPTIMIZERS))
def test_a_batch_that_holds_every_example_twice_makes_the_same_step(name, make_member, make_shape, make_examples):
    """Correction 6: the mean over the batch; the sum would make the step twice as long."""
    examples, member = make_examples((3, 4, 2), 6), make_member(optimizer=at_rate(OPTIMIZERS[name], 0.1))
    twice = dataclasses.replace(
        examples,
        training_inputs=np.repeat(examples.training_inputs, 2, axis=0),
        training_targets=np.repeat(examples.training_targets, 2, axis=0),
    )
    once = parameters_after_a_step(make_shape, member, examples, 6)
    np.testing.assert_allclose(parameters_after_a_step(make_shape, member, twice, 12), once, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("loss_name", sorted(LOSSES))
def test_a_step_of_gradient_descent_goes_down_the_measured_error_and_the_penalties(
    loss_name, draw_variant, make_member, make_shape, make_examples
):
    """End to end: a step over all examples is −α∇(E_t + λR), with the measured E_t and with λR from its formula."""
    rng, layers, rate = np.random.default_rng(31), (3, 4, 2), 0.5
    penalties = tuple(
        draw_variant(kind, rng, scope="network", biases=False) for kind in REGULARIZERS.values() if kind is not Dropout
    )
    shape = make_shape(layers, loss=LOSSES[loss_name]())
    member = make_member(output_activation=Sigmoid(), regularizers=penalties, optimizer=GradientDescent(rate=rate))
    plain = make_examples(layers)
    shares = plain.training_targets / plain.training_targets.sum(axis=1, keepdims=True)
    examples = {0: dataclasses.replace(plain, training_targets=shares)}

    def started_at(parameters):
        pack = Pack(shape, [member], examples)
        pack.networks.parameters[0, :26] = parameters
        return pack

    def cost(parameters):
        pack = started_at(parameters)
        weights = pack.networks.parameters[:, : pack.networks.layout.weight_count]
        sums = [penalty.penalty(weights, np.array([[penalty.weight]]))[0] for penalty in penalties]
        return pack.on_training.measure(pack.networks, np.array([0])).error[0] + sum(sums)

    start, h = rng.normal(size=26), 1e-5
    pack = started_at(start)
    pack.run_epoch()
    gradient = (start - pack.networks.parameters[0, :26]) / rate
    expected = [(cost(start + h * unit) - cost(start - h * unit)) / (2 * h) for unit in np.eye(26)]
    np.testing.assert_allclose(gradient, expected, rtol=1e-7, atol=1e-9)


def test_padding_of_the_parameters_stays_zero(draw_member, make_shape, make_repeats):
    rng, shape = np.random.default_rng(32), make_shape((3, 5, 2), 4)
    members = [draw_member(rng, 2) for _ in range(8)]
    pack = Pack(shape, members, make_repeats(shape, (10, 5)))
    pack.run_epoch()
    used = pack.networks.layout.parameter_count + 2 * sum(function_counts(members))
    assert pack.networks.parameters.shape[1] - used > 0
    assert (pack.networks.parameters[:, used:] == 0).all()


def test_errors_are_measured_without_penalty(make_member, make_shape, make_examples, run_training, standing_still):
    """E_t and E_v are ½‖a − y‖² only, whatever is added to the gradient."""
    optimizer, examples = standing_still(), make_examples((3, 4, 2))
    members = [make_member(optimizer=optimizer), make_member(optimizer=optimizer, regularizers=(L2(weight=9.0),))]
    training = run_training(make_shape((3, 4, 2), 4), members, {0: examples})
    for name in ("e_t", "e_v", "e_t_running"):
        assert training.last(0, name) == training.last(1, name)


def test_errors_after_an_epoch_are_those_before_the_next_step(make_member, make_shape, make_examples, run_training):
    """With one batch per epoch, the running mean of an epoch, taken before its step, is E_t of the previous epoch."""
    training = run_training(make_shape((3, 4, 2)), [make_member(epochs=5)], {0: make_examples((3, 4, 2))})
    measured, running = ([epoch[name] for epoch in training.epochs[0]] for name in ("e_t", "e_t_running"))
    np.testing.assert_allclose(running[1:], measured[:-1], rtol=1e-12)
    assert measured == sorted(measured, reverse=True)


def test_the_running_mean_weighs_every_example_alike(
    make_member, make_shape, make_examples, run_training, standing_still
):
    """Including those in a smaller last batch: as long as nothing changes, it equals E_t."""
    member = make_member(optimizer=standing_still())
    training = run_training(make_shape((3, 4, 2), 4), [member], {0: make_examples((3, 4, 2), 10)})
    assert training.last(0, "e_t_running") == pytest.approx(training.last(0, "e_t"), rel=1e-12)


def test_members_see_the_examples_of_their_own_repeat(
    make_member, make_shape, make_examples, run_training, standing_still
):
    layers, optimizer = (3, 4, 2), standing_still()
    examples = {repeat: make_examples(layers, seed=repeat) for repeat in (2, 5)}
    swapped = {2: examples[5], 5: examples[2]}
    members = [make_member(optimizer=optimizer, repeat=repeat) for repeat in (5, 2)]
    right, wrong = (run_training(make_shape(layers), members, each) for each in (examples, swapped))
    assert right.last(0, "e_t") != wrong.last(0, "e_t")
    alone = run_training(make_shape(layers), members[:1], {5: examples[5]})
    assert right.last(0, "e_t") == alone.last(0, "e_t")


@pytest.mark.parametrize("changed", [(11, 5), (10, 6)])
def test_repeats_with_other_numbers_of_examples_are_refused(changed, make_member, make_shape, make_examples):
    examples = {0: make_examples((3, 4, 2), 10, 5), 1: make_examples((3, 4, 2), *changed)}
    members = [make_member(repeat=repeat) for repeat in (0, 1)]
    with pytest.raises(ValueError, match="all repeats of a pack must have the same number of examples"):
        next(train(make_shape((3, 4, 2)), members, examples))
