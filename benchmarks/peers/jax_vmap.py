"""JAX: one network's training step, mapped over all networks by `vmap` and compiled by `jit`.

There are two programs. The plain one follows JAX's documentation: an epoch is a `scan`, inside which the order of the
batches and the dropped units are drawn from a key per network. The tuned one draws orders with NumPy, since sorting is
slow in XLA; with shared batches it nests two `vmap`s, so that networks of one repeat share a batch, as in a pack of
fitgap. For mixed kinds, both use `lax.switch`, which `vmap` turns into computing all kinds and selecting one. (One vmap
per kind would mean sixteen of one network each. The generator `unsafe_rbg` was tried and was slower.)
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from benchmarks.digits import BATCH_SIZE, TRAINING_COUNT, training_digits
from benchmarks.networks import ACTIVATIONS, DROPOUT, OPTIMIZERS, RATES, REPEATS, Network, layer_sizes, networks
from benchmarks.timing import microseconds_per_step

STEPS = TRAINING_COUNT // BATCH_SIZE
MATHS = {
    "relu": jax.nn.relu,
    "tanh": jnp.tanh,
    "sigmoid": jax.nn.sigmoid,
    "prelu": lambda x: jnp.where(x > 0, x, 0.01 * x),
}


def time_vmap(
    layers: str, size: int, mixed: bool, seconds: float, tuned: bool = False, shared: bool = False
) -> dict[str, float]:
    """µs per step and network, without compilation and the first epoch."""
    chosen = networks(size, mixed=mixed)
    epoch = jax.jit(over_networks(shared), donate_argnums=0)
    settings, state = grouped((settings_of(chosen, mixed), first_state(layers, size)), shared)
    numbers = np.random.default_rng(0)
    count = 0

    def train_epoch() -> int:
        nonlocal state, count
        keys = grouped(jax.random.split(jax.random.key(count), size), shared)
        order = orders(numbers, chosen, shared) if tuned else None
        state = jax.block_until_ready(epoch(state, settings, keys, order, float(count * STEPS)))
        count += 1
        return STEPS * BATCH_SIZE * size

    return {"microseconds": microseconds_per_step(train_epoch, seconds)}


def over_networks(shared: bool) -> Callable:
    """The epoch of one network, mapped over all networks: (K, …), or (R, K/R, …) if batches are shared."""
    if not shared:
        return jax.vmap(train_one_epoch, in_axes=(0, 0, 0, 0, None))
    of_a_repeat = jax.vmap(train_one_epoch, in_axes=(0, 0, 0, None, None))
    return jax.vmap(of_a_repeat, in_axes=(0, 0, 0, 0, None))


def grouped(tree, shared: bool):
    """Arrays (K, …) reshaped to (R, K/R, …) if batches are shared."""
    return jax.tree.map(lambda a: a.reshape(REPEATS, -1, *a.shape[1:]), tree) if shared else tree


def orders(numbers: np.random.Generator, chosen: list[Network], shared: bool) -> np.ndarray:
    """The batches of an epoch for every network, or for every repeat if they are shared."""
    drawn = np.stack([numbers.permutation(TRAINING_COUNT)[: STEPS * BATCH_SIZE] for _ in range(REPEATS)])
    batches = drawn.astype(np.int32).reshape(REPEATS, STEPS, BATCH_SIZE)
    return batches if shared else batches[[network.repeat for network in chosen]]


def settings_of(chosen: list[Network], mixed: bool) -> dict[str, jax.Array]:
    """The settings that differ between networks (K,), with their kinds if they are mixed."""
    settings = {"rate": jnp.array([RATES[each.optimizer] for each in chosen], jnp.float32)}
    if mixed:
        settings["activation"] = jnp.array([ACTIVATIONS.index(each.activation) for each in chosen])
        settings["optimizer"] = jnp.array([OPTIMIZERS.index(each.optimizer) for each in chosen])
        settings["dropout"] = jnp.array([each.dropout for each in chosen])
    return settings


def first_state(layers: str, size: int):
    """Parameters, and two optimizer slots for each."""
    sizes = layer_sizes(layers)

    def initial(key):
        keys = jax.random.split(key, len(sizes) - 1)
        return [
            (jax.random.normal(key, (inputs, outputs)) * np.float32(np.sqrt(2 / inputs)), jnp.zeros(outputs))
            for key, inputs, outputs in zip(keys, sizes, sizes[1:], strict=False)
        ]

    parameters = jax.vmap(initial)(jax.random.split(jax.random.key(0), size))
    return parameters, *(jax.tree.map(jnp.zeros_like, parameters) for _ in range(2))


def train_one_epoch(state, settings, key, order, steps_before):
    """Train all steps of one network; draws the order of its batches if none is given."""
    inputs, targets = map(jnp.asarray, training_digits())
    if order is None:
        order = jax.random.permutation(key, TRAINING_COUNT)[: STEPS * BATCH_SIZE].reshape(STEPS, BATCH_SIZE)

    def step(state, batch):
        number, rows = batch
        gradient = jax.grad(error)(
            state[0], inputs[rows], targets[rows], settings, jax.random.fold_in(key, jnp.int32(number))
        )
        return change(state, gradient, settings, steps_before + number), None

    return lax.scan(step, state, (jnp.arange(1.0, STEPS + 1), order))[0]


def error(parameters, values, targets, settings, key):
    """The mean half squared error of a batch."""
    for number, (weights, biases) in enumerate(parameters):
        if number:
            values = activate(values, settings)
        if "dropout" in settings:
            kept = jax.random.bernoulli(jax.random.fold_in(key, number), 1 - DROPOUT, values.shape)
            values = jnp.where(settings["dropout"], kept * values / (1 - DROPOUT), values)
        values = values @ weights + biases
    return 0.5 * ((values - targets) ** 2).sum(axis=1).mean()


def activate(values, settings):
    if "activation" not in settings:
        return jax.nn.relu(values)
    return lax.switch(settings["activation"], [MATHS[name] for name in ACTIVATIONS], values)


def change(state, gradient, settings, number):
    """The state after a step."""
    if "optimizer" not in settings:
        return adam(state, gradient, settings["rate"], number)
    return lax.switch(
        settings["optimizer"],
        [gradient_descent, momentum, rmsprop, adam],
        *(state, gradient, settings["rate"], number),
    )


def gradient_descent(state, gradient, rate, number):
    return jax.tree.map(lambda w, g: w - rate * g, state[0], gradient), *state[1:]


def momentum(state, gradient, rate, number):
    velocity = average(state[1], gradient, 0.9)
    return jax.tree.map(lambda w, v: w - rate * v, state[0], velocity), velocity, state[2]


def rmsprop(state, gradient, rate, number):
    squares = average(state[2], jax.tree.map(jnp.square, gradient), 0.9)
    moved = jax.tree.map(lambda w, g, s: w - rate * g / jnp.sqrt(s + 1e-8), state[0], gradient, squares)
    return moved, state[1], squares


def adam(state, gradient, rate, number):
    mean = average(state[1], gradient, 0.9)
    squares = average(state[2], jax.tree.map(jnp.square, gradient), 0.999)
    root = jnp.sqrt(1 - 0.999**number)
    length = rate * root / (1 - 0.9**number)
    moved = jax.tree.map(lambda w, m, s: w - length * m / (jnp.sqrt(s) + 1e-8 * root), state[0], mean, squares)
    return moved, mean, squares


def average(before, values, kept: float):
    return jax.tree.map(lambda b, v: kept * b + (1 - kept) * v, before, values)
