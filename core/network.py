"""Networks of a pack: forward pass through all layers, and backpropagation (Magyar 2024, Alg. 6, 8, 17, 19).

A single network is a pack of one. All operations keep members apart (`np.matmul` on stacks, elementwise functions,
reductions within a member), so a member's numbers never depend on the other members of its pack.
"""

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, Self

import numpy as np
from fitgap.core.activation_parameters import FunctionGroup, clip_to_domains, function_counts, layer_groups, set_initial
from fitgap.core.activations import Identity
from fitgap.core.batches import shares_of
from fitgap.core.layers import Connections, Layout
from fitgap.core.members import Member
from fitgap.core.optimizers import PerceptronRule


@dataclass(frozen=True)
class FunctionViews:
    """The views of a workspace that a group of functions works on, created once."""

    group: FunctionGroup
    numbers: dict[str, np.ndarray]
    x: np.ndarray
    a: np.ndarray


class Workspace:
    """Buffers for a fixed number of examples per member, reused from step to step.

    `load_batch` fills `inputs` and `targets` (K, B, n_L). For layer k = 1 … L, `activations[k]` is a⁽ᵏ⁾; `slopes[k]`
    holds s⁽ᵏ⁾, replaced by f′(s⁽ᵏ⁾) ⊙ r⁽ᵏ⁾ during training; `deltas[k]` is d⁽ᵏ⁾; `partials[k]` maps names of learned
    parameters to ∂f/∂β ⊙ r and ∂f/∂γ ⊙ r. `activations[0]` is `inputs`.

    `repeats` (K,) holds the index of each member's repeat; by default every member has its own. Inputs are
    (K, B, n_0), or (R, B, n_0) if members share them.

    With `by_unit` the values of a unit are contiguous in memory, over all examples. This speeds up evaluation (adding
    biases, reading few outputs). Training gains nothing from it.
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
        # Filled by the networks that first use this workspace; no other networks may use it.
        self.views: list[list[FunctionViews]] = []
        self.connections: list[Connections] = []

    @property
    def inputs(self) -> np.ndarray:
        return self.activations[0]

    @property
    def outputs(self) -> np.ndarray:
        return self.activations[-1]

    def load_batch(self, inputs: np.ndarray, targets: np.ndarray) -> None:
        """Copy in the examples of all repeats, inputs (R, B, n_0) and targets (R, B, n_L)."""
        if self.shares:
            np.copyto(self.inputs, inputs[: len(self.inputs)])
        else:
            np.take(inputs, self.repeats, axis=0, out=self.inputs, mode="clip")
        if self.by_unit:
            # Transposed once per repeat instead of once per member.
            np.take(np.ascontiguousarray(targets.mT), self.repeats, axis=0, out=self.targets.mT, mode="clip")
        else:
            np.take(targets, self.repeats, axis=0, out=self.targets, mode="clip")

    def partial(self, layer: int, name: str) -> np.ndarray:
        """The buffer for the derivatives with respect to a learned parameter, created on first use."""
        if name not in self.partials[layer]:
            self.partials[layer][name] = np.zeros_like(self.activations[layer])
        return self.partials[layer][name]


def empty_by_unit(shape: tuple[int, ...], dtype: str) -> np.ndarray:
    """An array (K, B, n) in which the values of a unit are contiguous in memory."""
    members, examples, units = shape
    return np.empty((members, units, examples), dtype).mT


class ActivationMasks(Protocol):
    """Masks that drop units during training; see `fitgap.core.dropout`."""

    def apply(self, work: Workspace, layer: int) -> None:
        """Multiply the activations and the derivatives of a layer by r."""


class Networks:
    """The networks of a pack: parameters (K, P), gradient of the error (K, P), and the functions of their layers."""

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
        """Create the views and the groups of equal functions for these members."""
        self.weights = self.layout.weights_in_training(self.parameters)
        self.biases = self.layout.biases(self.parameters)
        self.weight_gradients = self.layout.weights_in_training(self.gradient)
        self.bias_gradients = self.layout.biases(self.gradient)
        layers = range(1, self.layout.depth + 1)
        self.functions = [[], *(layer_groups(members, layer, self.layout) for layer in layers)]
        self.numbers = [[group.numbers(self.parameters) for group in groups] for groups in self.functions]
        self.learning = [group for groups in self.functions for group in groups if group.learned]
        by_rule = np.array([isinstance(member.optimizer, PerceptronRule) for member in members])
        self.by_perceptron_rule = by_rule if by_rule.any() else None
        # An output layer of identities needs no computation, neither forward nor backward.
        self.plain_outputs = all(isinstance(group.function, Identity) for group in self.functions[-1])

    def compact(self, rows: np.ndarray, members: Sequence[Member]) -> None:
        """Keep only these rows, which belong to `members`."""
        self.parameters = np.ascontiguousarray(self.parameters[rows])
        self.gradient = np.ascontiguousarray(self.gradient[rows])
        self._rebind_views(members)

    def subset(self, rows: np.ndarray, members: Sequence[Member]) -> Self:
        """A copy of the networks of these rows, which belong to `members`."""
        chosen = copy.copy(self)
        chosen.compact(rows, members)
        return chosen

    def evaluate(self, work: Workspace) -> None:
        """Compute a⁽ᴸ⁾ from a⁽⁰⁾ for every example in the workspace (Alg. 6)."""
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
                # r multiplies f(s) and f′(s) once each; Alg. 17 as printed also has it inside f.
                dropout.apply(work, layer)
        if self.by_perceptron_rule is not None:
            work.slopes[-1][self.by_perceptron_rule] = 1

    def _take_views(self, work: Workspace) -> None:
        if work.views:
            return
        work.views = [self._views(work, layer) for layer in range(self.layout.depth + 1)]
        work.connections = [self._connections(work, layer) for layer in range(1, self.layout.depth + 1)]

    def _views(self, work: Workspace, layer: int) -> list[FunctionViews]:
        slopes, activations = work.slopes[layer], work.activations[layer]
        return [
            FunctionViews(group, numbers, slopes[group.rows, :, group.units], activations[group.rows, :, group.units])
            for group, numbers in zip(self.functions[layer], self.numbers[layer], strict=True)
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
        """Whether the functions of a layer need no computation."""
        return self.plain_outputs and layer == self.layout.depth

    def _activate(self, work: Workspace, layer: int) -> None:
        work.connections[layer - 1].forward()
        if not self.is_plain(layer):
            for views in work.views[layer]:
                views.group.function.value(views.x, views.a, **views.numbers)

    def _differentiate(self, work: Workspace, layer: int) -> None:
        for views in work.views[layer]:
            group, x, a = views.group, views.x, views.a
            if group.learned:
                partials = group.function.by_parameter(x, a, **views.numbers)
                for name in group.learned:
                    work.partial(layer, name)[group.rows, :, group.units] = partials[name]
            group.function.derivative(x, a, x, **views.numbers)

    def backpropagate(self, work: Workspace) -> None:
        """Compute the gradient of the error summed over the workspace's examples (Alg. 8, 19).

        `work.deltas[L]` holds the derivative of each example's error with respect to the outputs. It is overwritten.
        """
        for layer in range(self.layout.depth, 0, -1):
            delta = work.deltas[layer]
            if self.learning:
                self._sum_function_gradients(work, layer)
            if not self.is_plain(layer):
                delta *= work.slopes[layer]
            work.connections[layer - 1].accumulate_gradients()
            if layer > 1:
                work.connections[layer - 1].backward()

    def _sum_function_gradients(self, work: Workspace, layer: int) -> None:
        for group in self.functions[layer]:
            where = (group.rows, slice(None), group.units)
            for name in group.learned:
                changes = work.deltas[layer][where] * work.partials[layer][name][where]
                self.gradient[group.rows, group.columns[name]] = changes.reshape(len(changes), -1).sum(axis=1)

    def clip_to_domains(self) -> None:
        """Clip learned β and γ to their domains; called after every step."""
        if self.learning:
            clip_to_domains(self.parameters, self.learning)
