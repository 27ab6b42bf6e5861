"""Networks of a pack: forward through all layers, and the error back (Magyar 2024, Alg. 6, 8, 17, 19).

There is one code path: a single network is a pack of one. Only operations that keep members apart are used
(`np.matmul` on stacks, elementwise functions, reductions inside a member), so a member's numbers never depend on its
neighbours.
"""

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from core.groups import Run, runs_of
from core.layers import Layout, add_up_gradient, pass_back, weigh
from core.members import Member


class Workspace:
    """Buffers for so many examples per member, reused from step to step.

    `inputs` (K, B, n_0) and `targets` (K, B, n_L) are filled by the caller. Of layer k = 1 … L, `activations[k]` is
    a⁽ᵏ⁾ and `slopes[k]` holds s⁽ᵏ⁾ and then, while training, f′(s⁽ᵏ⁾) ⊙ r⁽ᵏ⁾ in its place; `deltas[k]` is d⁽ᵏ⁾. Index
    0 of the activations is `inputs`.
    """

    def __init__(self, member_count: int, example_count: int, layout: Layout, dtype: str):
        shapes = [(member_count, example_count, size) for size in layout.sizes]
        self.activations = [np.empty(shape, dtype) for shape in shapes]
        self.slopes = [np.empty(shape, dtype) for shape in shapes]
        self.deltas = [np.empty(shape, dtype) for shape in shapes]
        self.targets = np.empty(shapes[-1], dtype)

    @property
    def inputs(self) -> np.ndarray:
        return self.activations[0]

    @property
    def outputs(self) -> np.ndarray:
        return self.activations[-1]


class DropoutMasks(Protocol):
    """What leaves units out while training; see `core.dropout`."""

    def apply(self, work: Workspace, layer: int) -> None:
        """Multiply the activations of a layer, and its slopes with them, by r."""


class Networks:
    """The networks of a pack: parameters (K, P), the gradient of the error (K, P), and the functions of their
    layers.
    """

    def __init__(self, layout: Layout, members: Sequence[Member], dtype: str):
        self.layout = layout
        self.dtype = dtype
        self.parameters = np.zeros((len(members), layout.row_length), dtype)
        self.gradient = np.zeros_like(self.parameters)
        self._look_at(members)
        for row, member in enumerate(members):
            self._draw_weights(row, member)

    def _draw_weights(self, row: int, member: Member) -> None:
        for layer, weights in enumerate(self.weights, start=1):
            outputs, inputs = weights.shape[1:]
            weights[row] = member.initializer.draw(inputs, outputs, seed=member.seed, repeat=member.repeat, layer=layer)

    def _look_at(self, members: Sequence[Member]) -> None:
        """Take the views and the runs of equal functions for these members."""
        self.weights = self.layout.weights(self.parameters)
        self.biases = self.layout.biases(self.parameters)
        self.weight_gradients = self.layout.weights(self.gradient)
        self.bias_gradients = self.layout.biases(self.gradient)
        self.hidden_functions = runs_of([member.activation for member in members], self.dtype, dimensions=3)
        self.output_functions = runs_of([member.output_activation for member in members], self.dtype, dimensions=3)

    def keep(self, rows: np.ndarray, members: Sequence[Member]) -> None:
        """Go on with these rows alone, whose members are given."""
        self.parameters = np.ascontiguousarray(self.parameters[rows])
        self.gradient = np.ascontiguousarray(self.gradient[rows])
        self._look_at(members)

    def functions(self, layer: int) -> list[Run]:
        """The runs of equal activation functions in layer 1 … L."""
        return self.output_functions if layer == self.layout.depth else self.hidden_functions

    def evaluate(self, work: Workspace) -> None:
        """a⁽ᴸ⁾ from a⁽⁰⁾ for every example in the workspace (Alg. 6)."""
        for layer in range(1, self.layout.depth + 1):
            self._activate(work, layer)

    def evaluate_for_training(self, work: Workspace, dropout: DropoutMasks | None) -> None:
        """The same with dropout, keeping f′(s) ⊙ r of every layer for `backpropagate` (Alg. 17)."""
        if dropout:
            dropout.apply(work, 0)
        for layer in range(1, self.layout.depth + 1):
            self._activate(work, layer)
            for run in self.functions(layer):
                x, a = work.slopes[layer][run.rows], work.activations[layer][run.rows]
                run.kind.derivative(x, a, x, **run.numbers)
            if dropout and layer < self.layout.depth:
                # r multiplies f(s) and f′(s), once each: Alg. 17 as printed has it inside f as well.
                dropout.apply(work, layer)

    def _activate(self, work: Workspace, layer: int) -> None:
        s, a = work.slopes[layer], work.activations[layer]
        weigh(work.activations[layer - 1], self.weights[layer - 1], self.biases[layer - 1], out=s)
        for run in self.functions(layer):
            run.kind.value(s[run.rows], a[run.rows], **run.numbers)

    def backpropagate(self, work: Workspace) -> None:
        """The gradient of the summed error of the workspace's examples (Alg. 8, 19).

        `work.deltas[L]` holds the derivative of each example's error by the outputs and is overwritten.
        """
        for layer in range(self.layout.depth, 0, -1):
            delta = work.deltas[layer]
            delta *= work.slopes[layer]
            add_up_gradient(
                delta, work.activations[layer - 1], self.weight_gradients[layer - 1], self.bias_gradients[layer - 1]
            )
            if layer > 1:
                pass_back(delta, self.weights[layer - 1], out=work.deltas[layer - 1])
