"""Recurrent layers bound to the buffers of a workspace: forward and backward passes over the steps.

Inside a layer, arrays are (K, T, B, n): for each member, the values of one step are contiguous, and those of all steps
are the rows of one matrix.
"""

import numpy as np
from fitgap.core.batched_matmul import Product
from fitgap.core.layers.connections import Connections
from fitgap.core.layers.layer import BackwardBuffers, LayerBuffers, LayerParameters, Shape
from fitgap.core.layers.padding import RealSteps
from fitgap.core.layers.recurrent import Recurrent


class BoundRecurrent:
    """A recurrent layer bound to the buffers of a workspace: K members, T steps, B examples, n units, g sums per unit.

    `states` (K, T, B, n) are the outputs h_t of every step, `sums` (K, T, B, g·n) the sums computed with W, U and b,
    `delta_sums` the derivatives with respect to the sums. W x is one product for all steps; the rest is computed step
    by step.

    If sequences have `lengths`, the layer outputs their last real steps, or all steps with 0 at padded ones. Padded
    steps use U h = 0 and affect nothing: they follow all real steps, and their derivatives are 0.
    """

    def __init__(self, layer: Recurrent, shape: Shape, buffers: LayerBuffers):
        self.layer, self.functions, self.is_for_training = layer, buffers.functions, buffers.backward is not None
        members, examples, dtype = len(buffers.sums), buffers.inputs.shape[1], buffers.inputs.dtype
        self.steps, width, units = shape[0], shape[1], layer.units
        size = layer.sums_per_unit * units
        self.given = by_step(buffers.inputs, self.steps)
        self.sequence = np.empty((len(buffers.inputs), self.steps, examples, width), dtype)
        self.sums = np.empty((members, self.steps, examples, size), dtype)
        self.states = np.empty((members, self.steps, examples, units), dtype)
        self.from_before = np.empty((members, examples, size), dtype)
        # h before the first step.
        self.nothing = np.zeros((members, examples, units), dtype)
        self.outputs = of_outputs(layer, buffers.sums, self.steps)
        self.real = None if buffers.lengths is None else RealSteps(buffers.lengths, self.steps)
        self.bias = buffers.parameters.bias
        weights, self.recurrent = buffers.parameters.weights
        # Row-major, because the linear algebra library multiplies such matrices fastest.
        self.turned = np.empty((members, units, size), dtype)
        self.recurrences = [
            Product(self.states[:, step - 1], self.turned, self.from_before) for step in range(1, self.steps)
        ]
        self.make_scratch(members, examples, dtype)
        backward = self._backward_buffers(buffers.backward) if buffers.backward else None
        self.connections = Connections(
            LayerBuffers(
                inputs=as_rows(self.sequence),
                sums=as_rows(self.sums),
                parameters=LayerParameters([weights], self.bias[..., :size]),
                shares=buffers.shares,
                backward=backward,
            )
        )

    def _backward_buffers(self, backward: BackwardBuffers) -> BackwardBuffers:
        members, steps, examples, size = self.sums.shape
        units, dtype = self.layer.units, self.sums.dtype
        self.delta = of_outputs(self.layer, backward.delta, steps)
        self.delta_by_step = self.delta if self.real is None else np.empty_like(self.states)
        self.delta_sums = np.empty_like(self.sums)
        self.delta_states = np.empty((members, examples, units), dtype)
        self.before = by_step(backward.before, steps)
        sequence_before = np.empty((members, steps, examples, self.sequence.shape[-1]), dtype)
        self.sequence_before = sequence_before
        gradient, self.recurrent_gradient = backward.gradients.weights
        self.bias_gradient = backward.gradients.bias
        self.make_backward_scratch(members, examples, dtype)
        from_states = self.delta_of_states()
        self.recurrences_back = [
            Product(from_states[:, step], self.recurrent, self.delta_states) for step in range(1, steps)
        ]
        self.recurrent_product = (
            Product(as_rows(from_states[:, 1:]).mT, as_rows(self.states[:, :-1]), self.recurrent_gradient)
            if steps > 1
            else None
        )
        return BackwardBuffers(
            as_rows(self.delta_sums),
            as_rows(sequence_before),
            LayerParameters([gradient], self.bias_gradient[..., :size]),
        )

    def make_scratch(self, members: int, examples: int, dtype: np.dtype) -> None:
        """Create further arrays of the forward pass."""

    def make_backward_scratch(self, members: int, examples: int, dtype: np.dtype) -> None:
        """Create further arrays of the backward pass."""

    def delta_of_states(self) -> np.ndarray:
        """The derivatives (K, T, B, g·n) with respect to U h of the previous step."""
        return self.delta_sums

    def multiply(self) -> None:
        """Same as `forward`, because the sums depend on the functions of earlier steps."""
        self.forward()

    def forward(self) -> None:
        """Compute the outputs step by step."""
        np.copyto(self.sequence, self.given)
        np.copyto(self.turned, self.recurrent.mT)
        self.connections.forward()
        self.from_before[...] = 0
        if self.real:
            self.real.note()
        for step in range(self.steps):
            if step:
                self.recurrences[step - 1].compute()
                if self.real:
                    self.real.clear_step(self.from_before, step)
            self.forward_step(step)
        if self.is_for_training:
            self.differentiate()
        self.give_outputs()

    def give_outputs(self) -> None:
        """Copy the outputs from the states."""
        if self.layer.outputs == "all":
            np.copyto(self.outputs, self.states)
            if self.real:
                self.real.clear(self.outputs)
        else:
            np.copyto(self.outputs, self.real.last(self.states) if self.real else self.states[:, -1])

    def spread_delta(self) -> None:
        """If sequences have lengths, write the derivatives with respect to the outputs to the steps they belong to."""
        if self.real and self.layer.outputs == "all":
            np.copyto(self.delta_by_step, self.delta)
            self.real.clear(self.delta_by_step)
        elif self.real:
            self.real.put_last(self.delta, self.delta_by_step)

    def before_step(self, values: np.ndarray, step: int) -> np.ndarray:
        """The values (K, B, n) of the previous step, from those of all steps; 0 before the first step."""
        return values[:, step - 1] if step else self.nothing

    def forward_step(self, step: int) -> None:
        """Compute the states of a step from `sums` and `from_before`, which is U h of the previous step."""
        raise NotImplementedError

    def differentiate(self) -> None:
        """Compute, for all steps at once, what the backward pass needs."""

    def accumulate_gradients(self) -> None:
        """Go from the last step to the first (backpropagation through time), then sum the gradients."""
        is_all = self.layer.outputs == "all" or self.real is not None
        self.spread_delta()
        delta = self.delta_by_step
        np.copyto(self.delta_states, delta[:, -1] if is_all else delta)
        self.start_back()
        for step in range(self.steps - 1, -1, -1):
            self.backward_step(step)
            if step and not self.is_cut(step):
                self.recurrences_back[step - 1].compute()
                self.carry_back()
                if is_all:
                    self.delta_states += delta[:, step - 1]
            elif step and is_all:
                np.copyto(self.delta_states, delta[:, step - 1])
                self.start_back()
            elif step:
                self.clear_before(step)
                break
        self.connections.accumulate_gradients()
        if self.recurrent_product:
            self.recurrent_product.compute()
        else:
            self.recurrent_gradient[...] = 0
        self.sum_other_gradients()

    def is_cut(self, step: int) -> bool:
        """Whether truncation keeps derivatives from reaching the previous step."""
        return self.layer.truncate > 0 and (self.steps - step) % self.layer.truncate == 0

    def start_back(self) -> None:
        """Prepare to start the backward pass, or to restart it after a truncation."""

    def clear_before(self, step: int) -> None:
        """Set the derivatives of all earlier steps to 0."""
        self.delta_sums[:, :step] = 0

    def backward_step(self, step: int) -> None:
        """Compute `delta_sums` of a step from `delta_states`, the derivatives with respect to its states."""
        raise NotImplementedError

    def carry_back(self) -> None:
        """Add to `delta_states` the derivatives that reach the previous states by other paths than U h."""

    def sum_other_gradients(self) -> None:
        """Compute the gradients of the parameters other than W, U and their biases."""

    def backward(self) -> None:
        """Wᵀ d for every step."""
        self.connections.backward()
        np.copyto(self.before, self.sequence_before)

    def slopes(self) -> np.ndarray:
        """After a training pass, the slopes f′ (K, T · B, n) of the functions set by `activation`."""
        raise NotImplementedError

    def compile(self) -> None:
        """Nothing to do."""


def by_step(values: np.ndarray, steps: int) -> np.ndarray:
    """A view (M, T, B, n) of values (M, B, T · n)."""
    return values.reshape(*values.shape[:2], steps, -1).swapaxes(1, 2)


def of_outputs(layer: Recurrent, values: np.ndarray, steps: int) -> np.ndarray:
    """A view of outputs (K, B, m) or their derivatives: (K, T, B, n) if the layer outputs all steps."""
    return by_step(values, steps) if layer.outputs == "all" else values


def as_rows(values: np.ndarray) -> np.ndarray:
    """A view (M, T · B, n) of values (M, T, B, n)."""
    return values.reshape(len(values), -1, values.shape[-1])
