"""Batched matrix products, split into blocks of the size that OpenBLAS multiplies fastest.

On processors with AVX-512, OpenBLAS has kernels that read small matrices in place. It copies larger matrices first,
which takes as long as the product itself for batches of 32. On other processors splitting costs a few percent. How a
product is split depends only on the shape of its matrices, never on their number.
"""

import numpy as np

# Limit of OpenBLAS's small-matrix kernels on rows × columns × inner of a product …
LARGEST_VOLUME = 100**3
# … and on rows × columns if the right matrix is transposed and `inner` is at least 32.
LARGEST_FROM_TRANSPOSED, LEAST_INNER = 1200, 32
# Blocks with fewer columns than this are slower than one product.
FEWEST_COLUMNS = 16


class Product:
    """out = left · right for stacks of matrices (…, m, k), (…, k, n) and (…, m, n). Views are created only once."""

    def __init__(self, left: np.ndarray, right: np.ndarray, out: np.ndarray):
        if is_transposed(out):
            left, right, out = right.mT, left.mT, out.mT
        rows, inner = left.shape[-2:]
        parts = part_count(rows, right.shape[-1], inner, is_transposed(right))
        if parts > 1:
            left, right, out = left[..., None, :, :], cut_columns(right, parts), cut_columns(out, parts)
        self.left, self.right, self.out = left, right, out

    def compute(self) -> None:
        """Write the product of the current contents of `left` and `right` into `out`."""
        np.matmul(self.left, self.right, out=self.out)


def part_count(rows: int, columns: int, inner: int, right_transposed: bool) -> int:
    """Number of blocks of equal width that a product is split into; 1 if no split helps."""
    most = LARGEST_VOLUME // (rows * inner)
    if right_transposed and inner >= LEAST_INNER:
        most = min(most, LARGEST_FROM_TRANSPOSED // rows)
    if columns <= most:
        return 1
    counts = range(2, columns // FEWEST_COLUMNS + 1)
    return next((parts for parts in counts if columns % parts == 0 and columns // parts <= most), 1)


def is_transposed(matrices: np.ndarray) -> bool:
    """Whether the elements of a column, rather than of a row, are adjacent in memory."""
    return matrices.strides[-1] != matrices.itemsize


def cut_columns(matrices: np.ndarray, parts: int) -> np.ndarray:
    """A view (…, parts, m, n/parts) of the matrices (…, m, n)."""
    *stack, rows, columns = matrices.shape
    return np.moveaxis(matrices.reshape(*stack, rows, parts, columns // parts), -2, -3)
