"""JAX: the training step of one convolutional network, mapped over all networks by `vmap` and compiled by `jit`.

The order of the batches is drawn by NumPy, because sorting is slow in XLA. With shared batches, two `vmap`s are nested,
so that networks of one repeat share a batch, as in a pack of fitgap.
"""

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from benchmarks.digits import BATCH_SIZE
from benchmarks.images import CASES, CHANNELS, CLASSES, HIDDEN, REPEATS, WINDOW, Case, flat_size, images
from benchmarks.peers.jax_vmap import adam
from benchmarks.timing import microseconds_per_step


def time_images(case: str, size: int, seconds: float, shared: bool) -> dict[str, float]:
    """µs per step and network, without compilation and the first epoch."""
    chosen = CASES[case]
    state = first_state(chosen, size)
    if shared:
        state = jax.tree.map(lambda each: each.reshape(REPEATS, -1, *each.shape[1:]), state)
    epoch = jax.jit(over_networks(chosen, shared), donate_argnums=0)
    numbers, count, steps = np.random.default_rng(0), 0, chosen.examples // BATCH_SIZE

    def train_epoch() -> int:
        nonlocal state, count
        drawn = np.stack([numbers.permutation(chosen.examples) for _ in range(REPEATS)]).astype(np.int32)
        order = drawn.reshape(REPEATS, steps, BATCH_SIZE)
        if not shared:
            order = order[np.arange(size) * REPEATS // size]
        state = jax.block_until_ready(epoch(state, order, float(count * steps)))
        count += 1
        return chosen.examples * size

    return {"microseconds": microseconds_per_step(train_epoch, seconds)}


def over_networks(case: Case, shared: bool):
    """The epoch of one network, mapped over all: (K, …), or (R, K/R, …) if batches are shared."""
    inputs, targets = map(jnp.asarray, images(case))

    def train_one_epoch(state, order, steps_before):
        def step(state, batch):
            number, rows = batch
            gradient = jax.grad(error)(state[0], inputs[rows], targets[rows], case.padding)
            return adam(state, gradient, 1e-3, steps_before + number), None

        return lax.scan(step, state, (jnp.arange(1.0, len(order) + 1), order))[0]

    if not shared:
        return jax.vmap(train_one_epoch, in_axes=(0, 0, None))
    return jax.vmap(jax.vmap(train_one_epoch, in_axes=(0, None, None)), in_axes=(0, 0, None))


def error(parameters, values, targets, padding: str):
    """The mean half squared error of a batch."""
    first, second, hidden, last = parameters
    values = pooled(convolved(values, first, "VALID"))
    values = pooled(convolved(values, second, padding.upper()))
    values = jax.nn.relu(values.reshape(len(values), -1) @ hidden[0] + hidden[1])
    return 0.5 * ((values @ last[0] + last[1] - targets) ** 2).sum(axis=1).mean()


def convolved(values, layer, padding: str):
    sums = lax.conv_general_dilated(values, layer[0], (1, 1), padding, dimension_numbers=("NHWC", "HWIO", "NHWC"))
    return jax.nn.relu(sums + layer[1])


def pooled(values):
    return lax.reduce_window(values, -jnp.inf, lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")


def first_state(case: Case, size: int):
    """Parameters, and two optimizer slots for each."""
    rng, (one, other) = np.random.default_rng(1), CHANNELS
    shapes = (WINDOW, WINDOW, 1, one), (WINDOW, WINDOW, one, other), (flat_size(case), HIDDEN), (HIDDEN, CLASSES)
    parameters = [
        (jnp.asarray(rng.normal(0, 0.1, (size, *shape)).astype(np.float32)), jnp.zeros((size, shape[-1])))
        for shape in shapes
    ]
    return parameters, *(jax.tree.map(jnp.zeros_like, parameters) for _ in range(2))
