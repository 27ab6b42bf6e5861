"""Convolutions and poolings, compared with loops over single windows."""

import itertools

import numpy as np
from fitgap.core.layers import AveragePooling, Convolution, GlobalAveragePooling, MaximumPooling
from hypothesis import given
from hypothesis import strategies as st

AXES = st.one_of(
    st.tuples(st.integers(1, 9), st.integers(1, 3)), st.tuples(st.integers(1, 7), st.integers(1, 7), st.integers(1, 3))
)
NO_BIAS = np.zeros(0)


def windows(values, size, stride, padding):
    """The windows of one example, computed one by one from the definition, as {position: flat values}."""
    lengths = values.shape[:-1]
    if padding == "same":
        counts = [-(-length // stride) for length in lengths]
        needed = [max(0, (n - 1) * stride + size - length) for n, length in zip(counts, lengths, strict=True)]
        values = np.pad(values, [*((each // 2, each - each // 2) for each in needed), (0, 0)])
    else:
        counts = [(length - size) // stride + 1 for length in lengths]
    return {
        place: values[tuple(slice(at * stride, at * stride + size) for at in place)]
        for place in itertools.product(*map(range, counts))
    }


@given(axes=AXES, size=st.integers(1, 4), stride=st.integers(1, 3), padding=st.sampled_from(["valid", "same"]))
def test_a_convolution_weighs_every_window(axes, size, stride, padding):
    if padding == "valid" and min(axes[:-1]) < size:
        return
    layer, rng = Convolution(3, size, stride, padding), np.random.default_rng(1)
    (block,) = layer.blocks(axes)
    weights, bias = rng.normal(size=(block.outputs, block.inputs)), rng.normal(size=3)
    examples = rng.normal(size=(2, *axes))
    found = layer.evaluate(examples.reshape(2, -1), axes, [weights], bias).reshape(2, *layer.output_shape(axes))
    for number, example in enumerate(examples):
        expected = windows(example, size, stride, padding)
        assert len(expected) * 3 == found[number].size
        for place, values in expected.items():
            np.testing.assert_allclose(found[(number, *place)], weights @ values.ravel() + bias, rtol=1e-10, atol=1e-12)


@given(axes=AXES, size=st.integers(1, 4), stride=st.integers(0, 3))
def test_poolings_take_the_largest_value_and_the_mean(axes, size, stride):
    if min(axes[:-1]) < size:
        return
    examples = np.random.default_rng(2).normal(size=(2, *axes))
    for layer, function in ((MaximumPooling(size, stride), np.max), (AveragePooling(size, stride), np.mean)):
        found = layer.evaluate(examples.reshape(2, -1), axes, [], NO_BIAS).reshape(2, *layer.output_shape(axes))
        for number, example in enumerate(examples):
            for place, values in windows(example, size, stride or size, "valid").items():
                flat = values.reshape(-1, axes[-1])
                np.testing.assert_allclose(found[(number, *place)], function(flat, axis=0), rtol=1e-12, atol=1e-14)


@given(axes=AXES)
def test_global_pooling_takes_the_mean_of_every_channel(axes):
    examples = np.random.default_rng(2).normal(size=(2, *axes))
    found = GlobalAveragePooling().evaluate(examples.reshape(2, -1), axes, [], NO_BIAS)
    np.testing.assert_allclose(found, examples.reshape(2, -1, axes[-1]).mean(axis=1), rtol=1e-12, atol=1e-14)


def test_work_and_parameters_are_counted():
    layer = Convolution(16, 3, padding="same")
    assert layer.multiplications((8, 8, 12)) == 64 * 16 * 9 * 12
    (block,) = layer.blocks((8, 8, 12))
    assert (block.inputs, block.outputs, block.fan_out) == (108, 16, 144)


def test_shorthands():
    assert Convolution(8, 3).shorthand == "conv8x3"
    assert Convolution(8, 3, 2, "same").shorthand == "conv8x3:stride=2,padding=same"
    assert MaximumPooling(2).shorthand == "pool2"
    assert AveragePooling(3, 1).shorthand == "avgpool3:stride=1"
    assert GlobalAveragePooling().shorthand == "globalpool"
