"""Windows over the axes of an example: their number, and the values at every place of a window.

Axes are (steps, channels) or (height, width, channels); a window extends over all of them but the last.
"""

import itertools
import math
from dataclasses import dataclass
from types import EllipsisType

import numpy as np
from fitgap.core.layers.layer import Shape, shape_label

# An index of arrays whose last axes are those of an example.
Index = tuple[EllipsisType | slice, ...]
PADDINGS = ("valid", "same")


@dataclass(frozen=True)
class Windows:
    """Windows of `size` positions along each axis of inputs with the axes `shape`, `stride` positions apart.

    With the padding `valid`, they are inside the inputs. With `same`, there are ⌈n/stride⌉ along an axis of n
    positions, and the inputs are padded with zeros, one more at the end if their number is odd (as in TensorFlow).
    """

    shape: Shape
    size: int
    stride: int
    padding: str = "valid"

    @property
    def lengths(self) -> Shape:
        """The axes without the channels."""
        return self.shape[:-1]

    @property
    def counts(self) -> Shape:
        """The number of windows along each axis. Raises ValueError if there are none."""
        check_axes(self.shape)
        if self.padding == "same":
            return tuple(-(-length // self.stride) for length in self.lengths)
        if min(self.lengths) < self.size:
            raise ValueError(f"a window of {self.size} does not fit into {shape_label(self.shape)}")
        return tuple((length - self.size) // self.stride + 1 for length in self.lengths)

    @property
    def margins(self) -> list[tuple[int, int]]:
        """Zeros before and after the inputs along each axis."""
        if self.padding == "valid":
            return [(0, 0) for _ in self.lengths]
        needed = (
            max(0, (count - 1) * self.stride + self.size - length)
            for count, length in zip(self.counts, self.lengths, strict=True)
        )
        return [(each // 2, each - each // 2) for each in needed]

    @property
    def padded(self) -> Shape:
        """The axes of the inputs with the zeros around them."""
        lengths = (before + length + after for length, (before, after) in zip(self.lengths, self.margins, strict=True))
        return (*lengths, self.shape[-1])

    @property
    def inside(self) -> Index:
        """Where the inputs are in the padded array (…, axes, channels)."""
        return (
            ...,
            *(slice(before, before + length) for (before, _), length in zip(self.margins, self.lengths, strict=True)),
            slice(None),
        )

    def places(self) -> list[Index]:
        """For every place in a window, in row-major order, where its values are in the padded array."""
        return [
            (..., *(self.places_along(at, count) for at, count in zip(place, self.counts, strict=True)), slice(None))
            for place in itertools.product(range(self.size), repeat=len(self.lengths))
        ]

    def indices(self) -> np.ndarray:
        """Index (positions, places, channels) of every value of every window among the n inputs; n for padding."""
        count = math.prod(self.shape)
        numbers = np.full(self.padded, count)
        numbers[self.inside] = np.arange(count).reshape(self.shape)
        return np.stack([numbers[where].reshape(-1, self.shape[-1]) for where in self.places()], axis=1)

    def places_along(self, at: int, count: int) -> slice:
        """The positions along an axis that are at one place of its windows."""
        return slice(at, at + (count - 1) * self.stride + 1, self.stride)


def check_axes(shape: Shape) -> None:
    """Raise ValueError unless there are one or two axes besides the channels."""
    if len(shape) not in (2, 3):
        needed = "inputs with the axes (steps, channels) or (height, width, channels)"
        found = f"{shape[0]} values without axes" if len(shape) == 1 else shape_label(shape)
        raise ValueError(f"needs {needed}, but gets {found}")
