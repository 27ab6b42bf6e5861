"""Products of stacked matrices: correct for every partition and memory layout, and independent for each matrix."""

import itertools

import numpy as np
import pytest
from fitgap.core.batched_matmul import LARGEST_FROM_TRANSPOSED, LARGEST_VOLUME, Product, is_transposed, part_count
from hypothesis import given
from hypothesis import strategies as st
from support.profiles import share_of_examples

SIZES = st.one_of(st.integers(1, 9), st.sampled_from([16, 17, 32, 48, 64, 96, 128, 256]))
WAYS = list(itertools.product([False, True], repeat=3))


def lying(values, transposed):
    """The same matrices, stored in column-major order if `transposed`."""
    return values.mT.copy().mT if transposed else values.copy()


def multiplied(left, right, ways):
    """The product of stacks; the factors and the product are each stored straight or transposed."""
    out = lying(np.full((len(left), left.shape[1], right.shape[2]), np.nan, left.dtype), ways[2])
    Product(lying(left, ways[0]), lying(right, ways[1]), out).compute()
    return out


@share_of_examples(2.5)
@given(SIZES, SIZES, SIZES, st.sampled_from(WAYS), st.sampled_from(["float32", "float64"]))
def test_a_product_is_that_of_the_matrices(rows, inner, columns, ways, dtype):
    """With small integers, so that the product is exact."""
    rng = np.random.default_rng(rows * inner * columns)
    left, right = rng.integers(-9, 10, (3, rows, inner)), rng.integers(-9, 10, (3, inner, columns))
    found = multiplied(left.astype(dtype), right.astype(dtype), ways)
    assert np.array_equal(found, np.einsum("kmi,kin->kmn", left, right))


@given(SIZES, SIZES, SIZES, st.sampled_from(WAYS), st.sampled_from(["float32", "float64"]))
def test_a_product_has_the_same_bits_in_any_stack(rows, inner, columns, ways, dtype):
    rng = np.random.default_rng(rows * inner * columns)
    left, right = (rng.normal(size=shape).astype(dtype) for shape in ((3, rows, inner), (3, inner, columns)))
    assert np.array_equal(multiplied(left, right, ways)[1], multiplied(left[1:2], right[1:2], ways)[0])


def test_a_product_sees_what_its_arrays_hold_when_it_is_computed():
    """This also holds if it is split: its parts are views, not copies."""
    left, right, out = np.zeros((2, 32, 64)), lying(np.zeros((2, 64, 64)), True), np.empty((2, 32, 64))
    product = Product(left, right, out)
    assert product.out.ndim == 4
    left += 1
    right += 2
    product.compute()
    assert (out == 128).all()


@pytest.mark.parametrize("ways", WAYS)
def test_a_product_is_written_row_by_row(ways):
    """The output matrices are stored row by row; for others, NumPy would make a copy."""
    left, right, out = (lying(np.empty((2, 32, 32)), transposed) for transposed in ways)
    product = Product(left, right, out)
    assert not is_transposed(product.out)
    assert np.shares_memory(product.out, out)


@pytest.mark.parametrize(
    ("rows", "columns", "inner", "right_transposed", "parts"),
    [
        (32, 64, 64, False, 1),
        (32, 64, 64, True, 2),
        (32, 128, 256, True, 4),
        (32, 128, 256, False, 2),
        (32, 37, 64, True, 1),  # just enough for one part
        (32, 64, 31, True, 1),  # OpenBLAS has no such kernel for so few inputs
        (128, 64, 64, True, 1),  # parts of 9 columns are not worth it
        (32, 127, 256, True, 1),  # cannot be split evenly
        (1, 1, 1, True, 1),
    ],
)
def test_products_are_cut_where_it_pays(rows, columns, inner, right_transposed, parts):
    assert part_count(rows, columns, inner, right_transposed) == parts


@share_of_examples(3)
@given(SIZES, SIZES, SIZES, st.booleans())
def test_parts_are_even_and_small_enough(rows, columns, inner, right_transposed):
    parts = part_count(rows, columns, inner, right_transposed)
    assert columns % parts == 0
    if parts > 1:
        assert rows * inner * columns // parts <= LARGEST_VOLUME
        assert not (right_transposed and inner >= 32) or rows * columns // parts <= LARGEST_FROM_TRANSPOSED
