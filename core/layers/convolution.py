"""Convolutions: each channel applies the same weights to the window around every position of the inputs."""

import math
from dataclasses import dataclass

import numpy as np
from fitgap.core.compiled_windows import gathered, scattered
from fitgap.core.kernels.binding import BoundPass, bind_along_axes
from fitgap.core.layers.layer import BackwardBuffers, LayerBuffers, WeightBlock, size_of
from fitgap.core.layers.listed_layer import ListedLayer
from fitgap.core.layers.window_products import WindowProducts
from fitgap.core.layers.windows import PADDINGS, Windows
from fitgap.core.variants import parameter
from numpy.lib.stride_tricks import as_strided


@dataclass(frozen=True)
class Convolution(ListedLayer):
    """Convolution over steps (1-d) or height and width (2-d), as cross-correlation, channels last (LeCun et al. 1998).

    s_p = W x_p + b for the window x_p at every position p, in row-major order with its channels last; W is (channels,
    size^d · input channels), the same for all positions.
    """

    channels: int = parameter(whole=True, at_least=1, at_most=100_000, headline=True, description="output channels")
    size: int = parameter(3, whole=True, at_least=1, at_most=1000, headline=True, description="positions per axis")
    stride: int = parameter(
        1, whole=True, at_least=1, at_most=1000, description="positions from one window to the next"
    )
    padding: str = parameter(
        "valid", choices=PADDINGS, description="windows only inside the inputs, or zeros around the inputs"
    )

    word = "conv"

    @property
    def has_units(self):
        return True

    def windows(self, shape):
        return Windows(shape, self.size, self.stride, self.padding)

    def output_shape(self, shape):
        return (*self.windows(shape).counts, self.channels)

    def blocks(self, shape):
        places = self.size ** (len(shape) - 1)
        return (WeightBlock(self.channels, places * shape[-1], fan_out=places * self.channels),)

    def multiplications(self, shape):
        (block,) = self.blocks(shape)
        return block.size * size_of(self.windows(shape).counts)

    def scratch(self, shape):
        windows, (block,) = self.windows(shape), self.blocks(shape)
        return 2 * (size_of(windows.counts) * block.inputs + size_of(windows.padded))

    def bind(self, shape, buffers):
        return BoundConvolution(self.windows(shape), buffers)


class BoundConvolution:
    """A convolution as a product: the windows of all positions and examples are the rows of a matrix.

    The matrix is (K, B · positions, size^d · channels), or (R, …) if members share their inputs, so that windows are
    gathered once per repeat.
    """

    def __init__(self, windows: Windows, buffers: LayerBuffers):
        self.margin = Margin(windows, buffers.inputs)
        self.patches = Patches(windows, self.margin.padded)
        self.is_for_training = buffers.backward is not None
        channels = buffers.parameters.bias.shape[-1]
        of_windows = LayerBuffers(
            inputs=rows_of(self.patches.values, len(buffers.inputs)),
            sums=buffers.sums.reshape(len(buffers.sums), -1, channels),
            parameters=buffers.parameters,
            shares=buffers.shares,
            backward=None if buffers.backward is None else self._backward_buffers(windows, buffers.backward),
        )
        self.products = WindowProducts(of_windows, buffers.inputs.shape[1])

    def _backward_buffers(self, windows: Windows, backward: BackwardBuffers) -> BackwardBuffers:
        self.margin_before = Margin(windows, backward.before)
        self.patches_before = Patches(windows, self.margin_before.padded)
        channels = backward.gradients.bias.shape[-1]
        return BackwardBuffers(
            backward.delta.reshape(len(backward.delta), -1, channels),
            rows_of(self.patches_before.values, len(backward.before)),
            backward.gradients,
        )

    def multiply(self) -> None:
        """Gather the windows and multiply them by the weights."""
        self.margin.fill()
        self.patches.gather()
        self.products.multiply()

    def forward(self) -> None:
        """Same as `multiply`, plus the bias."""
        self.multiply()
        self.products.sums += self.products.bias

    def accumulate_gradients(self) -> None:
        """The sums over positions and examples of d xᵀ and of d."""
        self.products.accumulate_gradients()

    def backward(self) -> None:
        """Wᵀ d for every window, added up where windows overlap."""
        self.products.backward()
        self.patches_before.scatter()
        self.margin_before.take_out()

    def compile(self) -> None:
        """From now on, gather and add up windows with compiled passes where machine code is available."""
        self.patches.compile_gather()
        if self.is_for_training:
            self.patches_before.compile_scatter()


class Margin:
    """Values (M, B, n) padded with zeros, as `padded` (M · B, *axes, channels); without padding, a view of them."""

    def __init__(self, windows: Windows, values: np.ndarray):
        self.values = values.reshape(-1, *windows.shape)
        self.padded, self.inside = self.values, self.values
        if windows.padding == "same":
            self.padded = np.zeros((len(self.values), *windows.padded), values.dtype)
            self.inside = self.padded[windows.inside]

    def fill(self) -> None:
        """Copy the values in."""
        if self.inside is not self.values:
            np.copyto(self.inside, self.values)

    def take_out(self) -> None:
        """Copy the values out."""
        if self.inside is not self.values:
            np.copyto(self.values, self.inside)


class Patches:
    """The windows over arrays `padded` (N, *axes, channels): `values` (N, *counts, *places, channels).

    `windows` and `rows` are views of `padded` and `values` in which the last axis of the places and the channels are
    merged, because these are contiguous in both.
    """

    def __init__(self, windows: Windows, padded: np.ndarray):
        self.padded = padded
        counts, size, channels = windows.counts, windows.size, windows.shape[-1]
        self.values = np.empty((len(padded), *counts, *[size] * len(counts), channels), padded.dtype)
        self.rows = self.values.reshape(*self.values.shape[:-2], size * channels)
        example, *steps, one = padded.strides
        strides = (example, *(windows.stride * step for step in steps), *steps[:-1], one)
        self.windows = as_strided(padded, self.rows.shape, strides)
        wheres = windows.places()
        by_place = self.values.reshape(len(padded), *counts, len(wheres), channels)
        # In reverse, so that the windows that cover a position are added in their order.
        self.scattered = [(padded[where], by_place[..., place, :]) for place, where in reversed([*enumerate(wheres)])]
        self.compiled: BoundPass | None = None

    def gather(self) -> None:
        """Copy the values of all windows."""
        if self.compiled:
            self.compiled()
        else:
            np.copyto(self.rows, self.windows)

    def scatter(self) -> None:
        """Write into `padded`, for every position, the sum of the windows that cover it."""
        self.padded[...] = 0
        if self.compiled:
            self.compiled()
            return
        for values, place in self.scattered:
            values += place

    def compile_gather(self) -> None:
        """From now on, gather with a compiled pass if machine code is available."""
        self.compiled = self.compiled or bind_along_axes(gathered, {"values": self.windows, "patches": self.rows})

    def compile_scatter(self) -> None:
        """From now on, scatter with a compiled pass if machine code is available."""
        self.compiled = self.compiled or bind_along_axes(scattered, {"values": self.windows, "patches": self.rows})


def rows_of(patches: np.ndarray, members: int) -> np.ndarray:
    """Patches as the rows of matrices (M, B · positions, places · channels)."""
    positions = (patches.ndim - 2) // 2
    return patches.reshape(members, -1, math.prod(patches.shape[1 + positions :]))
