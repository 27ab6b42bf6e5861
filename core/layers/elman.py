"""Elman's recurrent layer, with any activation function."""

from dataclasses import dataclass

import numpy as np
from fitgap.core.layers.bound_recurrent import BoundRecurrent, as_rows
from fitgap.core.layers.layer import AppliedFunction
from fitgap.core.layers.recurrent import Recurrent


class BoundElman(BoundRecurrent):
    """An Elman layer bound to the buffers of a workspace. After a training pass, `sums` holds f′(s)."""

    def make_scratch(self, members, examples, dtype):
        self.applied = [
            [(each, *of_function(each, self.sums[:, step], self.states[:, step])) for each in self.functions]
            for step in range(self.steps)
        ]
        sums, states = as_rows(self.sums), as_rows(self.states)
        self.of_all_steps = [(each, *of_function(each, sums, states)) for each in self.functions]
        self.partials: list[dict[str, np.ndarray]] = []

    def make_backward_scratch(self, members, examples, dtype):
        # Kept for every step, because learned β and γ need them.
        self.all_deltas = np.empty_like(self.states) if any(each.gradients for each in self.functions) else None

    def forward_step(self, step):
        self.sums[:, step] += self.from_before
        for each, sums, states in self.applied[step]:
            each.function.value(sums, states, **each.numbers)

    def differentiate(self):
        self.partials = [
            each.function.by_parameter(sums, states, **each.numbers) if each.gradients else {}
            for each, sums, states in self.of_all_steps
        ]
        for each, sums, states in self.of_all_steps:
            each.function.derivative(sums, states, sums, **each.numbers)

    def backward_step(self, step):
        if self.all_deltas is not None:
            np.copyto(self.all_deltas[:, step], self.delta_states)
        np.multiply(self.delta_states, self.sums[:, step], out=self.delta_sums[:, step])

    def clear_before(self, step):
        super().clear_before(step)
        if self.all_deltas is not None:
            self.all_deltas[:, :step] = 0

    def sum_other_gradients(self):
        if self.all_deltas is None:
            return
        deltas = as_rows(self.all_deltas)
        for each, partials in zip(self.functions, self.partials, strict=True):
            for name, gradient in each.gradients.items():
                changes = deltas[each.rows, :, each.units] * partials[name]
                gradient[...] = changes.reshape(len(changes), -1).sum(axis=1)

    def slopes(self):
        return as_rows(self.sums)


@dataclass(frozen=True)
class Elman(Recurrent):
    """Recurrent layer h_t = f(W x_t + U h_{t−1} + b), where the setting `activation` chooses f (Elman 1990)."""

    word = "rnn"
    bound = BoundElman

    @property
    def has_functions(self):
        return True


def of_function(each: AppliedFunction, sums: np.ndarray, states: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The views of the sums and states (K, …, n) that a function works on."""
    where = each.rows, slice(None), each.units
    return sums[where], states[where]
