"""The bound: only the matrix products of training steps, with the library and the layout that fitgap uses."""

from itertools import pairwise

import numpy as np
from fitgap.core.batched_matmul import Product

from benchmarks.digits import BATCH_SIZE, TRAINING_COUNT
from benchmarks.networks import REPEATS, layer_sizes
from benchmarks.timing import microseconds_per_step


def time_products(layers: str, size: int, seconds: float) -> dict[str, float]:
    """µs per step and network of the products of `size` networks; `size` is a multiple of four, or less than four."""
    whole, rest = divmod(TRAINING_COUNT, BATCH_SIZE)
    steps = StepProducts(layer_sizes(layers), size, BATCH_SIZE), StepProducts(layer_sizes(layers), size, rest)

    def compute_epoch() -> int:
        for _ in range(whole):
            steps[0].compute()
        steps[1].compute()
        return TRAINING_COUNT * size

    return {"microseconds": microseconds_per_step(compute_epoch, seconds)}


class StepProducts:
    """The products of one step on random numbers: for every layer W a and d aᵀ, and Wᵀ d except in the first."""

    def __init__(self, sizes: tuple[int, ...], size: int, examples: int):
        numbers = np.random.default_rng(0)
        self.groups = min(size, REPEATS)
        self.members = size // self.groups
        # Members of a repeat share their inputs.
        values = [self._filled(numbers, 1, examples, sizes[0])]
        values += [self._filled(numbers, self.members, examples, units) for units in sizes[1:]]
        deltas = [np.zeros((self.groups, self.members, examples, sizes[0]), np.float32), *map(np.array, values[1:])]
        self.products: list[Product] = []
        for layer, (inputs, outputs) in enumerate(pairwise(sizes), start=1):
            weights, gradient = (self._weights(numbers, layer, inputs, outputs) for _ in range(2))
            self.products += [
                Product(values[layer - 1], weights.mT, np.empty_like(values[layer])),
                Product(deltas[layer].mT, values[layer - 1], gradient),
            ]
            if layer > 1:
                self.products.append(Product(deltas[layer], weights, np.empty_like(deltas[layer - 1])))

    def _filled(self, numbers: np.random.Generator, *shape: int) -> np.ndarray:
        return numbers.normal(size=(self.groups, *shape)).astype(np.float32)

    def _weights(self, numbers: np.random.Generator, layer: int, inputs: int, outputs: int) -> np.ndarray:
        """Weights (R, K/R, outputs, inputs), transposed in memory in the first layer as during training."""
        if layer == 1:
            return self._filled(numbers, self.members, inputs, outputs).mT
        return self._filled(numbers, self.members, outputs, inputs)

    def compute(self) -> None:
        for product in self.products:
            product.compute()
