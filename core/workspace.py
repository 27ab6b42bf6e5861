"""The buffers that networks compute on, and the views of them that activation functions work on."""

from dataclasses import dataclass

import numpy as np
from fitgap.core.activation_parameters import FunctionGroup
from fitgap.core.batches import shares_of
from fitgap.core.compiled_activations import derivative_pass, evaluation_pass, training_pass
from fitgap.core.compiled_dropout import LayerDropout
from fitgap.core.compiled_losses import OutputPass
from fitgap.core.kernels.binding import BoundPass
from fitgap.core.layers.layer import BoundLayer
from fitgap.core.layers.padding import lengths_of, take_out_padding
from fitgap.core.losses import Loss
from fitgap.core.parameter_layout import Layout


@dataclass
class FunctionViews:
    """The views of a workspace that a group of functions works on, created once, and the passes compiled for them.

    `x` holds s⁽ᵏ⁾ without the bias until `activate` or `activate_and_differentiate`.
    """

    group: FunctionGroup
    numbers: dict[str, np.ndarray]
    x: np.ndarray
    bias: np.ndarray
    a: np.ndarray
    evaluation: BoundPass | None = None
    training: BoundPass | None = None
    derivative: BoundPass | None = None

    def compile(self, for_training: bool) -> None:
        """Use compiled passes where there are formulas and machine code."""
        function, arrays = self.group.function, (self.x, self.bias, self.a, self.numbers)
        if for_training:
            if not self.group.learned:
                self.training = self.training or training_pass(function, *arrays)
            if not self.training:
                self.derivative = self.derivative or derivative_pass(function, self.x, self.a, self.numbers)
        else:
            self.evaluation = self.evaluation or evaluation_pass(function, *arrays)

    def activate(self) -> None:
        """a ← f(x + b)."""
        if self.evaluation:
            self.evaluation()
        else:
            self._activate_in_steps()

    def activate_and_differentiate(self) -> dict[str, np.ndarray]:
        """a ← f(x + b), x ← f′(x + b); returns ∂f/∂β and ∂f/∂γ by name, if they are learned."""
        if self.training:
            self.training()
            return {}
        self._activate_in_steps()
        function = self.group.function
        partials = function.by_parameter(self.x, self.a, **self.numbers) if self.group.learned else {}
        if self.derivative:
            self.derivative()
        else:
            function.derivative(self.x, self.a, self.x, **self.numbers)
        return partials

    def _activate_in_steps(self) -> None:
        self.x += self.bias
        self.group.function.value(self.x, self.a, **self.numbers)


class Workspace:
    """Buffers for a fixed number of examples per member, which are reused in every step.

    `load_batch` fills `inputs` and `targets` (K, B, n_L). For layer k = 1 … L, `activations[k]` is a⁽ᵏ⁾; `slopes[k]`
    holds s⁽ᵏ⁾, replaced by f′(s⁽ᵏ⁾) ⊙ r⁽ᵏ⁾ during training; `deltas[k]` is d⁽ᵏ⁾; `partials[k]` maps names of learned
    parameters to ∂f/∂β ⊙ r and ∂f/∂γ ⊙ r. `activations[0]` is `inputs`. All are (K, B, n_k); for layers whose outputs
    have several axes, `per_channel` returns a view whose last axis is the channels.

    `repeats` (K,) holds the index of each member's repeat; by default every member has its own. Inputs are
    (K, B, n_0), or (R, B, n_0) if members share them. Sharing requires that the first layer has units and that no other
    layer reads the inputs.

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
        self.by_unit, self.channels = by_unit, layout.network.channels
        self.repeats = np.arange(member_count) if repeats is None else repeats
        own_inputs = own_inputs or not layout.network.layers[0].has_units or 0 in layout.network.additions
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
        self.network = layout.network
        # (K, B), filled with every batch if sequences have different lengths.
        has_lengths = layout.network.is_padded and len(layout.network.input_shape) == 2
        self.lengths = np.ones((member_count, example_count), int) if has_lengths else None
        # The compiled dropout of each layer, if there is one; set by the masks that first use this workspace.
        self.dropouts: dict[int, LayerDropout | None] = {}
        # The loss whose gradient is computed together with the outputs, if there is machine code for that.
        self.loss: Loss | None = None
        self.output_pass: OutputPass | None = None
        # Set by the networks that first use this workspace; no other networks may use it.
        self.is_for_training = False
        self.views: list[list[FunctionViews]] = []
        self.bound: list[BoundLayer] = []

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
        if self.network.is_padded:
            self._take_out_padding()
        if self.by_unit:
            # Transposed once per repeat instead of once per member.
            np.take(np.ascontiguousarray(targets.mT), self.repeats, axis=0, out=self.targets.mT, mode="clip")
        else:
            np.take(targets, self.repeats, axis=0, out=self.targets, mode="clip")

    def _take_out_padding(self) -> None:
        """Store the lengths of the sequences, and replace their padding with 0."""
        found = lengths_of(self.inputs, self.network.input_shape)
        if self.lengths is not None and found is not None:
            self.lengths[...] = found[self.repeats] if self.shares else found
        take_out_padding(self.inputs)

    def per_channel(self, values: np.ndarray, layer: int) -> np.ndarray:
        """A view (K, B · positions, channels) of values (K, B, n) of a layer; dense layers have one position."""
        if values.shape[-1] == self.channels[layer]:
            return values
        return values.reshape(len(values), -1, self.channels[layer])

    def partial(self, layer: int, name: str) -> np.ndarray:
        """The buffer for the derivatives with respect to a learned parameter, created on first use."""
        if name not in self.partials[layer]:
            self.partials[layer][name] = np.zeros_like(self.activations[layer])
        return self.partials[layer][name]


def empty_by_unit(shape: tuple[int, ...], dtype: str) -> np.ndarray:
    """An array (K, B, n) in which the values of a unit are contiguous in memory."""
    members, examples, units = shape
    return np.empty((members, units, examples), dtype).mT
