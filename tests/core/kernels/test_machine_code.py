"""Machine code of passes: every operation gives the same bits as its NumPy counterpart, in every memory layout."""

import operator

import numpy as np
import pytest
from fitgap.core.kernels import expressions
from fitgap.core.kernels.binding import bind
from fitgap.core.kernels.fused_pass import FusedPass
from support.core.kernel_values import assert_same_bits, drawn_values, special_pairs

pytestmark = pytest.mark.usefixtures("compiled")
OPERATIONS = {
    "add": (operator.add, np.add),
    "subtract": (operator.sub, np.subtract),
    "multiply": (operator.mul, np.multiply),
    "divide": (operator.truediv, np.divide),
    "negate": (lambda x, y: -x, lambda x, y: np.negative(x)),
    "square_root": (lambda x, y: expressions.square_root(x), lambda x, y: np.sqrt(x)),
    "magnitude": (lambda x, y: expressions.magnitude(x), lambda x, y: np.absolute(x)),
    "where_greater": (lambda x, y: expressions.where_greater(x, y, x, 2.0), lambda x, y: np.where(x > y, x, 2)),
    "where_at_least": (lambda x, y: expressions.where_at_least(x, y, 0.1, y), lambda x, y: np.where(x >= y, 0.1, y)),
    "positive_part": (lambda x, y: expressions.positive_part(x), lambda x, y: np.maximum(x, np.zeros_like(x))),
    "negative_part": (lambda x, y: expressions.negative_part(x), lambda x, y: np.minimum(x, np.zeros_like(x))),
    "sign": (lambda x, y: expressions.sign(x), lambda x, y: np.sign(x)),
    "constant from the left": (lambda x, y: 0.1 - x * 3, lambda x, y: 0.1 - x * 3),
    "constant divided": (lambda x, y: 2.0 / x + 0.7, lambda x, y: 2.0 / x + 0.7),
    "not contracted": (lambda x, y: x * y + x, lambda x, y: x * y + x),
    "in the written order": (lambda x, y: (x + y) + x * 0.3 + y, lambda x, y: (x + y) + x * 0.3 + y),
}


def formula_of(own):
    return lambda x, y, out: {"out": own(x, y)}


FORMULAS = {name: formula_of(own) for name, (own, _) in OPERATIONS.items()}


def computed(name, x, y):
    """The result of an operation's compiled pass, and NumPy's result."""
    out = np.full_like(x, 7)
    bind(FORMULAS[name], {"x": x, "y": y, "out": out}, written="out")()
    with np.errstate(all="ignore"):
        return out, OPERATIONS[name][1](x, y).astype(x.dtype)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", OPERATIONS)
def test_an_operation_has_the_bits_of_numpy(name, dtype):
    assert_same_bits(*computed(name, *special_pairs(dtype)))
    for count in (1, 2, 3, 7, 8, 31, 64, 65):
        values = [drawn_values((3, count), dtype, seed) for seed in (count, count + 100)]
        assert_same_bits(*computed(name, *values))


@pytest.mark.parametrize("shape", [(1, 1, 1), (2, 1, 9), (3, 5, 1), (4, 33, 17)])
def test_operands_broadcast_and_may_be_contiguous_along_either_axis(shape):
    """By unit and by example, the two layouts in which evaluation and training store activations, with one bias per
    unit.
    """

    def formula(x, bias, factor, out):
        return {"out": (x + bias) * factor}

    members, _, units = shape
    bias, factor = drawn_values((members, 1, units), "float32", 1), drawn_values((members, 1, 1), "float32", 2)
    for stored in (lambda array: array, lambda array: np.ascontiguousarray(array.mT).mT):
        x, out = stored(drawn_values(shape, "float32", 3)), stored(np.zeros(shape, "float32"))
        bind(formula, {"x": x, "bias": bias, "factor": factor, "out": out}, written="out")()
        with np.errstate(all="ignore"):
            assert_same_bits(np.ascontiguousarray(out), np.ascontiguousarray((x + bias) * factor))


def test_parts_of_a_buffer_leave_the_rest_alone():
    def formula(x):
        return {"x": x + 1.0}

    buffer = np.zeros((4, 6, 10), "float32")
    bind(formula, {"x": buffer[1:3, :, 2:9]}, written="x")()
    expected = np.zeros_like(buffer)
    expected[1:3, :, 2:9] = 1
    assert_same_bits(buffer, expected)


def test_no_members_and_no_columns_are_no_work():
    def formula(x):
        return {"x": x + 1.0}

    for shape in ((0, 5), (3, 0)):
        bind(formula, {"x": np.zeros(shape, "float32")}, written="x")()


def test_arrays_contiguous_along_different_axes_are_refused():
    def formula(x, out):
        return {"out": x + 1.0}

    with pytest.raises(ValueError, match="contiguous along the same axis"):
        bind(formula, {"x": np.zeros((2, 5, 3)).mT, "out": np.zeros((2, 3, 5))}, written="out")


def test_an_operand_that_does_not_change_along_the_last_axis_cannot_be_written():
    with pytest.raises(ValueError, match="can only be read"):
        FusedPass(("x",), frozenset("x"), lambda x: {"x": x + 1.0}).results()
