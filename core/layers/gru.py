"""Gated recurrent units."""

from dataclasses import dataclass

import numpy as np
from fitgap.core.batched_matmul import Product
from fitgap.core.compiled_gates import gru_backward, gru_gates, gru_state, summed
from fitgap.core.kernels.binding import BoundPass
from fitgap.core.layers.bound_recurrent import BoundRecurrent, as_rows
from fitgap.core.layers.gates import GateFunctions, blocks_of
from fitgap.core.layers.recurrent import Recurrent
from fitgap.core.layers.stepped_passes import bind_steps

BLOCKS = ("reset", "update", "candidate")


class BoundGated(BoundRecurrent):
    """A GRU bound to the buffers of a workspace. `sums` is overwritten with r, z and n of every step.

    `inner` (K, T, B, n) holds U_n h + c of every step, which r multiplies.
    """

    def make_scratch(self, members, examples, dtype):
        units = self.layer.units
        self.gates = GateFunctions((True, True), units, dtype)
        self.inner = np.empty((members, self.steps, examples, units), dtype)
        self.inner_bias = self.bias[..., 3 * units :]
        self.scratch = np.empty((members, examples, units), dtype)
        self.forward_passes: list[tuple[BoundPass, ...]] = []
        self.backward_passes: list[BoundPass] = []

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
        units, sums = self.layer.units, self.sums[:, step]
        gates, candidate = sums[..., : 2 * units], sums[..., 2 * units :]
        if self.forward_passes:
            add, mix, finish = self.forward_passes[step]
            add()
            np.tanh(gates, out=gates)
            mix()
            np.tanh(candidate, out=candidate)
            finish()
            return
        gates += self.from_before[..., : 2 * units]
        self.gates.apply(gates)
        reset, update = blocks_of(gates, units)
        inner, state = self.inner[:, step], self.states[:, step]
        np.add(self.from_before[..., 2 * units :], self.inner_bias, out=inner)
        np.multiply(reset, inner, out=self.scratch)
        candidate += self.scratch
        np.tanh(candidate, out=candidate)
        # (1 − z)n + zh as n + z(h − n).
        np.subtract(self.before_step(self.states, step), candidate, out=state)
        state *= update
        state += candidate

    def backward_step(self, step):
        if self.backward_passes:
            self.backward_passes[step]()
            return
        units, delta = self.layer.units, self.delta_states
        reset, update, candidate = blocks_of(self.sums[:, step], units)
        to_reset, to_update, to_candidate = blocks_of(self.delta_sums[:, step], units)
        to_gates, gates = self.delta_sums[:, step, :, : 2 * units], self.sums[:, step, :, : 2 * units]
        # z receives d(h − n); n receives d(1 − z) times tanh′; r receives the latter times `inner`, which r multiplies.
        np.subtract(self.before_step(self.states, step), candidate, out=to_update)
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

    def clear_before(self, step):
        super().clear_before(step)
        self.delta_recurrent[:, :step] = 0

    def sum_other_gradients(self):
        self.inner_bias_product.compute()

    def compile(self):
        if not self.forward_passes:
            passes = (
                bind_steps(summed, self._added, "sums", self.steps),
                bind_steps(gru_gates, self._mixed, "candidate", self.steps),
                bind_steps(gru_state, self._finished, "state", self.steps),
            )
            self.forward_passes = list(zip(*passes, strict=True)) if all(passes) else []
        if self.is_for_training:
            self.backward_passes = self.backward_passes or bind_steps(
                gru_backward, self._backward_operands, "to_candidate", self.steps
            )

    def _blocks(self, step):
        return dict(zip(BLOCKS, blocks_of(self.sums[:, step], self.layer.units), strict=True))

    def _added(self, step):
        gates = slice(0, 2 * self.layer.units)
        return {
            "sums": self.sums[:, step, :, gates],
            "before": self.from_before[..., gates],
            "scale": self.gates.scale,
        }

    def _mixed(self, step):
        before = self.from_before[..., 2 * self.layer.units :]
        return {
            **self._blocks(step),
            "inner": self.inner[:, step],
            "before": before,
            "inner_bias": self.inner_bias,
        }

    def _finished(self, step):
        blocks = self._blocks(step)
        return {
            "state": self.states[:, step],
            "state_before": self.before_step(self.states, step),
            "candidate": blocks["candidate"],
            "update": blocks["update"],
        }

    def _backward_operands(self, step):
        units = self.layer.units
        to_sums = zip(BLOCKS, blocks_of(self.delta_sums[:, step], units), strict=True)
        to_recurrent = zip(BLOCKS, blocks_of(self.delta_recurrent[:, step], units), strict=True)
        return {
            "delta": self.delta_states,
            **self._blocks(step),
            "inner": self.inner[:, step],
            "state_before": self.before_step(self.states, step),
            "carried": self.carried,
            **{f"to_{name}": values for name, values in to_sums},
            **{f"recurrent_{name}": values for name, values in to_recurrent},
        }


@dataclass(frozen=True)
class Gated(Recurrent):
    """Gated recurrent units (Cho et al. 2014) with σ and tanh; the reset gate applies after U, as in PyTorch.

    r = σ(W_r x + U_r h + b_r), z = σ(W_z x + U_z h + b_z), n = tanh(W_n x + b_n + r ⊙ (U_n h + c)); the new h is
    (1 − z) ⊙ n + z ⊙ h. W and U have their rows in the order r, z, n; the biases are b_r, b_z, b_n, c.
    """

    word = "gru"
    bound = BoundGated
    sums_per_unit = 3

    def bias_count(self, shape):
        return 4 * self.units
