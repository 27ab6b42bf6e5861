"""E, its standard error and the accuracy, compared with direct computation."""

import numpy as np
import pytest
from fitgap.core import evaluation
from fitgap.core.activations import Sigmoid, Tanh
from fitgap.core.evaluation import CHUNK, Measurement, Measurer, total_variation
from fitgap.core.losses import SigmoidCrossEntropy, SoftmaxCrossEntropy
from fitgap.core.target_coding import READINGS
from sklearn.metrics import r2_score

COUNTS = [1, 2, CHUNK - 1, CHUNK, CHUNK + 1, 300]
REPEAT_ROWS = np.array([1, 0, 1])


@pytest.fixture
def measured(make_member, make_networks, make_shape):
    """`measured(examples, outputs)`: the measurement, outputs and targets of three members in two repeats."""

    def measure(example_count, output_count, *, classes=True, chosen=None):
        rng = np.random.default_rng(24)
        inputs = rng.normal(size=(2, example_count, 4))
        targets = np.eye(max(output_count, 2))[rng.integers(0, output_count + (output_count == 1), (2, example_count))]
        targets = np.ascontiguousarray(targets[..., -output_count:])
        members = [make_member(Tanh(), kind) for kind in (Sigmoid(), Sigmoid(), Tanh())]
        networks = make_networks((4, 6, output_count), members)
        measurer = Measurer(inputs, targets, make_shape((4, 6, output_count), classes=classes))
        measurement = measurer.measure(networks, REPEAT_ROWS, chosen)
        return measurement, direct_outputs(networks, inputs[REPEAT_ROWS]), targets[REPEAT_ROWS]

    return measure


def direct_outputs(networks, inputs):
    hidden = [np.tanh(x @ w.T + b) for x, w, b in zip(inputs, networks.weights[0], networks.biases[0], strict=True)]
    sums = [a @ w.T + b for a, w, b in zip(hidden, networks.weights[1], networks.biases[1], strict=True)]
    return np.stack([1 / (1 + np.exp(-sums[0])), 1 / (1 + np.exp(-sums[1])), np.tanh(sums[2])])


@pytest.mark.parametrize("example_count", COUNTS)
def test_error_is_the_mean_over_the_examples_of_each_members_repeat(measured, example_count):
    measurement, outputs, targets = measured(example_count, 3)
    errors = 0.5 * ((outputs - targets) ** 2).sum(axis=2)
    np.testing.assert_allclose(measurement.error, errors.mean(axis=1), rtol=1e-12)


@pytest.mark.parametrize("example_count", COUNTS)
def test_standard_error_is_that_of_the_mean_of_the_examples(measured, example_count):
    measurement, outputs, targets = measured(example_count, 3)
    errors = 0.5 * ((outputs - targets) ** 2).sum(axis=2)
    if example_count == 1:
        assert np.isnan(measurement.standard_error).all()
    else:
        squares = ((errors - errors.mean(axis=1, keepdims=True)) ** 2).sum(axis=1)
        expected = np.sqrt(squares / (example_count - 1) / example_count)
        np.testing.assert_allclose(measurement.standard_error, expected, rtol=1e-10)


@pytest.mark.parametrize("example_count", COUNTS)
def test_accuracy_is_the_share_whose_largest_output_is_the_class(measured, example_count):
    measurement, outputs, targets = measured(example_count, 3)
    right = outputs.argmax(axis=2) == targets.argmax(axis=2)
    assert measurement.accuracy.tolist() == right.mean(axis=1).tolist()
    assert example_count < 100 or 0.05 < right.mean() < 0.95


@pytest.mark.parametrize("example_count", COUNTS)
def test_accuracy_of_one_output_is_told_against_one_half(measured, example_count):
    measurement, outputs, targets = measured(example_count, 1)
    right = (outputs[..., 0] > 0.5) == (targets[..., 0] == 1)
    assert measurement.accuracy.tolist() == right.mean(axis=1).tolist()
    assert example_count < 100 or 0.05 < right.mean() < 0.95


@pytest.mark.parametrize("example_count", COUNTS[1:])
@pytest.mark.parametrize("output_count", [1, 3])
def test_for_numbers_it_is_the_share_of_their_variance_that_is_explained(measured, example_count, output_count):
    """R² = 1 − Σ‖a − y‖²/Σ‖y − ȳ‖², which scikit-learn calls variance-weighted (where every column varies)."""
    measurement, outputs, targets = measured(example_count, output_count, classes=False)
    for accuracy, told, wanted in zip(measurement.accuracy, outputs, targets, strict=True):
        total = ((wanted - wanted.mean(axis=0)) ** 2).sum()
        expected = 1 - ((told - wanted) ** 2).sum() / total if total else np.nan
        assert accuracy == pytest.approx(expected, rel=1e-12, nan_ok=True)
        if np.ptp(wanted, axis=0).all():
            assert accuracy == pytest.approx(r2_score(wanted, told, multioutput="variance_weighted"), rel=1e-12)


def test_numbers_that_do_not_vary_have_no_variance_to_explain(measured):
    assert np.isnan(measured(1, 3, classes=False)[0].accuracy).all()
    targets = np.array([[[1.0], [1.0]], [[1.0], [3.0]]])
    assert np.array_equal([*map(total_variation, targets)], [np.nan, 2.0], equal_nan=True)


def test_a_perfect_fit_explains_everything_and_the_mean_nothing(make_member, make_networks, make_shape):
    networks = make_networks((1, 1), [make_member(depth=1)] * 2)
    networks.weights[0][:, 0, 0], networks.biases[0][:, 0, 0] = [1, 0], [0, 2]
    x = np.array([[[1.0], [2.0], [3.0]]])
    measurement = Measurer(x, x, make_shape((1, 1))).measure(networks, np.array([0, 0]))
    assert measurement.accuracy.tolist() == [1, 0]


def test_only_the_chosen_examples_of_each_repeat_are_measured(measured):
    everything, outputs, targets = measured(300, 3)
    rng = np.random.default_rng(26)
    chosen = np.stack([rng.permutation(300)[:140] for _ in range(2)])
    part = measured(300, 3, chosen=chosen)[0]
    rows = chosen[REPEAT_ROWS]
    np.testing.assert_allclose(part.errors, np.take_along_axis(everything.errors, rows, axis=1), rtol=1e-12)
    right = np.take_along_axis(outputs.argmax(axis=2) == targets.argmax(axis=2), rows, axis=1)
    assert part.accuracy.tolist() == right.mean(axis=1).tolist()


@pytest.mark.parametrize("name", sorted(READINGS))
def test_accuracy_follows_the_reading(name, make_member, make_networks, make_shape):
    """For every reading: outputs and targets are read and compared example by example."""
    rng, reading = np.random.default_rng(27), READINGS[name]()
    classes = rng.integers(0, 2, (1, 200, 1)).astype(float)
    output_count, class_count = reading.output_count(2, 1), 2 if reading.for_classes else 0
    targets = reading.encode(classes[0], 2)[None]
    networks = make_networks((4, output_count), [make_member(depth=1)])
    inputs = rng.normal(size=(1, 200, 4))
    shape = make_shape((4, output_count), reading=reading, class_count=class_count)
    accuracy = Measurer(inputs, targets, shape).measure(networks, np.array([0])).accuracy[0]
    outputs = inputs[0] @ networks.weights[0][0].T + networks.biases[0][0]
    if reading.for_classes:
        assert accuracy == (reading.read(outputs, 2) == classes[0, :, 0]).mean()
    else:
        assert accuracy == pytest.approx(r2_score(targets[0], outputs))


@pytest.mark.parametrize(
    ("loss", "outputs", "border"), [(SigmoidCrossEntropy(), 1, 0.0), (SoftmaxCrossEntropy(), 2, None)]
)
def test_a_loss_with_a_function_of_its_own_is_read_after_it(
    loss, outputs, border, make_member, make_networks, make_shape
):
    """With sigmoid cross entropy, an output of 0 means ½."""
    rng = np.random.default_rng(28)
    networks = make_networks((4, outputs), [make_member(depth=1)])
    inputs = rng.normal(size=(1, 200, 4))
    targets = np.eye(2)[rng.integers(0, 2, (1, 200))][..., -outputs:]
    measurement = Measurer(inputs, targets, make_shape((4, outputs), loss=loss, classes=True)).measure(
        networks, np.array([0])
    )
    sums = inputs[0] @ networks.weights[0][0].T + networks.biases[0][0]
    told = sums[:, 0] > border if border is not None else sums[:, 1] > sums[:, 0]
    assert measurement.accuracy[0] == (told == (targets[0, :, -1] == 1)).mean()


@pytest.mark.parametrize("chunk", [1, 7, 299, 300, 301])
def test_where_chunks_end_does_not_matter(measured, monkeypatch, chunk):
    expected = measured(300, 3)[0]
    monkeypatch.setattr(evaluation, "CHUNK", chunk)
    computed = measured(300, 3)[0]
    np.testing.assert_allclose(computed.error, expected.error, rtol=1e-13)
    np.testing.assert_allclose(computed.standard_error, expected.standard_error, rtol=1e-12)
    assert computed.accuracy.tolist() == expected.accuracy.tolist()


def test_measuring_again_gives_the_same_with_more_or_fewer_members(make_member, make_networks, make_shape):
    """Workspaces are reused between calls, and nothing may leak from one call to the next."""
    rng, sizes = np.random.default_rng(25), (4, 6, 3)
    members = [make_member()] * 3
    networks = make_networks(sizes, members)
    shape = make_shape(sizes, classes=True)
    measurer = Measurer(rng.normal(size=(2, 300, 4)), rng.uniform(size=(2, 300, 3)), shape)
    first = measurer.measure(networks, REPEAT_ROWS)
    assert measurer.measure(networks, REPEAT_ROWS).error.tolist() == first.error.tolist()
    networks.compact(np.array([0, 2]), members[:2])
    assert measurer.measure(networks, REPEAT_ROWS[[0, 2]]).error.tolist() == first.error[[0, 2]].tolist()


def test_errors_are_summed_in_double_precision(make_member, make_networks, make_shape):
    """A large error among many small ones: in float32 the small ones would be lost."""
    networks = make_networks((1, 1), [make_member(depth=1)], dtype="float32")
    networks.parameters[:] = 0
    targets = np.full((1, 1001, 1), 1e-3, "float32")
    targets[0, 0] = 1e4
    shape = make_shape((1, 1), dtype="float32")
    measurement = Measurer(np.ones_like(targets), targets, shape).measure(networks, np.array([0]))
    expected = (0.5e8 + 1000 * 0.5 * np.float64(np.float32(1e-3)) ** 2) / 1001
    assert measurement.error[0] == pytest.approx(expected, rel=1e-14)
    assert measurement.error.dtype == measurement.standard_error.dtype == np.float64


def test_standard_error_of_known_numbers():
    measurement = Measurement(np.array([[1.0, 3.0], [2.0, 2.0]]), np.zeros(2))
    assert measurement.error.tolist() == [2.0, 2.0]
    assert measurement.standard_error.tolist() == [1.0, 0.0]


def test_one_half_itself_is_the_lower_class(make_member, make_networks, make_shape):
    """The network's output is its input."""
    networks = make_networks((1, 1), [make_member(depth=1)])
    networks.weights[0][:], networks.biases[0][:] = 1, 0
    inputs, targets = np.array([[0.5, 0.5, 0.51, 0.51]])[..., None], np.array([[0.0, 1.0, 0.0, 1.0]])[..., None]
    for count, share in [(1, 1.0), (2, 0.5), (3, 1 / 3), (4, 0.5)]:
        measurer = Measurer(inputs[:, :count], targets[:, :count], make_shape((1, 1), classes=True))
        assert measurer.measure(networks, np.array([0])).accuracy.tolist() == [share]
