"""A trained network with all that prediction needs: input scaling, layers, and the reading of its outputs."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from fitgap.core.activation_parameters import unit_slices
from fitgap.core.activations.activation import Activation
from fitgap.core.layers.layer import AppliedFunction, Layer, Shape
from fitgap.core.layers.padding import lengths_of, take_out_padding
from fitgap.core.losses import Loss
from fitgap.core.members import Member
from fitgap.core.parameter_layout import FUNCTION_PARAMETERS, Layout
from fitgap.core.scaling import InputTransform, Scaling
from fitgap.core.target_coding import OutputReading


@dataclass(frozen=True)
class ModelLayer:
    """A layer for inputs with the axes `shape`: its weights, one matrix (outputs, inputs) per block, its biases (n,),
    and its functions, each with its units and its β and γ. A layer without units has none of these.
    """

    layer: Layer
    shape: Shape
    weights: tuple[np.ndarray, ...]
    biases: np.ndarray
    functions: tuple[tuple[Activation, slice, dict[str, float]], ...]

    def evaluate(self, before: Sequence[np.ndarray], lengths: np.ndarray | None = None) -> np.ndarray:
        """a⁽ᵏ⁾ (N, n_k) from a⁽⁰⁾ … a⁽ᵏ⁻¹⁾; most layers only read the last of these (Magyar 2024, Eq. 2).

        `lengths` (N,) are the lengths of the sequences, if they differ.
        """
        functions = self._applied_functions() if self.layer.applies_functions else ()
        around = self.layer.goes_around
        earlier = before[-1 - around] if around else None
        sums = self.layer.evaluate(before[-1], self.shape, self.weights, self.biases, functions, earlier, lengths)
        if functions or not self.functions:
            return sums
        s = sums.reshape(1, -1, len(self.biases))
        a = np.empty_like(s)
        for function, units, numbers in self.functions:
            stacked = {name: np.full((1, 1, 1), value, s.dtype) for name, value in numbers.items()}
            function.value(s[:, :, units], a[:, :, units], **stacked)
        return a.reshape(sums.shape)

    def _applied_functions(self) -> list[AppliedFunction]:
        """The functions for a layer that applies them itself."""
        stacked = [
            {name: np.full((1, 1, 1), value, self.biases.dtype) for name, value in numbers.items()}
            for _, _, numbers in self.functions
        ]
        return [
            AppliedFunction(slice(0, 1), units, function, numbers, {})
            for (function, units, _), numbers in zip(self.functions, stacked, strict=True)
        ]


@dataclass(frozen=True)
class Model:
    """A network that predicts from raw, unscaled inputs (N, n_0); NaN marks missing values to be filled.

    With `is_padded`, examples are sequences of different lengths, and NaN marks their padding.
    """

    layers: tuple[ModelLayer, ...]
    inputs_transform: InputTransform
    targets_scaling: Scaling
    loss: Loss
    reading: OutputReading
    class_count: int
    is_padded: bool = False

    @property
    def dtype(self) -> np.dtype:
        """The number format of the network."""
        return self.layers[-1].biases.dtype

    def outputs(self, inputs: np.ndarray) -> np.ndarray:
        """The network's outputs (N, n_L), after the loss's link function."""
        return self.loss.linked(self.unlinked_outputs(inputs))

    def unlinked_outputs(self, inputs: np.ndarray) -> np.ndarray:
        """The network's outputs (N, n_L), from which the loss computes errors."""
        values = [self.inputs_transform.apply(inputs).astype(self.dtype)]
        lengths = None
        if self.is_padded:
            lengths = lengths_of(values[0], self.layers[0].shape)
            take_out_padding(values[0])
        longest = max(layer.layer.goes_around for layer in self.layers)
        for layer in self.layers:
            values = [*values[-1 - longest :], layer.evaluate(values, lengths)]
        return values[-1]

    def errors(self, inputs: np.ndarray, targets: np.ndarray) -> np.ndarray:
        """The error (N,) of every example, from raw inputs (N, n_0) and targets (N, m)."""
        encoded = self.reading.encode(self.targets_scaling.apply(targets), self.class_count)
        return self.loss.errors(self.unlinked_outputs(inputs), encoded.astype(self.dtype))

    def accuracy(self, inputs: np.ndarray, targets: np.ndarray) -> float:
        """The share of correctly predicted classes; for numbers R², with all targets scaled as in training."""
        answers = self.predict(inputs)
        if self.class_count:
            return float((answers == targets[:, 0]).mean())
        residual = self.targets_scaling.apply(answers) - self.targets_scaling.apply(targets)
        scaled = self.targets_scaling.apply(targets)
        spread = ((scaled - scaled.mean(axis=0)) ** 2).sum()
        return float(1 - (residual**2).sum() / spread) if spread else float("nan")

    def predict(self, inputs: np.ndarray) -> np.ndarray:
        """Class numbers (N,), with C for "unrecognized"; or numbers (N, m) in their original units."""
        outputs = self.outputs(inputs)
        if self.class_count:
            return self.reading.read(outputs, self.class_count)
        return self.targets_scaling.undo(self.reading.read(outputs, 0).astype(np.float64))


def model_layers(row: np.ndarray, member: Member, layout: Layout) -> tuple[ModelLayer, ...]:
    """The layers of one member, from its row (P,) in saved form."""
    own, shape = layout.by_layer(layout.weights(row[None]), layout.biases(row[None])), layout.network
    return tuple(
        ModelLayer(
            layer=layer,
            shape=shape.shapes[number],
            weights=tuple(weights[0].copy() for weights in own[number].weights),
            biases=own[number].bias[0, 0].copy(),
            functions=model_functions(row, member.activations[number], number + 1, layout),
        )
        for number, layer in enumerate(shape.layers)
    )


def model_functions(
    row: np.ndarray, functions: Sequence[Activation], layer: int, layout: Layout
) -> tuple[tuple[Activation, slice, dict[str, float]], ...]:
    """The functions of a layer with their units and the current values of β and γ."""
    return tuple(
        (function, units, function_numbers(row, function, layer, position, layout))
        for position, (function, units) in enumerate(
            zip(functions, unit_slices(tuple(functions), layout.network.channels[layer]), strict=True)
        )
    )


def function_numbers(
    row: np.ndarray, function: Activation, layer: int, position: int, layout: Layout
) -> dict[str, float]:
    names = [name for name in FUNCTION_PARAMETERS if name in function.parameters()]
    return {name: float(row[layout.function_parameter(layer, position, name)]) for name in names}
