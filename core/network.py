"""Networks of a pack: forward pass through all layers, and backpropagation (Magyar 2024, Alg. 6, 8, 17, 19).

A single network is a pack of one. All operations keep members apart (`np.matmul` on stacks, elementwise functions,
reductions within a member), so a member's numbers never depend on the other members of its pack.
"""

import copy
from collections.abc import Sequence
from typing import Protocol, Self

import numpy as np
from fitgap.core.activation_parameters import clip_to_domains, function_counts, layer_groups, set_initial
from fitgap.core.activations import Identity, Tanh
from fitgap.core.compiled_losses import OutputPass, output_pass
from fitgap.core.layers.layer import AppliedFunction, BackwardBuffers, BoundLayer, LayerBuffers
from fitgap.core.losses import Loss
from fitgap.core.members import Member
from fitgap.core.network_shape import NetworkShape
from fitgap.core.optimizers import PerceptronRule
from fitgap.core.parameter_layout import Layout
from fitgap.core.workspace import FunctionViews, Workspace


class ActivationMasks(Protocol):
    """Masks that drop units during training; see `fitgap.core.dropout`."""

    def apply(self, work: Workspace, layer: int) -> None:
        """Multiply the activations and the derivatives of a layer by r."""


class Networks:
    """The networks of a pack: parameters (K, P), gradient of the error (K, P), and the functions of their layers."""

    def __init__(self, shape: NetworkShape, members: Sequence[Member], dtype: str):
        self.layout = Layout(shape, function_counts(members))
        self.dtype = dtype
        self.parameters = np.zeros((len(members), self.layout.row_length), dtype)
        self.gradient = np.zeros_like(self.parameters)
        self._rebind_views(members)
        set_initial(self.parameters, members, self.layout)
        for row, member in enumerate(members):
            self._draw_weights(row, member)

    @property
    def shape(self) -> NetworkShape:
        return self.layout.network

    def _draw_weights(self, row: int, member: Member) -> None:
        for layer in self.shape.parameter_layers:
            own, blocks = self.by_layer[layer - 1], self.shape.blocks[layer - 1]
            # Layers with fixed functions use sigmoid and tanh.
            initializer = member.initializer.suiting((member.activations[layer - 1] or (Tanh(),))[0])
            key = {"seed": member.seed, "repeat": member.repeat, "layer": layer}
            for number, (weights, block) in enumerate(zip(own.weights, blocks, strict=True)):
                weights[row] = initializer.draw(block.inputs, block.outputs, fan_out=block.fan_out, block=number, **key)
            kind, shape = self.shape.layers[layer - 1], self.shape.shapes[layer - 1]
            own.bias[row] = kind.initial_bias(initializer.bias(blocks[0].inputs) if blocks else 0.0, shape)

    def _rebind_views(self, members: Sequence[Member]) -> None:
        """Create the views and the groups of equal functions for these members."""
        self.weights = self.layout.weights_in_training(self.parameters)
        self.biases = self.layout.biases(self.parameters)
        self.by_layer = self.layout.by_layer(self.weights, self.biases)
        self.gradients_by_layer = self.layout.by_layer(
            self.layout.weights_in_training(self.gradient), self.layout.biases(self.gradient)
        )
        layers = range(1, self.layout.depth + 1)
        self.functions = [[], *(layer_groups(members, layer, self.layout) for layer in layers)]
        self.numbers = [[group.numbers(self.parameters) for group in groups] for groups in self.functions]
        self.learning = [group for groups in self.functions for group in groups if group.learned]
        by_rule = np.array([isinstance(member.optimizer, PerceptronRule) for member in members])
        self.by_perceptron_rule = by_rule if by_rule.any() else None
        # An output layer of identities needs no computation, neither forward nor backward.
        plain_outputs = all(isinstance(group.function, Identity) for group in self.functions[-1])
        self.plain = [layer not in self.shape.function_layers for layer in range(self.layout.depth)] + [plain_outputs]

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
        for layer, bound in enumerate(work.bound, start=1):
            if self.is_plain(layer):
                self._forward_plain(work, layer)
                continue
            bound.multiply()
            for views in work.views[layer]:
                views.activate()

    def evaluate_for_training(self, work: Workspace, dropout: ActivationMasks | None) -> None:
        """The same with dropout, keeping f′(s) ⊙ r of every layer for `backpropagate` (Alg. 17)."""
        self._take_views(work, for_training=True)
        if dropout:
            dropout.apply(work, 0)
        for layer, bound in enumerate(work.bound, start=1):
            if self.is_plain(layer):
                self._forward_plain(work, layer)
                if not self.applies_functions(layer):
                    continue
                # A recurrent layer applies its functions itself; these slopes only receive the dropout masks.
                work.slopes[layer].fill(1)
            else:
                bound.multiply()
                self._activate_and_differentiate(work, layer)
            if dropout and layer < self.layout.depth:
                # r multiplies f(s) and f′(s) once each; Alg. 17 as printed also has it inside f.
                dropout.apply(work, layer)
        if self.by_perceptron_rule is not None:
            work.slopes[-1][self.by_perceptron_rule] = 1

    def _forward_plain(self, work: Workspace, layer: int) -> None:
        """Compute a layer without functions; a compiled pass over the outputs also computes the loss gradient."""
        bound = work.bound[layer - 1]
        if work.output_pass and layer == self.layout.depth:
            bound.multiply()
            work.output_pass.compute()
        else:
            bound.forward()

    def _take_views(self, work: Workspace, for_training: bool = False) -> None:
        if work.views:
            return
        work.is_for_training = for_training
        work.views = [self._views(work, layer) for layer in range(self.layout.depth + 1)]
        work.bound = [self._bound(work, layer) for layer in range(1, self.layout.depth + 1)]
        self.compile(work)

    def _views(self, work: Workspace, layer: int) -> list[FunctionViews]:
        if layer not in self.shape.function_layers:
            return []
        x, a = (work.per_channel(values[layer], layer) for values in (work.slopes, work.activations))
        bias, groups = self.by_layer[layer - 1].bias, zip(self.functions[layer], self.numbers[layer], strict=True)
        places = [(group, numbers, (group.rows, slice(None), group.units)) for group, numbers in groups]
        return [FunctionViews(group, numbers, x[at], bias[at], a[at]) for group, numbers, at in places]

    def compile(self, work: Workspace) -> None:
        """Compute on this workspace with compiled passes from now on, where there is machine code."""
        work.dropouts = {layer: each for layer, each in work.dropouts.items() if each}
        for layer, groups in enumerate(work.views):
            if not self.is_plain(layer):
                for views in groups:
                    views.compile(work.is_for_training)
        for bound in work.bound:
            bound.compile()
        if work.loss and not work.output_pass:
            work.output_pass = self._output_pass(work, work.loss)

    def _bound(self, work: Workspace, layer: int) -> BoundLayer:
        before = layer - 1
        buffers = LayerBuffers(
            inputs=work.activations[before],
            sums=(work.activations if self.is_plain(layer) else work.slopes)[layer],
            parameters=self.by_layer[before],
            shares=work.shares if layer == 1 else (),
            functions=self._applied_functions(layer) if self.applies_functions(layer) else (),
        )
        buffers.lengths = work.lengths
        if self.shape.layers[before].goes_around:
            buffers.earlier = work.activations[self.shape.added_to(layer)]
        if work.is_for_training:
            gradients = self.gradients_by_layer[before]
            buffers.backward = BackwardBuffers(work.deltas[layer], work.deltas[before], gradients)
        return self.shape.layers[before].bind(self.shape.shapes[before], buffers)

    def _applied_functions(self, layer: int) -> list[AppliedFunction]:
        return [
            AppliedFunction(
                group.rows,
                group.units,
                group.function,
                numbers,
                {name: self.gradient[group.rows, group.columns[name]] for name in group.learned},
            )
            for group, numbers in zip(self.functions[layer], self.numbers[layer], strict=True)
        ]

    def _output_pass(self, work: Workspace, loss: Loss) -> OutputPass | None:
        """The compiled pass over the outputs in a workspace; None if not compiled or their layer has functions."""
        if not self.is_plain(self.layout.depth):
            return None
        delta = work.deltas[-1] if work.is_for_training else None
        return output_pass(loss, work.outputs, self.by_layer[-1].bias, work.targets, delta)

    def is_plain(self, layer: int) -> bool:
        """Whether there are no activation functions to compute after a layer."""
        return self.plain[layer]

    def applies_functions(self, layer: int) -> bool:
        """Whether a layer is recurrent and applies its functions itself."""
        return self.shape.layers[layer - 1].applies_functions

    def _activate_and_differentiate(self, work: Workspace, layer: int) -> None:
        for views in work.views[layer]:
            partials = views.activate_and_differentiate()
            for name in views.group.learned:
                kept = work.per_channel(work.partial(layer, name), layer)
                kept[views.group.rows, :, views.group.units] = partials[name]

    def backpropagate(self, work: Workspace) -> None:
        """Compute the gradient of the error summed over the workspace's examples (Alg. 8, 19).

        `work.deltas[L]` holds the derivative of each example's error with respect to the outputs. It is overwritten.
        """
        first = self.shape.parameter_layers[0]
        for layer in range(self.layout.depth, first - 1, -1):
            delta = work.deltas[layer]
            if self.applies_functions(layer):
                delta *= work.slopes[layer]
            elif self.learning:
                self._sum_function_gradients(work, layer)
            if not self.is_plain(layer):
                delta *= work.slopes[layer]
            work.bound[layer - 1].accumulate_gradients()
            if layer > first:
                work.bound[layer - 1].backward()
                for adding in self.shape.additions.get(layer - 1, ()):
                    # Still the derivative with respect to the sum, because a residual layer has no activation function.
                    work.deltas[layer - 1] += work.deltas[adding]

    def _sum_function_gradients(self, work: Workspace, layer: int) -> None:
        delta = work.per_channel(work.deltas[layer], layer)
        for group in self.functions[layer]:
            where = (group.rows, slice(None), group.units)
            for name in group.learned:
                changes = delta[where] * work.per_channel(work.partials[layer][name], layer)[where]
                self.gradient[group.rows, group.columns[name]] = changes.reshape(len(changes), -1).sum(axis=1)

    def clip_to_domains(self) -> None:
        """Clip learned β and γ to their domains; called after every step."""
        if self.learning:
            clip_to_domains(self.parameters, self.learning)
