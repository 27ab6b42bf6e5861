"""Networks of a pack: forward through all layers, and the error back (Magyar 2024, Alg. 6, 8, 17, 19).

There is one code path: a single network is a pack of one. Only operations that keep members apart are used (`np.matmul`
on stacks, elementwise functions, reductions inside a member), so a member's numbers never depend on its neighbours.
"""

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, Self

import numpy as np
from fitgap.core.activations import Identity
from fitgap.core.batches import shares_of
from fitgap.core.functions import FunctionGroup, function_counts, keep_inside_domains, layer_groups, set_initial
from fitgap.core.layers import Connections, Layout
from fitgap.core.members import Member
from fitgap.core.optimizers import PerceptronRule


@dataclass(frozen=True)
class Piece:
    """What a run of functions works on in a workspace: the views of its members' units, made once."""

    run: FunctionGroup
    numbers: dict[str, np.ndarray]
    x: np.ndarray
    a: np.ndarray


class Workspace:
    """Buffers for so many examples per member, reused from step to step.

    `inputs` and `targets` (K, B, n_L) are filled by `put`. Of layer k = 1 … L, `activations[k]` is a⁽ᵏ⁾ and `slopes[k]`
    holds s⁽ᵏ⁾ and then, while training, f′(s⁽ᵏ⁾) ⊙ r⁽ᵏ⁾ in its place; `deltas[k]` is d⁽ᵏ⁾, and `partials[k]` has, by
    name, ∂f/∂β ⊙ r and ∂f/∂γ ⊙ r where they are learned. Index 0 of the activations is `inputs`.

    `repeats` (K,) says whose examples each member has; without, members are as many repeats. Inputs are (K, B, n_0), or
    (R, B, n_0) where members share them.

    With `by_unit` the numbers of a unit lie one after another, example by example. Going forward only, biases are added
    and few outputs are looked at faster so; with a way back nothing is gained.
    """

    def __init__(
        self,
        member_count: int,
        example_count: int,
        layout: Layout,
        dtype: str,
        repeats: np.ndarray | None = None,
        own_inputs: bool = True,
        by_unit: bool = False,
    ):
        self.by_unit = by_unit
        self.repeats = np.arange(member_count) if repeats is None else repeats
        self.shares = [] if own_inputs else shares_of(self.repeats.tolist())
        input_count = int(np.max(self.repeats)) + 1 if self.shares else member_count
        shapes = [(member_count, example_count, size) for size in layout.sizes]
        inputs = np.empty((input_count, example_count, layout.sizes[0]), dtype)
        make = empty_by_unit if by_unit else np.empty
        self.activations = [inputs, *(make(shape, dtype) for shape in shapes[1:])]
        self.slopes = [make(shape, dtype) for shape in shapes]
        self.deltas = [make(shape, dtype) for shape in shapes]
        self.partials: list[dict[str, np.ndarray]] = [{} for _ in shapes]
        self.targets = make(shapes[-1], dtype)
        # Filled by the networks that first use this workspace; no others may.
        self.pieces: list[list[Piece]] = []
        self.connections: list[Connections] = []

    @property
    def inputs(self) -> np.ndarray:
        return self.activations[0]

    @property
    def outputs(self) -> np.ndarray:
        return self.activations[-1]

    def load_batch(self, inputs: np.ndarray, targets: np.ndarray) -> None:
        """Take the examples of all repeats, inputs (R, B, n_0) and targets (R, B, n_L)."""
        if self.shares:
            np.copyto(self.inputs, inputs[: len(self.inputs)])
        else:
            np.take(inputs, self.repeats, axis=0, out=self.inputs, mode="clip")
        if self.by_unit:
            # Turned once for every repeat and not for every member.
            np.take(np.ascontiguousarray(targets.mT), self.repeats, axis=0, out=self.targets.mT, mode="clip")
        else:
            np.take(targets, self.repeats, axis=0, out=self.targets, mode="clip")

    def partial(self, layer: int, name: str) -> np.ndarray:
        """The buffer for the derivatives by a learned parameter, made when first asked for."""
        if name not in self.partials[layer]:
            self.partials[layer][name] = np.zeros_like(self.activations[layer])
        return self.partials[layer][name]


def empty_by_unit(shape: tuple[int, ...], dtype: str) -> np.ndarray:
    """An array (K, B, n) in which the numbers of a unit lie one after another."""
    members, examples, units = shape
    return np.empty((members, units, examples), dtype).mT


class ActivationMasks(Protocol):
    """What leaves units out while training; see `fitgap.core.dropout`."""

    def apply(self, work: Workspace, layer: int) -> None:
        """Multiply the activations of a layer, and its derivatives with them, by r."""


class Networks:
    """The networks of a pack: parameters (K, P), the gradient of the error (K, P), and the functions of their
    layers.
    """

    def __init__(self, sizes: tuple[int, ...], members: Sequence[Member], dtype: str):
        self.layout = Layout(sizes, function_counts(members))
        self.dtype = dtype
        self.parameters = np.zeros((len(members), self.layout.row_length), dtype)
        self.gradient = np.zeros_like(self.parameters)
        self._rebind_views(members)
        set_initial(self.parameters, members, self.layout)
        for row, member in enumerate(members):
            self._draw_weights(row, member)

    def _draw_weights(self, row: int, member: Member) -> None:
        for layer, weights in enumerate(self.weights, start=1):
            outputs, inputs = weights.shape[1:]
            initializer = member.initializer.suiting(member.activations[layer - 1][0])
            weights[row] = initializer.draw(inputs, outputs, seed=member.seed, repeat=member.repeat, layer=layer)
            self.biases[layer - 1][row] = initializer.bias(inputs)

    def _rebind_views(self, members: Sequence[Member]) -> None:
        """Take the views and the runs of equal functions for these members."""
        self.weights = self.layout.weights_in_training(self.parameters)
        self.biases = self.layout.biases(self.parameters)
        self.weight_gradients = self.layout.weights_in_training(self.gradient)
        self.bias_gradients = self.layout.biases(self.gradient)
        layers = range(1, self.layout.depth + 1)
        self.functions = [[], *(layer_groups(members, layer, self.layout) for layer in layers)]
        self.numbers = [[run.numbers(self.parameters) for run in runs] for runs in self.functions]
        self.learning = [run for runs in self.functions for run in runs if run.learned]
        by_rule = np.array([isinstance(member.optimizer, PerceptronRule) for member in members])
        self.by_perceptron_rule = by_rule if by_rule.any() else None
        # Nothing is to be done for an output layer of identities, neither forward nor back.
        self.plain_outputs = all(isinstance(run.function, Identity) for run in self.functions[-1])

    def compact(self, rows: np.ndarray, members: Sequence[Member]) -> None:
        """Go on with these rows alone, whose members are given."""
        self.parameters = np.ascontiguousarray(self.parameters[rows])
        self.gradient = np.ascontiguousarray(self.gradient[rows])
        self._rebind_views(members)

    def subset(self, rows: np.ndarray, members: Sequence[Member]) -> Self:
        """A copy of the networks of these rows, whose members are given."""
        chosen = copy.copy(self)
        chosen.compact(rows, members)
        return chosen

    def evaluate(self, work: Workspace) -> None:
        """a⁽ᴸ⁾ from a⁽⁰⁾ for every example in the workspace (Alg. 6)."""
        self._take_views(work)
        for layer in range(1, self.layout.depth + 1):
            self._activate(work, layer)

    def evaluate_for_training(self, work: Workspace, dropout: ActivationMasks | None) -> None:
        """The same with dropout, keeping f′(s) ⊙ r of every layer for `backpropagate` (Alg. 17)."""
        self._take_views(work)
        if dropout:
            dropout.apply(work, 0)
        for layer in range(1, self.layout.depth + 1):
            self._activate(work, layer)
            if not self.is_plain(layer):
                self._differentiate(work, layer)
            if dropout and layer < self.layout.depth:
                # r multiplies f(s) and f′(s), once each: Alg. 17 as printed has it inside f as well.
                dropout.apply(work, layer)
        if self.by_perceptron_rule is not None:
            work.slopes[-1][self.by_perceptron_rule] = 1

    def _take_views(self, work: Workspace) -> None:
        if work.pieces:
            return
        work.pieces = [self._pieces(work, layer) for layer in range(self.layout.depth + 1)]
        work.connections = [self._connections(work, layer) for layer in range(1, self.layout.depth + 1)]

    def _pieces(self, work: Workspace, layer: int) -> list[Piece]:
        slopes, activations = work.slopes[layer], work.activations[layer]
        return [
            Piece(run, numbers, slopes[run.rows, :, run.units], activations[run.rows, :, run.units])
            for run, numbers in zip(self.functions[layer], self.numbers[layer], strict=True)
        ]

    def _connections(self, work: Workspace, layer: int) -> Connections:
        before = layer - 1
        weights, biases, inputs = self.weights[before], self.biases[before], work.activations[before]
        sums = (work.activations if self.is_plain(layer) else work.slopes)[layer]
        connections = Connections(weights, biases, inputs, sums, work.shares if layer == 1 else ())
        gradients = self.weight_gradients[before], self.bias_gradients[before]
        connections.bind_gradients(work.deltas[layer], *gradients, work.deltas[before])
        return connections

    def is_plain(self, layer: int) -> bool:
        """Whether nothing is to be done for the functions of a layer."""
        return self.plain_outputs and layer == self.layout.depth

    def _activate(self, work: Workspace, layer: int) -> None:
        work.connections[layer - 1].forward()
        if not self.is_plain(layer):
            for piece in work.pieces[layer]:
                piece.run.function.value(piece.x, piece.a, **piece.numbers)

    def _differentiate(self, work: Workspace, layer: int) -> None:
        for piece in work.pieces[layer]:
            run, x, a = piece.run, piece.x, piece.a
            if run.learned:
                partials = run.function.by_parameter(x, a, **piece.numbers)
                for name in run.learned:
                    work.partial(layer, name)[run.rows, :, run.units] = partials[name]
            run.function.derivative(x, a, x, **piece.numbers)

    def backpropagate(self, work: Workspace) -> None:
        """The gradient of the summed error of the workspace's examples (Alg. 8, 19).

        `work.deltas[L]` holds the derivative of each example's error by the outputs and is overwritten.
        """
        for layer in range(self.layout.depth, 0, -1):
            delta = work.deltas[layer]
            if self.learning:
                self._add_up_function_gradients(work, layer)
            if not self.is_plain(layer):
                delta *= work.slopes[layer]
            work.connections[layer - 1].accumulate_gradients()
            if layer > 1:
                work.connections[layer - 1].backward()

    def _add_up_function_gradients(self, work: Workspace, layer: int) -> None:
        for run in self.functions[layer]:
            where = (run.rows, slice(None), run.units)
            for name in run.learned:
                changes = work.deltas[layer][where] * work.partials[layer][name][where]
                self.gradient[run.rows, run.columns[name]] = changes.reshape(len(changes), -1).sum(axis=1)

    def keep_inside_domains(self) -> None:
        """After a step: learned β and γ stay inside their domains."""
        if self.learning:
            keep_inside_domains(self.parameters, self.learning)
