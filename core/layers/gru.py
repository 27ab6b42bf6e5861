"""Gated recurrent units."""

from dataclasses import dataclass

import numpy as np
from fitgap.core.batched_matmul import Product
from fitgap.core.layers.gates import GateFunctions, blocks_of
from fitgap.core.layers.recurrent import BoundRecurrent, Recurrent, as_rows


class BoundGated(BoundRecurrent):
    """A GRU on the buffers of a workspace. `sums` becomes r, z and n of every step.

    `inner` (K, T, B, n) holds U_n h + c of every step, which r multiplies.
    """

    def make_scratch(self, members, examples, dtype):
        units, shape = self.layer.units, (members, examples, self.layer.units)
        self.gates = GateFunctions((True, True), units, dtype)
        self.inner = np.empty((members, self.steps, *shape[1:]), dtype)
        self.inner_bias = self.bias[..., 3 * units :]
        self.scratch = np.empty(shape, dtype)

    def make_backward_scratch(self, members, examples, dtype):
        units = self.layer.units
        self.delta_recurrent = np.empty_like(self.sums)
        self.carried = np.empty((members, examples, units), dtype)
        self.gate_scratch = np.empty((members, examples, 2 * units), dtype)
        inner = as_rows(self.delta_recurrent)[..., 2 * units :]
        ones = np.ones((1, inner.shape[1]), dtype)
        self.inner_bias_product = Product(ones, inner, self.bias_gradient[..., 3 * units :])

    def delta_of_states(self):
        return self.delta_recurrent

    def forward_step(self, step):
        units, sums, inner, state = self.layer.units, self.sums[:, step], self.inner[:, step], self.states[:, step]
        gates, candidate = sums[..., : 2 * units], sums[..., 2 * units :]
        if step:
            gates += self.from_before[..., : 2 * units]
            np.add(self.from_before[..., 2 * units :], self.inner_bias, out=inner)
        else:
            inner[...] = self.inner_bias
        self.gates.apply(gates)
        reset, update = blocks_of(gates, units)
        np.multiply(reset, inner, out=self.scratch)
        candidate += self.scratch
        np.tanh(candidate, out=candidate)
        # (1 − z)n + zh as n + z(h − n).
        if step:
            np.subtract(self.states[:, step - 1], candidate, out=state)
        else:
            np.negative(candidate, out=state)
        state *= update
        state += candidate

    def backward_step(self, step):
        units, delta = self.layer.units, self.delta_states
        reset, update, candidate = blocks_of(self.sums[:, step], units)
        to_reset, to_update, to_candidate = blocks_of(self.delta_sums[:, step], units)
        to_gates, gates = self.delta_sums[:, step, :, : 2 * units], self.sums[:, step, :, : 2 * units]
        # To z: d(h − n); to n: d(1 − z), times tanh′; to r: the latter times what it multiplies.
        np.subtract(self.states[:, step - 1] if step else 0, candidate, out=to_update)
        to_update *= delta
        np.multiply(delta, update, out=self.carried)
        np.subtract(delta, self.carried, out=to_candidate)
        np.multiply(candidate, candidate, out=self.scratch)
        np.subtract(1, self.scratch, out=self.scratch)
        to_candidate *= self.scratch
        np.multiply(to_candidate, self.inner[:, step], out=to_reset)
        self.gates.multiply_by_slopes(to_gates, gates, self.gate_scratch)
        recurrent = self.delta_recurrent[:, step]
        np.copyto(recurrent[..., : 2 * units], to_gates)
        np.multiply(to_candidate, reset, out=recurrent[..., 2 * units :])

    def carry_back(self):
        self.delta_states += self.carried

    def sum_other_gradients(self):
        self.inner_bias_product.compute()


@dataclass(frozen=True)
class Gated(Recurrent):
    """Gated recurrent units (Cho et al. 2014), with the reset gate behind U as in PyTorch, σ and tanh.

    r = σ(W_r x + U_r h + b_r), z = σ(W_z x + U_z h + b_z), n = tanh(W_n x + b_n + r ⊙ (U_n h + c)); the new h is
    (1 − z) ⊙ n + z ⊙ h. W and U have their rows in the order r, z, n; the biases are b_r, b_z, b_n, c.
    """

    word = "gru"
    bound = BoundGated
    sums_per_unit = 3

    def bias_count(self, shape):
        return 4 * self.units
