"""The compiled pass over the outputs of a pack: it gives NumPy's bits, and is used only if it replaces the whole
computation.
"""

import dataclasses

import numpy as np
import pytest
from fitgap.core.activations import ACTIVATIONS
from fitgap.core.compiled_losses import mean_scale, output_pass
from fitgap.core.losses import LOSSES
from fitgap.core.training import Pack
from support.core.kernel_values import assert_same_bits, drawn_values

pytestmark = pytest.mark.usefixtures("compiled")
SHAPES = [(1, 1, 1), (3, 29, 1), (2, 32, 10), (5, 7, 33), (0, 4, 3)]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", LOSSES)
def test_outputs_and_gradients_have_the_same_bits(name, shape, dtype):
    members, _, units = shape
    loss = LOSSES[name]()
    outputs, targets = drawn_values(shape, dtype, 1), drawn_values(shape, dtype, 2)
    bias = drawn_values((members, 1, units), dtype, 3)
    ours, delta = outputs.copy(), np.full(shape, np.nan, dtype)
    bound = output_pass(loss, ours, bias, targets, delta)
    # Losses that contain e^x cannot reproduce NumPy's bits.
    assert (bound is None) == (name != "half_squared_error")
    if bound is None:
        return
    bound.compute()
    with np.errstate(all="ignore"):
        outputs += bias
        gradient = np.empty_like(outputs)
        loss.gradient(outputs, targets, out=gradient)
        assert_same_bits(ours, outputs)
        assert_same_bits(bound.gradient, gradient)
        gradient *= mean_scale(gradient)
        assert_same_bits(delta, gradient)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("by_unit", [False, True])
@pytest.mark.parametrize("shape", SHAPES)
def test_errors_have_the_same_bits_in_evaluation(shape, by_unit, dtype):
    stored = (lambda array: np.ascontiguousarray(array.mT).mT) if by_unit else np.copy
    loss = LOSSES["half_squared_error"]()
    outputs, targets = stored(drawn_values(shape, dtype, 4)), stored(drawn_values(shape, dtype, 5))
    bias, ours = drawn_values((shape[0], 1, shape[2]), dtype, 6), np.copy(outputs, order="K")
    bound = output_pass(loss, ours, bias, targets, None)
    with np.errstate(all="ignore"):
        bound.compute()
        outputs += bias
        assert_same_bits(np.copy(ours), np.copy(outputs))
        found = loss.errors_by_gradient(bound.gradient, bound.wide)
        assert_same_bits(found, loss.errors(outputs, targets))


@pytest.mark.parametrize("has_weights", [False, True])
@pytest.mark.parametrize("output", ["identity", "tanh"])
@pytest.mark.parametrize("loss", ["half_squared_error", "softmax_cross_entropy"])
def test_it_is_used_where_it_does_all_there_is_to_do(loss, output, has_weights, make_member, make_shape, make_examples):
    shape = make_shape((4, 5, 3), 8, loss=LOSSES[loss](), classes=True)
    examples = make_examples((4, 5, 3), training=20)
    if has_weights:
        examples = dataclasses.replace(examples, training_weights=np.ones(20), validation_weights=np.ones(5))
    pack = Pack(shape, [make_member(output_activation=ACTIVATIONS[output]())], {0: examples})
    pack.run_epoch()
    is_used = loss == "half_squared_error" and output == "identity" and not has_weights
    assert {work.output_pass is not None for work in pack.workspaces.values()} == {is_used}
    for measurer in (pack.on_training, pack.on_validation):
        # Measurers apply weights to errors, not to gradients.
        is_used = loss == "half_squared_error" and output == "identity"
        assert {work.output_pass is not None for work in measurer._workspaces.values()} == {is_used}
