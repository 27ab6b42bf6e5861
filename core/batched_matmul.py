"""Products of stacked matrices, cut into parts of the size that the linear algebra library multiplies fastest.

On processors with AVX-512, OpenBLAS has kernels for small matrices that read them where they lie; larger ones it copies
first, which with batches of 32 takes as long as the product itself. On other processors the parts cost a few percent.
How a product is cut depends on the shape of its matrices alone, never on how many there are.
"""

import numpy as np

# Up to here OpenBLAS has its small kernels: rows × columns × inner of a product …
LARGEST_VOLUME = 100**3
# … and where the right matrix lies transposed and `inner` is not below 32, rows × columns.
LARGEST_FROM_TRANSPOSED, LEAST_INNER = 1200, 32
# Parts with fewer columns than this are slower than one product.
FEWEST_COLUMNS = 16


class Product:
    """out = left · right for stacks (…, m, k), (…, k, n) and (…, m, n) of matrices, whose views are made once."""

    def __init__(self, left: np.ndarray, right: np.ndarray, out: np.ndarray):
        if lies_transposed(out):
            left, right, out = right.mT, left.mT, out.mT
        rows, inner = left.shape[-2:]
        parts = part_count(rows, right.shape[-1], inner, lies_transposed(right))
        if parts > 1:
            left, right, out = left[..., None, :, :], cut_columns(right, parts), cut_columns(out, parts)
        self.left, self.right, self.out = left, right, out

    def compute(self) -> None:
        """Write the product into `out`, from what `left` and `right` now hold."""
        np.matmul(self.left, self.right, out=self.out)


def part_count(rows: int, columns: int, inner: int, right_transposed: bool) -> int:
    """Into how many parts of equally many columns a product is cut; 1 where no number of them helps."""
    most = LARGEST_VOLUME // (rows * inner)
    if right_transposed and inner >= LEAST_INNER:
        most = min(most, LARGEST_FROM_TRANSPOSED // rows)
    if columns <= most:
        return 1
    counts = range(2, columns // FEWEST_COLUMNS + 1)
    return next((parts for parts in counts if columns % parts == 0 and columns // parts <= most), 1)


def lies_transposed(matrices: np.ndarray) -> bool:
    """Whether neighbours in memory are those of a column."""
    return matrices.strides[-1] != matrices.itemsize


def cut_columns(matrices: np.ndarray, parts: int) -> np.ndarray:
    """A view (…, parts, m, n/parts) of matrices (…, m, n)."""
    *stack, rows, columns = matrices.shape
    return np.moveaxis(matrices.reshape(*stack, rows, parts, columns // parts), -2, -3)
