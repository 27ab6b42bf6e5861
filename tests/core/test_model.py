"""A trained network on its own gives the same answers as in its pack."""

import dataclasses

import numpy as np
import pytest
from fitgap.core.activation_parameters import own_layout, own_row
from fitgap.core.activations import ACTIVATIONS, ReLU, Sigmoid, SiLU
from fitgap.core.datasets import Dataset, Division
from fitgap.core.losses import LOSSES, HalfSquaredError, SigmoidCrossEntropy, SoftmaxCrossEntropy
from fitgap.core.model import Model, model_layers
from fitgap.core.optimizers import Adam
from fitgap.core.preprocessing import Preparation, prepare_examples
from fitgap.core.scaling import NO_SCALING, NO_TRANSFORM
from fitgap.core.target_coding import READINGS, Numbers, OnePerClass, Unrecognized, ZeroOne
from fitgap.core.training import Pack
from fitgap.core.workspace import Workspace

TOLERANCE = {"float32": 2e-5, "float64": 1e-12}


def plain_model(networks, row, member, loss=None):
    saved, own = own_row(networks.parameters[row], member, networks.layout), own_layout(networks.shape, member)
    layers = model_layers(saved, member, own)
    return Model(layers, NO_TRANSFORM, NO_SCALING, loss or HalfSquaredError(), Numbers(), 0)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_every_member_of_a_mixed_pack_has_its_model(dtype, draw_member, make_networks):
    """All functions, mixtures, learned values, and different numbers of functions per member."""
    rng = np.random.default_rng(60)
    members = [draw_member(rng, 3) for _ in range(40)]
    used = {type(function) for member in members for layer in member.activations for function in layer}
    assert used == set(ACTIVATIONS.values())
    networks = make_networks((4, 7, 5, 3), members, dtype=dtype)
    work = Workspace(40, 20, networks.layout, dtype)
    inputs = rng.normal(size=(20, 4)).astype(dtype)
    work.inputs[...] = inputs
    networks.evaluate(work)
    for row, member in enumerate(members):
        found = plain_model(networks, row, member).outputs(inputs.astype(float))
        assert found.dtype == dtype
        scale = 1 + abs(work.outputs[row]).max()
        np.testing.assert_allclose(found, work.outputs[row], rtol=TOLERANCE[dtype], atol=TOLERANCE[dtype] * scale)


def test_a_model_is_a_copy(make_member, make_networks):
    member = make_member(SiLU(beta=1.5, learn="beta"))
    networks = make_networks((3, 4, 2), [member])
    model, inputs = plain_model(networks, 0, member), np.ones((1, 3))
    before = model.outputs(inputs)
    networks.parameters[:] = 0
    assert np.array_equal(model.outputs(inputs), before)


def test_shapes_and_values_of_the_layers(make_member, make_networks):
    member = make_member((ReLU(), SiLU(beta=1.5, gamma=0.5, learn="beta")))
    networks = make_networks((3, 4, 2), [make_member(Sigmoid()), member])
    layers = plain_model(networks, 1, member).layers
    assert [(layer.weights[0].shape, layer.biases.shape) for layer in layers] == [((4, 3), (4,)), ((2, 4), (2,))]
    assert np.array_equal(layers[0].weights[0], networks.weights[0][1])
    assert np.array_equal(layers[1].biases, networks.biases[1][1, 0])
    functions = [(type(function).__name__, units, numbers) for function, units, numbers in layers[0].functions]
    assert functions == [("ReLU", slice(0, 2), {}), ("SiLU", slice(2, 4), {"beta": 1.5, "gamma": 0.5})]


@pytest.mark.parametrize("name", sorted(LOSSES))
def test_outputs_are_those_after_the_losses_own_function(name, make_member, make_networks):
    networks = make_networks((3, 4, 2), [make_member()])
    inputs, loss = np.random.default_rng(61).normal(size=(9, 3)), LOSSES[name]()
    plain, linked = (plain_model(networks, 0, make_member(), each).outputs(inputs) for each in (None, loss))
    np.testing.assert_allclose(linked, loss.linked(plain), rtol=1e-14)


def dataset(kind, rng):
    inputs = rng.normal(size=(90, 3)) * [1, 10, 100] + [0, 50, -7]
    signal = inputs[:, 0] + (inputs[:, 1] - 50) / 10
    if kind == "numbers":
        targets = np.stack([1000 + 50 * signal, signal**2], axis=1)
        return Dataset("numbers", inputs, targets, "numbers", ("a", "b", "c"), ("y", "z"))
    targets = (np.digitize(signal, [0.0]) if kind == "two" else np.digitize(signal, [-0.7, 0.7]))[:, None].astype(float)
    return Dataset(
        kind, inputs, targets, "classes", ("a", "b", "c"), ("y",), ("no", "yes", "very")[: 2 + (kind != "two")]
    )


CASES = [
    ("three", OnePerClass(), HalfSquaredError()),
    ("three", OnePerClass(), SoftmaxCrossEntropy()),
    ("three", Unrecognized(share=0.2), SoftmaxCrossEntropy()),
    ("three", READINGS["intervals"](), HalfSquaredError()),
    ("two", ZeroOne(), SigmoidCrossEntropy()),
    ("two", READINGS["signs"](), HalfSquaredError()),
    ("numbers", Numbers(), HalfSquaredError()),
]


def test_every_reading_and_every_loss_is_among_the_cases():
    assert {type(reading) for _, reading, _ in CASES} == set(READINGS.values())
    assert {type(loss) for _, _, loss in CASES} == set(LOSSES.values())


@pytest.mark.parametrize(("kind", "reading", "loss"), CASES)
def test_a_model_answers_about_inputs_as_they_came(kind, reading, loss, make_member, make_shape):
    """It applies its own scaling of inputs and targets: its accuracy on the validation examples is the one reported by
    training.
    """
    data, preparation = dataset(kind, np.random.default_rng(62)), Preparation(Division(30), "standard", "standard")
    examples = prepare_examples(data, preparation, reading, seed=0, repeat=0, dtype="float64")
    layers = (3, 6, reading.output_count(data.class_count, data.target_count))
    shape = make_shape(layers, 10, loss=loss, reading=reading, class_count=data.class_count)
    member = make_member(SiLU(learn="beta"), optimizer=Adam(rate=0.02), epochs=60)
    pack = Pack(shape, [member], {0: examples})
    for results in pack.run():
        row, accuracy, error = pack.parameters_of(0), results.accuracy_v[0], results.e_v[0]
    layers = model_layers(row, member, pack.networks.layout)
    transforms = examples.inputs_transform, examples.targets_scaling
    model = Model(layers, *transforms, loss, reading, data.class_count)
    real = 30
    raw = examples.validation_inputs[:real] / examples.inputs_transform.factor + examples.inputs_transform.shift
    answers = model.predict(raw)
    if data.class_count:
        marks = answers == reading.read(examples.validation_targets[:real], data.class_count)
        assert answers.shape == (real,)
        if not isinstance(reading, Unrecognized):
            assert marks.mean() == accuracy
        assert marks.mean() > 0.6
    else:
        truth = examples.targets_scaling.undo(examples.validation_targets)
        deviations = truth.std(axis=0)
        assert answers.shape == (real, 2) and answers.dtype == np.float64
        errors = 0.5 * (((answers - truth) * examples.targets_scaling.factor) ** 2).sum(axis=1)
        assert errors.mean() == pytest.approx(error, rel=1e-9)
        assert (abs(answers - truth).mean(axis=0) < deviations).all()


def test_missing_inputs_are_filled_as_they_were(make_member, make_networks):
    member = make_member()
    model = plain_model(make_networks((2, 4, 1), [member]), 0, member)
    filling = dataclasses.replace(NO_TRANSFORM, fill=np.array([3.0, -1.0]))
    model = dataclasses.replace(model, inputs_transform=filling)
    assert np.array_equal(model.predict(np.array([[np.nan, 2.0]])), model.predict(np.array([[3.0, 2.0]])))
