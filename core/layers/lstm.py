"""Long short-term memory."""

from dataclasses import dataclass

import numpy as np
from fitgap.core.compiled_gates import lstm_backward, lstm_cells, summed
from fitgap.core.kernels.binding import BoundPass
from fitgap.core.layers.bound_recurrent import BoundRecurrent
from fitgap.core.layers.gates import GateFunctions, blocks_of
from fitgap.core.layers.recurrent import Recurrent
from fitgap.core.layers.stepped_passes import bind_steps
from fitgap.core.variants import parameter

BLOCKS = ("enter", "keep", "new", "leave")


class BoundMemory(BoundRecurrent):
    """An LSTM bound to the buffers of a workspace. `sums` is overwritten with i, f, g and o of every step; `cells`
    (K, T, B, n) is the memory, `bent` its tanh.
    """

    def make_scratch(self, members, examples, dtype):
        self.gates = GateFunctions((True, True, False, True), self.layer.units, dtype)
        self.cells, self.bent = np.empty_like(self.states), np.empty_like(self.states)
        self.scratch = np.empty((members, examples, self.layer.units), dtype)
        self.forward_passes: list[tuple[BoundPass, ...]] = []
        self.backward_passes: list[BoundPass] = []

    def make_backward_scratch(self, members, examples, dtype):
        self.delta_cells = np.empty_like(self.scratch)
        self.gate_scratch = np.empty((members, examples, 4 * self.layer.units), dtype)

    def forward_step(self, step):
        sums, cells, bent = self.sums[:, step], self.cells[:, step], self.bent[:, step]
        enter, keep, new, leave = blocks_of(sums, self.layer.units)
        if self.forward_passes:
            add, remember = self.forward_passes[step]
            add()
            np.tanh(sums, out=sums)
            remember()
        else:
            sums += self.from_before
            self.gates.apply(sums)
            np.multiply(enter, new, out=cells)
            np.multiply(keep, self.before_step(self.cells, step), out=self.scratch)
            cells += self.scratch
        np.tanh(cells, out=bent)
        np.multiply(leave, bent, out=self.states[:, step])

    def start_back(self):
        self.delta_cells[...] = 0

    def backward_step(self, step):
        if self.backward_passes:
            self.backward_passes[step]()
            return
        delta, sums, bent = self.delta_states, self.sums[:, step], self.bent[:, step]
        enter, keep, new, leave = blocks_of(sums, self.layer.units)
        to_enter, to_keep, to_new, to_leave = blocks_of(self.delta_sums[:, step], self.layer.units)
        np.multiply(delta, bent, out=to_leave)
        # The memory receives d·o·(1 − tanh²), in addition to the derivative from the next step.
        np.multiply(bent, bent, out=self.scratch)
        np.subtract(1, self.scratch, out=self.scratch)
        self.scratch *= leave
        self.scratch *= delta
        self.delta_cells += self.scratch
        np.multiply(self.delta_cells, new, out=to_enter)
        np.multiply(self.delta_cells, enter, out=to_new)
        np.multiply(self.delta_cells, self.before_step(self.cells, step), out=to_keep)
        self.gates.multiply_by_slopes(self.delta_sums[:, step], sums, self.gate_scratch)
        self.delta_cells *= keep

    def compile(self):
        if not self.forward_passes:
            passes = (
                bind_steps(summed, self._added, "sums", self.steps),
                bind_steps(lstm_cells, self._remembered, "cells", self.steps),
            )
            self.forward_passes = list(zip(*passes, strict=True)) if all(passes) else []
        if self.is_for_training:
            self.backward_passes = self.backward_passes or bind_steps(
                lstm_backward, self._backward_operands, "delta_cells", self.steps
            )

    def _blocks(self, step):
        return dict(zip(BLOCKS, blocks_of(self.sums[:, step], self.layer.units), strict=True))

    def _added(self, step):
        return {"sums": self.sums[:, step], "before": self.from_before, "scale": self.gates.scale}

    def _remembered(self, step):
        cells_before = self.before_step(self.cells, step)
        return {**self._blocks(step), "cells": self.cells[:, step], "cells_before": cells_before}

    def _backward_operands(self, step):
        to_sums = zip(BLOCKS, blocks_of(self.delta_sums[:, step], self.layer.units), strict=True)
        return {
            "delta": self.delta_states,
            "delta_cells": self.delta_cells,
            **self._blocks(step),
            "bent": self.bent[:, step],
            "cells_before": self.before_step(self.cells, step),
            **{f"to_{name}": values for name, values in to_sums},
        }


@dataclass(frozen=True)
class Memory(Recurrent):
    """Long short-term memory (Hochreiter & Schmidhuber 1997) with forget gates (Gers et al. 2000), σ and tanh.

    i, f, o = σ(W x + U h + b), g = tanh(W_g x + U_g h + b_g); the new c is f ⊙ c + i ⊙ g, the new h is o ⊙ tanh(c).
    The rows of W and U and the biases are in the order i, f, g, o, as in PyTorch.
    """

    forget: float = parameter(
        1.0, at_least=0, description="initial bias of the forget gates; 1 remembers longer (Jozefowicz et al. 2015)"
    )

    word = "lstm"
    bound = BoundMemory
    sums_per_unit = 4

    def bias_count(self, shape):
        return 4 * self.units

    def initial_bias(self, value, shape):
        biases = np.full(4 * self.units, float(value))
        biases[self.units : 2 * self.units] += self.forget
        return biases
