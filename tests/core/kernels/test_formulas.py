"""Formulas of optimizers, penalties, activation functions and the flush: the same bits as their NumPy counterparts."""

import numpy as np
import pytest
from fitgap.core.activations import ACTIVATIONS
from fitgap.core.compiled_activations import derivative_pass, evaluation_pass, training_pass
from fitgap.core.compiled_updates import BiasCorrections, CompiledOptimizer, flush_pass
from fitgap.core.kernels.binding import bind
from fitgap.core.member_groups import stack_numbers
from fitgap.core.optimizers import OPTIMIZERS
from fitgap.core.regularizers import PENALTIES
from support.core.kernel_values import assert_same_bits, drawn_values

pytestmark = pytest.mark.usefixtures("compiled")
SHAPES = [(1, 1), (1, 40), (3, 33), (5, 130)]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shape", SHAPES)
def test_an_optimizer_steps_to_the_same_bits(optimizer_form, draw_variant, shape, dtype):
    kind, form = optimizer_form
    rng = np.random.default_rng(5)
    members = [draw_variant(kind, rng, **form) for _ in range(shape[0])]
    optimizer, numbers = members[0], stack_numbers(members, dtype, 2)
    weight_count = shape[1] // 2
    ours, theirs = (
        {"parameters": drawn_values(shape, dtype, 1), "slots": [np.zeros(shape, dtype) for _ in range(kind.slot_count)]}
        for _ in range(2)
    )
    gradient = np.empty(shape, dtype)
    if optimizer.formula() is None:
        assert kind is OPTIMIZERS["fixed"], "every other optimizer has a formula"
        return
    compiled = CompiledOptimizer(
        optimizer, optimizer.formula(), ours["parameters"], gradient, ours["slots"], weight_count, numbers
    )
    assert compiled.is_complete
    with np.errstate(all="ignore"):
        for step_number in range(1, 6):
            gradient[:] = drawn_values(shape, dtype, step_number + 10)
            if optimizer.corrects_bias:
                BiasCorrections([compiled]).set(step_number)
            compiled.step()
            optimizer.decay(theirs["parameters"][:, :weight_count], **numbers)
            scratch = np.full(shape, np.nan, dtype)
            optimizer.step(theirs["parameters"], gradient, theirs["slots"], scratch, step_number, **numbers)
            for one, other in zip(
                [ours["parameters"], *ours["slots"]], [theirs["parameters"], *theirs["slots"]], strict=True
            ):
                assert_same_bits(one, other)


def test_bias_corrections_do_not_depend_on_how_they_are_batched(draw_variant):
    """Every optimizer of a pack gets the same numbers as alone, and as with NumPy."""
    rng, shape = np.random.default_rng(7), (3, 5)
    arrays = [np.zeros(shape, "float32") for _ in range(4)]
    groups = []
    for kind in (OPTIMIZERS["adam"], OPTIMIZERS["adamw"]):
        fixed = {"form": "kingma_ba"} if kind is OPTIMIZERS["adam"] else {}
        members = [draw_variant(kind, rng, **fixed) for _ in range(shape[0])]
        numbers = stack_numbers(members, "float32", 2)
        formula = members[0].formula()
        groups.append(
            (members[0], numbers, CompiledOptimizer(members[0], formula, *arrays[:2], arrays[2:], 2, numbers))
        )
    corrections = BiasCorrections([compiled for *_, compiled in groups])
    for step_number in (1, 2, 3, 500):
        corrections.set(step_number)
        for optimizer, numbers, compiled in groups:
            for name, expected in optimizer.step_numbers(step_number, **numbers).items():
                assert_same_bits(compiled.step_numbers[name], np.broadcast_to(expected, (shape[0], 1)).copy())


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("kind", PENALTIES)
@pytest.mark.parametrize("shape", SHAPES)
def test_a_penalty_adds_the_same_bits(kind, shape, dtype):
    weights, ours = drawn_values(shape, dtype, 1), drawn_values(shape, dtype, 2)
    theirs, weight = ours.copy(), np.linspace(0, 2, shape[0], dtype=dtype)[:, None]
    bind(kind.formula, {"weights": weights, "gradient": ours, "weight": weight}, written="gradient")()
    with np.errstate(all="ignore"):
        kind.add_gradient(weights, theirs, np.full(shape, np.nan, dtype), weight)
    assert_same_bits(ours, theirs)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("by_unit", [False, True])
def test_an_activation_has_the_same_bits(activation_form, draw_variant, by_unit, dtype):
    """The value in evaluation; value and derivative in training; the derivative alone."""
    kind, form = activation_form
    shape, rng = (3, 11, 7), np.random.default_rng(6)
    functions = [draw_variant(kind, rng, **form) for _ in range(shape[0])]
    stacked = stack_numbers(functions, dtype, 3)
    numbers = {name: stacked[name] for name in ("beta", "gamma") if name in stacked}
    start, bias = drawn_values(shape, dtype, 3), drawn_values((3, 1, 7), dtype, 4)
    stored = (lambda array: np.ascontiguousarray(array.mT).mT) if by_unit else np.copy
    with np.errstate(all="ignore"):
        sums, value = stored(start + bias), stored(np.zeros(shape, dtype))
        kind.value(sums, value, **numbers)
        derivative = stored(sums)
        kind.derivative(derivative, value, derivative, **numbers)
    arrays = {name: stored(start) for name in ("evaluation", "training")}
    results = {name: stored(np.zeros(shape, dtype)) for name in arrays}
    passes = {
        "evaluation": evaluation_pass(kind, arrays["evaluation"], bias, results["evaluation"], numbers),
        "training": training_pass(kind, arrays["training"], bias, results["training"], numbers),
    }
    for name, compiled in passes.items():
        if compiled:
            compiled()
            assert_same_bits(np.copy(results[name]), np.copy(value))
    if passes["training"]:
        assert_same_bits(np.copy(arrays["training"]), np.copy(derivative))
    alone = derivative_pass(kind, sums, value, numbers)
    if alone:
        alone()
        assert_same_bits(np.copy(sums), np.copy(derivative))


def test_functions_without_transcendental_parts_have_formulas():
    piecewise = {name for name, kind in ACTIVATIONS.items() if kind.value_formula}
    assert piecewise == {"identity", "threshold", "sign", "relu", "prelu"}
    assert {name for name, kind in ACTIVATIONS.items() if kind.derivative_formula} == piecewise | {
        "elu",
        "sigmoid",
        "tanh",
    }


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_flush_has_the_same_bits(dtype):
    lowest = float(np.finfo(dtype).tiny * 1e8)
    ours = drawn_values((3, 200), dtype, 9) * np.array(lowest, dtype)
    with np.errstate(all="ignore"):
        theirs = ours * (np.absolute(ours) >= lowest).astype(dtype)
    flush_pass(ours, lowest)()
    assert_same_bits(ours, theirs)
