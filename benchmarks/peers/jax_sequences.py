"""JAX: the training step of one recurrent network, mapped over all networks by `vmap` and compiled by `jit`.

The input sums of all steps are one product; `scan` goes through the steps. The order of the batches is drawn by NumPy.
With shared batches, two `vmap`s are nested, so that networks of one repeat share a batch, as in a pack of fitgap.
"""

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from benchmarks.digits import BATCH_SIZE
from benchmarks.peers.jax_vmap import adam
from benchmarks.sequences import CASES, CHANNELS, EXAMPLES, OUTPUTS, REPEATS, SUMS, UNITS, sequences
from benchmarks.timing import microseconds_per_step


def time_sequences(case: str, size: int, seconds: float, shared: bool) -> dict[str, float]:
    """µs per step and network, without compilation and the first epoch."""
    word = CASES[case]
    state = first_state(word, size)
    if shared:
        state = jax.tree.map(lambda each: each.reshape(REPEATS, -1, *each.shape[1:]), state)
    epoch = jax.jit(over_networks(word, shared), donate_argnums=0)
    numbers, count, steps = np.random.default_rng(0), 0, EXAMPLES // BATCH_SIZE

    def train_epoch() -> int:
        nonlocal state, count
        drawn = np.stack([numbers.permutation(EXAMPLES) for _ in range(REPEATS)]).astype(np.int32)
        order = drawn.reshape(REPEATS, steps, BATCH_SIZE)
        if not shared:
            order = order[np.arange(size) * REPEATS // size]
        state = jax.block_until_ready(epoch(state, order, float(count * steps)))
        count += 1
        return EXAMPLES * size

    return {"microseconds": microseconds_per_step(train_epoch, seconds)}


def over_networks(word: str, shared: bool):
    """The epoch of one network, mapped over all: (K, …), or (R, K/R, …) if batches are shared."""
    inputs, targets = map(jnp.asarray, sequences())

    def train_one_epoch(state, order, steps_before):
        def step(state, batch):
            number, rows = batch
            gradient = jax.grad(error)(state[0], inputs[rows], targets[rows], word)
            return adam(state, gradient, 1e-3, steps_before + number), None

        return lax.scan(step, state, (jnp.arange(1.0, len(order) + 1), order))[0]

    if not shared:
        return jax.vmap(train_one_epoch, in_axes=(0, 0, None))
    return jax.vmap(jax.vmap(train_one_epoch, in_axes=(0, None, None)), in_axes=(0, 0, None))


def error(parameters, values, targets, word: str):
    """The mean half squared error of a batch."""
    (weights, bias), (recurrent, inner_bias), (last, last_bias) = parameters
    sums = jnp.swapaxes(values, 0, 1) @ weights + bias
    nothing = jnp.zeros((len(values), UNITS))

    def step(states, given):
        return STEP[word](states, given, states[0] @ recurrent + inner_bias), None

    states, _ = lax.scan(step, (nothing, nothing), sums)
    return 0.5 * ((states[0] @ last + last_bias - targets) ** 2).sum(axis=1).mean()


def rnn_step(states, given, before):
    return jnp.tanh(given + before), states[1]


def gru_step(states, given, before):
    reset, update, new = jnp.split(given, 3, axis=1)
    reset_before, update_before, new_before = jnp.split(before, 3, axis=1)
    candidate = jnp.tanh(new + jax.nn.sigmoid(reset + reset_before) * new_before)
    kept = jax.nn.sigmoid(update + update_before)
    return candidate + kept * (states[0] - candidate), states[1]


def lstm_step(states, given, before):
    enter, keep, new, leave = jnp.split(given + before, 4, axis=1)
    cells = jax.nn.sigmoid(keep) * states[1] + jax.nn.sigmoid(enter) * jnp.tanh(new)
    return jax.nn.sigmoid(leave) * jnp.tanh(cells), cells


STEP = {"rnn": rnn_step, "gru": gru_step, "lstm": lstm_step}


def first_state(word: str, size: int):
    """Parameters, and two optimizer slots for each."""
    rng, sums = np.random.default_rng(1), SUMS[word] * UNITS
    parameters = [
        (jnp.asarray(rng.normal(0, 0.1, (size, *shape)).astype(np.float32)), jnp.zeros((size, shape[-1])))
        for shape in ((CHANNELS, sums), (UNITS, sums), (UNITS, OUTPUTS))
    ]
    return parameters, *(jax.tree.map(jnp.zeros_like, parameters) for _ in range(2))
