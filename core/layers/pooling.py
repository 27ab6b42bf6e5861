"""Pooling: the maximum or the mean of windows, for every channel separately."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from fitgap.core.batched_matmul import Product
from fitgap.core.compiled_windows import largest, largest_backward
from fitgap.core.kernels.binding import BoundPass, bind_along_axes
from fitgap.core.layers.layer import LayerBuffers, size_of
from fitgap.core.layers.listed_layer import ListedLayer
from fitgap.core.layers.windows import Windows, check_axes
from fitgap.core.variants import parameter

# A compiled pass has two operands for each place in a window.
MOST_PLACES = 9


@dataclass(frozen=True)
class Pooling(ListedLayer):
    """Base class of poolings over windows, which do not overlap unless a stride is given."""

    size: int = parameter(2, whole=True, at_least=1, at_most=1000, headline=True, description="positions per axis")
    stride: int = parameter(
        0,
        whole=True,
        at_least=0,
        at_most=1000,
        description="positions from one window to the next; 0: the size of a window",
    )

    bound: ClassVar[type["BoundPooling"]]

    def windows(self, shape):
        return Windows(shape, self.size, self.stride or self.size)

    def output_shape(self, shape):
        return (*self.windows(shape).counts, shape[-1])

    def bind(self, shape, buffers):
        return self.bound(self.windows(shape), buffers)


class BoundPooling:
    """Pooling bound to the buffers of a workspace."""

    def __init__(self, windows: Windows, buffers: LayerBuffers):
        out_shape = (*windows.counts, windows.shape[-1])
        inputs, self.outputs = buffers.inputs.reshape(-1, *windows.shape), buffers.sums.reshape(-1, *out_shape)
        self.places = [inputs[where] for where in windows.places()]
        self.is_for_training = buffers.backward is not None
        if buffers.backward is not None:
            self.delta = buffers.backward.delta.reshape(-1, *out_shape)
            self.before = buffers.backward.before.reshape(-1, *windows.shape)
            self.places_before = [self.before[where] for where in windows.places()]

    def multiply(self) -> None:
        """Same as `forward`, because pooling has no weights."""
        self.forward()

    def forward(self) -> None:
        """Compute the outputs."""
        raise NotImplementedError

    def accumulate_gradients(self) -> None:
        """Nothing to do without parameters."""

    def backward(self) -> None:
        """Compute the derivative with respect to the inputs."""
        raise NotImplementedError

    def compile(self) -> None:
        """Nothing to do."""


class BoundMaximum(BoundPooling):
    """Maximum pooling; the derivative goes to the first of the largest values."""

    def __init__(self, windows: Windows, buffers: LayerBuffers):
        super().__init__(windows, buffers)
        # With overlapping windows, a pass would write numbers several times; large windows have too many operands.
        self.has_passes = windows.stride >= windows.size and len(self.places) <= MOST_PLACES
        self.is_covered = windows.stride == windows.size and not any(np.mod(windows.lengths, windows.size))
        self.compiled: BoundPass | None = None
        self.compiled_backward: BoundPass | None = None

    def forward(self):
        if self.compiled:
            self.compiled()
            return
        np.copyto(self.outputs, self.places[0])
        for place in self.places[1:]:
            np.maximum(self.outputs, place, out=self.outputs)
        # Turns −0 into 0, because `np.maximum` may return either.
        self.outputs += 0

    def backward(self):
        if not (self.compiled_backward and self.is_covered):
            self.before[...] = 0
        if self.compiled_backward:
            self.compiled_backward()
        else:
            self._backward_in_steps()

    def _backward_in_steps(self) -> None:
        is_largest, is_found = np.empty_like(self.outputs, bool), np.zeros_like(self.outputs, bool)
        for place, before in zip(self.places, self.places_before, strict=True):
            np.equal(place, self.outputs, out=is_largest)
            # True only where this place is the first with the largest value.
            np.greater(is_largest, is_found, out=is_largest)
            is_found |= is_largest
            before += self.delta * is_largest

    def compile(self):
        if not self.has_passes:
            return
        places = {f"place_{number}": place for number, place in enumerate(self.places)}
        count = len(places)
        self.compiled = self.compiled or bind_along_axes(largest(count), {"outputs": self.outputs, **places})
        if self.is_for_training:
            before = {f"before_{number}": place for number, place in enumerate(self.places_before)}
            arrays = {"outputs": self.outputs, "delta": self.delta, **places, **before}
            self.compiled_backward = self.compiled_backward or bind_along_axes(largest_backward(count), arrays)


class BoundMean(BoundPooling):
    """Average pooling."""

    def forward(self):
        np.copyto(self.outputs, self.places[0])
        for place in self.places[1:]:
            self.outputs += place
        self.outputs *= self.outputs.dtype.type(1 / len(self.places))

    def backward(self):
        self.before[...] = 0
        share = self.delta * self.delta.dtype.type(1 / len(self.places))
        for before in self.places_before:
            before += share


@dataclass(frozen=True)
class MaximumPooling(Pooling):
    """The largest value of every window (LeCun et al. 1998 take the mean; Scherer et al. 2010 compare both)."""

    word = "pool"
    bound = BoundMaximum


@dataclass(frozen=True)
class AveragePooling(Pooling):
    """The mean of every window (LeCun et al. 1998, without their weights)."""

    word = "avgpool"
    bound = BoundMean


@dataclass(frozen=True)
class GlobalAveragePooling(ListedLayer):
    """The mean of every channel over all positions (Lin et al. 2014)."""

    word = "globalpool"

    def output_shape(self, shape):
        check_axes(shape)
        return (shape[-1],)

    @property
    def leaves_out_padding(self):
        return True

    def bind(self, shape, buffers):
        return BoundGlobalMean(size_of(shape[:-1]), buffers)


class BoundGlobalMean:
    """Global average pooling bound to the buffers of a workspace. Padded steps, whose values are 0, do not count."""

    def __init__(self, positions: int, buffers: LayerBuffers):
        members, examples, channels = buffers.sums.shape
        inputs = buffers.inputs.reshape(members, examples, positions, channels)
        self.outputs = buffers.sums.reshape(members, examples, 1, channels)
        self.share = self.outputs.dtype.type(1 / positions)
        # A product, because the order of its additions depends only on the shape of an example.
        self.sum = Product(np.full((1, positions), self.share), inputs, self.outputs)
        if buffers.backward is not None:
            self.delta = buffers.backward.delta.reshape(self.outputs.shape)
            self.before = buffers.backward.before.reshape(inputs.shape)
        self.lengths, self.positions = buffers.lengths, positions

    def _correct(self, values: np.ndarray) -> None:
        """Divide values (K, B, …, C) by the number of real steps instead of that of all positions."""
        if self.lengths is not None:
            values *= (self.positions / self.lengths)[..., np.newaxis, np.newaxis].astype(values.dtype)

    def multiply(self) -> None:
        """Same as `forward`, because pooling has no weights."""
        self.forward()

    def forward(self) -> None:
        """Compute the outputs."""
        self.sum.compute()
        self._correct(self.outputs)

    def accumulate_gradients(self) -> None:
        """Nothing to do without parameters."""

    def backward(self) -> None:
        """Compute the derivative with respect to the inputs."""
        np.multiply(self.delta, self.share, out=self.before)
        self._correct(self.before)

    def compile(self) -> None:
        """Nothing to do."""
